// Chapter 11: errors that grow, and errors that are made.
(function () {
  const MEMORIES = [Infinity, 30, 16, 12];
  const [READ, AHEAD] = [30, 60];
  const HORIZONS = [1, 5, 10, 20, 60];
  const BEGINNING = [0.4, 0.2];
  const PERIODS = [12, 6 * (Math.sqrt(5) - 1)];
  const NOISE = 0.1;
  const steps = Array.from({ length: AHEAD }, (_, k) => k + 1);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const dot = (a, b) => sum(a.map((value, k) => value * b[k]));

  // Hénon's map, from its last two values on.
  function henon(before, now) {
    const run = [];
    steps.forEach(() => {
      [before, now] = [now, 1 - 1.4 * (now * now) + 0.3 * before];
      run.push(now);
    });
    return run;
  }

  // The covariance of two values of the oscillations, so far apart.
  const covariance = (apart) => sum(PERIODS.map((period) =>
    Math.cos(2 * Math.PI * apart / period))) / 2
    + (apart === 0 ? NOISE ** 2 : 0);

  // Solve K w = k; K is symmetric and positive.
  function solve(K, k) {
    const rows = K.map((row, r) => [...row, k[r]]);
    rows.forEach((row, r) => rows.slice(r + 1).forEach((below) => {
      const factor = below[r] / row[r];
      for (let c = r; c < row.length; c += 1) below[c] -= factor * row[c];
    }));
    const w = [];
    for (let r = rows.length - 1; r >= 0; r -= 1) {
      const known = sum(w.slice(r + 1).map((value, c) =>
        value * rows[r][r + 1 + c]));
      w[r] = (rows[r][rows.length] - known) / rows[r][r];
    }
    return w;
  }

  // What the best forecast, running alone, makes of a kick of 1 at the last
  // value that it read. It remembers so many values.
  function response(memory) {
    const off = [...new Array(READ - 1).fill(0), 1];
    let w = [];
    steps.forEach(() => {
      const m = Math.min(memory, off.length);
      if (w.length !== m) { // else it is the forecast of the step before
        const back = Array.from({ length: m }, (_, k) => m - k);
        w = solve(back.map((a) => back.map((b) => covariance(a - b))),
          back.map(covariance));
      }
      off.push(dot(w, off.slice(off.length - m)));
    });
    return off.slice(READ);
  }
  const responses = {};

  const log10 = (value) => (value ? Math.log10(value) : -99);
  const thirds = (ratios) => [0, 1, 2, 3, 4].map((k) =>
    ratios.slice(3 * k, 3 * k + 3).map(Math.log2));

  unrolled.figure("kick", {
    numbers({ series, size, memory }, { ratios }) {
      const kick = Number(`1e${size}`);
      let apart;
      if (series) {
        responses[memory] = responses[memory] || response(MEMORIES[memory]);
        apart = responses[memory].map((off) => kick * Math.abs(off));
      } else {
        const [before, last] = BEGINNING;
        const run = henon(before, last);
        apart = henon(before, last + kick).map((x, k) => Math.abs(x - run[k]));
      }
      const both = ratios[series ? 1 + memory : 0];
      const made = Object.fromEntries(HORIZONS.map((k) =>
        [`apart_${k}`, apart[k - 1]]));
      return {
        apart, ...made,
        truth: both.truth.flat(),
        right: (both.right || both.truth).flat(),
      };
    },

    draw(figure, found) {
      const { grow, made } = figure.panels;
      figure.trace("apart", grow.curve(steps, found.apart.map(log10)));
      HORIZONS.forEach((k) =>
        figure.say(`apart-${k}`, unrolled.short(found[`apart_${k}`])));
      ["truth", "right"].forEach((kind) => {
        figure.trace(kind, thirds(found[kind]).map((of) =>
          made.curve([1, 2, 3], of)).join(""));
        [0, 1, 2, 3, 4].forEach((seed) => figure.say(`${kind}-${seed}`,
          unrolled.fixed(found[kind][3 * seed + 2], 2)));
      });
    },

    tell: ({ apart_60, truth, right }) => {
      const worse = [0, 1, 2, 3, 4].filter((seed) =>
        Math.min(truth[3 * seed + 2], right[3 * seed + 2]) >= 1.25).length;
      return `After 60 steps the runs are ${unrolled.short(apart_60)} apart. `
        + `${worse} of five networks err by a quarter more on their own `
        + "values than on both others, in steps 41 to 60.";
    },
  });
})();
