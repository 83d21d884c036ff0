"""An answer bank: what students hand in, right in other ways and wrong.

Each answer is the worked solution with some of its words exchanged, or a whole
function. By its chapter and exercise: what it is, and the words, (old, new)
pairs; a text alone is the whole answer.

The kinds of wrong answers: shape, order, sign, slope, a missing return, an
argument that is written into, precision, a forbidden call, and what the task
itself is about.
"""

RIGHT = {
    ("01_vanishing", "2"): {
        "all steps at once at the end": [
            ("dW += np.outer(dz, x[t])", "dW += dz[:, None] * x[t][None]"),
        ],
        "products by @": [("np.outer(dz, x[t])", "dz[:, None] @ x[t][None]")],
        "a slope by the states' squares": [
            ("(1 - hs[t] ** 2)", "(1 - hs[t]) * (1 + hs[t])"),
        ],
        "in a list": [("return dW, dU, db", "return [dW, dU, db]")],
    },
    ("01_vanishing", "3"): {
        "with diag": [
            ("(1 - hs[later] ** 2)[:, None] * U",
             "np.diag(1 - hs[later] ** 2) @ U"),
        ],
    },
    ("01_vanishing", "4"): {
        "as PyTorch does it, with a millionth": [
            ("max_norm / norm) if norm else 1.0",
             "max_norm / (norm + 1e-6))"),
        ],
        "with norm of all": [
            ("np.sqrt(squares)",
             "np.linalg.norm(np.concatenate([g.ravel() "
             "for g in grads.values()]))"),
        ],
    },
    ("02_forward", "2"): {
        "tanh by sigmoid": [
            ("i * np.tanh(z_g)",
             "i * (2 * by_hand.lstm.sigmoid(2 * z_g) - 1)"),
        ],
        "einsum": [
            ('h @ params["weight_hh"].T',
             'np.einsum("nh,kh->nk", h, params["weight_hh"])'),
        ],
        "in float32 and says so": [
            ("return o * np.tanh(c), c",
             "return np.float32(o * np.tanh(c)), np.float32(c)"),
        ],
    },
    ("02_forward", "3"): {
        "into an array": [
            ("return np.stack(hs, axis=1), h, c",
             "return np.array(hs).swapaxes(0, 1), h, c"),
        ],
    },
    ("02_forward", "4"): {
        "by an index": [
            ("ours[name] = np.concatenate([i, f, g, o])",
             "H = len(i); ours[name] = value[np.r_[H:2*H, 0:H, 2*H:4*H]]"),
        ],
    },
    ("03_one_weight", "3"): {
        "einsum": [
            ("dz.T @ cache.x", 'np.einsum("nk,nd->kd", dz, cache.x)'),
        ],
    },
    ("03_one_weight", "2"): {
        "a slope multiplied out": [("o * (1 - o)", "(o - o**2)")],
    },
    ("03_one_weight", "4"): {
        "up and down by turns": [
            ("(loss(W + nudge) - loss(W - nudge)) / (2 * eps)",
             "sum(s * loss(W + s * nudge) for s in (1, -1)) / 2 / eps"),
        ],
    },
    ("04_bptt", "2"): {
        "einsum": [("dz.sum(axis=0)", 'np.einsum("nk->k", dz)')],
    },
    ("04_bptt", "3"): {
        "backward over a turned list": [
            ("for t in reversed(range(len(caches))):",
             "for t in range(len(caches))[::-1]:"),
        ],
        "added in place, into its own arrays": [
            ("grads = {name: grads[name] + new[name] for name in grads}",
             "for name in grads: grads[name] += new[name]"),
        ],
    },
    ("04_bptt", "4"): {
        "counted down": [
            ("reversed(range(step, len(caches)))",
             "range(len(caches) - 1, step - 1, -1)"),
        ],
    },
    ("05_training", "2"): {
        "in the order of the paper's section 2, eps scaled": [
            ("m_hat / (np.sqrt(q_hat) + eps)",
             "np.sqrt(1 - betas[1] ** s) / (1 - betas[0] ** s) * m "
             "/ (np.sqrt(q) + eps * np.sqrt(1 - betas[1] ** s))"),
        ],
        "averages moved by the difference": [
            ("m = betas[0] * m + (1 - betas[0]) * grad",
             "m = m + (1 - betas[0]) * (grad - m)"),
        ],
    },
    ("05_training", "3"): {
        "tensordot": [
            ('np.einsum("ntf,nth->fh", errors, hs)',
             "np.tensordot(errors, hs, ((0, 1), (0, 1)))"),
        ],
    },
    ("05_training", "4"): {
        "an average with weights": (
            "def combine(gradients, sizes):\n"
            "    return np.average(gradients, axis=0, weights=sizes)"
        ),
    },
    ("06_truncated", "2"): {
        "by the place in the chunk": [("(t + 1) % k == 0", "t % k == k - 1")],
    },
    ("06_truncated", "3"): {
        "the other side": [("t >= end - k1", "t + k1 >= end")],
    },
    ("06_truncated", "4"): {
        "by .data": [("h.detach(), c.detach()", "h.data, c.data")],
    },
    ("07_network", "2"): {
        "stacked": [("torch.cat([there, back], dim=2)",
                     "torch.stack([there, back], dim=2).flatten(2)")],
    },
    ("07_network", "3"): {
        "by PyTorch's own loss": [
            ("return -right.mean()",
             "return torch.nn.functional.cross_entropy("
             "logits[real], targets[real])"),
        ],
    },
    ("07_network", "4"): {
        "by logarithms": [
            ("return powers / powers.sum()",
             "return np.exp(scaled - np.log(powers.sum()))"),
        ],
    },
    ("08_thirty_steps", "2"): {
        "epoch by epoch": (
            "def left_for_good(curve, line, count, errors):\n"
            "    limit = line + errors * (line * (1 - line) / count) ** 0.5\n"
            "    left = [min(curve[e:]) > limit for e in range(len(curve))]\n"
            "    return left.index(True) + 1 if any(left) else 0"
        ),
    },
    ("08_thirty_steps", "3"): {
        "in NumPy at last": [("return lengths / lengths[-1]",
                              "return (lengths / lengths[-1]).numpy()")],
    },
    ("08_thirty_steps", "4"): {
        "a copy, half in each bias": [
            ("f = 0.5 ** (1 / half_lives)",
             "layer, f = deepcopy(layer), 0.5 ** (1 / half_lives)"),
            ("[rows] = (f / (1 - f)).log()", "[rows] = f.logit() / 2"),
            ("[rows] = 0.0", "[rows] = f.logit() / 2"),
        ],
    },
    ("09_gates", "2"): {
        "a sum over the count": [
            ("(gate > 0.9).mean()", "(gate > 0.9).sum() / gate.size"),
        ],
    },
    ("09_gates", "3"): {
        "by a pseudo-inverse": [
            ("np.linalg.lstsq(A[learn], signal[learn])[0]",
             "np.linalg.pinv(A[learn]) @ signal[learn]"),
        ],
    },
    ("09_gates", "4"): {
        "by where": [("if t >= first:\n            f = value",
                      "f = np.where(t >= first, value, f)")],
    },
    ("10_overfitting", "2"): {
        "confidence by tanh": [
            ("1 / (1 + np.exp(-np.abs(margins)))",
             "(1 + np.tanh(np.abs(margins) / 2)) / 2"),
        ],
    },
    ("10_overfitting", "3"): {
        "by golden sections": (
            "def mend(valid, test):\n"
            "    u, v = -3.0, 4.0\n"
            "    for _ in range(60):\n"
            "        a, b = np.exp([v - 0.6 * (v - u), u + 0.6 * (v - u)])\n"
            "        la, lb = (np.logaddexp(0, -valid / t).mean()\n"
            "                  for t in (a, b))\n"
            "        u, v = (u, np.log(b)) if la < lb else (np.log(a), v)\n"
            "    return a, np.logaddexp(0, -test / a).mean()"
        ),
    },
    ("10_overfitting", "4"): {
        "epoch by epoch": (
            "def train_with_patience(train, valid, weights, patience, most):\n"
            "    losses = []\n"
            "    for epoch in range(most):\n"
            "        train(weights)\n"
            "        losses.append(valid(weights))\n"
            "        if np.argmin(losses) == epoch:\n"
            "            best = {k: v + 0 for k, v in weights.items()}\n"
            "        if epoch - np.argmin(losses) == patience:\n"
            "            break\n"
            "    return best, len(losses)"
        ),
    },
    ("11_free_running", "2"): {
        "into an array": [
            ("answers.append(said)", "answers += [said]"),
            ("np.stack(answers, axis=1)", "np.array(answers).T"),
        ],
    },
    ("11_free_running", "3"): {
        "the rest is carried on": [
            ("return said - expected, expected - truth",
             "a = said - expected\n    return [a, said - truth - a]"),
        ],
    },
    ("11_free_running", "4"): {
        "from the first step to the last": [
            ("np.polyfit(range(steps), logs, 1)[0]",
             "(logs[-1] - logs[0]) / (steps - 1)"),
        ],
    },
    ("12_beyond", "2"): {
        "addcmul": [("(z_i + p_i * c)", "torch.addcmul(z_i, p_i, c)")],
    },
    ("12_beyond", "3"): {
        "the mean of squares": [
            ("sums.var(axis=1, keepdims=True)",
             "(sums**2).mean(axis=1, keepdims=True)"),
        ],
    },
    ("12_beyond", "4"): {
        "a softmax that cannot overflow": [
            ("a = np.exp(keys @ q / np.sqrt(len(q)))",
             "s = keys @ q / np.sqrt(len(q)); a = np.exp(s - s.max())"),
        ],
    },
    ("13_real_series", "2"): {
        "by horizon first": [
            ("    for origin in range(end - ahead, len(series) - 1):"
             "  # the last one known\n"
             "        said = forecast(series[: origin + 1])\n"
             "        for k in range(1, ahead + 1):\n",
             "    for k in range(1, ahead + 1):\n"
             "        for origin in range(end - ahead, len(series) - 1):\n"
             "            said = forecast(series[: origin + 1])\n"),
        ],
    },
    ("13_real_series", "3"): {
        "a mask for each month": [
            ("[series[month:end:12].mean() for month in range(12)]",
             "[series[:end][np.arange(end) % 12 == month].mean() "
             "for month in range(12)]"),
        ],
    },
}  # fmt: skip

