// Chapter 7: where the parameters of a classifier are.
(function () {
  const LAYERS = [1, 2, 3, 4];
  const [LEFT, TOP, SLOT] = [78, 34, 92];
  const CLASSES = 2;

  unrolled.figure("count", {
    numbers({ D, H, L, biases, all }) {
      const made = {};
      LAYERS.forEach((layer) => {
        const there = layer <= L ? 1 : 0;
        made[`x${layer}`] = there * 4 * H * (layer > 1 ? H : D);
        made[`h${layer}`] = there * 4 * H * H;
        made[`b${layer}`] = there * 4 * H * biases;
      });
      made.head = CLASSES * (all ? L : 1) * H + CLASSES;
      const total = Object.values(made).reduce((sum, value) => sum + value, 0);
      return { ...made, total };
    },

    draw(figure, found, { D, H, L, biases }) {
      const highest = H + biases + Math.max(D, L > 1 ? H : 0);
      const unit = Math.min(200 / (4 * H), (SLOT - 20) / highest);
      const width = unit * H;
      const paths = ["", "", "", ""];
      LAYERS.slice(0, L).forEach((layer) => {
        let top = TOP + SLOT * (layer - 1);
        [layer > 1 ? H : D, H, biases].forEach((rows) => {
          const height = unit * rows;
          paths.forEach((_, gate) => {
            const left = LEFT + gate * width;
            if (rows) {
              paths[gate] += `${unrolled.join(
                [left, left, left + width, left + width],
                [top, top + height, top + height, top])}Z`;
            }
          });
          top += height + 3;
        });
      });
      [..."ifgo"].forEach((gate, k) => figure.trace(gate, paths[k]));
      Object.entries(found).forEach(([name, value]) =>
        figure.say(name, value.toLocaleString("en-US")));
    },

    tell: ({ total }) => `${total.toLocaleString("en-US")} parameters.`,
  });
})();
