"""What an untrained network still knows: probes of many sequences, and a head.

For each seed of `published`, ``results/probes/seedN.json`` tells how well the
first input can be read from the cell states at each step, by a probe that was
fitted on 1,000 sequences and by one on 4,000; and how far a head gets that is
trained on the last states of the untrained twin, whose other weights stay.

Fixed before: "the twin has lost most of it by step 15" is confirmed if the
probes of 4,000 sequences read less than half of the variance in both layers of
all five seeds; refuted if more than half in one layer of all five. "What it has
left is of no use" is confirmed if the trained head is right in no seed more
often than the last input alone would be, 75%, and half a point; refuted if in
all five.
"""

import copy
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from unrolled.gates import probe
from unrolled.models import Classifier
from unrolled.train import evaluate, fit
from unrolled_lab.build import make_data
from unrolled_lab.files import (
    Folder,
    load_model,
    load_records,
    make_once,
    results_folder,
)
from unrolled_lab.record import circumstances
from unrolled_lab.resume import write_whole

FITTED = (1000, 4000)
"""Sequences that a probe is fitted on; as many others score it."""


def save_probes(seed: int, folder: Folder = None) -> bool:
    """Measure the networks of a seed of `published`, unless this is done.

    Returns whether it was measured now. Chapter: 09_gates.
    """
    path = results_folder(folder) / "probes" / f"seed{seed}.json"
    return make_once(path, lambda path: _save(seed, path, folder))


def _save(seed: int, path: Path, folder: Folder) -> None:
    """Measure the networks of a seed and write what was found."""
    command = {"command": "python -m unrolled_lab probes"}
    found = command | _measure(seed, folder) | circumstances()
    with write_whole(path) as file:
        file.write(json.dumps(found, indent=1).encode() + b"\n")


def _measure(seed: int, folder: Folder) -> dict:
    """Probe the trained and the untrained network; train a head on the latter.

    Returns:
        By ``"trained"`` and ``"untrained"``, and by how many sequences a probe
        was fitted on: its share of the variance by layer and step, (L, T); and
        the losses and accuracies of the ``"head"``.
    """
    (record,) = [r for r in load_records("published", folder) if r.seed == seed]
    data = make_data(record.config)
    x = data.test.tensors[0][: 2 * max(FITTED)]
    found: dict[str, Any] = {"seed": seed}
    twin: Any = load_model(record, "initial", folder)
    models = {"trained": load_model(record, "best", folder), "untrained": twin}
    for name, model in models.items():
        traces = model.recurrent.trace(x)
        found[name] = {
            str(n): [
                probe(trace.c[: 2 * n], x[: 2 * n, 0, 0]).round(4).tolist()
                for trace in traces
            ]
            for n in FITTED
        }
    train, valid, test = (
        TensorDataset(_last_states(twin, x), label)
        for x, label in (each.tensors for each in data)
    )
    head = copy.deepcopy(twin.head)
    history = fit(head, train, valid, record.config.train)
    score = {"best_epoch": history.best_epoch} | dict(evaluate(head, test))
    return found | {"head": score}


@torch.no_grad()
def _last_states(model: Classifier, x: Tensor) -> Tensor:
    """Return the hidden states of all layers after the last step, (N, LH)."""
    _, (h, _) = model.recurrent(x)  # (L, N, H)
    return h.movedim(0, 1).flatten(1)
