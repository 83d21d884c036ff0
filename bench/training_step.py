"""`make bench`: what a training step costs, as ratios measured in one run.

The model is source B's: N 64, T 30, D 10, H 128, L 2, dropout 0.3, a head on
the final hidden states of both layers. A step is forward, backward, clipping
and Adam. The contenders take turns, so that a machine that slows down slows all
of them; a ratio is the median over the rounds.

Two threads share an operation if it is large, wait for each other at its end,
and meet again at the next one. Between two meetings one thread works alone and
the other waits for it. And where another program has one of the cores
("disturbed"), a meeting takes as long as that program keeps it. So few, large
operations win twice. In the loop of the way back of `unrolled.LSTM`, threads
share one product; all else there is so small that PyTorch leaves it to one of
them. In the loop forward they share one product, too, and each tanh, which
PyTorch shares even if it is small. The table of parts says what each takes, and
what the other ways that were tried take.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median

import torch
from torch import Tensor, nn

from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

N, T, D, H, L = 64, 30, 10, 128, 2
LONGER = (100, 300, 1000)
IN_A_ROW = 3
ROUNDS = 10  # at least, for a record
# How many threads, and whether all cores but one are busy elsewhere.
STATES = {"1": (1, False), "2": (2, False), "2 disturbed": (2, True)}
# Ends by itself if the bench is ended before.
SPIN = "import os; start = os.getppid()\nwhile os.getppid() == start: pass"
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


@contextlib.contextmanager
def in_state(threads: int, is_busy: bool) -> Iterator[None]:
    """Compute with so many threads, maybe beside programs that only spin."""
    torch.set_num_threads(threads)
    with contextlib.ExitStack() as stack:
        for _ in range(max(1, os.cpu_count() - 1) if is_busy else 0):
            process = subprocess.Popen([sys.executable, "-c", SPIN])
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def products_alone(steps: int) -> Step:
    """Make the matrix products of a training step, and nothing else."""
    h, dz = torch.randn(H, N), torch.randn(4 * H, N)
    dzs, dz_t = torch.randn(steps, 4 * H, N), torch.randn(steps * N, 4 * H)
    weight_hh = torch.randn(4 * H, H)
    z, dh = torch.empty(4 * H, N), torch.empty(H, N)
    inputs = {size: torch.randn(steps, size, N) for size in (D, H)}
    flat = {size: torch.randn(size, steps * N) for size in (D, H)}
    weights_ih = {size: torch.randn(4 * H, size) for size in (D, H)}

    def step() -> None:
        for size, below in inputs.items():
            torch.bmm(weights_ih[size].expand(steps, -1, -1), below)
            for _ in range(steps):
                torch.mm(weight_hh, h, out=z)
                torch.mm(weight_hh.t(), dz, out=dh)
            for values in (flat[size], flat[H]):  # the weights' gradients
                values @ dz_t
        torch.bmm(weight_hh.t().expand(steps, -1, -1), dzs)  # to layer 1

    return step


def take_turns(
    contenders: dict[str, Step], seconds: float, in_a_row: int = IN_A_ROW
) -> dict:
    """Time the contenders by turns: by name, the seconds of each round.

    A turn is several steps in a row, as in training, so that each contender
    finds the memory that it freed itself; the first is not counted.
    """
    for step in contenders.values():
        step()  # the first time, much is made ready, or even compiled
    rounds = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds) < 2:
        rounds.append([])
        for step in contenders.values():
            step()
            start = time.perf_counter()
            for _ in range(in_a_row):
                step()
            rounds[-1].append((time.perf_counter() - start) / in_a_row)
    return dict(zip(contenders, zip(*rounds, strict=True), strict=True))


def ratios(times: dict, to: str = THEIRS) -> dict[str, float]:
    """Divide each time by another's of the same round: the medians."""
    return {
        name: round(
            median(a / b for a, b in zip(own, times[to], strict=True)), 2
        )
        for name, own in times.items()
    }


def microseconds(times: dict) -> dict[str, int]:
    """Take the mean, which waiting counts in however rare it is."""
    return {name: round(1e6 * mean(own)) for name, own in times.items()}


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


