"""What `make bench` computes of its measurements."""

import importlib.util
import os
from pathlib import Path

import pytest
import torch

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


def test_the_table_shows_each_part_in_each_way(bench):
    record = bench.json.loads(bench.RECORD.read_text())
    one = {p: dict.fromkeys(ways, 1234) for p, ways in bench.parts().items()}
    text = bench.table(record | {"parts": dict.fromkeys(bench.STATES, one)})
    for part, ways in one.items():
        assert f"  {part}\n" in text
        assert all(f"    {way:28}       1,234" in text for way in ways)


def test_a_rare_wait_counts(bench):
    times = bench.microseconds({"way": [1e-6, 1e-6, 1e-6, 5e-6]})
    assert times == {"way": 2}


def test_other_programs_keep_cores_busy_for_a_while(bench, monkeypatch):
    started, start = [], bench.subprocess.Popen

    def start_and_note(*arguments):
        started.append(start(*arguments))
        return started[-1]

    monkeypatch.setattr(bench.subprocess, "Popen", start_and_note)
    with bench.in_state(torch.get_num_threads(), is_busy=True):
        assert [each.poll() for each in started] == [None] * len(started)
    assert len(started) == max(1, os.cpu_count() - 1)
    assert None not in [each.poll() for each in started]


def test_parts_can_be_computed_in_each_way(bench):
    for ways in bench.parts().values():
        for way in ways.values():
            way()
