"""The exercises' checks: what passes, what does not, and what they say."""

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from unrolled import numpy_lstm
from unrolled.exercise_checks import (
    CheckFailed,
    expect,
    expect_digits,
    expect_number,
)
from unrolled.exercise_oracles import (
    arrivals,
    lstm_gradients,
    lstm_states,
    random_lstm,
)


def said(call, *args, **options):
    """The lines of a check that fails."""
    with pytest.raises(CheckFailed) as caught:
        call(*args, **options)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("came", "right"),
    [
        (1.0, 1.0),
        (np.ones((1, 1)), 1.0),  # one number, however it is wrapped
        (torch.ones(2, requires_grad=True), np.ones(2)),
        ([1, 2], np.array([1.0, 2.0])),
        ([1.0, np.zeros(2)], (1.0, [0.0, 0.0])),
        (np.ones(2), (1.0, 1.0)),
        (torch.ones(2, requires_grad=True), (1.0, 1.0)),
        ({"b": 2.0, "a": 1.0}, {"a": 1.0, "b": 2.0}),
        (1e6 + 0.01, 1e6),  # relative to the largest
        (1e-9, 0.0),  # or to 1
        (np.ones(1), np.ones(1)),
    ],
)
def test_what_is_right_passes(came, right):
    expect("it", came, right, hint="none")


@pytest.mark.parametrize(
    ("came", "right", "expected", "found"),
    [
        ((None,), (1.0,), "a number at [0]", "None at [0]"),
        (np.ones(3), np.ones((1, 3)), "shape (1, 3)", "shape (3,)"),
        ("one", 1.0, "a number", "'one'"),
        (
            np.array([1.0, None]),
            np.ones(2),
            "an array of shape (2,)",
            "an array of shape (2,) of objects, not of numbers",
        ),
        (np.inf, 1.0, "1", "inf"),
        ([1.0, np.nan], np.ones(2), "1 at [1]", "nan at [1]"),
        (1.001, 1.0, "1", "1.001"),
        ([[0, 0], [1, 5]], np.zeros((2, 2)), "0 at [1, 1]", "5 at [1, 1]"),
        ((1.0,), (1.0, 2.0), "2 values: a number, a number", "1 values: 1"),
        ((1.0, [0.0, 2.0]), (1.0, [0.0, 3.0]), "3 at [1][1]", "2 at [1][1]"),
        ({"a": 1.0}, {"b": 1.0}, "a dict with b: a number", "a dict with a: 1"),
        (
            {"a": {}},
            {"a": {"b": 1.0}},
            "with b: a number at ['a']",
            "an empty dict",
        ),
        ({"a": [4.0]}, {"a": [3.0]}, "3 at ['a'][0]", "4 at ['a'][0]"),
    ],
)
def test_what_is_wrong_is_named(came, right, expected, found):
    first, *lines = said(expect, "it", came, right, hint="Look there.")
    text = " ".join(" ".join(lines).split())
    assert first == "Not yet: it"
    before, _, after = text.partition(" came: ")
    assert expected in before
    assert found in after
    assert text.endswith("hint: Look there.")


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (lambda: expect("it", None, np.ones((2, 3)), "none"),
         "an array of shape (2, 3)"),
        (lambda: expect_digits("it", None, 0.5, 1, "none"),
         "a number, right to 1 decimal"),
        (lambda: expect_number("it", None), "a number"),
    ],
)  # fmt: skip
def test_where_nothing_is_no_hint_is_given(check, expected):
    assert said(check) == [
        "Nothing here yet: it",
        f"  expected: {expected}",
        "  came:     None",
    ]


def test_a_long_list_is_cut():
    lines = said(expect, "it", [0.5] * 1000, (1.0, 2.0), "none")
    assert lines[2:-1] == [
        "  came:     1000 values: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ..."
    ]


@pytest.mark.parametrize("kind", [np.float32, torch.float32])
def test_float32_is_held_to_its_own_rounding(kind):
    ones = torch.ones(3) if kind is torch.float32 else np.ones(3, kind)
    expect("it", ones + 1e-5, [1, 1, 1], hint="none")
    assert "came" in said(expect, "it", ones + 1e-3, np.ones(3), "look")[2]
    assert said(expect, "it", np.ones(3) + 1e-5, np.ones(3), "look")


def test_the_tolerance_counts():
    expect("it", 1.05, 1.0, "none", tolerance=0.1)
    said(expect, "it", 1.05, 1.0, "none", tolerance=0.01)


@pytest.mark.parametrize(
    "came", [0.5, 0.1235, 0.12348, "x", None, [], np.nan, [0.1234, 0.1234]]
)
def test_digits_that_are_wrong(came):
    lines = said(expect_digits, "it", came, 0.12342, 4, "Carry one more.")
    assert lines[1] == "  expected: a number, right to 4 decimals"
    assert "0.1234" not in lines[1]


@pytest.mark.parametrize("came", [0.1234, 0.12342, np.array([0.1234])])
def test_digits_that_are_right(came):
    expect_digits("it", came, 0.12342, 4, "none")


@pytest.mark.parametrize("came", [0.1234, 0.1235])
def test_a_number_between_two_may_be_rounded_either_way(came):
    expect_digits("it", came, 0.12345, 4, "none")


def test_one_decimal():
    lines = said(expect_digits, "it", 0.2, 0.1, 1, "none")
    assert lines[1] == "  expected: a number, right to 1 decimal"


def test_whole_numbers():
    expect_digits("it", 7, 7.0, 0, "none")
    lines = said(expect_digits, "it", 8, 7.0, 0, "none")
    assert lines[1] == "  expected: the right whole number"


