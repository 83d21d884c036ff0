r"""Weights from elsewhere, and to there: PyTorch's layout and Keras's.

Both compute the same LSTM, GRU and plain recurrent network, but lay the weights
out in other ways. With K blocks of H rows, one for each gate:

=======  ==========================  ======================
\        PyTorch                     Keras
=======  ==========================  ======================
LSTM     i f g o, as here            i f g o
GRU      r z n, as here              z r n
inputs   (KH, D)                     (D, KH)
states   (KH, H)                     (H, KH)
biases   two of (KH,)                (KH,); of a GRU (2, KH)
=======  ==========================  ======================

Two biases of an LSTM may be added up, those of a GRU may not: the reset gate
multiplies one of them. What differs in kind and not in layout is refused:
projections, and a GRU whose reset gate acts before the product.

Layouts are told apart by shapes, so that a *square* matrix that is transposed
is not noticed: compare one output before you trust the rest.
"""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_choice, check_type, insist
from unrolled.cell import Cell
from unrolled.cells import GRUCell, RNNCell
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

Kind = Literal["LSTM", "GRU", "RNN"]
"""What can be converted."""

_CELLS: dict[str, Any] = {"LSTM": LSTMCell, "GRU": GRUCell, "RNN": RNNCell}


def from_torch(other: nn.RNNBase) -> Recurrent:
    """Copy one of PyTorch's own layers: same numbers from the same input.

    It becomes an `LSTM`, or a `Recurrent` of `GRUCell` or `RNNCell`.
    Dtype, device and mode are those of the other, too; ours is always batch
    first, and has no projections (``proj_size``). The sum of PyTorch's two
    biases becomes our one bias, but for a GRU, which needs both.

    Args:
        other: an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.

    Example:
        >>> theirs = nn.GRU(3, 5, batch_first=True)
        >>> x = torch.ones(4, 7, 3)
        >>> torch.allclose(from_torch(theirs)(x)[0], theirs(x)[0])
        True

    Chapter: 07_network.
    """
    is_layer = isinstance(other, nn.LSTM | nn.GRU | nn.RNN)
    wanted = "an nn.LSTM, nn.GRU or nn.RNN without projections"
    insist("other", is_layer and not other.proj_size, wanted, other)
    kind, _, squash = other.mode.partition("_")
    cells = other.all_weights
    if kind != "GRU" and other.bias:
        cells = [[w, u, b + b_hh] for w, u, b, b_hh in cells]
    options: dict[str, Any] = {"nonlinearity": squash.lower()} if squash else {}
    options["dropout"] = other.dropout if other.num_layers > 1 else 0.0
    layer = _build(kind, cells, 1 + other.bidirectional, **options)
    return layer.train(other.training)


def to_torch(layer: Recurrent) -> nn.RNNBase:
    """Make PyTorch's own layer of ours: same numbers, batch first.

    With one bias here, PyTorch's second is 0.

    Example:
        >>> ours = LSTM(3, 5)
        >>> x = torch.ones(4, 7, 3)
        >>> torch.allclose(to_torch(ours)(x)[0], ours(x)[0])
        True

    Chapter: 07_network.
    """
    kind, cell = _kind(layer), layer.cells[0]
    options = {"nonlinearity": cell.nonlinearity} if kind == "RNN" else {}
    # On "meta" first: no numbers, none drawn from the global generator.
    theirs = getattr(nn, kind)(
        layer.input_size,
        layer.hidden_size,
        layer.num_layers,
        bias=bool(cell.biases),
        batch_first=True,
        dropout=layer.dropout,
        bidirectional=layer.num_directions == 2,
        device="meta",
        dtype=cell.weight_ih.dtype,
        **options,
    )
    theirs.to_empty(device=cell.weight_ih.device).train(layer.training)
    for ours, copies in zip(layer.cells, theirs.all_weights, strict=True):
        _copy([*ours.weights[:2], *_two_biases(ours)], copies)
    return theirs


