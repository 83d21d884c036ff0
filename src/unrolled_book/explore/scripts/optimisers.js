// Chapter 5: one row of gradients, and what three optimisers make of it.
(function () {
  const UPDATES = [1, 2, 3, 4, 5, 6, 7, 8];
  const NAMES = ["sgd", "momentum", "adam"];

  // Each gives the step that it takes for the next gradient.
  const sgd = (lr) => (gradient) => lr * gradient;

  function momentum(lr, mu) {
    let v = 0;
    return (gradient) => {
      v = mu * v + gradient;
      return lr * v;
    };
  }

  function adam(lr, beta_1, beta_2) {
    let [m, q, s] = [0, 0, 0];
    return (gradient) => {
      s += 1;
      m = beta_1 * m + (1 - beta_1) * gradient;
      q = beta_2 * q + (1 - beta_2) * gradient ** 2;
      const m_hat = m / (1 - beta_1 ** s);
      const q_hat = q / (1 - beta_2 ** s);
      return lr * m_hat / (Math.sqrt(q_hat) + 1e-8);
    };
  }

  // The weight at the start and after each update.
  function follow(optimiser, row) {
    const made = [1];
    row.forEach((gradient, k) => made.push(made[k] - optimiser(gradient)));
    return made;
  }

  unrolled.figure("optimisers", {
    numbers(state) {
      const { lr, mu, beta_1, beta_2, scale } = state;
      const row = UPDATES.map((update) => 10 ** scale * state[`g${update}`]);
      const made = {
        sgd: follow(sgd(lr), row),
        momentum: follow(momentum(lr, mu), row),
        adam: follow(adam(lr, beta_1, beta_2), row),
      };
      NAMES.forEach((name) => {
        const longest = Math.max(...UPDATES.map((update) =>
          Math.abs(made[name][update] - made[name][update - 1])));
        made[`${name}_longest`] = longest;
        made[`${name}_times`] = longest / lr;
      });
      return made;
    },

    draw(figure, found, state) {
      const { gradients, weight } = figure.panels;
      UPDATES.forEach((update) => {
        const name = `g${update}`;
        const value = state[name];
        figure.trace(name, gradients.band(
          [update - 0.28, update + 0.28], [0, 0], [value, value]));
        figure.say(name, unrolled.fixed(value, 2));
      });
      NAMES.forEach((name) => {
        const told = {
          third: found[name][3], last: found[name][8],
          longest: found[`${name}_longest`], times: found[`${name}_times`],
        };
        figure.trace(name, weight.curve([0, ...UPDATES], found[name]));
        Object.entries(told).forEach(([what, value]) =>
          figure.say(`${name}-${what}`, unrolled.fixed(value)));
      });
    },

    tell: ({ sgd_times, momentum_times, adam_times }) =>
      `The longest steps, in learning rates: SGD ${unrolled.fixed(sgd_times)}, `
      + `with momentum ${unrolled.fixed(momentum_times)}, `
      + `Adam ${unrolled.fixed(adam_times)}.`,
  });
})();
