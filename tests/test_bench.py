"""What the programs in bench/ compute of their measurements."""

import json

import pytest

import notebooks
from unrolled.lstm import LSTM

bench = notebooks.program("bench/training_step.py")
race = notebooks.program("bench/transformer.py")


def test_ratios_are_medians_of_turns():
    times = {bench.THEIRS: [1.0, 2.0, 4.0], "other": [2.0, 2.0, 12.0]}
    assert bench.ratios(times) == {bench.THEIRS: 1.0, "other": 2.0}
    assert bench.microseconds({"way": [1e-6, 1e-6, 1e-6, 5e-6]}) == {"way": 2}
    calls = []
    steps = {name: lambda n=name: calls.append(n) for name in ("nn.LSTM", "b")}
    times = bench.take_turns(steps, 0.0)
    assert len(times["nn.LSTM"]) == len(times["b"]) == 2
    turn = 1 + bench.IN_A_ROW
    assert calls[2:] == 2 * (turn * ["nn.LSTM"] + turn * ["b"])


def test_bytes_kept_are_those_of_the_fast_layer():
    T, D, H, N = 4, bench.D, 5, bench.N
    entries = T * D * N  # x, steps first
    entries += T * 4 * H * N  # the gates
    entries += T * H * N  # tanh(c)
    entries += 2 * (T + 1) * H * N  # h and c, with those before the first step
    assert bench.bytes_kept(LSTM(D, H), T) == 4 * entries


RECORDS = [
    (bench, bench.RECORD, "times as fast as the readable cell"),
    (bench, bench.RECORD, "2 thread(s)"),
    (race, race.RECORD, "train, by T "),
    (race, race.WIDTH_RECORD, "T = 64, by d "),
]


@pytest.mark.parametrize(("program", "path", "part"), RECORDS)
def test_the_record_makes_the_table(program, path, part):
    assert part in program.table(json.loads(path.read_text()))


def test_the_parts_can_be_computed():
    for ways in bench.parts().values():
        for way in ways.values():
            way()


def record(**times):
    fixed = {"machine": "m", "threads": 1, "torch": "2", "sequences": 4}
    parts = {part: times for part in ("train", "batch", "generate")}
    return fixed | {"batch_steps": 256, "rounds": 3} | parts


def test_the_least_of_each_time_is_kept_for_one_machine():
    old = record(LSTM={"16": 2.0, "64": 3.0})
    new = record(LSTM={"16": 1.0, "64": 5.0, "256": 9.0})
    both = race.least(old, new)
    assert both["train"] == {"LSTM": {"16": 1.0, "64": 3.0, "256": 9.0}}
    assert both["rounds"] == 6
    with pytest.raises(SystemExit, match="another machine"):
        race.least(old, new | {"machine": "other"})
