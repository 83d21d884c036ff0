// The LSTM of unrolled.by_hand.lstm, for one sequence: x is (T, D), a state
// (H,), the weights are weight_ih (4H, D), weight_hh (4H, H) and bias (4H,),
// their rows packed i | f | g | o. Same names, same equations.
(function () {
  const sigmoid = (z) => 0.5 * (1 + Math.tanh(0.5 * z));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const dot = (a, b) => sum(a.map((value, k) => value * b[k]));
  const times = (W, v) => W.map((row) => dot(row, v));
  const columns = (W) => W[0].map((_, k) => W.map((row) => row[k]));
  const outer = (a, b) => a.map((value) => b.map((other) => value * other));
  const add = (A, B) => A.map((value, k) =>
    (Array.isArray(value) ? add(value, B[k]) : value + B[k]));
  const zeros = (like) => like.map((value) =>
    (Array.isArray(value) ? zeros(value) : 0));
  const split = (z) => {
    const H = z.length / 4;
    return [0, 1, 2, 3].map((k) => z.slice(k * H, (k + 1) * H));
  };

  // One step. A gate in `held` has this value instead of its own.
  function cell_forward(x, h_prev, c_prev, params, held = {}) {
    const { weight_ih, weight_hh, bias } = params;
    const z = add(add(times(weight_ih, x), times(weight_hh, h_prev)), bias);
    const [z_i, z_f, z_g, z_o] = split(z);
    const i = held.i || z_i.map(sigmoid);
    const f = held.f || z_f.map(sigmoid);
    const g = held.g || z_g.map(Math.tanh);
    const o = held.o || z_o.map(sigmoid);
    const c = c_prev.map((_, k) => f[k] * c_prev[k] + i[k] * g[k]);
    const h = c.map((_, k) => o[k] * Math.tanh(c[k]));
    return { x, h_prev, c_prev, i, f, g, o, c, h };
  }

  function cell_backward(dh, dc, cache, params) {
    const { x, h_prev, c_prev, i, f, g, o, c } = cache;
    const tanh_c = c.map(Math.tanh);
    dc = dc.map((_, k) => dc[k] + dh[k] * o[k] * (1 - tanh_c[k] ** 2));
    const dz = [
      ...dc.map((_, k) => dc[k] * g[k] * i[k] * (1 - i[k])),
      ...dc.map((_, k) => dc[k] * c_prev[k] * f[k] * (1 - f[k])),
      ...dc.map((_, k) => dc[k] * i[k] * (1 - g[k] ** 2)),
      ...dh.map((_, k) => dh[k] * tanh_c[k] * o[k] * (1 - o[k])),
    ];
    const grads = {
      weight_ih: outer(dz, x), weight_hh: outer(dz, h_prev), bias: dz,
    };
    return {
      dx: times(columns(params.weight_ih), dz),
      dh: times(columns(params.weight_hh), dz),
      dc: dc.map((value, k) => value * f[k]),
      grads,
    };
  }

  // `held`: for each step, the gates that have another value than their own.
  function forward(x, params, held = []) {
    const caches = [];
    let h = params.weight_hh[0].map(() => 0);
    let c = h;
    x.forEach((x_t, t) => {
      caches.push(cell_forward(x_t, h, c, params, held[t]));
      ({ h, c } = caches[t]);
    });
    return { hs: caches.map((cache) => cache.h), caches };
  }

  // Each step's own error, in dhs, leaves out the later steps.
  function bptt(dhs, caches, params) {
    const dx = [];
    let grads = Object.fromEntries(Object.entries(params)
      .map(([name, value]) => [name, zeros(value)]));
    let back = { dh: zeros(dhs[0]), dc: zeros(dhs[0]) };
    for (let t = caches.length - 1; t >= 0; t -= 1) {
      back = cell_backward(add(dhs[t], back.dh), back.dc, caches[t], params);
      dx[t] = back.dx;
      grads = Object.fromEntries(Object.entries(grads)
        .map(([name, value]) => [name, add(value, back.grads[name])]));
    }
    return { dx, grads };
  }

  unrolled.by_hand = {
    lstm: { sigmoid, cell_forward, cell_backward, forward, bptt },
  };
})();
