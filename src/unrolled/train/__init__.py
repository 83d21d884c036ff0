"""Training a PyTorch model: the loop, its configuration, its history."""

from unrolled.tasks import IGNORE
from unrolled.train.config import TrainConfig
from unrolled.train.history import Epoch, History, Score
from unrolled.train.loop import Training, fit
from unrolled.train.measure import evaluate