def parts() -> dict[str, dict[str, Step]]:
    """Make the parts of `unrolled.LSTM`'s step: first its way, then others."""
    x, dzs = torch.randn(T, D, N), torch.randn(T, 4 * H, N)
    hs, gates = torch.rand(T, H, N), torch.rand(T, 4 * H, N)
    weight_ih, weight_hh = torch.randn(4 * H, D), torch.randn(4 * H, H)
    weights, bias = weight_ih.expand(T, -1, -1), torch.randn(4 * H)
    weight_hh_t, total = weight_hh.t().contiguous(), torch.empty(H, 4 * H)
    h, z, dh = torch.ones(H, N), torch.zeros(4 * H, N), torch.empty(H, N)
    slope = torch.ops.aten.sigmoid_backward.grad_input

    def with_bias() -> None:
        weights.bmm(x).add_(bias[:, None])

    def in_one_product() -> None:
        flat_h, dz = (a.transpose(0, 1).flatten(1) for a in (hs, dzs))
        torch.mm(flat_h, dz.t())

    def a_product_for_each_step() -> None:
        total.addbmm_(hs, dzs.transpose(1, 2), beta=0)

    def before_the_loop() -> None:
        for dz, y in zip(dzs.chunk(4, 1), gates.chunk(4, 1), strict=True):
            slope(hs, y, grad_input=dz)
        for dz in dzs.view(T, 4, H, N):
            dz[:3].mul_(h)
            dz[3].mul_(h)

    def in_the_loop() -> None:
        pairs = (a.view(4 * T, H, N) for a in (dzs, gates))
        for dz, y in zip(*pairs, strict=True):
            slope(torch.mul(h, h, out=dz), y, grad_input=dz)

    def small(dz: Tensor, h: Tensor) -> Step:
        return lambda: (dz[:3].mul_(h), dz[3].mul_(h))

    return {
        "one step's product, forward": {
            "addmm": lambda: torch.addmm(z, weight_hh, h),
        },
        "one step's product, back": {
            "mm": lambda: torch.mm(weight_hh_t, z, out=dh),
        },
        "one gate": {"tanh": lambda: h.tanh(), "sigmoid": lambda: h.sigmoid()},
        "one step of dz": {
            "gates in one block": small(torch.ones(T, 4, H, N)[0], h),
            "steps in the middle": small(torch.ones(4, H, T, N)[:, :, 0], h),
            "gates in the columns": small(
                torch.ones(T, N, 4, H)[0].transpose(0, 1), h.t().contiguous()
            ),
        },
        "a layer's products with its inputs": {
            "bias added after": with_bias,
            "bias within (baddbmm)": lambda: torch.baddbmm(
                bias[None, :, None], weights, x
            ),
        },
        "a layer's factors of dz": {
            "all before the loop": before_the_loop,
            "in the loop": in_the_loop,
        },
        "a weight's gradient": {
            "one product": in_one_product,
            "a product for each step": a_product_for_each_step,
        },
    }


def measure(seconds: float, with_compiled: bool = False) -> dict:
    """Measure everything: a record of plain numbers."""
    asked = " --compiled" if with_compiled else ""
    record = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "command": (
            f"bench/training_step.py --seconds {seconds:g}{asked} --record"
        ),
        "step": {},
        "longer": {},
        "bytes": {},
        "parts": {},
    }
    for state, (threads, is_busy) in STATES.items():
        contenders = {
            name: training_step(layer, T) for name, layer in layers().items()
        }
        if threads == 1 and with_compiled:
            contenders |= compiled()
        contenders[FLOOR] = products_alone(T)
        with in_state(threads, is_busy):
            times = take_turns(contenders, (1 + is_busy) * seconds)
            record["parts"][state] = {
                part: microseconds(take_turns(ways, seconds / 40))
                for part, ways in parts().items()
            }
        record["step"][state] = {
            "ratio": ratios(times),
            "milliseconds": {
                name: round(1000 * median(own), 1)
                for name, own in times.items()
            },
            "rounds": len(times[THEIRS]),
        }
    torch.set_num_threads(1)
    at_T = record["step"]["1"]["ratio"]
    record["longer"][T] = {name: at_T[name] for name in layers()}
    for steps in LONGER:
        contenders = {
            name: training_step(layer, steps)
            for name, layer in layers().items()
        }
        times = take_turns(contenders, seconds / 2, in_a_row=1)
        record["longer"][steps] = ratios(times)
    for steps in record["longer"]:
        record["bytes"][steps] = {
            name: bytes_kept(layer, steps) for name, layer in layers().items()
        }
    return record


def table(record: dict) -> str:
    """Write a record as text."""
    lines = [f"torch {record['torch']} on {record['machine']}"]
    for state, step in record["step"].items():
        lines += ["", f"One training step, {state} thread(s), T = {T}"]
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
    if "parts" in record:  # an older record has none
        heads = "".join(f"{state:>12}" for state in record["parts"])
        lines += ["", "Parts of unrolled.LSTM's step, microseconds, by threads"]
        lines += ["(first its own way, then others)" + heads]
        for part, ways in record["parts"]["1"].items():
            lines += [f"  {part}"]
            for way in ways:
                own = [times[part][way] for times in record["parts"].values()]
                lines += [f"    {way:28}" + "".join(f"{t:12,}" for t in own)]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and keep the record if so told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--record", action="store_true", help="keep the result")
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="with the readable cell under torch.compile: minutes more",
    )
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    record = measure(arguments.seconds, arguments.compiled)
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
