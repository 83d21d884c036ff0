"""A model in another mode for a while: training, evaluation, gradients."""

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

from unrolled._checks import refusal


@contextlib.contextmanager
def mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Set a model's mode, and at the end that of each module as it was.

    Chapter: 07_network.
    """
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, was_training in before.items():
            module.training = was_training


@contextlib.contextmanager
def gradients(model: nn.Module) -> Iterator[None]:
    """Let gradients flow, even within `torch.no_grad` or `inference_mode`.

    Chapter: 09_gates.
    """
    if any(parameter.is_inference() for parameter in model.parameters()):
        got = "some that were made in torch.inference_mode"
        raise refusal("model", "parameters that gradients can pass", got)
    with torch.inference_mode(mode=False), torch.enable_grad():
        yield
