"""PyTorch's other modes: the table in `unrolled.recurrent`, row by row."""

import copy
import re
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.autograd import forward_ad
from torch.func import functional_call, grad, jvp, vmap
from torch.nn.utils import prune
from torch.nn.utils.rnn import pack_padded_sequence

from oracles import CASES, CELLS, assert_same, gradients
from unrolled import recurrent
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

CASE = CASES[1]  # one layer
X = CASE.x.detach()


def rows():
    """The table: each mode, and what is said of Recurrent and of LSTM."""
    *_, table, _ = re.split("^=.*=$", recurrent.__doc__, flags=re.MULTILINE)
    for line in table.splitlines():
        mode, *said = re.split(" {2,}", line)
        if mode:  # or it goes on with the line above
            yield mode, *said


def out(layer, x=X):
    return layer(x)[0]


def autocast(layer):
    """After a Linear, whose result is in bfloat16: refused as it is."""
    layer = layer.float()
    linear = nn.Linear(X.shape[2], X.shape[2])
    with torch.autocast("cpu", torch.bfloat16):
        y = linear(X.float())
        with pytest.raises(ValueError, match=r"x: .*float32.*bfloat16"):
            layer(y)
        value = out(layer, y.float())
    assert value.dtype == torch.float32
    assert_same(value, out(layer, y.float()), 0.05)
    value.sum().backward()
    assert linear.weight.grad.abs().sum() > 0


def meta(layer):
    wanted = out(layer).shape
    assert out(copy.deepcopy(layer).to("meta"), X.to("meta")).shape == wanted


def fake(layer):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        assert out(layer, mode.from_tensor(X)).shape == out(layer).shape


def export(layer):
    dynamic = {"x": {0: torch.export.Dim("N")}}
    exported = torch.export.export(layer, (X,), dynamic_shapes=dynamic)
    assert_same(out(exported.module(), X.repeat(3, 1, 1))[:3], out(layer))


def over_batches(layer):
    outs = vmap(lambda x: out(layer, x))(torch.stack([X, 2 * X]))
    assert_same([*outs], [out(layer), out(layer, 2 * X)])


def per_sequence(layer):
    """The gradients of single sequences: they add up to that of all."""
    parameters = dict(layer.named_parameters())

    def loss(parameters, x):
        return functional_call(layer, parameters, (x[None],))[0].square().sum()

    slopes = vmap(grad(loss), (None, 0))(parameters, X)
    total = out(layer).square().sum()
    wanted = torch.autograd.grad(total, [*parameters.values()])
    assert_same([slopes[name].sum(0) for name in parameters], [*wanted])


def forward(layer):
    """What the way back gives as well: r J v, from both ends."""
    v = torch.randn_like(X)
    _, moved = jvp(lambda x: out(layer, x), (X,), (v,))
    x = X.clone().requires_grad_()
    (slope,) = gradients([out(layer, x)], [torch.ones_like(moved)], [x])
    assert_same((slope * v).sum(), moved.sum())


def dual(layer):
    with forward_ad.dual_level():
        value = out(layer, forward_ad.make_dual(X, torch.ones_like(X)))
        assert forward_ad.unpack_dual(value).tangent.abs().sum() > 0


def second(layer):
    x = X.clone().requires_grad_()
    value = out(layer, x).sum()
    (slope,) = torch.autograd.grad(value, x, create_graph=True)
    assert torch.autograd.grad(slope.sum(), x)[0].any()


def hooks(layer):
    calls = []
    layer.register_forward_hook(lambda *_: calls.append(1))
    out(layer)
    assert len(calls) == 1


def cell_hooks(layer):
    """A hook sees each step; pruning, which is a hook, follows training."""
    wanted, calls = out(layer), []
    (cell,) = layer.cells
    handle = cell.register_forward_hook(lambda *_: calls.append(1))
    assert_same(out(layer), wanted)
    assert len(calls) == X.shape[1]
    handle.remove()
    prune.random_unstructured(cell, "weight_hh", amount=0.5)
    before = out(layer)
    with torch.no_grad():
        cell.weight_hh_orig.mul_(2)
    assert not torch.equal(out(layer), before)


def packed(layer):
    layer(pack_padded_sequence(X, torch.tensor([5, 2, 1]), batch_first=True))


def batch_first(layer):
    if isinstance(layer, LSTM):
        LSTM(3, 4, batch_first=True)
    Recurrent(LSTMCell, 3, 4, batch_first=True)


def state_dict(layer):
    """In a larger model, too."""
    theirs = nn.Sequential(nn.LSTM(3, 4)).state_dict()
    nn.Sequential(layer).load_state_dict(theirs)


def compiled(layer):
    """In a process of its own, which does not hold annotations."""


MODES = {
    "autocast": autocast,
    "meta device": meta,
    "fake tensors": fake,
    "torch.export": export,
    "torch.compile": compiled,
    "vmap": over_batches,
    "torch.func.grad": per_sequence,
    "torch.func.jvp": forward,
    "forward-mode autograd": dual,
    "second derivatives": second,
    "hooks on the layer": hooks,
    "hooks on a cell": cell_hooks,
    "PackedSequence": packed,
    "batch_first=True": batch_first,
    "nn.LSTM's state_dict": state_dict,
}
USE = {
    "second derivatives": "Recurrent.LSTMCell, ...",
    "PackedSequence": "x: .*lengths",
    "batch_first=True": "options: .*batch_first.*N, T, D",
    "nn.LSTM's state_dict": "state_dict: .*unrolled.convert.from_torch",
}


def test_the_table_names_what_is_tried():
    assert [mode for mode, *_ in rows()] == [*MODES]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", [LSTM, *CELLS])
@pytest.mark.parametrize("row", [*rows()], ids=lambda row: row[0])
def test_a_mode_works_or_is_refused_as_the_table_says(row, kind):
    mode, of_recurrent, of_lstm = row
    said, layer = of_lstm if kind is LSTM else of_recurrent, CASE.build(kind)
    if said.startswith("work"):
        MODES[mode](layer)
        return
    assert said.startswith("refused: ")
    with pytest.raises((ValueError, RuntimeError)) as caught:
        MODES[mode](layer)
    message = str(caught.value)
    assert re.search(f"{USE[mode]}", message)
    assert re.search("expected .*, got ", message)
    assert len(message) < 200


def test_compiles_as_one_graph():
    """In a process of its own: here, annotations are held, which it sees."""
    program = """
import torch
from unrolled import cells
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent
x, lengths = torch.rand(2, 4, 3), torch.tensor([4, 2])
kinds = [LSTMCell, cells.PeepholeLSTMCell, cells.CoupledLSTMCell]
kinds += [cells.LayerNormLSTMCell, cells.GRUCell, cells.RNNCell]
for layer in (LSTM(3, 5), *(Recurrent(kind, 3, 5) for kind in kinds)):
    torch.compiler.reset()
    compiled = torch.compile(layer, backend="eager", fullgraph=True)
    ours, wanted = compiled(x, None, lengths)[0], layer(x, None, lengths)[0]
    torch.testing.assert_close(ours, wanted)
    with torch.autocast("cpu", torch.bfloat16):
        compiled(x, None, lengths)
"""
    told = [sys.executable, "-W", "error:Dynamo detected", "-c", program]
    subprocess.run(told, check=True)
