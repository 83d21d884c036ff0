"""The records that are committed: whole, of the catalogue, and honest."""

import pytest

from unrolled.train import evaluate
from unrolled_lab import (
    CATALOGUE,
    by_group,
    load_model,
    load_records,
    make_data,
    replay,
    runs_of,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("experiment", [n for n in CATALOGUE if n != "trial"])
def test_the_records_are_those_of_the_catalogue(experiment):
    records = {r.name: r.config for r in load_records(experiment)}
    assert records == {c.name: c for c in runs_of(experiment)}


def test_the_first_epochs_of_a_record_come_again():
    record = load_records("published")[0]
    again = replay(record.config, 2)
    for name in ("train_loss", "valid_loss", "grad_norm"):
        # Another processor sums in another order.
        assert again.column(name) == pytest.approx(
            record.history.column(name)[:2], rel=0.01
        )


@pytest.mark.parametrize(
    ("experiment", "group"),
    [
        ("lengths", "rnn-t010"),
        ("lengths", "gru-t010"),
        ("lengths", "lstm-t010"),
        ("cells", "transformer"),
        ("one_feature", "lstm-no-bias"),
    ],
)
def test_a_record_of_each_network_is_still_what_the_code_does(
    experiment, group
):
    record = by_group(load_records(experiment))[group][0]
    again = replay(record.config, 1)
    for name in ("train_loss", "valid_loss", "grad_norm"):
        assert again.column(name) == pytest.approx(
            record.history.column(name)[:1], rel=0.01
        )


@pytest.mark.parametrize("moment", ["best", "last"])
def test_the_kept_weights_have_the_recorded_accuracy(moment):
    record = load_records("published")[0]
    score = evaluate(load_model(record, moment), make_data(record.config).test)
    want = getattr(record, f"test_{moment}")
    assert score.accuracy == pytest.approx(want.accuracy, abs=0.002)
    assert score.loss == pytest.approx(want.loss, rel=0.02)
