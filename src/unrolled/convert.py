r"""Weights from elsewhere, and to there: PyTorch's, Keras's, ONNX's layouts.

All three compute the same LSTM, GRU and plain recurrent network, but lay the
weights out in other ways. With K blocks of H rows, one for each gate, and S
directions:

=======  ==========================  ======================  ================
\        PyTorch                     Keras                   ONNX
=======  ==========================  ======================  ================
LSTM     i f g o, as here            i f g o                 i o f g
GRU      r z n, as here              z r n                   z r n
inputs   (KH, D)                     (D, KH)                 (S, KH, D)
states   (KH, H)                     (H, KH)                 (S, KH, H)
biases   two of (KH,)                (KH,); of a GRU         (S, 2KH)
                                     (2, KH)
=======  ==========================  ======================  ================

Two biases of an LSTM may be added up, those of a GRU may not: the reset gate
multiplies one of them. What differs in kind and not in layout is refused:
projections, and a GRU whose reset gate acts before the product.

Layouts are told apart by shapes, so that a *square* matrix that is transposed
is not noticed: compare one output before you trust the rest.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Generator, Tensor, nn

from unrolled._checks import check, check_choice, check_type, insist, refusal
from unrolled.cell import Cell
from unrolled.cells import GRUCell, RNNCell
from unrolled.lstm import LSTM
from unrolled.recurrent import Recurrent

Kind = Literal["LSTM", "GRU", "RNN"]
"""What can be converted."""

Arrays = list[np.ndarray]
"""The weights of one layer."""

_LAYERS: dict[str, Any] = {
    "LSTM": LSTM,
    "GRU": partial(Recurrent, GRUCell),
    "RNN": partial(Recurrent, RNNCell),
}
_TORCH: dict[str, Any] = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
_OURS = {"LSTM": "ifgo", "GRU": "rzn", "RNN": "n"}
_KERAS = {"LSTM": "ifgo", "GRU": "zrn", "RNN": "n"}
_ONNX = {"LSTM": "iofg", "GRU": "zrn", "RNN": "n"}
_OTHER_GRU = "another GRU, whose reset gate multiplies h before the product"
_SLIPS = {4: "an LSTM's", 3: "a GRU's", 1: "a plain network's"}
_SLIPS |= {1 / 4: "transposed", 1 / 3: "transposed"}


def from_torch(other: nn.RNNBase) -> Recurrent:
    """Copy one of PyTorch's own layers: same numbers from the same input.

    Dtype, device and mode are those of the other, too; ours is always batch
    first, and has no projections (``proj_size``). The sum of PyTorch's two
    biases becomes our one bias, but for a GRU, which needs both.

    Args:
        other: an ``nn.LSTM``, ``nn.GRU`` or ``nn.RNN``.

    Returns:
        An `LSTM`, or a `Recurrent` of `GRUCell` or `RNNCell`.

    Example:
        >>> theirs = nn.GRU(3, 5, batch_first=True)
        >>> x = torch.ones(4, 7, 3)
        >>> torch.allclose(from_torch(theirs)(x)[0], theirs(x)[0])
        True

    Chapter: 07_network.
    """
    is_layer = isinstance(other, nn.LSTM | nn.GRU | nn.RNN)
    insist("other", is_layer, "an nn.LSTM, nn.GRU or nn.RNN", other)
    size = other.proj_size
    insist("other", not size, "a layer without projections", size)
    kind, _, squash = other.mode.partition("_")
    cells = other.all_weights
    if kind != "GRU" and other.bias:
        cells = [[w, u, b + b_hh] for w, u, b, b_hh in cells]
    options: dict[str, Any] = {"nonlinearity": squash.lower()} if squash else {}
    if other.num_layers > 1:
        options["dropout"] = other.dropout
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
    theirs = _TORCH[kind](
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
    layers: Sequence[Arrays],
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
    wanted = f"True for a GRU; False is {_OTHER_GRU}"
    insist("reset_after", fits, wanted, reset_after)
    rows = check(layers=(layers, ["L", ["M", "..."]]))
    M = len(rows[0])
    wanted = "2 or 3 arrays, or 4 or 6 of a Bidirectional layer"
    insist("layers[0]", M in (2, 3, 4, 6), wanted, M)
    S = 1 if M < 4 else 2
    halves = [r[k : k + M // S] for r in rows for k in range(0, M, M // S)]
    cells = [[w.T, u.T, *map(np.atleast_2d, b)] for w, u, *b in halves]
    bias = "bias (2, 3H), of reset_after=True" if is_gru else "bias"
    names = "kernel.T", "recurrent_kernel.T", bias
    return _read(layers, kind, _KERAS, cells, S, names, 1 + is_gru)


def to_keras(layer: Recurrent) -> list[Arrays]:
    """Lay weights out as Keras does: for each layer what ``set_weights`` takes.

    Example:
        >>> [array.shape for array in to_keras(LSTM(3, 5))[0]]
        [(3, 20), (5, 20), (20,)]

    Chapter: 07_network.
    """
    kind = _kind(layer)
    return [
        [
            array
            for w, u, *b in cells
            for array in (w.T, u.T, *(b if kind == "GRU" else map(sum, b)))
        ]
        for cells in _write(layer, _KERAS[kind])
    ]


def from_onnx(
    layers: Sequence[Arrays],
    kind: Kind = "LSTM",
    *,
    linear_before_reset: int = 0,
) -> Recurrent:
    """Make a layer of the weights of ONNX's nodes, without peepholes.

    Weights do not tell what else a node has: its direction must be forward or
    bidirectional, with no clip, no input_forget and ONNX's own activations.

    Args:
        layers: for each node W (S, KH, D), R (S, KH, H) and, if there is one,
            B (S, 2KH), for S directions.
        kind: the node's type.
        linear_before_reset: as the GRU's node has it; 1 is needed.

    Example:
        >>> W, R = np.ones((1, 20, 3)), np.ones((1, 20, 5))
        >>> from_onnx([[W, R]]).cells[0].weight_ih.shape
        torch.Size([20, 3])

    Reference: ONNX operators, LSTM, GRU and RNN. Chapter: 07_network.
    """
    check_choice("kind", kind, get_args(Kind))
    fits = kind != "GRU" or linear_before_reset == 1
    wanted = f"1 for a GRU; 0, ONNX's default, is {_OTHER_GRU}"
    insist("linear_before_reset", fits, wanted, linear_before_reset)
    rows = check(layers=(layers, ["L", ["M", "..."]]))
    insist("layers[0]", len(rows[0]) in (2, 3), "W, R or W, R, B", len(rows[0]))
    S = 2 if rows[0][0].shape[:1] == (2,) else 1
    forms = {"W": "S A D", "R": "S A H", "B": "S B"}
    for k, row in enumerate(rows):
        trios = zip(forms.items(), row, strict=False)
        parts = {f"layers[{k}] {n}": (part, form) for (n, form), part in trios}
        check({"S": S}, **parts)
    cells = [
        [w, u, *(x.reshape(2 if x.size > len(w) else 1, -1) for x in b)]
        for row in rows
        for w, u, *b in zip(*row, strict=True)
    ]
    names = "W", "R", "B (2KH), Wb and Rb"
    return _read(layers, kind, _ONNX, cells, S, names, 2)


def to_onnx(layer: Recurrent) -> list[Arrays]:
    """Lay weights out as ONNX does: for each layer W, R and, if any, B.

    A GRU's node needs ``linear_before_reset=1``.

    Example:
        >>> [array.shape for array in to_onnx(LSTM(3, 5))[0]]
        [(1, 20, 3), (1, 20, 5), (1, 40)]

    Chapter: 07_network.
    """
    return [
        [*map(np.stack, zip(*cells, strict=True))]
        for cells in (
            [[w, u, *(x.reshape(-1) for x in b)] for w, u, *b in cells]
            for cells in _write(layer, _ONNX[_kind(layer)])
        )
    ]


def _read(
    layers: Any,
    kind: str,
    orders: dict[str, str],
    cells: list,
    S: int,
    names: Sequence[str],
    B: int,
) -> Recurrent:
    """Check cells' weights, (KH, D), (KH, H), (B, KH); make a layer of them."""
    order, made = orders[kind], []
    K, sizes = len(order), {}
    forms = f"{K}*H D", f"{K}*H H", f"{B} {K}*H"
    found = np.result_type(*map(np.asarray, layers[0]))
    dtype = torch.float32 if found == np.float32 else torch.float64
    for number, parts in enumerate(cells):
        place = [f"layers[{number // S}] {name}" for name in names]
        rows, H = check(**{place[1]: (parts[1], "A B")}).shape
        slip = _SLIPS.get(rows / H)
        if slip and rows != K * H:
            wanted = f"{K} blocks of H rows, shape ({K}H, H)"
            raise refusal(place[1], wanted, f"{(rows, H)}, as if {slip}")
        trios = zip(place, parts, forms, strict=False)
        check(sizes, **{name: (part, form) for name, part, form in trios})
        w, u, *b = (torch.tensor(part, dtype=dtype) for part in parts)
        b = b if kind == "GRU" else [x.sum(0, keepdim=True) for x in b]
        biases = [row for x in b for row in x]
        made.append(_reorder([w, u, *biases], order, _OURS[kind]))
        sizes = {"D": w.shape[1] if number + 1 < S else S * H, "H": H}
    return _build(kind, made, S)


