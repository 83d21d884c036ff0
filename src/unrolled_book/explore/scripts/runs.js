// Chapter 8: every recorded run, with its best or its last weights.
(function () {
  const GOLDEN = 0.6180339887;
  const CHOICES = {
    cell: ["RNN", "GRU", "LSTM", "Transformer"],
    init: ["uniform", "pytorch", "xavier", "orthogonal", "identity"],
    bias: [0, 1, 2],
    steps: [10, 20, 30, 50, 100, 200],
    seed: [0, 1, 2, 3, 4],
  };
  const isWanted = (state, data, run) => Object.entries(CHOICES).every(
    ([name, options]) => state[name] === 0
      || data[name][run] === options[state[name] - 1]);

  function median(values, chosen) {
    const sorted = chosen.map((n) => values[n]).sort((x, y) => x - y);
    const half = sorted.length >> 1;
    if (!sorted.length) return 0;
    return sorted.length % 2 ? sorted[half]
      : (sorted[half - 1] + sorted[half]) / 2;
  }

  // The words of the table, of one run and of all that are chosen.
  function words({ its, run, count, passed, best, last }) {
    const percent = (value) => `${unrolled.fixed(value, 1)}%`;
    if (!count) return [["–", "–", "–"], ["none", "–", "–"]];
    const [cell, init, bias, steps, seed, ...both] = its;
    const gate = bias >= 0 ? `, bias ${bias}` : "";
    const name = `${CHOICES.cell[cell]} ${CHOICES.init[init]}${gate}`;
    return [
      [`${run}: ${name}, T = ${steps}, seed ${seed}`, ...both.map(percent)],
      [`${passed} of ${count}`, `median ${percent(best)}`,
        `median ${percent(last)}`],
    ];
  }

  unrolled.figure("runs", {
    numbers(state, data) {
      const chosen = data.cell.map((_, n) => n)
        .filter((n) => isWanted(state, data, n));
      const last = chosen.length ? chosen[chosen.length - 1] : 0;
      const run = chosen.find((n) => n >= state.run) ?? last;
      const curve = data.valid[run];
      return {
        count: chosen.length,
        passed: chosen.filter((n) => Math.max(...data.valid[n]) > 80).length,
        best: median(data.best, chosen),
        last: median(data.last, chosen),
        run,
        chosen,
        shown: state.weights ? data.last : data.best,
        curve,
        at: data.best_epoch[run] / curve.length,
        rows: data.cell.map((cell) => CHOICES.cell.indexOf(cell)),
        its: [
          CHOICES.cell.indexOf(data.cell[run]),
          CHOICES.init.indexOf(data.init[run]),
          data.bias[run] ?? -1,
          data.steps[run],
          data.seed[run],
          data.best[run],
          data.last[run],
        ],
      };
    },

    draw(figure, found) {
      const { dots, curve } = figure.panels;
      const chosen = new Set(found.chosen);
      const dot = (n) => {
        const shift = 0.7 * ((n * GOLDEN) % 1 - 0.5);
        const up = dots.up(3 - found.rows[n] + shift);
        return `${unrolled.join([dots.across(found.shown[n])], [up])}l.1 .1`;
      };
      found.rows.forEach((_, n) => {
        figure.trace(`dot${n}`, chosen.has(n) ? dot(n) : "");
        const mark = figure.traces[`dot${n}`];
        mark.onpointerenter = mark.onpointerdown;
      });
      const there = (path) => (found.count ? path : "");
      figure.trace("here", there(dot(found.run)));
      const epochs = found.curve.map((_, k) => (k + 1) / found.curve.length);
      figure.trace("curve", there(curve.curve(epochs, found.curve)));
      figure.trace("at", there(
        curve.curve([found.at, found.at], [45, 100])));
      const [[name, best, last], [passed, ...medians]] = words(found);
      Object.entries({ name, best, last, passed }).forEach((pair) =>
        figure.say(...pair));
      medians.forEach((value, k) => figure.say(`median_${k}`, value));
    },

    tell: (found) => {
      const [[name, best, last], [passed]] = words(found);
      if (!found.count) return "No run is like that.";
      return `${passed} passed 80. ${name}: ${best} right with the best `
        + `weights, ${last} with the last.`;
    },
  });
})();