WRONG = {
    ("01_vanishing", "2"): {
        "U for its transpose": [("U.T @ dz", "U @ dz")],
        "the slope forgotten": [("dh * (1 - hs[t] ** 2)", "dh")],
        "the last state before the first": [
            ("np.outer(dz, hs[t - 1]) if t else 0", "np.outer(dz, hs[t - 1])"),
        ],
        "only the last step": [("db += dz", "db = dz")],
        "errors cut off at 5": [
            ("dh = own_errors[t] + from_later",
             "dh = np.clip(own_errors[t] + from_later, -5, 5)"),
        ],
        "no return": [("return dW, dU, db", "")],
        "written into the errors": [
            ("dh = own_errors[t] + from_later",
             "own_errors[t] += from_later; dh = own_errors[t]"),
        ],
        "in float32 on the way": [
            ("dz = dh * (1 - hs[t] ** 2)",
             "dz = np.float32(dh * (1 - hs[t] ** 2)).astype(float)"),
        ],
    },
    ("01_vanishing", "3"): {
        "the order turned round": [("step @ table", "table @ step")],
        "columns for rows": [("[:, None] * U", "* U")],
        "one step too many": [("range(t + 1, len(hs))", "range(t, len(hs))")],
    },
    ("01_vanishing", "4"): {
        "each array by itself": [
            ("factor * grad for", "grad * min(1, max_norm / "
             "np.linalg.norm(grad)) for"),
        ],
        "always made as long": [("min(1.0, max_norm / norm)",
                                 "max_norm / norm")],
        "written into": [
            ("return {name: factor * grad for name, grad in grads.items()}",
             "for g in grads.values():\n        g *= factor\n"
             "    return grads"),
        ],
    },
    ("02_forward", "2"): {
        "f and i exchanged": [("z_i, z_f, z_g, z_o =", "z_f, z_i, z_g, z_o =")],
        "the old cell state in h": [
            ("c = f * c + i * np.tanh(z_g)\n    return o * np.tanh(c), c",
             "new = f * c + i * np.tanh(z_g)\n    return o * np.tanh(c), new"),
        ],
        "no tanh on the way out": [("return o * np.tanh(c), c",
                                    "return o * c, c")],
        "c before h": [
            ("return o * np.tanh(c), c", "return c, o * np.tanh(c)"),
        ],
        "the bias forgotten": [('np.split(z + params["bias"],', "np.split(z,")],
        "the package's own": (
            "def forward_step(x_t, h, c, params):\n"
            "    return by_hand.lstm.cell_forward(x_t, h, c, params)[:2]"
        ),
        "float32 on the way": [
            ("c = f * c + i", "c = np.float32(f).astype(float) * c + i"),
        ],
        "written into c": [
            ("c = f * c + i * np.tanh(z_g)",
             "c *= f\n    c += i * np.tanh(z_g)"),
        ],
    },
    ("02_forward", "3"): {
        "the start ignored": [("h = zeros if h is None else h", "h = zeros")],
        "stacked on the wrong axis": [("np.stack(hs, axis=1)", "np.stack(hs)")],
        "only h is carried": [("h, c = step(x[:, t], h, c, params)",
                               "h, _ = step(x[:, t], h, c, params)")],
    },
    ("02_forward", "4"): {
        "for one unit only": [("np.concatenate([i, f, g, o])",
                               "value[[1, 0, 2, 3]]")],
        "as it came": [("np.concatenate([i, f, g, o])", "value")],
    },
    ("03_one_weight", "2"): {
        "a sign": [("dc * i * (1 - g**2)", "-dc * i * (1 - g**2)")],
        "a sigmoid's slope for the tanh": [("(1 - g**2)", "g * (1 - g)")],
        "o through c": [("dh * tanh_c * o", "dc * tanh_c * o")],
    },
    ("03_one_weight", "3"): {
        "the mean over sequences": [("dz.sum(axis=0)", "dz.mean(axis=0)")],
        "transposed": [("dz.T @ cache.x", "cache.x.T @ dz")],
    },
    ("03_one_weight", "4"): {
        "to one side": [("(loss(W + nudge) - loss(W - nudge)) / (2 * eps)",
                         "(loss(W + nudge) - loss(W)) / eps")],
        "one side only": [
            ("(loss(W + nudge) - loss(W - nudge)) / (2 * eps)",
             "(loss(W + nudge) - loss(W)) / eps"),
        ],
        "nudged in place": [
            ("nudge = np.zeros_like(W)\n        nudge[place] = eps\n",
             "nudge = np.zeros_like(W)\n        nudge[place] = eps\n"
             "        W[place] += 1e-9\n"),
        ],
    },
    ("04_bptt", "2"): {
        "no error from later for c": [("dc = dc + dh", "dc = 0 * dc + dh")],
        "written into dc": [("dc = dc + dh * o", "dc += dh * o")],
        "the forget gate left out on the way": [("dc * f, grads", "dc, grads")],
    },
    ("04_bptt", "3"): {
        "steps not added up": [
            ("grads = {name: grads[name] + new[name] for name in grads}",
             "grads = new"),
        ],
        "no cell gradient from later": [("cell_backward(dh, dc, ",
                                         "cell_backward(dh, 0 * dc, ")],
        "errors cut off": [("dh = dh + dhs[:, t]",
                            "dh = np.clip(dh + dhs[:, t], -5, 5)")],
        "the caches turned round": [
            ("    dh = dc = np", "    caches.reverse(); caches.reverse()\n"
             "    caches.pop(); dh = dc = np"),
        ],
        "the package's own": (
            "def bptt(dhs, caches, params):\n"
            "    return by_hand.lstm.bptt(dhs, caches, params)[1]"
        ),
    },
    ("04_bptt", "4"): {
        "nothing from later": [("dh = dh + dhs[:, t]", "dh = dhs[:, t]")],
    },
    ("05_training", "2"): {
        "the eps of section 2": [
            ("m_hat / (np.sqrt(q_hat) + eps)",
             "np.sqrt(1 - betas[1] ** s) / (1 - betas[0] ** s) * m "
             "/ (np.sqrt(q) + eps)"),
        ],
        "corrected twice": [("+ eps), m, q", "+ eps), m_hat, q_hat")],
        "not corrected": [("m_hat = m / (1 - betas[0] ** s)", "m_hat = m")],
        "eps under the root": [("(np.sqrt(q_hat) + eps)",
                                "np.sqrt(q_hat + eps)")],
        "betas not used": [("q = betas[1] * q + (1 - betas[1])",
                            "q = 0.999 * q + 0.001")],
        "averages in place": [
            ("m = betas[0] * m + (1 - betas[0]) * grad",
             "m *= betas[0]; m += (1 - betas[0]) * grad"),
        ],
    },
    ("05_training", "3"): {
        "a mean over the sequences": [
            ("errors.sum(axis=(0, 1))", "errors.mean(axis=0).sum(axis=0)"),
        ],
        "V turned": [("errors @ V", "errors[:, :, ::-1] @ V")],
    },
    ("05_training", "4"): {
        "the mean of means": [
            ("/ sum(sizes)", "/ sum(sizes) * 0 + sum(gradients) / len(sizes)"),
        ],
    },
    ("06_truncated", "2"): {
        "only h is cut": [
            ("dh = dc = nothing",
             "dh, dc = nothing, nothing if t + 1 == len(caches) else dc"),
        ],
        "cut one step late": [
            ("if (t + 1) % k", "if t + 1 == len(caches) or (t + 2) % k"),
        ],
    },
    ("06_truncated", "3"): {
        "k1 and k2 swapped": [("params, k1, k2):", "params, k2, k1):")],
        "errors counted again": [("if t >= end - k1:", "if True:")],
    },
    ("06_truncated", "4"): {
        "detached in place": [("h, c = h.detach(), c.detach()",
                               "h.detach_(); c.detach_()")],
        "only h": [("h, c = h.detach(), c.detach()", "h = h.detach()")],
    },
    ("07_network", "2"): {
        "not turned back": [("x.flip(1)).flip(1)", "x.flip(1))")],
    },
    ("07_network", "3"): {
        "by the targets, not by lengths": [
            ("steps < lengths[:, None]",
             "(targets >= 0) & (steps < 99)"),
        ],
        "the padding averaged in": [("-right.mean()",
                                     "-right.sum() / real.numel()")],
        "detached": [("return -right.mean()", "return -right.mean().detach()")],
    },
    ("07_network", "4"): {
        "it overflows": [("(scores - scores.max()) / temperature",
                          "scores / temperature")],
        "written into the scores": [
            ("scaled = (scores - scores.max()) / temperature",
             "scores -= scores.max(); scaled = scores / temperature"),
        ],
        "the temperature forgotten": [(" / temperature", " / 1.0")],
    },
    ("08_thirty_steps", "2"): {
        "counted from 0": [("below[-1] + 2", "below[-1] + 1")],
        "each accuracy's own error": [
            ("np.sqrt(line * (1 - line) / count)",
             "np.std(np.subtract(curve, line))"),
        ],
        "the package's own": (
            "def left_for_good(curve, line, count, errors):\n"
            "    return tables.first_above(curve, line)"
        ),
    },
    ("08_thirty_steps", "3"): {
        "the checks' own": (
            "def what_arrives(layer, x):\n    return arrivals(layer, x)"
        ),
        "units summed first": [
            ("for unit in range(h.shape[1]):\n        s = h[:, unit].sum()",
             "for s in [h.sum()]:"),
        ],
    },
    ("08_thirty_steps", "4"): {
        "a pair": [("return layer", "return layer, f")],
        "another gate": [("slice(layer.hidden_size, 2 * layer.hidden_size)",
                          "slice(0, layer.hidden_size)")],
        "both biases": [("[rows] = 0.0", "[rows] = 1.0")],
    },
    ("09_gates", "2"): {
        "the given one": (
            "def three_numbers(gate):\n    return by_loops(gate)"
        ),
        "all at once": [("gate.std(axis=1).mean()", "gate.std()")],
    },
    ("09_gates", "3"): {
        "scored where it was fitted": [("slice(half), slice(half, None)",
                                        "slice(half), slice(half)")],
        "no constant": [("[states, np.ones(len(states))]", "[states]")],
        "the package's own": (
            "def linear_probe(states, signal):\n"
            "    import torch\n"
            "    return gates.probe(torch.tensor(states)[:, None], "
            "torch.tensor(signal), ridge=1e-9)[0]"
        ),
    },
    ("09_gates", "4"): {
        "the check's own": (
            "def hold_forget_gate(x, params, value, first):\n"
            "    return held_by_pytorch(x, params, value, first)"
        ),
        "from the first step on": [("if t >= first:", "if True:")],
        "another gate": [("f = value", "i = value")],
    },
    ("10_overfitting", "2"): {
        "the package's own": (
            "def calibration_error(margins, bins):\n"
            "    return right_error(margins, bins)"
        ),
        "bins of equal counts": [("inside.sum() * distance", "distance")],
    },
    ("10_overfitting", "3"): {
        "the test not mended": [("-test / tau", "-test")],
        "the package's own": (
            "def mend(valid, test):\n    return right_mending(valid, test)"
        ),
        "fitted on the test": [("-valid / taus[:, None]",
                                "-test / taus[:, None]")],
    },
    ("10_overfitting", "4"): {
        "it never stops": [("epochs < most and waited < patience", "True")],
        "kept without a copy": [
            ("{name: array.copy() for name, array in weights.items()}",
             "weights"),
        ],
        "a tie counts": [("if loss < lowest:", "if loss <= lowest:")],
    },
    ("11_free_running", "2"): {
        "0 times NaN": [("np.where(own[:, t], said, x[:, t])",
                         "own[:, t] * said + ~own[:, t] * x[:, t]")],
        "all series at once": [("own[:, t], said", "own[:, t].any(), said")],
        "the state lost": [("step(read, state)", "step(read, None)")],
    },
    ("11_free_running", "3"): {
        "told the truth": [("[past, said], axis=1", "[past, truth], axis=1")],
    },
    ("11_free_running", "4"): {
        "the logarithm last": [("np.log2(np.abs(other - now)).mean()",
                                "np.log2(np.abs(other - now).mean())")],
        "base e": [("np.log2", "np.log")],
        "doublings in a step": [("1 / doublings", "doublings")],
    },
    ("12_beyond", "2"): {
        "the given one": (
            "def peephole_step(x, h, c, params):\n"
            "    return with_c_as_input(x, h, c, params)"
        ),
        "o sees the old cell state": [
            ("c = f * c + i * z_g.tanh()\n    o = (z_o + p_o * c).sigmoid()",
             "o = (z_o + p_o * c).sigmoid()\n    c = f * c + i * z_g.tanh()"),
        ],
        "detached": [("return o * c.tanh(), c", "return o * c.tanh(), "
                      "c.detach()")],
    },
    ("12_beyond", "3"): {
        "by PyTorch": (
            "def normalised_sums(x, h, params):\n"
            "    return sums_of_pytorch(x, h, params).numpy()"
        ),
        "a tiny number under no root": [
            ("np.sqrt(sums.var(axis=1, keepdims=True) + 1e-5)",
             "(sums.std(axis=1, keepdims=True) + 1e-5)"),
        ],
        "one norm for the sum": [('params[f"norm_{part}"] *',
                                  'params["norm_ih"] *')],
    },
    ("12_beyond", "4"): {
        "not scaled": [(" / np.sqrt(len(q))", "")],
        "its own key left out": [("np.exp(keys @ q",
                                  "np.exp(0 * keys @ q")],
    },
    ("13_real_series", "2"): {
        "the value itself is known": [("series[: origin + 1]",
                                       "series[: origin + 2]")],
        "the farthest first": [("origin + k - end, k - 1",
                                "origin + k - end, ahead - k")],
        "one origin for all": [("forecast(series[: origin + 1])",
                                "forecast(series[:end])")],
    },
    ("13_real_series", "3"): {
        "it looks ahead": [("series[month:end:12]", "series[month::12]")],
        "one mean for all months": [("series[month:end:12]", "series[:end]")],
    },
}  # fmt: skip

