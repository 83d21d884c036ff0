// Chapter 9: a recorded network and its untrained twin, gates in your hand.
// The networks are in a file of the book, loaded when the figure is touched;
// the sequences are answered one by one, and the page is never kept for long.
(function () {
  const NAMES = ["trained", "twin"];
  const [SLICE, PICTURE] = [20, 250]; // ms between two looks, two pictures
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // ---- The file -----------------------------------------------------------

  let bench = null; // the networks and the sequences; false: there are none
  unrolled.bench = ({ x, labels, ...told }) => {
    const [flat, T] = [unrolled.two_layers.decode(x), 30];
    const D = flat.length / labels.length / T;
    const step = (n, t) => flat.subarray((n * T + t) * D, (n * T + t + 1) * D);
    bench = { labels };
    bench.xs = labels.map((_, n) =>
      Array.from({ length: T }, (__, t) => step(n, t)));
    NAMES.forEach((name) => {
      bench[name] = unrolled.two_layers.network(told[name]);
    });
  };

  let loading = null;
  const load = (file) => loading || (loading = new Promise((done) => {
    const script = document.createElement("script");
    const root = document.documentElement.dataset.content_root || "";
    // A server without the file may send another page in its place.
    script.onload = () => { bench = bench || false; done(); };
    script.onerror = script.onload;
    script.src = root + file;
    document.head.append(script);
  }));

  // ---- The answers so far, by what is held --------------------------------

  const asked = new Map();
  const key = (state) => (!state.units || state.first > state.last ? "free"
    : ["layer", "gate", "units", "value", "first", "last"]
      .map((name) => state[name]).join());
  function so_far(state, data) {
    Object.values(data.asked).forEach(([settings, right]) =>
      asked.has(key(settings)) || asked.set(key(settings), right));
    if (!asked.has(key(state))) {
      asked.set(key(state), { trained: [], twin: [] });
    }
    return asked.get(key(state));
  }

  // Answer for a moment, leave the page to the reader, and go on.
  function go_on(figure, drawn) {
    if (!figure.isConnected) return;
    const right = so_far(figure.state, figure.data);
    const started = performance.now();
    while (performance.now() - started < SLICE) {
      const name = NAMES[Number(right.twin.length < right.trained.length)];
      const n = right[name].length;
      if (n === bench.labels.length) break;
      const said = unrolled.two_layers.answer(
        bench.xs[n], bench[name], figure.state);
      right[name].push(Number(said === bench.labels[n]));
    }
    const is_whole = right.twin.length === bench.labels.length;
    if (is_whole || started - drawn > PICTURE) {
      figure.redraw();
    } else {
      figure.timer = setTimeout(() => go_on(figure, drawn));
    }
    if (!is_whole) return;
    figure.status.textContent = figure.parts.tell(figure.numbers);
  }

  function begin(figure) {
    clearTimeout(figure.timer);
    const { twin, first_number: all } = figure.numbers;
    figure.busy = twin.length < all.length && bench !== false;
    if (!figure.busy) return;
    if (bench) {
      figure.timer = setTimeout(() => go_on(figure, performance.now()));
    } else {
      load(figure.data.file).then(() => figure.redraw());
    }
  }

  // ---- The figure ---------------------------------------------------------

  const STEPS = Array.from({ length: 30 }, (_, t) => t + 1);
  const share = (right) => (right.length
    ? unrolled.fixed(100 * sum(right) / right.length, 1) : "–");

  unrolled.figure("bench", {
    numbers(state, data) {
      const { layer, gate } = state;
      const right = so_far(state, data);
      return {
        trained: right.trained,
        twin: right.twin,
        trained_gate: data.means.trained[layer][gate],
        twin_gate: data.means.twin[layer][gate],
        first_number: data.ends.map(([first]) => first),
        last_number: data.ends.map(([, last]) => last),
      };
    },

    draw(figure, found, state) {
      const { first, last, value, units } = state;
      const { gate } = figure.panels;
      const [count, all] = [found.twin.length, found.first_number.length];
      const ends = [Math.max(1, first - 0.3), Math.min(30, last + 0.3)];
      figure.say("units", `held, ${units} units`);
      figure.trace("held", units && first <= last
        ? gate.curve(ends, [value, value]) : "");
      NAMES.forEach((name) => {
        const plane = figure.panels[name];
        const right = found[name];
        const dots = (wanted) => right.map((one, n) => (one === wanted
          ? `${unrolled.join([plane.across(found.first_number[n])],
            [plane.up(found.last_number[n])])}h0` : "")).join("");
        figure.trace(`${name}-gate`, gate.curve(STEPS, found[`${name}_gate`]));
        figure.trace(`${name}-right`, dots(1));
        figure.trace(`${name}-wrong`, dots(0));
        figure.say(`${name}-count`, `${sum(right)} of ${right.length}`);
        figure.say(`${name}-share`, share(right));
      });
      begin(figure);
      figure.say("progress", bench === false
        ? "The networks are in the built book; this page has no file of them."
        : bench || !figure.busy ? `${count} of ${all} sequences are answered.`
          : "The networks are being loaded …");
    },

    tell: ({ trained, twin }) =>
      `After ${twin.length} sequences: trained network ${share(trained)} `
      + `percent right, untrained twin ${share(twin)} percent.`,
  });
})();
