"""The numbers that a reader has to find, and those that typical slips lead to.

One function for each chapter. The right numbers come from the package's own,
tested functions; a slip is worked out as the reader would who makes it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unrolled import by_hand
from unrolled.by_hand.lstm import StepCache
from unrolled.confidence import losses, reliability


def _vanishing() -> dict[str, float]:
    u, (h_2, h_3) = 0.8, (0.5, -0.6)
    params = {"weight_ih": np.ones((1, 1)), "weight_hh": np.full((1, 1), u)}
    params["bias"] = np.zeros(1)
    states = np.reshape([0.0, h_2, h_3], (1, 3, 1))  # the first does not matter
    slopes = (1 - h_2**2) * (1 - h_3**2)
    ratio_at_5 = 0.9**5 / 0.7**5
    return {
        "two_steps": by_hand.rnn.jacobians(states, params)[0, 0].item(),
        "slopes_forgotten": u**2,
        "weights_forgotten": slopes,
        "one_step": by_hand.rnn.jacobians(states, params)[0, 1].item(),
        "ratio_at_20": ratio_at_5**4,
        "ratio_at_5": ratio_at_5,
        "four_times_ratio_at_5": 4 * ratio_at_5,
    }


def _forward() -> dict[str, float]:
    f, i, g, o, c_prev = 0.9, 0.5, -0.4, 0.5, 0.6
    cache, _ = _step(i, f, g, o, c_prev)
    return {
        "answer": cache.h.item(),
        "no_tanh": o * cache.c.item(),
        "gates_swapped": _step(f, i, g, o, c_prev)[0].h.item(),
        "old_notebook": o * np.tanh(c_prev).item(),
    }


def _one_weight() -> dict[str, float]:
    dh, tanh_c, i, f, o, c_prev = 0.5, 0.5, 0.5, 0.8, 0.6, 0.4
    g = (np.arctanh(tanh_c) - f * c_prev) / i  # makes c what it has to be
    cache, params = _step(i, f, g, o, c_prev)
    dz = _back(dh, 0.0, cache, params)[1]
    at_f = dh * o * (1 - tanh_c**2) * c_prev
    return {
        "at_z_f": dz["bias"][1].item(),
        "at_f": at_f,
        "gate_for_slope": at_f * f,
        "no_tanh_slope": dh * o * c_prev * f * (1 - f),
    }


def _bptt() -> dict[str, float]:
    dh, dc, f, o = 0.2, 0.3, 0.9, 0.5
    step = _step(0.5, f, 0.0, o, 0.0)  # c is 0: tanh has the slope 1
    to_c_prev = _back(dh, dc, *step)[0]
    return {
        "to_c_prev": to_c_prev,
        "arrival_dropped": _back(dh, 0.0, *step)[0],
        "own_way_dropped": dc * f,
        "gate_forgotten": to_c_prev / f,
    }


def _training() -> dict[str, float]:
    targets = np.reshape([2.0, 0.5, -1.5], (1, 3, 1))
    best = np.clip(targets, -1, 1)
    return {
        "floor": by_hand.training.squared_error(best, targets)[0],
        "floor_of_sum": by_hand.training.squared_error(best, targets, "sum")[0],
        "floor_not_squared": np.abs(best - targets).mean().item(),
        "always_zero": by_hand.training.squared_error(0 * best, targets)[0],
    }


def _truncated() -> dict[str, float]:
    H, D, size = 64, 2, 8
    return {
        "bytes": _bytes_held(D, H, steps=2) - _bytes_held(D, H, steps=1),
        "bytes_without_input": size * 6 * H,
        "bytes_of_gates": size * (4 * H + D),
        "bytes_with_copies": size * (8 * H + D),
    }


def _network() -> dict[str, float]:
    import torch  # not above: the other chapters' quizzes do without

    from unrolled import tasks

    scores = torch.tensor([2.0, 0.0], dtype=torch.float64)
    at = {tau: (scores / tau).softmax(dim=0)[0].item() for tau in (2, 1, 0.5)}
    T = 9
    marks = T * tasks.MARK_RATE
    return {
        "at_two": at[2],
        "at_one": at[1],
        "at_a_half": at[0.5],
        "bound": 100 * tasks.questions_limit(T),
        "last_mark_forgotten": 100 * (marks + (T - marks) / 2) / T,
        "letters_only": 50.0,
    }


def _thirty_steps() -> dict[str, float]:
    def accuracy(share: float) -> float:
        """Of the best guess, with this share of the sum's variance known."""
        return 100 * (0.5 + np.arcsin(np.sqrt(share)) / np.pi)

    return {
        "one_of_three": accuracy(1 / 3),
        "one_of_two": accuracy(1 / 2),
        "two_of_three": accuracy(2 / 3),
        "coin": accuracy(0),
        "after_29": 100 * 0.875**29,
        "after_30": 100 * 0.875**30,
    }


