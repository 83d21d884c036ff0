// Chapter 4: which error asks which use of a weight for what.
(function () {
  const STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const WINDOWS = STEPS;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const twice = (value) => [value, value];

  // The gradient of one error, taken back: what reaches c, and the entry, of
  // each step from s to the first.
  function back(s, error, caches, params) {
    const { cell_backward } = unrolled.by_hand.lstm;
    const arrives = {};
    const entries = {};
    let dh = [error];
    let dc = [0];
    for (let t = s; t > 0; t -= 1) {
      const cache = caches[t - 1];
      const { o: [o], c: [c] } = cache;
      arrives[t] = dc[0] + dh[0] * o * (1 - Math.tanh(c) ** 2);
      const step = cell_backward(dh, dc, cache, params);
      entries[t] = step.grads.weight_ih[1][0];
      ({ dh, dc } = step);
    }
    return { arrives, entries };
  }

  // What no setting changes.
  function run({ x, y, params }) {
    const { hs, caches } = unrolled.by_hand.lstm.forward(
      x.map((x_t) => [x_t]), params);
    const errors = STEPS.map((step) => 2 * (hs[step - 1][0] - y[step - 1]));
    const ways = STEPS.map((step) => back(step, errors[step - 1], caches, params));
    return { caches, errors, ways };
  }
  const runs = new WeakMap();

  unrolled.figure("table", {
    numbers({ s, t }, data) {
      if (!runs.has(data)) runs.set(data, run(data));
      const { caches, errors, ways } = runs.get(data);
      const entries = ways.flatMap((way) =>
        STEPS.map((step) => way.entries[step] || 0));
      const sums = WINDOWS.map((window) => sum(entries.filter(
        (_, k) => Math.floor(k / 9) - (k % 9) < window)));
      const last = caches[s - 1];
      const direct = caches.slice(t, s)
        .reduce((product, { f }) => product * f[0],
          errors[s - 1] * last.o[0] * (1 - Math.tanh(last.c[0]) ** 2));
      const { c_prev: [c_prev], f: [f] } = caches[t - 1];
      return {
        entries, sums,
        error: errors[s - 1],
        arrives: ways[s - 1].arrives[t] || 0,
        by_gates: t <= s ? direct : 0,
        use: c_prev * f * (1 - f) * data.x[t - 1],
        entry: entries[9 * (s - 1) + t - 1],
      };
    },

    draw(figure, found, { window, s, t }) {
      const { grid, sums } = figure.panels;
      const square = (row, column, half) => grid.band(
        [column - half, column + half], twice(row - half), twice(row + half));
      const largest = Math.max(...found.entries.map(Math.abs)) || 1;
      const made = { up: "", down: "", "up-out": "", "down-out": "" };
      found.entries.forEach((entry, k) => {
        const row = 1 + Math.floor(k / 9);
        const column = 1 + (k % 9);
        const half = 0.48 * (Math.abs(entry) / largest) ** 0.5;
        const kind = (entry > 0 ? "up" : "down")
          + (row - column >= window ? "-out" : "");
        if (half > 0.01) made[kind] += square(row, column, half);
      });
      Object.entries(made).forEach((pair) => figure.trace(...pair));
      figure.trace("chosen", square(s, t, 0.5));
      const shown = found.sums.map((value) => 1000 * value);
      const now = shown[window - 1];
      figure.trace("sums", sums.curve(WINDOWS, shown));
      figure.trace("now", sums.band([window - 0.08, window + 0.08],
        twice(now - 0.1), twice(now + 0.1)));
      ["error", "arrives", "by_gates", "use", "entry"].forEach((name) =>
        figure.say(name, unrolled.short(found[name])));
      figure.say("kept", unrolled.power(found.sums[window - 1], 3));
      figure.say("full", unrolled.power(found.sums[8], 3));
    },

    tell: ({ entry, sums }, { window, s, t }) =>
      `Error of step ${s}, use at step ${t}: ${unrolled.short(entry)}. With a `
      + `window of ${window} the gradient is ${unrolled.power(sums[window - 1])}.`,
  });
})();
