// Chapter 10: loud, not wrong; what one number can mend.
(function () {
  const WEIGHTS = ["last", "best"];
  const SETS = ["train", "valid", "test"];
  const [LEAST, MOST] = [-20, 36]; // the bins of the margin, a nat each
  const BINS = 10; // of the confidence, from one half to 1
  const GRID = Array.from({ length: 26 }, (_, k) => 2 ** (-2 + k / 5));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (values) => sum(values) / values.length;
  const zeros = (length) => new Array(length).fill(0);

  // The margins of all answers, and the loss at each temperature, once.
  function unpack(packed) {
    let whole = 0;
    const margins = packed.map((more) => {
      whole += more;
      return whole / 100;
    });
    const curve = GRID.map((tau) => mean(margins.map((m) => loss(m / tau))));
    return { margins, curve };
  }
  const unpacked = new WeakMap();

  // What one answer adds; a large lead must not overflow.
  const loss = (m) => Math.max(-m, 0) + Math.log1p(Math.exp(-Math.abs(m)));

  // The answers by their confidence, and how often they are right.
  function reliability(milder) {
    const [count, right, total] = [zeros(BINS), zeros(BINS), zeros(BINS)];
    milder.forEach((m) => {
      const confidence = 1 / (1 + Math.exp(-Math.abs(m)));
      const place = Math.min(BINS - 1,
        Math.floor((confidence - 0.5) / 0.5 * BINS));
      count[place] += 1;
      right[place] += m > 0 ? 1 : 0;
      total[place] += confidence;
    });
    const full = count.map((_, bin) => bin).filter((bin) => count[bin]);
    return {
      confidence: full.map((bin) => total[bin] / count[bin]),
      accuracy: full.map((bin) => right[bin] / count[bin]),
      sure: sum(total) / milder.length,
      error: sum(full.map((bin) => Math.abs(right[bin] - total[bin])))
        / milder.length,
    };
  }

  function shares(milder) {
    const count = [];
    milder.forEach((m) => {
      const bin = Math.min(MOST - 1, Math.max(LEAST, Math.floor(m))) - LEAST;
      while (count.length <= bin) count.push(0);
      count[bin] += 1;
    });
    return count.map((number) => number / milder.length);
  }

  const log10 = (least) => (value) => Math.log10(Math.max(value, least));
  const twice = (values) => values.flatMap((value) => [value, value]);

  unrolled.figure("temperature", {
    numbers({ tau, weights }, data) {
      const made = {};
      SETS.forEach((name) => {
        const packed = data[WEIGHTS[weights]][name];
        if (!unpacked.has(packed)) unpacked.set(packed, unpack(packed));
        const { margins, curve } = unpacked.get(packed);
        const milder = margins.map((m) => m / tau);
        const { confidence, accuracy, sure, error } = reliability(milder);
        Object.entries({
          loss: mean(milder.map(loss)),
          right: 100 * mean(margins.map((m) => (m > 0 ? 1 : 0))),
          sure: 100 * sure,
          error: 100 * error,
          shares: shares(milder),
          curve,
          confidence,
          accuracy,
        }).forEach(([what, value]) => { made[`${name}_${what}`] = value; });
      });
      return made;
    },

    draw(figure, found, { tau }) {
      const panels = figure.panels;
      const at = Math.log2(tau);
      figure.trace("tau", panels.losses.curve([at, at], [-5, 1]));
      SETS.forEach((name) => {
        figure.trace(`${name}-curve`, panels.losses.curve(
          GRID.map(Math.log2), found[`${name}_curve`].map(log10(1e-5))));
        if (name !== "valid") {
          const heights = twice(found[`${name}_shares`].map(log10(1e-4)));
          const ends = heights.map((_, k) => LEAST + Math.ceil(k / 2));
          figure.trace(`${name}-shares`, panels.shares.curve(ends, heights));
          figure.trace(`${name}-honest`, panels.honest.curve(
            found[`${name}_confidence`], found[`${name}_accuracy`]));
        }
        figure.say(`${name}-loss`, unrolled.fixed(found[`${name}_loss`]));
        ["right", "sure", "error"].forEach((what) => figure.say(
          `${name}-${what}`, unrolled.fixed(found[`${name}_${what}`], 1)));
      });
    },

    tell: ({ train_loss, valid_loss, test_loss, test_right, test_sure }) =>
      `Mean loss: training ${unrolled.fixed(train_loss)}, validation `
      + `${unrolled.fixed(valid_loss)}, unseen `
      + `${unrolled.fixed(test_loss)}. Of the unseen answers `
      + `${unrolled.fixed(test_right, 1)} percent are right, their mean `
      + `confidence is ${unrolled.fixed(test_sure, 1)} percent.`,
  });
})();
