"""Training a PyTorch model: the loop, its configuration, its history."""

from unrolled.tasks import IGNORE
from unrolled.train.config import TrainConfig
from unrolled.train.history import Epoch, History, Score
from unrolled.train.loop import evaluate, fit

__all__ = [
    "IGNORE",
    "Epoch",
    "History",
    "Score",
    "TrainConfig",
    "evaluate",
    "fit",
]