def _gates() -> dict[str, float]:
    import torch

    from unrolled import gates

    def left(f: float) -> float:
        held = torch.full((1, 30, 1), f, dtype=torch.float64)
        return gates.carousel(held)[0, 0].item()

    f, before, after = 0.9, 2.0, 2.4
    c = torch.tensor([[before], [after]], dtype=torch.float64)
    kept = torch.cat([torch.zeros_like(c[:1]), f * c[:1]])
    share = gates.kept_share(gates.Slopes(c, kept, c - kept))[1].item()
    return {
        "left": left(0.97),
        "losses_added": 1 - 29 * 0.03,
        "at_the_start": left(1 / (1 + np.exp(-2.0)).item()),
        "one_step": 0.97,
        "kept": share,
        "gate_forgotten": before / after,
        "gate_alone": f,
        "written": 1 - share,
    }


def _overfitting() -> dict[str, float]:
    loss, right_loss = losses([[3.0, 0.0], [0.0, 3.0]], [1, 1])
    # Sixty answers, 48 of them right, and forty, 26 of them right.
    logit = np.repeat(np.log([9, 1.5]), [60, 40])  # sure to 90 % and to 60 %
    labels = np.repeat([1, 0, 1, 0], [48, 12, 26, 14])
    table = reliability(np.stack([0 * logit, logit], axis=1), labels)
    return {
        "at_minus_three": loss,
        "at_three": right_loss,
        "error": 100 * table.error,
        "signed": 0.6 * 10 - 0.4 * 5,
        "unweighted": (10 + 5) / 2,
    }


def _free_running() -> dict[str, float]:
    from unrolled.lstm import LSTM
    from unrolled.models import Forecaster
    from unrolled_lab import ScheduledSampling

    regime = ScheduledSampling(Forecaster(LSTM(1, 1)), updates=150)
    regime.done.fill_(60)
    return {
        "at_60": regime.probability,
        "without_ceiling": regime.probability / regime.most,
        "of_the_truth": 1 - regime.probability,
    }


def _beyond() -> dict[str, float]:
    import torch

    from unrolled.cell import Cell
    from unrolled.cells import CoupledLSTMCell
    from unrolled.lstm import LSTMCell
    from unrolled.models import CausalTransformer
    from unrolled_lab import costs

    def count(kind: type[Cell], bias: bool = True) -> int:
        return sum(p.numel() for p in kind(8, 16, bias).parameters())

    def kilobytes(layers: int) -> float:
        model = CausalTransformer(2, 80, layers, num_heads=1)
        _, cache = model.read(torch.zeros(1, 1000, dtype=torch.int64))
        return costs.held_bytes(cache) / 1000

    return {
        "coupled": count(CoupledLSTMCell),
        "lstm": count(LSTMCell),
        "bias_forgotten": count(CoupledLSTMCell, bias=False),
        "cache": kilobytes(3),
        "keys_only": kilobytes(3) / 2,
        "one_layer": kilobytes(1),
    }


def _real_series() -> dict[str, float]:
    mse, of_persistence = 0.32, 0.5
    ratio = mse / of_persistence
    return {
        "skill": 1 - ratio,
        "ratio": ratio,
        "of_roots": 1 - np.sqrt(ratio),
        "upside_down": 1 / ratio - 1,
    }


KEYS: dict[str, Callable[[], dict[str, float]]] = {
    "01_vanishing": _vanishing,
    "02_forward": _forward,
    "03_one_weight": _one_weight,
    "04_bptt": _bptt,
    "05_training": _training,
    "06_truncated": _truncated,
    "07_network": _network,
    "08_thirty_steps": _thirty_steps,
    "09_gates": _gates,
    "10_overfitting": _overfitting,
    "11_free_running": _free_running,
    "12_beyond": _beyond,
    "13_real_series": _real_series,
}


def _step(
    i: float, f: float, g: float, o: float, c_prev: float
) -> tuple[StepCache, dict[str, np.ndarray]]:
    """One step whose gates are given: all weights 0, the biases to fit."""
    logits = [np.log(gate / (1 - gate)) for gate in (i, f, o)]
    bias = np.array([*logits[:2], np.arctanh(g), logits[2]])
    params = {"weight_ih": np.zeros((4, 1)), "weight_hh": np.zeros((4, 1))}
    params["bias"] = bias
    zero, c = np.zeros((1, 1)), np.full((1, 1), c_prev)
    return by_hand.lstm.cell_forward(zero, zero, c, params)[2], params


def _back(
    dh: float, dc: float, cache: StepCache, params: dict[str, np.ndarray]
) -> tuple[float, dict[str, np.ndarray]]:
    """What a step hands back to the cell state before it, and its gradients."""
    dh_and_dc = np.full((1, 1), dh), np.full((1, 1), dc)
    _, _, dc_prev, grads = by_hand.lstm.cell_backward(*dh_and_dc, cache, params)
    return dc_prev.item(), grads


def _bytes_held(D: int, H: int, steps: int) -> int:
    """The bytes that a forward pass leaves behind, each array once."""
    params = {"weight_ih": np.zeros((4 * H, D)), "bias": np.zeros(4 * H)}
    params["weight_hh"] = np.zeros((4 * H, H))
    _, caches = by_hand.lstm.forward(np.zeros((1, steps, D)), params)
    owners = (a if a.base is None else a.base for c in caches for a in c)
    return sum({id(owner): owner.nbytes for owner in owners}.values())
