// Chapter 2: what the gates are for, with the reader in their place.
(function () {
  const DAYS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const HALF = 0.28; // of a bar's width, in days

  unrolled.figure("sandbox", {
    numbers(state, { x, params }) {
      const held = DAYS.map((day) => ({
        f: [state[`f${day}`]], i: [state[`i${day}`]], o: [state[`o${day}`]],
      }));
      const { caches } = unrolled.by_hand.lstm.forward(
        x.map((x_t) => [x_t]), params, held);
      const [g, c, h] = ["g", "c", "h"].map(
        (name) => caches.map((cache) => cache[name][0]));
      const before = Math.max(...h.slice(0, 5).map(Math.abs));
      return { g, c, h, entry: g[0], held: c[5], said: h[5], before };
    },

    draw(figure, found, state) {
      const { panels } = figure;
      ["f", "i", "o"].forEach((gate) => DAYS.forEach((day) => {
        const name = `${gate}${day}`;
        const value = state[name];
        figure.trace(name, panels[gate].band(
          [day - HALF, day + HALF], [0, 0], [value, value]));
        figure.say(name, unrolled.fixed(value, 2));
      }));
      ["g", "c", "h"].forEach((name) =>
        figure.trace(name, panels.states.curve(DAYS, found[name])));
      ["entry", "held", "said", "before"].forEach((name) =>
        figure.say(name, unrolled.fixed(found[name])));
    },

    tell: ({ entry, held, said }) =>
      `Day 1 brought ${unrolled.fixed(entry)}. On day 6 the cell state is `
      + `${unrolled.fixed(held)}, the hidden state ${unrolled.fixed(said)}.`,
  });
})();