# What the check says to some of them: the cause, and nothing misleading.
MESSAGES = {
    ("05_training", "2", "the eps of section 2"): "*corrected* root",
    ("08_thirty_steps", "4", "a pair"): "came: 2 values",
    ("10_overfitting", "3", "the test not mended"): "hint: [0] is τ, of the",
    ("10_overfitting", "4", "it never stops"): "Does a loop never end?",
    ("10_overfitting", "4", "kept without a copy"): "[0]: copied after",
    ("12_beyond", "3", "a tiny number under no root"): "1e-5 in the root",
}

# By hand, and experiments: the right numbers alone, and a slip, which changes
# some of them. Or as above: what is exchanged in the worked solution.
NUMBERS = {
    ("01_vanishing", "1"): (
        "h_3, dL_dh_1, dL_du = 0.788, 0.858, 0.363",
        "u used once", "dL_du = 0.033"),
    ("01_vanishing", "5"): (
        "medians = {0.0: 1.0, 0.1: 0.31, 1.0: 1.2e-5}",
        "an exponent read wrongly", "medians[1.0] = 1.2e5"),
    ("02_forward", "1"): (
        "f, c_t, h_t = 0.8176, -1.5873, -0.6724",
        "no tanh on the way out", "h_t = -1.1604"),
    ("02_forward", "5"): (
        "steps_until_forgotten = {0: 7, 2: 37, 4: 254}",
        "rounded to the nearest", "steps_until_forgotten[2] = 36"),
    ("03_one_weight", "1"): (
        "dL_do, dL_dz_o, dL_dw_x = 61.83, 15.40, 24.27",
        "not in thousandths", "dL_do = 0.06183"),
    ("03_one_weight", "5"): (
        "ratios = {0.001: 1.0, 0.01: 0.99, 0.1: 0.77, 1.0: 0.13}",
        "upside down", "ratios = {k: 1 / v for k, v in ratios.items()}"),
    ("04_bptt", "1"): (
        "dc, dz_f, to_c_before = 0.176, 0.0079, 0.158",
        "no slope of f", "dz_f = 0.088"),
    ("04_bptt", "5"): (
        "gaps = {0.01: 0.4, 0.1: 3.8, 1.0: 48.0}",
        "not in percent", "gaps = {k: v / 100 for k, v in gaps.items()}"),
    ("05_training", "1"): (
        "m_2, theta_1, theta_2 = 0.16, 0.9, 0.8734",
        "not corrected", "theta_1 = 0.6838"),
    ("05_training", "5"): (
        'updates = {"SGD 0.1": 69, "SGD 1.0": 7, "Adam 0.01": 68, '
        '"Adam 0.1": 9}',
        "counted from 1", "updates = {k: v + 1 for k, v in updates.items()}"),
    ("06_truncated", "1"): (
        "bytes_per_step, pairs_3_6, pairs_6_3 = 784.0, 51.0, 12.0",
        "numbers for bytes", "bytes_per_step = 98"),
    ("06_truncated", "5"): (
        "windows = {0.5: 4, 0.9: 22, 0.99: 230}",
        "rounded to the nearest", "windows = {0.5: 3, 0.9: 22, 0.99: 229}"),
    ("07_network", "1"): (
        "first_cell, second_cell, tagger = 21760, 49408, 142981",
        "one direction below", "second_cell = 33024"),
    ("07_network", "5"): (
        [("in accuracy:", "in (16, 1):")],
        "measured where it learned",
        "accuracy[16] = train.evaluate(trained[16], learn).accuracy"),
    ("08_thirty_steps", "1"): (
        "line_of_b, line_of_a, share_known = 0.852, 0.648, 0.523",
        "in percent", "line_of_b = 85.2"),
    ("08_thirty_steps", "5"): (
        "foretold = {0: 0.00024, 2: 0.18573, 6: 0.96711}\n"
        "accuracies = {0: [0.75] * 3, 2: [0.9] * 3, 6: [0.6] * 3}",
        "without the reset gate", "foretold[0] = 0.01099"),
    ("09_gates", "1"): (
        "move_of_c_3, share_kept, on_direct_path = 0.468, 0.786, 0.288",
        "the other share", "share_kept = 0.214"),
    ("09_gates", "5"): (
        "erased = {1: 0.8907, 5: 0.8393, 15: 0.7913}\n"
        "replaced = {1: 0.9113, 5: 0.9413, 15: 0.94}",
        "exchanged", "erased, replaced = replaced, erased"),
    ("10_overfitting", "1"): (
        "loss_of_last, tau_of_last, share_mended = 0.362, 2.181, 0.803",
        "what is not mended", "share_mended = 0.197"),
    ("10_overfitting", "5"): (
        [("np.sqrt(len(five))", "5**0.5"), ("= five\n", "= five.tolist()\n")],
        "divided by 5 for 4",
        "intervals = {k: (m, h * 0.8**0.5) "
        "for k, (m, h) in intervals.items()}"),
    ("11_free_running", "1"): (
        "error, made_anew, carried_on = 0.011, 0.068, -0.057\n"
        "steps_further = 5.6",
        "truth less forecast", "carried_on = 0.057"),
    ("11_free_running", "5"): (
        'late_error = dict(zip(forecasts, (0.341, 0.119, 0.204, 0.157)))\n'
        "parts = (0.209, 0.118, 0.025, 0.057, 0.1, 0.119, 0.046, 0.122)\n"
        'both = [(n, w) for n in forecasts for w in ("its own", "the truth")]\n'
        "anew = dict(zip(both, parts))",
        "histories exchanged", "anew = dict(zip(both, parts[1:] + parts[:1]))"),
    ("12_beyond", "1"): (
        "peephole_parameters, gru_units = 975, 15\n"
        "lstm_bytes, tokens_that_fit = 1152, 56",
        "the first that does not fit", "gru_units = 16"),
    ("12_beyond", "5"): (
        "lengths = {48: 304, 96: 592, 192: 1168, 384: 2320}\n"
        "shares = {48: 0.976, 96: 0.988, 192: 0.994, 384: 0.997}",
        "for each layer", "lengths = {k: v / 2 for k, v in lengths.items()}"),
    ("13_real_series", "1"): (
        "skill, gap, shift, best_skill = 0.545, 0.625, 1, 0.05",
        "held against the same month", "shift = 0"),
    ("13_real_series", "4"): (
        'errors = {"before 1980": 1.043, "before it": 0.841,\n'
        '          "all but it": 0.741, "none near it": 0.861}',
        "months dealt out at random", 'errors["before it"] = 0.741'),
}  # fmt: skip
