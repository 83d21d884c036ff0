"""The exercises' checks: what they let pass, what they say, what they know."""

import statistics

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from unrolled import by_hand, data
from unrolled_book.exercises.expect import (
    CheckFailed,
    expect,
    expect_digits,
    expect_number,
)
from unrolled_book.exercises.oracles import (
    arrivals,
    fall_ratio,
    gap_without_dh,
    lstm_gradients,
    lstm_states,
    random_lstm,
)
from unrolled_book.exercises.references import (
    RANGES,
    cost_of_patience,
    interval_of_five,
    kept_pairs,
    steps_until,
    stopped,
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
    assert lines[2] == (
        "  came:     1000 values: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ..."
    )


@pytest.mark.parametrize("ones", [np.ones(3, np.float32), torch.ones(3)])
def test_float32_is_held_to_its_own_rounding(ones):
    expect("it", ones + 1e-5, [1, 1, 1], hint="none")
    assert "came" in said(expect, "it", ones + 1e-3, np.ones(3), "look")[2]
    assert said(expect, "it", np.ones(3) + 1e-5, np.ones(3), "look")


def test_the_tolerance_counts():
    expect("it", 1.05, 1.0, "none", tolerance=0.1)
    said(expect, "it", 1.05, 1.0, "none", tolerance=0.01)


def test_digits_that_are_right():
    for came in (0.1234, 0.12342, np.array([0.1234])):
        expect_digits("it", came, 0.12342, 4, "none")
    for came in (0.1234, 0.1235):  # between two, either will do
        expect_digits("it", came, 0.12345, 4, "none")
    expect_digits("it", 7, 7.0, 0, "none")


FOUR = "a number, right to 4 decimals"
WHOLE = "the right whole number"


@pytest.mark.parametrize(
    ("came", "right", "decimals", "expected", "hint"),
    [
        (0.1235, 0.12342, 4, FOUR, "Close: carry more digits on the way. "),
        (0.12348, 0.12342, 4, FOUR, "Close: carry more digits on the way. "),
        (-0.1235, 0.12342, 4, FOUR, ""),
        (0.126, 0.12342, 4, FOUR, ""),
        ("x", 0.12342, 4, FOUR, ""),
        ([0.1234, 0.1234], 0.12342, 4, FOUR, ""),
        (0.2, 0.1, 1, "a number, right to 1 decimal", ""),
        (36.28, 37, 0, WHOLE, "Round up. "),
        (35.28, 37, 0, WHOLE, ""),
        (36, 37, 0, WHOLE, "Off by one: count again. "),
        (38, 37, 0, WHOLE, "Off by one: count again. "),
        (35, 37, 0, WHOLE, ""),
        (np.inf, 37, 0, WHOLE, ""),
    ],
)
def test_digits_that_are_wrong(came, right, decimals, expected, hint):
    """They are not given away, and who is close is told."""
    lines = said(expect_digits, "it", came, right, decimals, "Look.")
    assert lines[1] == f"  expected: {expected}"
    assert lines[-1] == f"  hint:     {hint}Look."


def test_numbers_in_a_range_and_out_of_it():
    for came in (0.5, 1, [0.7], torch.tensor(0.6)):
        expect_number("it", came)
        expect_number("it", came, 0.5, 1.0)
    for came in (0.4, 1.1, np.nan, "x", [], [0.6, 0.6]):
        lines = said(expect_number, "it", came, 0.5, 1.0, "Look there.")
        assert lines[1] == "  expected: a number in the right range"
        assert lines[3] == "  hint:     Look there."


@pytest.mark.parametrize("bad", ["1", np.nan, np.inf])
def test_our_own_slips_are_errors_and_no_student_s(bad):
    for name, call, arguments in (
        ("right", expect, (1.0, bad, "none")),
        ("right", expect_digits, (1.0, bad, 2, "none")),
        ("tolerance", expect, (1.0, 1.0, "none", bad)),
        ("decimals", expect_digits, (1.0, 1.0, bad, "none")),
        ("low", expect_number, (1.0, bad)),
        ("high", expect_number, (1.0, 0.0, bad)),
        ("high", expect_number, (1.0, 0.0, -1.0)),
    ):
        with pytest.raises(ValueError, match=f"{name}: expected .*, got"):
            call("it", *arguments)


def test_lines_fit_and_a_notebook_shows_nothing_else():
    long = "word " * 60
    lines = said(expect, "it", np.ones(2), {"a" * 20: np.ones(3)}, hint=long)
    assert max(map(len, lines)) <= 80
    shell, shown = InteractiveShell(), []
    shell._showtraceback = lambda kind, value, lines: shown.extend(lines)
    shell.run_cell(
        f"from {expect.__module__} import expect\n"
        "expect('it', 1.0, 2.0, hint='Add.')"
    )
    assert shown == [
        "Not yet: it",
        "  expected: 2",
        "  came:     1",
        "  hint:     Add.",
    ]


# The oracles, by the package's own LSTM


@pytest.fixture(name="problem")
def draw_problem():
    return random_lstm(3, 12, 2, 4, np.random.default_rng(0))


def test_states_are_those_of_the_package(problem):
    x, params, _ = problem
    hs, caches = by_hand.lstm.forward(x, params)
    ours = hs, caches[-1].h, caches[-1].c
    expect("states", lstm_states(x, params), ours, "none")
    _, h, c = lstm_states(x[:, :5], params)
    later = lstm_states(x[:, 5:], params, h, c)
    expect("the rest", later, (hs[:, 5:], *ours[1:]), "none")


@pytest.mark.parametrize("ks", [(12, 12), (3, 3), (3, 6), (6, 3), (2, 5)])
def test_truncation_keeps_the_pairs_of_the_formula(problem, ks):
    """Sum the gradient over the pairs that k₁ and k₂ keep, one by one."""
    (x, params, dhs), (k1, k2) = problem, ks
    _, caches = by_hand.lstm.forward(x, params)
    right = {name: np.zeros_like(value) for name, value in params.items()}
    for s in range(12):
        end = (s // k1 + 1) * k1
        dh, dc = dhs[:, s], np.zeros_like(dhs[:, s])
        for u in range(s, max(0, end - k2) - 1, -1):
            _, dh, dc, grads = by_hand.lstm.cell_backward(
                dh, dc, caches[u], params
            )
            right = {name: right[name] + grads[name] for name in right}
    expect("pairs", lstm_gradients(x, params, dhs, k1, k2), right, "none")
    if ks == (12, 12):  # the default
        expect("all", lstm_gradients(x, params, dhs), right, "none")


def test_problems_are_fresh_and_large_enough(problem):
    x, params, dhs = problem
    other = random_lstm(3, 12, 2, 4, np.random.default_rng(1))
    assert (x != other[0]).all()
    for array in (*params.values(), dhs):
        assert np.abs(array).mean() > 0.3


def test_the_fall_is_that_of_the_package():
    rate = 0.1
    x, y, weights = data.anchor()

    def loss(params):
        hs, caches = by_hand.lstm.forward(x, params)
        return ((hs - y) ** 2).sum(), 2 * (hs - y), caches

    before, errors, caches = loss(weights)
    _, grads = by_hand.lstm.bptt(errors, caches, weights)
    squares = sum((grad**2).sum() for grad in grads.values())
    moved = {name: weights[name] - rate * grads[name] for name in weights}
    right = (before - loss(moved)[0]) / (rate * squares)
    assert fall_ratio(x, y, weights, rate) == pytest.approx(right)


def test_the_gap_is_that_of_a_pass_without_dh(problem):
    x, params, dhs = problem
    _, caches = by_hand.lstm.forward(x, params)
    right = by_hand.lstm.bptt(dhs, caches, params)[1]
    dc, gap = np.zeros_like(dhs[:, 0]), {n: -right[n] for n in right}
    for t in reversed(range(dhs.shape[1])):
        _, _, dc, new = by_hand.lstm.cell_backward(
            dhs[:, t], dc, caches[t], params
        )
        gap = {name: gap[name] + new[name] for name in gap}
    lengths = [
        np.linalg.norm(np.concatenate([grad.ravel() for grad in d.values()]))
        for d in (gap, right)
    ]
    share = lengths[0] / lengths[1]
    assert gap_without_dh(x, params, dhs) == pytest.approx(share)


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_what_arrives_is_what_autograd_says(kind):
    generator = torch.Generator().manual_seed(0)
    layer = getattr(torch.nn, kind)(2, 3, num_layers=2, batch_first=True)
    for tensor in layer.parameters():
        torch.nn.init.uniform_(tensor, -1, 1, generator=generator)
    x = torch.randn(4, 5, 2, generator=generator)
    before = [tensor.clone() for tensor in layer.parameters()]
    came = arrivals(layer, x)
    for old, new in zip(before, layer.parameters(), strict=True):
        assert old.equal(new)
        assert old.dtype == new.dtype
    tables = torch.autograd.functional.jacobian(
        lambda x: layer.double()(x)[0][:, -1], x.double()
    )  # (4, 3, 4, 5, 2)
    own = torch.stack([tables[n, :, n] for n in range(4)])  # (4, 3, 5, 2)
    lengths = own.square().sum(dim=(1, 3)).mean(dim=0).sqrt()  # (5,)
    right = lengths / lengths[-1]
    assert came == pytest.approx(right.numpy(), rel=1e-6)


# The references, by formulas. (That the ranges hold the worked solutions, nbval
# proves.)


def test_ranges_are_ranges():
    assert all(low < high for low, high in RANGES.values())


@pytest.mark.parametrize(("k1", "k2"), [(3, 6), (6, 3), (1, 4), (12, 12)])
def test_pairs_are_those_of_the_formula(k1, k2):
    """Error s belongs to the pass that begins after its group of k₁."""
    ends = [(s // k1 + 1) * k1 for s in range(12)]
    reach = [s - max(0, end - k2) + 1 for s, end in enumerate(ends)]
    assert kept_pairs(12, k1, k2) == sum(max(0, steps) for steps in reach)


@pytest.mark.parametrize("factor", [0.5, 0.9, 0.982])
@pytest.mark.parametrize("left", [0.01, 0.1])
def test_steps_are_those_of_the_logarithm(factor, left):
    right = np.ceil(np.log(left) / np.log(factor))
    assert steps_until(factor, left) == right


def waited(losses, patience):
    """Early stopping as the chapter does it, epoch by epoch."""
    best = 0
    for epoch, value in enumerate(losses):
        if value < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best + 1, epoch + 1


@pytest.mark.parametrize("patience", [1, 2, 3, 9, 50])
def test_stopping_is_the_chapter_s(patience):
    """Whole numbers, so that many losses are equal."""
    rows = np.random.default_rng(0).integers(0, 8, (200, 12))
    right = [waited(row, patience) for row in rows]
    assert [stopped(row, patience) for row in rows] == right
    pairs = zip(rows, right, strict=True)
    costs = [row[kept - 1] - min(row) for row, (kept, _) in pairs]
    assert cost_of_patience(rows, patience).tolist() == costs


def test_the_interval_is_that_of_the_standard_deviation():
    five = np.random.default_rng(0).normal(3, 2, 5)
    mean, half = interval_of_five(five)
    assert mean == pytest.approx(statistics.fmean(five))
    right = 2.776 * statistics.stdev(five) / np.sqrt(5)
    assert half == pytest.approx(right)
