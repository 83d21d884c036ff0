// Chapter 12: what an LSTM and a Transformer cost, and who waits.
(function () {
  const POWERS = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
  const NAMES = ["LSTM", "Transformer"];
  const BELOW = ["multiplications", "bytes kept"];
  const V = 32; // tokens to choose from
  const BYTES = 4; // of a number

  // Two layers: multiplications to read T tokens, and one more after them;
  // numbers kept for it; operations in a row.
  function lstm(d, T) {
    const H = (11 * d) / 8;
    const next = 4 * H * (V + H) + 4 * H * (H + H) + H * V;
    return { work: T * next, next, kept: 2 * 2 * H, chain: 9 * T + 3 };
  }

  function transformer(d, T) {
    const own = V * d + 2 * (4 * d * d + 2 * 4 * d * d) + d * V;
    const look = 2 * 2 * d * T; // in each layer scores, then the mean
    return {
      work: T * (own + look), next: own + look, kept: 2 * 2 * d * T, chain: 55,
    };
  }

  unrolled.figure("costs", {
    numbers({ power, hands, N, d, below }) {
      const made = {};
      NAMES.forEach((name) => {
        const rows = POWERS.map((k) => {
          const row = (name === "LSTM" ? lstm : transformer)(d, 2 ** k);
          const work = N * row.work;
          return {
            work,
            chain: row.chain,
            ticks: work / 10 ** hands + row.chain,
            next: N * row.next,
            kept: N * BYTES * row.kept,
          };
        });
        Object.entries(rows[power - POWERS[0]]).forEach(([what, value]) => {
          made[`${name}_${what}`] = value;
        });
        made[`${name}_above`] = rows.map(({ ticks }) => Math.log10(ticks));
        made[`${name}_below`] = rows.map(({ next, kept }) =>
          Math.log10(below ? kept : next));
      });
      return made;
    },

    draw(figure, found, { power, below }) {
      const { read, write } = figure.panels;
      const at = read.across(power);
      figure.trace("here", unrolled.join([at, at], [46, 196])
        + unrolled.join([at, at], [262, 402]));
      figure.say("title", `one more token: ${BELOW[below]}`);
      NAMES.forEach((name) => {
        figure.trace(`${name}-above`,
          read.curve(POWERS, found[`${name}_above`]));
        figure.trace(`${name}-below`,
          write.curve(POWERS, found[`${name}_below`]));
        ["work", "chain", "ticks", "next", "kept"].forEach((what) =>
          figure.say(`${name}-${what}`,
            unrolled.grouped(found[`${name}_${what}`])));
      });
    },

    tell: ({ LSTM_ticks, Transformer_ticks }, { power }) =>
      `To read ${unrolled.grouped(2 ** power)} tokens: LSTM `
      + `${unrolled.grouped(LSTM_ticks)} ticks, Transformer `
      + `${unrolled.grouped(Transformer_ticks)}.`,
  });
})();
