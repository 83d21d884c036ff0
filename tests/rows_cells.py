"""Good calls and rules: cells and layers."""

import torch
from torch import nn

from bad_input import bad, fine, good
from oracles import CELLS
from unrolled import cells, convert
from unrolled.cell import Cell
from unrolled.lstm import LSTM, LSTMCell
from unrolled.recurrent import Recurrent

N, T, D, H = 2, 6, 3, 5
EXCEPT = {
    "unrolled.cell": "Cell mode",  # the row of Plainest, below, is its
    "unrolled.convert": "from_keras",  # see test_convert.py
    "unrolled.lstm": "LSTMScan LSTMScan.backward LSTMScan.forward",
}
OPTIONS = {
    "input_size": 1,
    "hidden_size": 1,
    "two_biases": True,
    "init": "xavier",
    "generator": torch.Generator(),
}
LAYER = OPTIONS | {"num_layers": 1, "dropout": 0.0, "bidirectional": False}
RULES = [bad("two_biases: .*got True", bias=False, two_biases=True)]
NO_GENERATOR = fine("generator: None")
ANY_BIAS = fine("(forget|update)_bias: -0.1")
STACK_RULES = [
    *RULES,
    *[bad("dropout", num_layers=2, dropout=p) for p in (1.0, 1)],
    bad("dropout: .*0 with one layer", dropout=0.5),
]


class Plainest(Cell):
    """No more than a cell has to have."""

    blocks = 1


def gate_bias(kind):
    """What a kind of cell adds to one gate's bias."""
    if kind is cells.GRUCell:
        return {"update_bias": 0.0}
    return {"forget_bias": 0.0}


def rows_of_calls():
    """One step; the whole run, with states, lengths and both directions."""
    x, h, c = torch.rand(N, D), torch.rand(N, H), torch.rand(N, H)
    sequence, lengths = torch.rand(N, T, D), torch.tensor([T, 1])
    past = [
        bad("lengths: .*from 1 to 6, got 7", lengths=torch.tensor([7, 1])),
        bad("lengths: .*from 1 to 6, got 0", lengths=torch.tensor([6, 0])),
    ]
    h_n, c_n = torch.rand(4, N, H), torch.rand(4, N, H)
    lstm = LSTM(D, H, 2, bidirectional=True)
    gru = Recurrent(cells.GRUCell, D, H, 2, bidirectional=True)
    yield good(LSTMCell(D, H).forward, x=x, state=(h, c))
    yield good(cells.GRUCell(D, H).forward, x=x, state=h)
    calls = [(lstm.forward, (h_n, c_n)), (lstm.trace, (h_n, c_n))]
    for call, state in [*calls, (gru.forward, h_n)]:
        yield good(call, *past, x=sequence, state=state, lengths=lengths)


def rows_of_convert():
    """Others' layers, as far as ours can be like them, and back."""
    others = (nn.LSTMCell(D, H), nn.LSTM, LSTM(D, H))
    yield good(
        convert.from_torch,
        *[bad("other: expected an nn.LSTM", other=other) for other in others],
        bad("other: .*projections", other=nn.LSTM(D, H, proj_size=2)),
        bad("dropout", other=nn.LSTM(D, H, 2, dropout=1.0)),
        other=nn.LSTM(D, H),
    )
    for call in (convert.to_torch, convert.to_keras):
        no_layout = Recurrent(cells.PeepholeLSTMCell, D, H)
        rule = bad("layer: .*got 'PeepholeLSTMCell'", layer=no_layout)
        yield good(call, rule, layer=LSTM(D, H))


WRONG = [None, LSTM, nn.LSTM, "GRU", cells.GRUCell(D, H)]
ROWS = [
    good(Plainest, *RULES, **OPTIONS),
    good(cells.RNNCell, *RULES, NO_GENERATOR, **OPTIONS, nonlinearity="relu"),
    *[
        good(kind, *RULES, NO_GENERATOR, ANY_BIAS, **OPTIONS, **gate_bias(kind))
        for kind in CELLS
        if kind is not cells.RNNCell
    ],
    good(LSTM, *STACK_RULES, NO_GENERATOR, ANY_BIAS, **LAYER,
         forget_bias=0.0),
    good(Recurrent, *STACK_RULES,
         *[bad("cell_class: .*Cell", cell_class=wrong) for wrong in WRONG],
         **LAYER, cell_class=cells.GRUCell),
    *rows_of_calls(),
    *rows_of_convert(),
]  # fmt: skip
