"""Small models and data sets for the tests of training."""

import torch
from torch import nn
from torch.utils.data import TensorDataset

from unrolled.tasks import IGNORE
from unrolled.train import TrainConfig


class Tagger(nn.Module):
    """A GRU that says something at each step: (N, T, 3) -> (N, T, 4)."""

    def __init__(self, dropout=0.3):
        super().__init__()
        self.gru = nn.GRU(3, 5, num_layers=2, dropout=dropout, batch_first=True)
        self.out = nn.Linear(5, 4)

    def forward(self, x, shift=None):
        """Return scores of four classes, (N, T, 4)."""
        h, _ = self.gru(x if shift is None else x + shift)  # (N, T, 5)
        return self.out(h)  # (N, T, 4)


def mlp():
    return nn.Sequential(
        nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 4)
    )


def made(make, seed=0):
    """A new model, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def stream(seed=1):
    return torch.Generator().manual_seed(seed)


def points(count=22, seed=1):
    """Points (N, 3) in four classes (N,)."""
    x = torch.randn(count, 3, generator=stream(seed))
    return TensorDataset(x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0).long())


def sequences(count=22, seed=1, steps=6):
    """Sequences (N, T, 3) with a class at each step, a third without."""
    rng = stream(seed)
    x = torch.randn(count, steps, 3, generator=rng)
    y = torch.randint(4, (count, steps), generator=rng)
    ignored = torch.rand(count, steps, generator=rng) < 1 / 3
    return TensorDataset(x, torch.where(ignored, IGNORE, y))


def numbers(count=22, seed=1):
    """Points (N, 3) with four numbers each (N, 4)."""
    x = torch.randn(count, 3, generator=stream(seed))
    return TensorDataset(x, torch.sin(x) @ torch.ones(3, 4))


def config(**changes):
    return TrainConfig(**{"epochs": 5, "batch_size": 8, "lr": 0.01} | changes)


def same_weights(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(
        torch.equal(ours[name], theirs[name]) for name in ours
    )


def without_seconds(history):
    return [
        {k: v for k, v in vars(epoch).items() if k != "seconds"}
        for epoch in history.epochs
    ]


def same(one, other):
    """Whether two states are the same, to the bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same(one[key], other[key]) for key in one
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return one == other
