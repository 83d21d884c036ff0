"""`make bench`: what a training step costs, as ratios measured in one run.

The model is source B's: N 64, T 30, D 10, H 128, L 2, dropout 0.3, a head on
the final hidden states of both layers. A step is forward, backward, clipping
and Adam. The contenders take turns, so that a machine that slows down slows all
of them; a ratio is the median over the rounds.
"""

import argparse
import json
import math
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

N, T, D, H, L = 64, 30, 10, 128, 2
LONGER = (100, 300, 1000)
IN_A_ROW = 3
ROUNDS = 10  # at least, for a record
RECORD = Path(__file__).resolve().parent.parent / "results" / "bench.json"

OURS, READABLE, THEIRS = "unrolled.LSTM", "readable cell", "nn.LSTM"
COMPILED, FLOOR = "readable, compiled", "products alone"

Step = Callable[[], None]


def layers() -> dict[str, nn.Module]:
    """Make the contenders: the same network, computed in different ways."""
    return {
        OURS: LSTM(D, H, L, dropout=0.3),
        READABLE: Recurrent(LSTMCell, D, H, L, dropout=0.3),
        THEIRS: nn.LSTM(D, H, L, dropout=0.3, batch_first=True),
    }


def training_step(layer: nn.Module, steps: int) -> Step:
    """Make one step of training: forward, backward, clipping, Adam."""
    head = nn.Linear(L * H, 2)
    parameters = [*layer.parameters(), *head.parameters()]
    adam = torch.optim.Adam(parameters, fused=True)
    x, label = torch.randn(N, steps, D), torch.randint(2, (N,))

    def step() -> None:
        _, (h, _) = layer(x)
        logits = head(h.transpose(0, 1).flatten(1))  # (N, 2)
        adam.zero_grad()
        nn.functional.cross_entropy(logits, label).backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        adam.step()

    return step


def products_alone(steps: int) -> Step:
    """Make the matrix products of a training step, and nothing else."""
    h, dz = torch.randn(H, N), torch.randn(4 * H, N)
    hs, dzs = torch.randn(steps, H, N), torch.randn(steps, 4 * H, N)
    weight_hh = torch.randn(4 * H, H)
    z, dh = torch.empty(4 * H, N), torch.empty(H, N)
    inputs = [torch.randn(steps, D, N), hs]
    weights_ih = {size: torch.randn(4 * H, size) for size in (D, H)}

    def step() -> None:
        for below in inputs:
            weight_ih = weights_ih[below.shape[1]]
            torch.bmm(weight_ih.expand(steps, -1, -1), below)
            for _ in range(steps):
                torch.mm(weight_hh, h, out=z)
                torch.mm(weight_hh.t(), dz, out=dh)
            for values in (below, hs):  # the weights' gradients
                total = torch.empty(values.shape[1], 4 * H)
                total.addbmm_(values, dzs.transpose(1, 2), beta=0)
        torch.bmm(weight_hh.t().expand(steps, -1, -1), dzs)  # to layer 1

    return step


def take_turns(contenders: dict[str, Step], seconds: float) -> dict:
    """Time the contenders by turns: by name, the seconds of each round.

    A turn is several steps in a row, as in training, so that each contender
    finds the memory that it freed itself; the first is not counted.
    """
    for step in contenders.values():
        step()  # the first time, much is made ready, or even compiled
    times = {name: [] for name in contenders}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[THEIRS]) < 2:
        for name, step in contenders.items():
            step()
            start = time.perf_counter()
            for _ in range(IN_A_ROW):
                step()
            times[name].append((time.perf_counter() - start) / IN_A_ROW)
    return times


def ratios(times: dict, to: str = THEIRS) -> dict[str, float]:
    """Divide each time by another's of the same round: the medians."""
    return {
        name: round(
            median(a / b for a, b in zip(own, times[to], strict=True)), 2
        )
        for name, own in times.items()
    }


def compiled() -> dict[str, Step]:
    """Make the readable cell, compiled; nothing if that does not work here."""
    readable = Recurrent(LSTMCell, D, H, L, dropout=0.3)
    step = training_step(torch.compile(readable), T)
    try:
        step()
    except Exception as error:  # no C++ compiler, for example
        print(f"torch.compile is left out: {error!s:.200}\n")
        return {}
    return {COMPILED: step}


def bytes_kept(layer: nn.Module, steps: int) -> int:
    """Count what a forward pass keeps for the backward pass, in bytes."""
    own = {p.untyped_storage().data_ptr() for p in layer.parameters()}
    kept = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    x = torch.randn(N, steps, D)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result = layer(x)  # held, so that no storage is used twice
    kept.pop(x.untyped_storage().data_ptr(), None)
    del result
    return sum(kept.values())


