"""Independent ways to the same numbers: differences and PyTorch."""

import math
from collections.abc import Callable

import numpy as np
import torch
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils._pytree import tree_map

from unrolled import cells
from unrolled.convert import to_torch
from unrolled.lstm import LSTMCell
from unrolled.recurrent import Recurrent

Params = dict[str, np.ndarray]
NAMES = {"weight_ih": "weight_ih", "weight_hh": "weight_hh", "bias": "bias_ih"}
"""Our names of the parameters, and PyTorch's."""
CELLS = [LSTMCell] + [
    kind
    for kind in vars(cells).values()
    if getattr(kind, "__module__", None) == cells.__name__
]


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


def torch_layer(params: Params) -> torch.nn.LSTM | torch.nn.RNN:
    """PyTorch's own layer with our parameters: our bias, and a second of 0."""
    (rows, D), (_, H) = params["weight_ih"].shape, params["weight_hh"].shape
    kind = torch.nn.RNN if rows == H else torch.nn.LSTM
    layer = kind(D, H, batch_first=True).double()
    ours = {f"{name}_l0": tensor(params[our]) for our, name in NAMES.items()}
    layer.load_state_dict(ours | {"bias_hh_l0": torch.zeros(rows)})
    return layer


def torch_grads(layer: torch.nn.LSTM | torch.nn.RNN) -> dict:
    """The gradients that PyTorch left in the layer, under our names."""
    names = NAMES.items()
    return {ours: getattr(layer, f"{name}_l0").grad for ours, name in names}


def assert_same(ours, theirs, tolerance: float = 1e-10) -> None:
    """Hold two arrays or tensors against each other, or lists or dicts."""
    ours, theirs = tree_map(torch.as_tensor, (ours, theirs))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)


def assert_uniform(values: torch.Tensor, bound: float) -> None:
    """Uniform between minus and plus the bound, as far as samples tell."""
    n = values.numel()
    assert values.abs().max() <= bound * (1 + 1e-6)
    # All n samples below this have a probability of 1e-6.
    assert values.abs().max() >= bound * 1e-6 ** (1 / n)
    spread = bound / math.sqrt(3)
    assert abs(values.mean()) <= 4.5 * spread / math.sqrt(n)
    # The standard error of a uniform's variance is 0.894 / sqrt(n) of it.
    assert abs(values.var() / spread**2 - 1) <= 4.5 * 0.9 / math.sqrt(n)


# The torch half: layers of cells against PyTorch's own layers


def seeded(seed: int = 0) -> torch.Generator:
    """A source of randomness of its own."""
    return torch.Generator().manual_seed(seed)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    """Random numbers of float64 that want a gradient."""
    generator = seeded(seed + sum(shape))
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    return values.requires_grad_()


def randomise(module: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """Make it float64, and every parameter random: biases and gains, too."""
    generator = seeded(seed)
    with torch.no_grad():
        for parameter in module.double().parameters():
            parameter.normal_(0, 0.7, generator=generator)
    return module


def flat(result) -> list[torch.Tensor]:
    """What a layer or cell returns, without its nesting."""
    if isinstance(result, torch.Tensor):
        return [result]
    return [tensor for part in result for tensor in flat(part)]


def gradients(outputs, weights, inputs) -> list[torch.Tensor]:
    """Gradient of the weighted sum of the outputs; 0 where none arrives.

    An output whose weight is None does not enter the sum.
    """
    terms = [
        (output * weight).sum()
        for output, weight in zip(outputs, weights, strict=True)
        if weight is not None
    ]
    return [*torch.autograd.grad(sum(terms), inputs, materialize_grads=True)]


def check_same(ours, theirs, weights, tolerance: float = 1e-10) -> None:
    """Hold outputs and gradients of ours against those of an oracle.

    Each is a pair: the outputs, and the inputs to differentiate by.
    """
    (our_outputs, our_inputs), (their_outputs, their_inputs) = ours, theirs
    assert_same(our_outputs, their_outputs, tolerance)
    assert_same(
        gradients(our_outputs, weights, our_inputs),
        gradients(their_outputs, weights, their_inputs),
        10 * tolerance,
    )


class Case:
    """A layer's sizes, and random input to it that varies in time."""

    def __init__(
        self, N, T, D, H, layers=1, directions=1, biases=1, ragged=False
    ):
        self.N, self.T, self.D, self.H = N, T, D, H
        self.layers, self.directions, self.biases = layers, directions, biases
        states, width = (layers * directions, N, H), directions * H
        self.x = numbers(N, T, D)
        self.h, self.c = numbers(*states, seed=1), numbers(*states, seed=2)
        shapes = (N, T, width), states, states
        self.weights = [numbers(*s, seed=3).detach() for s in shapes]
        self.lengths = None
        if ragged:
            drawn = torch.randint(1, T + 1, (N,), generator=seeded(N + T))
            self.lengths = drawn.index_fill(0, torch.tensor(N // 2), T)

    def __repr__(self):
        sizes = (self.N, self.T, self.D, self.H, self.layers, self.directions)
        return f"Case{sizes}, biases {self.biases}, lengths {self.lengths}"

    def build(self, kind):
        """One of our layers of these sizes, with random parameters."""
        arguments = (self.D, self.H, self.layers)
        if not issubclass(kind, Recurrent):
            arguments, kind = (kind, *arguments), Recurrent
        layer = kind(
            *arguments,
            bias=self.biases > 0,
            two_biases=self.biases > 1,
            bidirectional=self.directions > 1,
        )
        return randomise(layer)

    def state(self, layer):
        """The states that a layer starts from: h, or the pair of h and c."""
        is_pair = len(layer.cells[0].state_names) > 1
        return (self.h, self.c) if is_pair else self.h

    def run(self, layer, x=None):
        """A layer's outputs from given states, and what they depend on."""
        x, state = self.x if x is None else x, self.state(layer)
        outputs = flat(layer(x, state, self.lengths))
        return outputs, [x, *flat(state), *layer.parameters()]


CASES = [
    Case(1, 1, 1, 1),
    Case(3, 5, 2, 4),
    Case(4, 3, 1, 3, directions=2, biases=0, ragged=True),
    Case(3, 7, 4, 5, layers=3, directions=2, biases=2, ragged=True),
]

few = st.integers(1, 5)
cases = st.builds(
    Case,
    few,
    st.integers(1, 7),
    few,
    few,
    layers=st.integers(1, 3),
    directions=st.integers(1, 2),
    biases=st.integers(0, 2),
    ragged=st.booleans(),
)
"""Any sizes, layers, directions, biases; with lengths or without."""


def torch_run(layer, case):
    """Run PyTorch's own layer with our parameters, as `case.run` ours."""
    twin, state, x = to_torch(layer), case.state(layer), case.x
    if case.lengths is not None:
        x = pack_padded_sequence(x, case.lengths, True, enforce_sorted=False)
    out, last = twin(x, state)
    if case.lengths is not None:
        out, _ = pad_packed_sequence(out, True, total_length=case.T)
    inputs = [case.x, *flat(state)]
    for cell, theirs in zip(layer.cells, twin.all_weights, strict=True):
        # Theirs always has two biases: what ours has not is 0 there.
        inputs += theirs[: 2 + len(cell.biases)]
    return flat((out, last)), inputs
