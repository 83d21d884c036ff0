"""What is read from the states of networks, and how it is kept."""

import json

import pytest

from unrolled.gates import probe
from unrolled.models import Classifier
from unrolled.train import fit
from unrolled_lab import build_model, execute, make_data, probes
from unrolled_lab.catalogue import source_b

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = source_b(
    "published", "lstm", 0, {"epochs": 3}, hidden_size=6, steps=4, features=2,
    train_count=200, valid_count=100, test_count=90, weights=("best",),
)  # fmt: skip


def test_what_is_kept_of_the_probes(monkeypatch, tmp_path):
    """Of one small network in the place of the published ones."""
    record, asked = execute(SMALL), []
    model = build_model(SMALL.replace(train=SMALL.train.replace(seed=1)))
    models = {"best": model.eval(), "initial": build_model(SMALL).eval()}

    def load_model(_, name, folder):
        asked.append(folder)
        return models[name]

    monkeypatch.setattr(probes, "load_records", lambda *_: [record])
    monkeypatch.setattr(probes, "load_model", load_model)
    monkeypatch.setattr(probes, "FITTED", (20, 40))
    assert probes.save_probes(0, tmp_path)
    assert not probes.save_probes(0, tmp_path)
    assert {*asked} == {tmp_path}
    kept = json.loads((tmp_path / "probes" / "seed0.json").read_text())
    assert kept["seed"] == 0 and kept["threads"] == 1
    x, label = make_data(SMALL).test.tensors
    for name, moment in (("trained", "best"), ("untrained", "initial")):
        for n in (20, 40):
            for layer, trace in enumerate(models[moment].recurrent.trace(x)):
                want = probe(trace.c[: 2 * n], x[: 2 * n, 0, 0])
                got = kept[name][str(n)][layer]
                assert got == pytest.approx(want, abs=2e-4)
    # The head is trained as if all else were frozen and dropout were off.
    twin, data = build_model(SMALL), make_data(SMALL)
    frozen = Classifier(twin.recurrent, 2, layers="all")
    frozen.recurrent.dropout = 0.0
    frozen.recurrent.requires_grad_(False)
    frozen.head.load_state_dict(twin.head.state_dict())
    history = fit(frozen, data.train, data.valid, SMALL.train)
    assert kept["head"]["best_epoch"] == history.best_epoch
    right = (frozen.eval()(x).argmax(dim=1) == label).double().mean().item()
    assert kept["head"]["accuracy"] == pytest.approx(right, abs=0.012)
