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
    ("05_training", "2"): {
        "averages moved by the difference": [
            ("m = betas[0] * m + (1 - betas[0]) * grad",
             "m = m + (1 - betas[0]) * (grad - m)"),
        ],
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
    ("09_gates", "2"): {
        "a sum over the count": [
            ("(gate > 0.9).mean()", "(gate > 0.9).sum() / gate.size"),
        ],
    },
    ("10_overfitting", "2"): {
        "confidence by tanh": [
            ("1 / (1 + np.exp(-np.abs(margins)))",
             "(1 + np.tanh(np.abs(margins) / 2)) / 2"),
        ],
    },
    ("12_beyond", "4"): {
        "a softmax that cannot overflow": [
            ("a = np.exp(keys @ q / np.sqrt(len(q)))",
             "s = keys @ q / np.sqrt(len(q)); a = np.exp(s - s.max())"),
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
    ("05_training", "2"): {
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
    ("08_thirty_steps", "3"): {
        "units summed first": [
            ("for unit in range(h.shape[1]):\n        s = h[:, unit].sum()",
             "for s in [h.sum()]:"),
        ],
    },
    ("08_thirty_steps", "4"): {
        "another gate": [("slice(layer.hidden_size, 2 * layer.hidden_size)",
                          "slice(0, layer.hidden_size)")],
        "both biases": [("[rows] = 0.0", "[rows] = 1.0")],
    },
    ("09_gates", "2"): {
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
        "from the first step on": [("if t >= first:", "if True:")],
        "another gate": [("f = value", "i = value")],
    },
    ("10_overfitting", "2"): {
        "bins of equal counts": [("inside.sum() * distance", "distance")],
    },
    ("10_overfitting", "3"): {
        "fitted on the test": [("-valid / taus[:, None]",
                                "-test / taus[:, None]")],
    },
    ("10_overfitting", "4"): {
        "kept without a copy": [
            ("{name: array.copy() for name, array in weights.items()}",
             "weights"),
        ],
        "a tie counts": [("if loss < lowest:", "if loss <= lowest:")],
    },
    ("11_free_running", "3"): {
        "told the truth": [("[past, said], axis=1", "[past, truth], axis=1")],
    },
    ("12_beyond", "2"): {
        "o sees the old cell state": [
            ("c = f * c + i * z_g.tanh()\n    o = (z_o + p_o * c).sigmoid()",
             "o = (z_o + p_o * c).sigmoid()\n    c = f * c + i * z_g.tanh()"),
        ],
        "detached": [("return o * c.tanh(), c", "return o * c.tanh(), "
                      "c.detach()")],
    },
    ("12_beyond", "3"): {
        "one norm for the sum": [('params[f"norm_{part}"] *',
                                  'params["norm_ih"] *')],
    },
    ("12_beyond", "4"): {
        "not scaled": [(" / np.sqrt(len(q))", "")],
        "its own key left out": [("np.exp(keys @ q",
                                  "np.exp(0 * keys @ q")],
    },
}  # fmt: skip
