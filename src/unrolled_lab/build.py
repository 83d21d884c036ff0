r"""What a run consists of, made from its configuration: network and data.

One seed decides everything, unless the data have one of their own. Each
purpose has a generator of its own, whose seed is the first eight bytes of
SHA-256 of "unrolled", the purpose and the seed. So no two purposes share random
numbers, nor does any purpose share them between two seeds; and two runs of the
same seed that differ in something else, such as the dropout, learn from the
same data and, if the shapes agree, begin with the same weights. The order of
the examples and the dropout come from `fit`, which takes the seed as it is.
"""

import hashlib
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from unrolled._checks import check_int, check_type
from unrolled.cells import GRUCell, RNNCell
from unrolled.lstm import LSTM
from unrolled.models.heads import Classifier
from unrolled.models.transformer import Transformer
from unrolled.recurrent import Recurrent
from unrolled.tasks import first_last
from unrolled_lab.config import RunConfig

CELLS = {
    "LSTM": (LSTM, "forget_bias"),
    "GRU": (partial(Recurrent, GRUCell), "update_bias"),
    "RNN": (partial(Recurrent, RNNCell), "nonlinearity"),
}
"""How the layers of each kind of cell are made, and an option of its own."""


class Datasets(NamedTuple):
    """Three fresh draws of the same task: the inputs (N, T, D), labels (N,)."""

    train: TensorDataset
    """What the network learns from."""
    valid: TensorDataset
    """What is measured after every epoch, and chooses the best weights."""
    test: TensorDataset
    """What is measured at the end, once."""


def generator_for(purpose: str, seed: int) -> torch.Generator:
    """Make the generator of one purpose.

    Example:
        >>> generator_for("weights", 0).initial_seed()
        12062062352466548405

    Chapter: 08_thirty_steps.
    """
    check_type("purpose", purpose, str)
    seed = check_int("seed", seed, 0)
    digest = hashlib.sha256(f"unrolled {purpose} {seed}".encode()).digest()
    number = int.from_bytes(digest[:8])
    return torch.Generator().manual_seed(number)


def make_data(config: RunConfig) -> Datasets:
    """Draw the data of a run, with a generator for each of the three sets.

    Example:
        >>> from unrolled_lab import runs_of
        >>> x, label = make_data(runs_of("published")[0]).train.tensors
        >>> tuple(x.shape), tuple(label.shape)
        ((5000, 30, 10), (5000,))

    Chapter: 08_thirty_steps.
    """
    check_type("config", config, RunConfig)
    data = Datasets(
        train=_draw(config, "training data", config.train_count),
        valid=_draw(config, "validation data", config.valid_count),
        test=_draw(config, "test data", config.test_count),
    )
    _turn_round(config, data.train.tensors[1], "label noise")
    return data


def redraw(config: RunConfig, train: TensorDataset, epoch: int) -> None:
    """Draw the training data of an epoch in place, as the run wants it.

    Args:
        config: the run.
        train: its training data, as of any epoch before.
        epoch: from 1, for which nothing is done: `make_data` drew it.

    Chapter: 10_overfitting.
    """
    if epoch == 1 or config.redraw == "nothing":
        return
    x, label = train.tensors
    purpose = f"training data, epoch {epoch}"
    new, answer = _draw(config, purpose, config.train_count).tensors
    if config.redraw == "noise":
        new[:, [0, -1], 0] = x[:, [0, -1], 0]
    else:
        _turn_round(config, answer, f"label noise, epoch {epoch}")
        label.copy_(answer)
    x.copy_(new)


def _draw(config: RunConfig, purpose: str, count: int) -> TensorDataset:
    """Draw sequences, and the answers to the run's question."""
    generator = _data_generator(config, purpose)
    x, label = first_last(count, config.steps, config.features, generator)
    if config.question == "last":
        label = (x[:, -1, 0] > 0).long()
    elif config.question == "shuffled":
        x[:, 0] = x[:, 0].roll(1, dims=0)  # everybody's from the neighbour
    return TensorDataset(x, label)


def _turn_round(config: RunConfig, label: Tensor, purpose: str) -> None:
    """Turn a share of the labels round, in place."""
    generator = _data_generator(config, purpose)
    noise = torch.rand(len(label), generator=generator)
    label[noise < config.label_noise] ^= 1


def _data_generator(config: RunConfig, purpose: str) -> torch.Generator:
    """Return the generator of data, which may have a seed of their own."""
    own = config.data_seed
    return generator_for(purpose, config.seed if own is None else own)


def build_model(config: RunConfig) -> Classifier | Transformer:
    """Make the network of a run, with its first weights: of two classes.

    Example:
        >>> from unrolled_lab import runs_of
        >>> count_parameters(build_model(runs_of("published")[0]))
        204290

    Chapter: 08_thirty_steps.
    """
    check_type("config", config, RunConfig)
    generator = generator_for("weights", config.seed)
    rest = {"dropout": config.dropout, "generator": generator}
    if config.cell == "Transformer":
        sizes = (config.features, 2, config.hidden_size, config.num_layers)
        return Transformer(*sizes, **rest)
    between = config.dropout if config.num_layers > 1 else 0.0
    sizes = (config.features, config.hidden_size, config.num_layers, between)
    kind, own = CELLS[config.cell]
    options = config.model_dump(include={"bias", "two_biases", "init", own})
    layer = kind(*sizes, generator=generator, **options)
    return Classifier(layer, 2, layers=config.layers, **rest)


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that a training can change.

    Example:
        >>> count_parameters(nn.Linear(3, 2))
        8
    """
    check_type("model", model, nn.Module)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
