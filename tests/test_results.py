"""The records that are committed: whole, of the catalogue, and honest."""

from dataclasses import replace

import pytest
import torch

from rounding import rounding
from unrolled.experiments import (
    CATALOGUE,
    build_model,
    by_group,
    load_model,
    load_records,
    make_data,
    runs,
    runs_of,
)
from unrolled.train import evaluate, fit

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("experiment", [n for n in CATALOGUE if n != "trial"])
def test_the_records_are_those_of_the_catalogue(experiment):
    records = {r.name: r.config for r in load_records(experiment)}
    assert records == {c.name: c for c in runs_of(experiment)}


CALM = [
    ("lengths", "rnn-t010"),
    ("lengths", "gru-t010"),
    ("lengths", "lstm-t010"),
    ("one_feature", "lstm-no-bias"),
]
# These turn a rounding into 0.5 to 2 % of their first epoch's gradient norm: of
# their training nothing can be asked of another processor. All that it has, the
# last of the calm ones has, too.
WILD = [("published", "lstm"), ("cells", "transformer")]


@pytest.mark.parametrize(("experiment", "group"), CALM + WILD)
def test_a_record_begins_where_the_code_begins(experiment, group):
    """Data, first weights, forward and backward pass, before any training."""
    record = by_group(load_records(experiment))[group][0]
    config = record.config
    norms = runs._diagnose(build_model(config), make_data(config), config.seed)
    # Each step of each layer sums over the units and the inputs.
    sums = config.steps * config.num_layers * 2 * config.hidden_size
    assert norms == pytest.approx(
        record.gradient_norms, rel=rounding(torch.float32, sums)
    )


def first_epoch(config, nudge=0.0):
    """Do the first epoch again, from weights that are off by so much."""
    model, data = build_model(config), make_data(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p *= 1 + nudge * torch.randn(p.shape, generator=generator)
    once = replace(config.train, epochs=1)
    return fit(model, data.train, data.valid, once)


@pytest.mark.parametrize(("experiment", "group"), CALM)
def test_a_record_of_each_network_is_still_what_the_code_does(
    experiment, group
):
    """Another processor rounds otherwise, and training magnifies that.

    By how much is measured: by moving each of the first weights by about eight
    roundings. The record may be ten times as far away, and has six digits.
    """
    record = by_group(load_records(experiment))[group][0]
    again, moved = (first_epoch(record.config, n) for n in (0, 1e-6))
    for name in ("train_loss", "valid_loss", "grad_norm"):
        (got,), (off,) = again.column(name), moved.column(name)
        assert abs(off / got - 1) < 1e-3  # calm: else this would say nothing
        assert record.history.column(name)[0] == pytest.approx(
            got, rel=5e-6, abs=10 * abs(off - got)
        ), name


@pytest.mark.parametrize("moment", ["best", "last"])
def test_the_kept_weights_have_the_recorded_accuracy(moment):
    record = load_records("published")[0]
    score = evaluate(load_model(record, moment), make_data(record.config).test)
    want = getattr(record, f"test_{moment}")
    assert score.accuracy == pytest.approx(want.accuracy, abs=0.002)
    assert score.loss == pytest.approx(want.loss, rel=0.02)
