// Chapter 3: one error on its way back through one step.
(function () {
  // By what each phase makes of the error: the factor that is new.
  const FACTORS = {
    dh: "dh", dc: "through_o", df: "c_prev", dz_f: "through_f",
    dw_h: "h_prev", dw_x: "x",
  };

  unrolled.figure("step", {
    numbers({ x, h_prev, c_prev, y, w_h, w_x }, data) {
      const { cell_forward, cell_backward } = unrolled.by_hand.lstm;
      const params = JSON.parse(JSON.stringify(data.params));
      params.weight_hh[1] = [w_h];
      params.weight_ih[1] = [w_x];
      const cache = cell_forward([x], [h_prev], [c_prev], params);
      const [i, f, g, o, c, h] = ["i", "f", "g", "o", "c", "h"]
        .map((name) => cache[name][0]);
      const dh = 2 * (h - y);
      const { grads } = cell_backward([dh], [0], cache, params);
      const through_o = o * (1 - Math.tanh(c) ** 2);
      return {
        i, f, g, o, c, h, dh, through_o,
        z_f: w_h * h_prev + w_x * x + params.bias[1],
        dc: dh * through_o,
        df: dh * through_o * c_prev,
        through_f: f * (1 - f),
        dz_f: grads.bias[1],
        dw_h: grads.weight_hh[1][0],
        dw_x: grads.weight_ih[1][0],
      };
    },

    draw(figure, found, state) {
      const shown = { ...state, ...found };
      const { short } = unrolled;
      Object.entries(FACTORS).forEach(([result, factor]) => {
        figure.say(`factor-of-${result}`, short(shown[factor]));
        figure.say(`result-of-${result}`, short(shown[result]));
      });
      Object.keys(figure.texts).filter((name) => name in shown)
        .forEach((name) => figure.say(name, short(shown[name])));
      [1, 2, 3, 4, 5].forEach((phase) =>
        figure.light(phase, phase <= state.phase));
    },

    tell: ({ h, dh, dc, df, dz_f }) =>
      `The answer is ${unrolled.short(h)}. The derivatives: at the answer `
      + `${unrolled.short(dh)}, at the cell state ${unrolled.short(dc)}, at `
      + `the forget gate ${unrolled.short(df)}, at its sum `
      + `${unrolled.short(dz_f)}.`,
  });
})();