@pytest.mark.parametrize(
    ("came", "right", "decimals", "hint"),
    [
        (0.1235, 0.12342, 4, "Close: carry more digits on the way. none"),
        (-0.1235, 0.12342, 4, "none"),
        (0.126, 0.12342, 4, "none"),
        (36.28, 37, 0, "Round up. none"),
        (35.28, 37, 0, "none"),
        (36, 37, 0, "Off by one: count again. none"),
        (38, 37, 0, "Off by one: count again. none"),
        (35, 37, 0, "none"),
        (np.inf, 37, 0, "none"),
        ("x", 37, 0, "none"),
    ],
)
def test_who_is_close_is_told(came, right, decimals, hint):
    lines = said(expect_digits, "it", came, right, decimals, "none")
    assert lines[-1] == f"  hint:     {hint}"


@pytest.mark.parametrize("came", [0.5, 1, [0.7], torch.tensor(0.6)])
def test_numbers_in_a_range(came):
    expect_number("it", came)
    expect_number("it", came, 0.5, 1.0)


@pytest.mark.parametrize("came", [0.4, 1.1, np.nan, "x", [], [0.6, 0.6]])
def test_numbers_out_of_range(came):
    lines = said(expect_number, "it", came, 0.5, 1.0, "Look there.")
    assert lines[1] == "  expected: a number in the right range"
    assert lines[3] == "  hint:     Look there."


def test_lines_fit_and_a_notebook_shows_nothing_else():
    long = "word " * 60
    lines = said(expect, "it", np.ones(2), {"a" * 20: np.ones(3)}, hint=long)
    assert max(map(len, lines)) <= 80
    shell = InteractiveShell()
    shown = []
    shell._showtraceback = lambda kind, value, lines: shown.extend(lines)
    shell.run_cell(
        "from unrolled.exercise_checks import expect\n"
        "expect('it', 1.0, 2.0, hint='Add.')"
    )
    assert shown == [
        "Not yet: it",
        "  expected: 2",
        "  came:     1",
        "  hint:     Add.",
    ]


@pytest.fixture(name="problem")
def draw_problem():
    return random_lstm(3, 12, 2, 4, np.random.default_rng(0))


def test_states_are_those_of_the_package(problem):
    x, params, _ = problem
    hs, caches = numpy_lstm.forward(x, params)
    ours = hs, caches[-1].h, caches[-1].c
    expect("states", lstm_states(x, params), ours, "none")
    _, h, c = lstm_states(x[:, :5], params)
    later = lstm_states(x[:, 5:], params, h, c)
    expect("the rest", later, (hs[:, 5:], *ours[1:]), "none")


def test_gradients_are_those_of_the_package(problem):
    x, params, dhs = problem
    _, caches = numpy_lstm.forward(x, params)
    for window in (None, 1, 3):
        _, ours = numpy_lstm.bptt(dhs, caches, params, window=window)
        k1 = None if window is None else 1
        theirs = lstm_gradients(x, params, dhs, k1, window)
        expect("gradients", theirs, ours, "none")


@pytest.mark.parametrize("ks", [(3, 3), (3, 6), (6, 3), (4, 12), (2, 5)])
def test_truncation_keeps_the_pairs_of_the_formula(problem, ks):
    """Sum the gradient over the pairs that k₁ and k₂ keep, one by one."""
    (x, params, dhs), (k1, k2) = problem, ks
    _, caches = numpy_lstm.forward(x, params)
    right = {name: np.zeros_like(value) for name, value in params.items()}
    for s in range(12):
        end = (s // k1 + 1) * k1
        dh, dc = dhs[:, s], np.zeros_like(dhs[:, s])
        for u in range(s, max(0, end - k2) - 1, -1):
            _, dh, dc, grads = numpy_lstm.cell_backward(
                dh, dc, caches[u], params
            )
            right = {name: right[name] + grads[name] for name in right}
    expect("pairs", lstm_gradients(x, params, dhs, k1, k2), right, "none")


def test_problems_are_fresh_and_large_enough(problem):
    x, params, dhs = problem
    other = random_lstm(3, 12, 2, 4, np.random.default_rng(1))
    assert (x != other[0]).all()
    for array in (*params.values(), dhs):
        assert np.abs(array).mean() > 0.3


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_what_arrives_is_what_autograd_says(kind):
    generator = torch.Generator().manual_seed(0)
    layer = getattr(torch.nn, kind)(2, 3, num_layers=2, batch_first=True)
    for tensor in layer.parameters():
        torch.nn.init.uniform_(tensor, -1, 1, generator=generator)
    x = torch.randn(4, 5, 2, generator=generator)
    tables = torch.autograd.functional.jacobian(
        lambda x: layer.double()(x)[0][:, -1], x.double()
    )  # (4, 3, 4, 5, 2)
    own = torch.stack([tables[n, :, n] for n in range(4)])  # (4, 3, 5, 2)
    lengths = own.square().sum(dim=(1, 3)).mean(dim=0).sqrt()  # (5,)
    right = lengths / lengths[-1]
    assert arrivals(layer, x) == pytest.approx(right.numpy(), rel=1e-6)


def test_what_arrives_leaves_the_layer_alone():
    layer, x = torch.nn.GRU(1, 2, batch_first=True), torch.ones(2, 3, 1)
    before = [tensor.clone() for tensor in layer.parameters()]
    arrivals(layer, x)
    after = list(layer.parameters())
    assert all(map(torch.equal, before, after))
    assert after[0].dtype == x.dtype == torch.float32
