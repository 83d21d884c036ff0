// Chapter 6: which pairs of an error and a step survive truncation.
(function () {
  const twice = (value) => [value, value];
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  unrolled.figure("chunk", {
    numbers({ T, k1, k2, f }) {
      // The pass after step b - 1 starts at the errors from b - k1 on, and
      // reaches back to step b - k2. (Steps count from 0 here.)
      const steps = Array.from({ length: T }, (_, s) => s);
      const reach = steps.map((s) => {
        const b = k1 * (Math.floor(s / k1) + 1);
        const first = Math.max(0, b - k2);
        return b > T ? 0 : Math.max(0, s + 1 - first);
      });
      const last = Array.from({ length: k1 },
        (_, k) => Math.max(0, k2 - k));
      return {
        reach,
        pairs: sum(reach),
        all: (T * (T + 1)) / 2,
        share: sum(last.map((r) => 1 - f ** r)) / k1,
        cost: k2 / k1,
      };
    },

    draw(figure, { reach, pairs, all, share, cost }, { T }) {
      const { grid } = figure.panels;
      figure.trace("kept", reach.map((r, s) => (r ? grid.band(
        [(s + 1 - r) / T, (s + 1) / T],
        twice(s / T), twice((s + 1) / T)) : "")).join(""));
      figure.say("pairs", unrolled.fixed(pairs, 0));
      figure.say("all", unrolled.fixed(all, 0));
      figure.say("share", unrolled.fixed(share));
      figure.say("cost", unrolled.fixed(cost, 2));
    },

    tell: ({ pairs, all, share }) => `${pairs} of ${all} pairs are kept, `
      + `by the rule a share of ${unrolled.fixed(share)}.`,
  });
})();
