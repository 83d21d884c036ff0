// Chapter 8: what lies between forgetting one end and knowing both.
(function () {
  const SHARES = Array.from({ length: 51 }, (_, k) => k / 50);

  // The share of right answers, in %, by Sheppard's formula.
  function expected(s, w) {
    const r = (1 + w * s) / Math.sqrt(2 * (1 + w * w * s));
    return 50 + 100 * Math.asin(Math.min(r, 1)) / Math.PI;
  }

  unrolled.figure("ends", {
    numbers({ s, w }, { a, b, blur }) {
      const right = a.map((value, n) => {
        const known = s * value + Math.sqrt(s * (1 - s)) * blur[n];
        return Number((b[n] + w * known > 0) === (value + b[n] > 0));
      });
      const count = right.reduce((total, one) => total + one, 0);
      return {
        expected: expected(s, w),
        counted: 100 * count / right.length,
        curve: SHARES.map((share) => expected(share, w)),
        a,
        b,
        right,
      };
    },

    draw(figure, found, { s }) {
      const { plane, scale } = figure.panels;
      const dot = (x, y) => `${unrolled.join([x], [y])}h0`;
      const dots = (wanted) => found.a.map((a, n) =>
        (found.right[n] === wanted
          ? dot(plane.across(a), plane.up(found.b[n])) : "")).join("");
      figure.trace("right", dots(1));
      figure.trace("wrong", dots(0));
      figure.trace("scale", scale.curve(SHARES, found.curve));
      figure.trace("share", scale.curve([s, s], [50, 100]));
      figure.trace("here", dot(scale.across(s), scale.up(found.expected)));
      figure.say("expected", unrolled.fixed(found.expected, 2));
      figure.say("counted", unrolled.fixed(found.counted, 1));
    },

    tell: ({ expected: share, counted }) =>
      `${unrolled.fixed(share, 1)} percent right expected, `
      + `${unrolled.fixed(counted, 1)} percent of these sequences.`,
  });
})();