def _write(layer: Recurrent, order: str) -> list[list[list[np.ndarray]]]:
    """Return each layer's cells: (KH, D), (KH, H) and, if any, (2, KH)."""
    cells = []
    for cell in layer.cells:
        parts = [*cell.weights[:2], *_two_biases(cell)]
        w, u, *b = _reorder(parts, _OURS[_kind(layer)], order)
        parts = [w, u, *([torch.stack(b)] if b else [])]
        cells.append([part.detach().cpu().numpy() for part in parts])
    S = layer.num_directions
    return [cells[k : k + S] for k in range(0, len(cells), S)]


def _reorder(parts: Sequence[Tensor], old: str, new: str) -> list[Tensor]:
    """Put the blocks of rows of each part into another order."""
    blocks = [dict(zip(old, p.chunk(len(old)), strict=True)) for p in parts]
    return [torch.cat([block[gate] for gate in new]) for block in blocks]


def _build(
    kind: str, cells: list[list[Tensor]], S: int, **options
) -> Recurrent:
    """Make a layer of these weights of its cells, in our order."""
    w, u, *biases = cells[0]
    layer = _LAYERS[kind](
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
    """Copy values into parameters."""
    for parameter, value in zip(parameters, values, strict=True):
        parameter.copy_(value)


def _two_biases(cell: Cell) -> list[Tensor]:
    """Return both biases, the second of which may be 0; none without any."""
    return [*cell.biases, *map(torch.zeros_like, cell.biases)][:2]


def _kind(layer: Recurrent) -> str:
    """Say what a layer of ours is to the others."""
    check_type("layer", layer, Recurrent)
    cell = type(layer.cells[0]).__name__
    kinds = {f"{kind}Cell": kind for kind in _OURS}
    wanted = f"a layer of {', '.join(kinds)}, which others have"
    insist("layer", cell in kinds, wanted, cell)
    return kinds[cell]
