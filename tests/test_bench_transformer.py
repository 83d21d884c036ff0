"""What the record of the Transformer's times is made of."""

import importlib.util
import json
from pathlib import Path

import pytest

from unrolled_lab import transformer_race

PATH = Path(__file__).parent.parent / "bench" / "transformer.py"


@pytest.fixture(scope="module", name="bench")
def load_bench():
    spec = importlib.util.spec_from_file_location("transformer", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(**times):
    fixed = {"machine": "m", "threads": 1, "torch": "2", "sequences": 4}
    parts = {part: times for part in ("train", "batch", "generate")}
    return fixed | {"batch_steps": 256, "rounds": 3} | parts


def test_the_least_of_each_time_is_kept(bench):
    old = record(LSTM={"16": 2.0, "64": 3.0})
    new = record(LSTM={"16": 1.0, "64": 5.0, "256": 9.0})
    both = bench.least(old, new)
    for part in ("train", "batch", "generate"):
        assert both[part] == {"LSTM": {"16": 1.0, "64": 3.0, "256": 9.0}}
    assert both["rounds"] == 6
    assert bench.least(new, old)["train"] == both["train"]


def test_other_machines_are_not_mixed_in(bench):
    with pytest.raises(SystemExit, match="another machine"):
        bench.least(record(LSTM={}), record(LSTM={}) | {"machine": "other"})


def test_sizes_and_names_are_those_asked_for(bench):
    made = []

    def make(name, size):
        made.append((name, size))
        return None if (name, size) == ("b", 2) else list

    table = bench.by_turns(make, ("a", "b"), (1, 2), 1)
    assert made == [("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert {name: [*row] for name, row in table.items()} == {
        "a": ["1", "2"],
        "b": ["1"],
    }


def test_the_record_is_whole(bench):
    kept = json.loads(bench.RECORD.read_text())
    for part, names, sizes in (
        ("train", transformer_race.TRAINED, bench.TRAIN_STEPS),
        ("batch", transformer_race.TRAINED, bench.BATCHES),
        ("generate", transformer_race.WAYS[:2], bench.LENGTHS),
    ):
        for name in names:
            row = kept[part][name]
            assert [*map(int, row)] == [*sizes], (part, name)
            assert min(row.values()) > 0
    assert "train, by T" in bench.table(kept)


def test_the_widths_are_measured(bench, monkeypatch):
    monkeypatch.setattr(bench, "WIDTHS", (32, 64))
    monkeypatch.setattr(bench, "WIDTH_STEPS", (2, 3))
    asked = []

    def make(name, width):
        asked.append((name, width))
        return transformer_race.make_rival(name, width=width)

    monkeypatch.setattr(bench, "make_rival", make)
    record = bench.measure_widths(1)
    assert bench.tables(record) == ["train, T = 2", "train, T = 3"]
    names = transformer_race.TRAINED[1:]
    assert asked == [(n, w) for w in (32, 64) for n in names] * 2
    for part in bench.tables(record):
        assert [*record[part]] == [*names]
        for row in record[part].values():
            assert [*row] == ["32", "64"] and min(row.values()) > 0
    assert "train, T = 3, by d" in bench.table(record)
    assert bench.least(record, record) == record | {"rounds": 2}
