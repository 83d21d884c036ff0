"""Independent ways to the same numbers: differences and PyTorch."""

from collections.abc import Callable

import numpy as np
import torch

Params = dict[str, np.ndarray]


def central_difference(
    loss: Callable[[], float], array: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Derivative of `loss()` by each entry of `array`, which it reads."""
    slope = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss()
        array[index] = value - step
        below = loss()
        array[index] = value
        slope[index] = (above - below) / (2 * step)
    return slope


def tensor(array: np.ndarray, requires_grad: bool = False) -> torch.Tensor:
    """Copy an array into a float64 tensor."""
    return torch.tensor(array, dtype=torch.float64, requires_grad=requires_grad)


def torch_lstm(params: Params) -> torch.nn.LSTM:
    """PyTorch's own layer with our parameters: our bias, and a second of 0."""
    (_, D), (_, H) = params["weight_ih"].shape, params["weight_hh"].shape
    layer = torch.nn.LSTM(D, H, batch_first=True).double()
    with torch.no_grad():
        layer.weight_ih_l0.copy_(tensor(params["weight_ih"]))
        layer.weight_hh_l0.copy_(tensor(params["weight_hh"]))
        layer.bias_ih_l0.copy_(tensor(params["bias"]))
        layer.bias_hh_l0.zero_()
    return layer


def torch_grads(layer: torch.nn.LSTM) -> Params:
    """The gradients that PyTorch left in the layer, under our names."""
    return {
        "weight_ih": layer.weight_ih_l0.grad.numpy(),
        "weight_hh": layer.weight_hh_l0.grad.numpy(),
        "bias": layer.bias_ih_l0.grad.numpy(),
    }
