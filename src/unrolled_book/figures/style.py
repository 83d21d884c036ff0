"""The colours and names of the quantities, the same in every figure."""

COLORS = {
    "i": "#009E73",
    "f": "#0072B2",
    "g": "#E69F00",
    "o": "#CC79A7",
    "c": "#000000",
    "h": "#D55E00",
    "x": "#6B6B6B",
    "gradient": "#B2182B",
    "negative": "#2166AC",
    "plain": "#3D4C6B",
    "pale": "#7C8AA8",
    "sgd": "#56B4E9",
    "adam": "#332288",
    "best": "#44AA99",
    "last": "#882255",
    "layer 1": "#999933",
    "layer 2": "#225555",
}
"""One colour for each quantity, everywhere.

Gates and states have colours of Okabe and Ito's palette, which the colour-blind
can tell apart; inputs are grey, gradients dark red, negative ones blue. What is
none of these is slate, dark or light; lines to compare with are grey or black,
as text is.
The optimisers are sky blue (SGD) and indigo (Adam), a run's best weights teal
and its last ones wine; of two layers, the first is olive, the second dark teal.
"""

CELL_LOOKS = {
    "RNN": ("#BB5566", "o"),
    "GRU": ("#DDAA33", "s"),
    "LSTM": ("#004488", "^"),
    "Transformer": ("#66CCEE", "D"),
    "peephole": ("#117733", "v"),
    "coupled": ("#AA4499", "P"),
    "layer": ("#7D7D7D", "X"),
}
"""One colour and one marker for each kind of network that is compared.

The first three colours are Tol's "high-contrast" palette, which the
colour-blind can tell apart, and which survives a grey copy. The last three are
variants of the LSTM; figures of these have a row for each, beside its name.
"""

MOMENTS = {"best": "o", "last": "s"}
"""The marker of a run's best weights and of its last ones."""

GATE_NAMES = {
    "f": "forget gate f",
    "i": "input gate i",
    "g": "candidate g",
    "o": "output gate o",
}
"""The gates in the order in which the chapters meet them."""
