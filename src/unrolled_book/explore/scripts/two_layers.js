// The recorded network of two LSTM layers and a head, for one sequence at a
// time: the equations of unrolled.by_hand's lstm, on arrays that are fast. A
// gate is held at a value in the first units of a layer, for some steps.
(function () {
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const sum = (values) => values.reduce((total, value) => total + value, 0);

  // Add W v to z, where W is row after row; four rows at a time, for speed.
  function add_times(z, W, v) {
    const D = v.length;
    for (let row = 0; row < z.length; row += 4) {
      let [a, b, c, d] = [z[row], z[row + 1], z[row + 2], z[row + 3]];
      for (let k = 0, at = row * D; k < D; k += 1, at += 1) {
        a += W[at] * v[k];
        b += W[at + D] * v[k];
        c += W[at + 2 * D] * v[k];
        d += W[at + 3 * D] * v[k];
      }
      [z[row], z[row + 1], z[row + 2], z[row + 3]] = [a, b, c, d];
    }
  }

  // One step of a layer, as unrolled.by_hand's: rows are packed i | f | g | o.
  function cell_forward(x, h_prev, c_prev, params, held) {
    const H = h_prev.length;
    const z = Float64Array.from(params.bias);
    add_times(z, params.weight_ih, x);
    add_times(z, params.weight_hh, h_prev);
    const gate = (name, packed, k) =>
      (held && held.name === name && k < held.units ? held.value
        : sigmoid(z[packed * H + k]));
    const [h, c] = [new Float64Array(H), new Float64Array(H)];
    for (let k = 0; k < H; k += 1) {
      const [i, f, o] = [gate("i", 0, k), gate("f", 1, k), gate("o", 3, k)];
      const g = Math.tanh(z[2 * H + k]);
      c[k] = f * c_prev[k] + i * g;
      h[k] = o * Math.tanh(c[k]);
    }
    return { h, c };
  }

  // A layer's h at each step; xs is T times (D,).
  function forward(xs, params, held_at) {
    let h = new Float64Array(params.bias.length / 4);
    let c = h;
    return xs.map((x, t) => {
      ({ h, c } = cell_forward(x, h, c, params, held_at(t + 1)));
      return h;
    });
  }

  // The answer to a sequence, 1 for yes. The head reads both layers' last h.
  // What the first layer says by itself is kept, for when the second is held.
  function answer(xs, { layers, head, kept }, state) {
    const held = { ...state, name: "fio"[state.gate] };
    const held_at = (layer) => (step) => (layer === state.layer
      && state.first <= step && step <= state.last ? held : null);
    const one = (state.layer && kept.get(xs))
      || forward(xs, layers[0], held_at(0));
    if (state.layer) kept.set(xs, one);
    const two = forward(one, layers[1], held_at(1));
    const last = [...one.at(-1), ...two.at(-1)];
    const [no, yes] = [0, 1].map((label) => head.bias[label] + sum(last.map(
      (value, k) => head.weight[label * last.length + k] * value)));
    return Number(yes > no);
  }

  // Numbers of 32 bits, written in letters.
  function decode(text) {
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let k = 0; k < letters.length; k += 1) {
      bytes[k] = letters.charCodeAt(k);
    }
    return Float64Array.from(new Float32Array(bytes.buffer));
  }

  // A network from what PyTorch calls its parts.
  function network(told) {
    const part = (name) => decode(told[name]);
    const layers = [0, 1].map((layer) => {
      const weight = (name) => part(`recurrent.cells.${layer}.${name}`);
      const more = weight("bias_hh");
      return {
        weight_ih: weight("weight_ih"),
        weight_hh: weight("weight_hh"),
        bias: weight("bias").map((value, k) => value + more[k]),
      };
    });
    const head = { weight: part("head.weight"), bias: part("head.bias") };
    return { layers, head, kept: new Map() };
  }

  unrolled.two_layers = { answer, decode, network };
})();
