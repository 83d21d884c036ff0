"""What `make bench` computes of its measurements."""

import importlib.util
from pathlib import Path

import pytest

from unrolled.lstm import LSTM

PATH = Path(__file__).parent.parent / "bench" / "training_step.py"


@pytest.fixture(scope="module", name="bench")
def load_bench():
    spec = importlib.util.spec_from_file_location("training_step", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_ratio_is_the_median_over_the_rounds(bench):
    times = {bench.THEIRS: [1.0, 2.0, 4.0], "other": [2.0, 2.0, 12.0]}
    assert bench.ratios(times) == {bench.THEIRS: 1.0, "other": 2.0}


def test_bytes_kept_are_those_of_the_fast_layer(bench):
    T, D, H, N = 4, bench.D, 5, bench.N
    entries = T * D * N  # x, steps first
    entries += T * 4 * H * N  # the gates
    entries += T * H * N  # tanh(c)
    entries += 2 * (T + 1) * H * N  # h and c, with those before the first step
    assert bench.bytes_kept(LSTM(D, H), T) == 4 * entries


def test_contenders_take_turns(bench):
    calls = []
    steps = {name: lambda n=name: calls.append(n) for name in ("nn.LSTM", "b")}
    times = bench.take_turns(steps, 0.0)
    assert len(times["nn.LSTM"]) == len(times["b"]) == 2
    turn = 1 + bench.IN_A_ROW
    assert calls[2:] == 2 * (turn * ["nn.LSTM"] + turn * ["b"])


def test_the_record_makes_the_table(bench):
    text = bench.table(bench.json.loads(bench.RECORD.read_text()))
    assert "2 thread(s)" in text
    assert "times as fast as the readable cell" in text