def arrangements() -> dict[str, tuple[Step, Step]]:
    """Make pairs of the same work: as `unrolled.lstm` arranges it, or not."""
    x, weight = torch.randn(T, D, N), torch.randn(4 * H, D)
    dzs, bias = torch.randn(T, 4 * H, N), torch.randn(4 * H)
    z, narrow = torch.randn(4 * H, N), torch.empty(D, 4 * H)
    wide, weights = torch.empty(4 * H, D), weight.expand(T, -1, -1)
    first, inside = torch.randn(T, 4, H, N), torch.randn(4, H, T, N)
    columns = torch.randn(T, N, 4, H)

    def small_operations(i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> None:
        torch.ops.aten.sigmoid_backward.grad_input(i, f, grad_input=i)
        torch.ops.aten.tanh_backward.grad_input(g, o, grad_input=g)
        o.mul_(f)

    def one_step(gates: Tensor, axis: int) -> Step:
        return lambda: small_operations(*gates.unbind(axis))

    def with_bias() -> None:
        weights.bmm(x).add_(bias[:, None])

    return {
        "gates in one block, or steps in the middle": (
            one_step(first[0], 0),
            one_step(inside[:, :, 0], 0),
        ),
        "gates in one block, or in the columns": (
            one_step(first[0], 0),
            one_step(columns[0], 1),
        ),
        "the bias after the products, or within (baddbmm)": (
            with_bias,
            lambda: torch.baddbmm(bias[None, :, None], weights, x),
        ),
        "the narrow input first in a sum of products, or last": (
            lambda: narrow.addbmm_(x, dzs.transpose(1, 2), beta=0),
            lambda: wide.addbmm_(dzs, x.transpose(1, 2), beta=0),
        ),
        "sigmoid, or tanh": (lambda: z.sigmoid(), lambda: z.tanh()),
    }


def compare(ours: Step, other: Step) -> float:
    """Time another arrangement as a multiple of ours: the least of each."""
    least = [math.inf, math.inf]
    for _ in range(30):
        for which, step in enumerate((ours, other)):
            start = time.perf_counter()
            for _ in range(20):
                step()
            least[which] = min(least[which], time.perf_counter() - start)
    return round(least[1] / least[0], 2)


def measure(seconds: float) -> dict:
    """Measure everything: a record of plain numbers."""
    record = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "command": f"bench/training_step.py --seconds {seconds:g} --record",
        "step": {},
        "longer": {},
        "bytes": {},
    }
    for threads in (1, 2):
        torch.set_num_threads(threads)
        contenders = {
            name: training_step(layer, T) for name, layer in layers().items()
        }
        if threads == 1:
            contenders |= compiled()
        contenders[FLOOR] = products_alone(T)
        times = take_turns(contenders, seconds)
        record["step"][threads] = {
            "ratio": ratios(times),
            "milliseconds": {
                name: round(1000 * median(own), 1)
                for name, own in times.items()
            },
            "rounds": len(times[THEIRS]),
        }
    torch.set_num_threads(1)
    at_T = record["step"][1]["ratio"]
    record["longer"][T] = {name: at_T[name] for name in layers()}
    for steps in LONGER:
        contenders = {
            name: training_step(layer, steps)
            for name, layer in layers().items()
        }
        record["longer"][steps] = ratios(take_turns(contenders, seconds / 2))
    for steps in record["longer"]:
        record["bytes"][steps] = {
            name: bytes_kept(layer, steps) for name, layer in layers().items()
        }
    record["arrangements"] = {
        name: compare(*pair) for name, pair in arrangements().items()
    }
    return record


def table(record: dict) -> str:
    """Write a record as text."""
    lines = [f"torch {record['torch']} on {record['machine']}"]
    for threads, step in record["step"].items():
        lines += ["", f"One training step, {threads} thread(s), T = {T}"]
        lines += [
            f"  {name:20} {ratio:5.2f} x nn.LSTM"
            f"  ({step['milliseconds'][name]:6.1f} ms)"
            for name, ratio in step["ratio"].items()
        ]
        gain = step["ratio"][READABLE] / step["ratio"][OURS]
        lines += [f"  {OURS} is {gain:.2f} times as fast as the readable cell"]
    lines += ["", "One training step, 1 thread, as a ratio to nn.LSTM's"]
    lines += ["  T     " + "".join(f"{name:>18}" for name in layers())]
    for steps, row in record["longer"].items():
        numbers = "".join(f"{ratio:18.2f}" for ratio in row.values())
        lines += [f"  {steps:<6}{numbers}"]
    lines += ["", "Kept for the backward pass, MB"]
    for steps, row in record["bytes"].items():
        numbers = "".join(f"{count / 1e6:18.1f}" for count in row.values())
        lines += [f"  {steps:<6}{numbers}"]
    if "arrangements" in record:  # an older record has none
        lines += ["", "Parts of unrolled.LSTM's step, 1 thread: the second way"]
        lines += [
            f"  {name:54}{ratio:5.2f} x the first"
            for name, ratio in record["arrangements"].items()
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and keep the record if so told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--record", action="store_true", help="keep the result")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    record = measure(arguments.seconds)
    print(table(record))
    if arguments.record:
        rounds = min(step["rounds"] for step in record["step"].values())
        if rounds < ROUNDS:
            sys.exit(f"Not kept: expected {ROUNDS} rounds, got {rounds}")
        beside = RECORD.with_suffix(".part")
        RECORD.parent.mkdir(exist_ok=True)
        beside.write_text(json.dumps(record, indent=1) + "\n")
        beside.replace(RECORD)


if __name__ == "__main__":
    sys.exit(main())
