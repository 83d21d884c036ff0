"""Small models and data sets for the tests of training, in float64."""

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


def mlp(dropout=0.3):
    return nn.Sequential(
        nn.Linear(3, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 4)
    )


def made(make, *args):
    """A new model, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make(*args).double()


def normal(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def points(count=22, seed=1):
    """Points (N, 3) in four classes (N,)."""
    x = normal(count, 3, seed=seed)
    return TensorDataset(x, (x[:, 0] > 0) * 2 + (x[:, 1] > 0).long())


def sequences(count=22, seed=1):
    """Sequences (N, 6, 3) with a class at each step, a third without."""
    x = normal(count, 6, 3, seed=seed)
    y = (x[..., 0] > 0) * 2 + (x.cumsum(1)[..., 1] > 0).long()  # (N, 6)
    return TensorDataset(x, torch.where(x[..., 2] < -0.43, IGNORE, y))


def numbers(count=22, seed=1):
    """Points (N, 3) with four numbers each (N, 4)."""
    x = normal(count, 3, seed=seed)
    return TensorDataset(x, x.sin() @ torch.ones(3, 4).double())


def update(model, loss, optimizer, max_norm):
    """One update, as anybody would write it; return the gradient's norm."""
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return norm.item()


def config(**changes):
    return TrainConfig(**{"epochs": 5, "batch_size": 8, "lr": 0.01} | changes)


def same_weights(one, other):
    return same(one.state_dict(), other.state_dict())


def without_seconds(history):
    return [e.model_dump(exclude={"seconds"}) for e in history.epochs]


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
