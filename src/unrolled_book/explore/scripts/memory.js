// Chapter 1: remembering is one thing, learning to is another.
(function () {
  // h_t = tanh(w x_t + u h_{t-1}), and how much h_t still depends on h_1.
  function run(inputs, w, u) {
    const states = [];
    const rates = [];
    let h = 0;
    let rate = 1;
    inputs.forEach((x, t) => {
      h = Math.tanh(w * x + u * h);
      if (t > 0) rate *= (1 - h * h) * u;
      states.push(h);
      rates.push(rate);
    });
    return { states, rates };
  }
  const log10 = (rate) => (rate ? Math.log10(Math.abs(rate)) : -99);
  const last = (values) => values[values.length - 1];

  unrolled.figure("memory", {
    numbers({ u, w, s }, { later }) {
      const inputs = later.map((x) => s * x);
      const up = run([1, ...inputs], w, u);
      const down = run([-1, ...inputs], w, u);
      return {
        up: up.states,
        down: down.states,
        up_rates: up.rates,
        down_rates: down.rates,
        gap: last(up.states) - last(down.states),
      };
    },

    draw(figure, found) {
      const { states, rates } = figure.panels;
      const steps = found.up.map((_, t) => t + 1);
      figure.trace("gap", states.band(steps, found.down, found.up));
      ["up", "down"].forEach((name) => {
        const slopes = found[`${name}_rates`];
        figure.trace(name, states.curve(steps, found[name]));
        figure.trace(`${name}-rates`, rates.curve(steps, slopes.map(log10)));
        figure.say(`${name}-last`, unrolled.fixed(last(found[name])));
        figure.say(`${name}-rate`, unrolled.power(last(slopes)));
      });
      figure.say("gap-last", unrolled.fixed(found.gap));
    },

    tell: ({ gap, up_rates: rates }) =>
      `At step 20 the gap is ${unrolled.fixed(gap)}, `
      + `the derivative ${unrolled.power(last(rates))}.`,
  });
})();
