"""The records that are committed: whole, of the catalogue, and honest."""

import json
import math

import pytest
import torch

import unrolled_lab as lab
from small_runs import run
from unrolled.train import Epoch, evaluate, fit
from unrolled_lab import runs, tables

pytestmark = pytest.mark.usefixtures("one_thread")
RECORDS = {
    name: lab.load_records(name) for name in lab.CATALOGUE if name != "trial"
}
ALL = [record for records in RECORDS.values() for record in records]


def first(experiment, group):
    return next(r for r in RECORDS[experiment] if r.config.group == group)


@pytest.mark.parametrize("experiment", RECORDS)
def test_the_records_are_those_of_the_catalogue(experiment):
    records = {r.name: r.config for r in RECORDS[experiment]}
    wanted = {c.name: c for c in lab.runs_of(experiment)}
    assert records == wanted


def test_all_records_have_the_ids_that_they_had():
    """The id in the name of the file and in it is that of the configuration."""
    assert len(ALL) == 402
    for record in ALL:
        name = f"{record.config.name}-{record.config.id}.json"
        path = lab.results_folder() / record.config.experiment / name
        told = json.loads(path.read_text())
        assert told["id"] == record.config.id == record.id
        # What is written again is what was there, and defaults of new fields.
        again = json.loads(record.to_json())
        again["config"] = {k: again["config"][k] for k in told["config"]}
        if "gradient_ratios" not in told:
            assert again.pop("gradient_ratios") is None
        assert again == told


NETWORKS = [
    ("lengths", "rnn-t010"), ("lengths", "gru-t010"), ("lengths", "lstm-t010"),
    ("published", "lstm"), ("cells", "transformer"),
]  # fmt: skip


@pytest.mark.parametrize(("experiment", "group"), NETWORKS)
def test_a_record_begins_where_the_code_begins(experiment, group):
    """Data, first weights, forward and backward pass, before any training."""
    record = first(experiment, group)
    config = record.config
    norms = runs._diagnose(
        lab.build_model(config), lab.make_data(config), config.seed
    )
    # Each step of each layer sums over the units and the inputs. Processors
    # sum in other orders, and each rounds by at most half an eps.
    sums = config.steps * config.num_layers * 2 * config.hidden_size
    rounding = torch.finfo(torch.float32).eps * sums
    assert norms == pytest.approx(record.gradient_norms, rel=rounding)


def first_epoch(config, nudge=0.0):
    """Do the first epoch again, from weights that are off by so much."""
    model, data = lab.build_model(config), lab.make_data(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p *= 1 + nudge * torch.randn(p.shape, generator=generator)
    return fit(model, data.train, data.valid, config.train.replace(epochs=1))


def test_a_record_is_still_what_the_code_does():
    """Another processor rounds otherwise, and training magnifies that.

    By how much is measured: by moving each of the first weights by about eight
    roundings. The record may be ten times as far away, and has six digits.
    """
    # A calm network: the last two of those above turn a rounding into 0.5 to
    # 2 % of their gradient norm, and nothing could be asked of them.
    record = first("lengths", "lstm-t010")
    again, moved = (first_epoch(record.config, n) for n in (0, 1e-6))
    for name in ("train_loss", "valid_loss", "grad_norm"):
        (got,), (off,) = again.column(name), moved.column(name)
        assert abs(off / got - 1) < 1e-3  # calm: else this would say nothing
        assert record.history.column(name)[0] == pytest.approx(
            got, rel=5e-6, abs=10 * abs(off - got)
        ), name


def test_the_kept_weights_have_the_recorded_accuracy():
    record = first("published", "lstm")
    model = lab.load_model(record, "best")
    score = evaluate(model, lab.make_data(record.config).test)
    want = record.test_best
    assert score.accuracy == pytest.approx(want.accuracy, abs=0.002)
    assert score.loss == pytest.approx(want.loss, rel=0.02)


def test_tables_tell_what_the_records_tell():
    table = tables.runs(ALL)
    for row, record in zip(table.itertuples(), ALL, strict=True):
        config, norms = record.config, record.gradient_norms
        assert (row.experiment, row.group, row.seed, row.train_count) == (
            config.experiment, config.group, config.seed, config.train_count
        )  # fmt: skip
        assert row.weight_decay == config.train.weight_decay
        assert row.best_epoch == record.best_epoch
        for moment in ("best", "last"):
            score = getattr(record, f"test_{moment}")
            told = [getattr(row, f"{k}_{moment}") for k in ("loss", "accuracy")]
            assert told == [score.loss, score.accuracy]
        ratio = norms[0] / norms[-1] if norms else math.nan
        assert row.gradient_ratio == pytest.approx(ratio, rel=0, nan_ok=True)
    records = [*RECORDS["controls"], runs.execute(run("RNN", trace=True))]
    table = tables.epochs(records[::-1]).sort_index()
    assert len(table) == sum(len(r.history.epochs) for r in records)
    for record in records:
        part = table.loc[record.config.group, record.config.seed]
        assert [*part.index] == [*range(1, 1 + len(part))]
        for name in {*Epoch.model_fields} & {*part}:
            assert part[name].tolist() == record.history.column(name)
    assert part.gradient_ratio.tolist() == [*records[-1].gradient_ratios]
    assert tables.first_above([0.5, 0.95], 0.95) is None  # not above