def from_keras(
    layers: Sequence[list[np.ndarray]],
    kind: Kind = "LSTM",
    *,
    reset_after: bool = True,
) -> Recurrent:
    """Make a layer of Keras's weights, for Keras's own activations.

    Args:
        layers: for each layer what its ``get_weights()`` gives: kernel (D, KH),
            recurrent kernel (H, KH) and, if there is one, bias; of a
            ``Bidirectional`` layer, which concatenates, these twice.
        kind: ``"RNN"`` for ``SimpleRNN``.
        reset_after: as the GRU was made.

    Example:
        >>> weights = [np.ones((3, 20)), np.ones((5, 20)), np.ones(20)]
        >>> from_keras([weights]).cells[0].weight_ih.shape
        torch.Size([20, 3])

    Reference: Chollet et al. (2015). Chapter: 07_network.
    """
    check_choice("kind", kind, get_args(Kind))
    is_gru = kind == "GRU"
    fits = not is_gru or reset_after is True
    wanted = "True for a GRU; the other resets h before the product"
    insist("reset_after", fits, wanted, reset_after)
    rows = check(layers=(layers, ["L", ["M", "..."]]))
    M, found = len(rows[0]), np.result_type(*map(np.asarray, layers[0]))
    wanted = "2 or 3 arrays, or 4 or 6 of a Bidirectional layer"
    insist("layers[0]", M in (2, 3, 4, 6), wanted, M)
    dtype = torch.float32 if found == np.float32 else torch.float64
    K, S = _CELLS[kind].blocks, 1 if M < 4 else 2
    sizes, cells = {}, []
    shapes = f"D {K}*H", f"H {K}*H", f"2 {K}*H" if is_gru else f"{K}*H"
    for number, row in enumerate(rows):
        pairs = enumerate(zip(row, shapes[: M // S] * S, strict=True))
        check(sizes, **{f"layers[{number}][{k}]": pair for k, pair in pairs})
        H = len(row[1])
        sizes = {"D": S * H, "H": H}
        for k in range(0, M, M // S):
            parts = row[k : k + M // S]
            w, u, *b = (torch.tensor(part.T, dtype=dtype) for part in parts)
            biases = b[0].unbind(1) if b and is_gru else b  # (KH,) each
            cells.append(_swap(kind, [w, u, *biases]))
    return _build(kind, cells, S)


def to_keras(layer: Recurrent) -> list[list[np.ndarray]]:
    """Lay weights out as Keras does: for each layer what ``set_weights`` takes.

    Example:
        >>> [array.shape for array in to_keras(LSTM(3, 5))[0]]
        [(3, 20), (5, 20), (20,)]

    Chapter: 07_network.
    """
    kind, S, arrays = _kind(layer), layer.num_directions, []
    for cell in layer.cells:
        w, u, *b = _swap(kind, [*cell.weights[:2], *_two_biases(cell)])
        b = [torch.stack(b) if kind == "GRU" else b[0] + b[1]] if b else []
        parts = w.T, u.T, *b
        arrays.append([part.detach().cpu().numpy().copy() for part in parts])
    return [[*chain(*arrays[k : k + S])] for k in range(0, len(arrays), S)]


def _swap(kind: str, parts: list[Tensor]) -> list[Tensor]:
    """Turn a GRU's r | z | n into z | r | n, and back."""
    if kind != "GRU":
        return parts
    blocks = [part.chunk(3) for part in parts]
    return [torch.cat([second, first, last]) for first, second, last in blocks]


def _build(
    kind: str, cells: Sequence[Sequence[Tensor]], S: int, **options
) -> Recurrent:
    """Make a layer of these weights of its cells, in our order."""
    w, u, *biases = cells[0]
    make = LSTM if kind == "LSTM" else partial(Recurrent, _CELLS[kind])
    layer = make(
        *(w.shape[1], u.shape[1], len(cells) // S),
        bias=len(biases) > 0,
        two_biases=len(biases) > 1,
        bidirectional=S == 2,
        generator=Generator(),  # so that the global one stays as it is
        **options,
    )
    layer.to(w)  # its dtype and device
    for cell, values in zip(layer.cells, cells, strict=True):
        _copy(values, cell.weights)
    return layer


@torch.no_grad()
def _copy(values: Sequence[Tensor], parameters: Sequence[Tensor]) -> None:
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)


def _two_biases(cell: Cell) -> list[Tensor]:
    """Return both biases, the second of which may be 0; none without any."""
    return [*cell.biases, *map(torch.zeros_like, cell.biases)][:2]


def _kind(layer: Recurrent) -> str:
    """Say what a layer of ours is to the others."""
    check_type("layer", layer, Recurrent)
    cell = type(layer.cells[0])
    kinds = {cell: kind for kind, cell in _CELLS.items()}
    wanted = f"cells of a kind that others have, {' or '.join(_CELLS)}"
    insist("layer", cell in kinds, wanted, cell.__name__)
    return kinds[cell]
