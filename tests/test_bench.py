"""What the programs in bench/ compute of their measurements."""

import importlib.util
import json
import os
from pathlib import Path

import pytest
import torch

from unrolled.lstm import LSTM
from unrolled_lab import transformer_race


def load(name):
    path = Path(__file__).parent.parent / "bench" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bench, race = load("training_step"), load("transformer")


def test_a_ratio_is_the_median_over_the_rounds():
    times = {bench.THEIRS: [1.0, 2.0, 4.0], "other": [2.0, 2.0, 12.0]}
    assert bench.ratios(times) == {bench.THEIRS: 1.0, "other": 2.0}


def test_bytes_kept_are_those_of_the_fast_layer():
    T, D, H, N = 4, bench.D, 5, bench.N
    entries = T * D * N  # x, steps first
    entries += T * 4 * H * N  # the gates
    entries += T * H * N  # tanh(c)
    entries += 2 * (T + 1) * H * N  # h and c, with those before the first step
    assert bench.bytes_kept(LSTM(D, H), T) == 4 * entries


def test_contenders_take_turns():
    calls = []
    steps = {name: lambda n=name: calls.append(n) for name in ("nn.LSTM", "b")}
    times = bench.take_turns(steps, 0.0)
    assert len(times["nn.LSTM"]) == len(times["b"]) == 2
    turn = 1 + bench.IN_A_ROW
    assert calls[2:] == 2 * (turn * ["nn.LSTM"] + turn * ["b"])


def test_the_record_makes_the_table():
    text = bench.table(json.loads(bench.RECORD.read_text()))
    assert "2 thread(s)" in text
    assert "times as fast as the readable cell" in text


def test_the_table_shows_each_part_in_each_way():
    record = json.loads(bench.RECORD.read_text())
    one = {p: dict.fromkeys(ways, 1234) for p, ways in bench.parts().items()}
    text = bench.table(record | {"parts": dict.fromkeys(bench.STATES, one)})
    for part, ways in one.items():
        assert f"  {part}\n" in text
        assert all(f"    {way:28}       1,234" in text for way in ways)


def test_a_rare_wait_counts():
    times = bench.microseconds({"way": [1e-6, 1e-6, 1e-6, 5e-6]})
    assert times == {"way": 2}


def test_other_programs_keep_cores_busy_for_a_while(monkeypatch):
    started, start = [], bench.subprocess.Popen

    def start_and_note(*arguments):
        started.append(start(*arguments))
        return started[-1]

    monkeypatch.setattr(bench.subprocess, "Popen", start_and_note)
    with bench.in_state(torch.get_num_threads(), is_busy=True):
        assert [each.poll() for each in started] == [None] * len(started)
    assert len(started) == max(1, os.cpu_count() - 1)
    assert None not in [each.poll() for each in started]


def test_parts_can_be_computed_in_each_way():
    for ways in bench.parts().values():
        for way in ways.values():
            way()


# The Transformer's times


def record(**times):
    fixed = {"machine": "m", "threads": 1, "torch": "2", "sequences": 4}
    parts = {part: times for part in ("train", "batch", "generate")}
    return fixed | {"batch_steps": 256, "rounds": 3} | parts


def test_the_least_of_each_time_is_kept():
    old = record(LSTM={"16": 2.0, "64": 3.0})
    new = record(LSTM={"16": 1.0, "64": 5.0, "256": 9.0})
    both = race.least(old, new)
    for part in ("train", "batch", "generate"):
        assert both[part] == {"LSTM": {"16": 1.0, "64": 3.0, "256": 9.0}}
    assert both["rounds"] == 6
    assert race.least(new, old)["train"] == both["train"]


def test_other_machines_are_not_mixed_in():
    with pytest.raises(SystemExit, match="another machine"):
        race.least(record(LSTM={}), record(LSTM={}) | {"machine": "other"})


def test_sizes_and_names_are_those_asked_for():
    made = []

    def make(name, size):
        made.append((name, size))
        return None if (name, size) == ("b", 2) else list

    table = race.by_turns(make, ("a", "b"), (1, 2), 1)
    assert made == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert {name: [*row] for name, row in table.items()} == {
        "a": ["1", "2"],
        "b": ["1"],
    }


def test_the_record_is_whole():
    kept = json.loads(race.RECORD.read_text())
    for part, names, sizes in (
        ("train", transformer_race.TRAINED, race.TRAIN_STEPS),
        ("batch", transformer_race.TRAINED, race.BATCHES),
        ("generate", transformer_race.WAYS[:2], race.LENGTHS),
    ):
        for name in names:
            row = kept[part][name]
            assert [*map(int, row)] == [*sizes], (part, name)
            assert min(row.values()) > 0
    assert "train, by T" in race.table(kept)


def test_the_widths_are_measured(monkeypatch):
    monkeypatch.setattr(race, "WIDTHS", (32, 64))
    monkeypatch.setattr(race, "WIDTH_STEPS", (2, 3))
    asked = []

    def make(name, width):
        asked.append((name, width))
        return transformer_race.make_rival(name, width=width)

    monkeypatch.setattr(race, "make_rival", make)
    record = race.measure_widths(1)
    assert race.tables(record) == ["train, T = 2", "train, T = 3"]
    names = transformer_race.TRAINED[1:]
    assert asked == [(n, w) for w in (32, 64) for n in names] * 2
    for part in race.tables(record):
        assert [*record[part]] == [*names]
        for row in record[part].values():
            assert [*row] == ["32", "64"] and min(row.values()) > 0
    assert "train, T = 3, by d" in race.table(record)
    assert race.least(record, record) == record | {"rounds": 2}


def test_the_record_of_widths_is_whole():
    kept = json.loads(race.WIDTH_RECORD.read_text())
    wanted = [f"train, T = {T}" for T in race.WIDTH_STEPS]
    assert race.tables(kept) == wanted
    for part in wanted:
        assert [*kept[part]] == [*transformer_race.TRAINED[1:]]
        for row in kept[part].values():
            assert [*map(int, row)] == [*race.WIDTHS]
            assert min(row.values()) > 0
