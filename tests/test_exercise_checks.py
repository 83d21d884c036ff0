"""The exercises' checks: what they let pass, what they say.

That their oracles and references are right, the worked solutions prove, which
nbval runs against them; that the ranges hold the solutions, too.
"""

import re
from functools import partial

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from unrolled import by_hand
from unrolled.by_hand.lstm import bptt as again
from unrolled_book.exercises.expect import (
    CheckFailed,
    expect,
    expect_digits,
    expect_number,
)
from unrolled_book.exercises.oracles import lstm_states as asks
from unrolled_book.exercises.run import call


def said(call, *args, **options):
    """The lines of a check that fails."""
    with pytest.raises(CheckFailed) as caught:
        call(*args, **options)
    return str(caught.value).splitlines()


ONES, FOUR = torch.ones(2, requires_grad=True), np.arange(4.0)
PASSING = [
    (1.0, 1.0), (np.ones((1, 1)), 1.0),  # one number, however it is wrapped
    (ONES, np.ones(2)), ([1, 2], np.array([1.0, 2.0])), (ONES, (1.0, 1.0)),
    ([1.0, np.zeros(2)], (1.0, [0.0, 0.0])), (np.ones(2), (1.0, 1.0)),
    ({"b": 2.0, "a": 1.0}, {"a": 1.0, "b": 2.0}),
    (1e6 + 0.0005, 1e6), (1e-9, 0.0),  # relative to the largest, or to 1
    (np.ones(3, np.float32) + 1e-5, [1, 1, 1]),  # to float32's own rounding
    (torch.ones(3) + 1e-5, [1, 1, 1]),
]  # fmt: skip
FAILING = [
    ((None,), (1.0,), "a number at [0]", "None at [0]"),
    (np.ones(3), np.ones((1, 3)), "shape (1, 3)", "shape (3,)"),
    ("one", 1.0, "a number", "'one'"),
    (np.array([1.0, None]), np.ones(2), "an array of shape (2,)",
     "an array of shape (2,) of objects, not of numbers"),
    (np.inf, 1.0, "1", "inf"),
    ([1.0, np.nan], np.ones(2), "1 at [1]", "nan at [1]"),
    (1.001, 1.0, "1", "1.001"), (np.ones(3) + 1e-5, [1, 1, 1], "1", "1.00001"),
    (np.ones(3, np.float32) + 1e-3, [1, 1, 1], "1", "1.001"),
    ([[0, 0], [1, 5]], np.zeros((2, 2)), "0 at [1, 1]", "5 at [1, 1]"),
    ((1.0,), (1.0, 2.0), "2 values: a number, a number", "1 values: 1"),
    ((1.0, [0.0, 2.0]), (1.0, [0.0, 3.0]), "3 at [1][1]", "2 at [1][1]"),
    ({"a": 1.0}, {"b": 1.0}, "a dict with b: a number", "a dict with a: 1"),
    ({"a": {}}, {"a": {"b": 1.0}}, "with b: a number at ['a']",
     "an empty dict"),
    ({"a": [4.0]}, {"a": [3.0]}, "3 at ['a'][0]", "4 at ['a'][0]"),
    (torch.ones(2).bfloat16(), np.ones(2), "an array of shape (2,)",
     "an array of shape (2,) of bfloat16; float64 is needed"),
    (torch.ones(2).to_sparse(), np.ones(2), "an array of shape (2,)",
     "(2,) that is sparse (torch.sparse_coo); a dense one is needed"),
    (np.ones(2, complex), np.ones(2), "(2,)", "(2,) of complex128; float64"),
    (np.array(["a", "b"]), np.ones(2), "(2,)", "(2,) of <U1; float64"),
    ([0.5] * 1000, (1.0, 2.0), "2 values: a number, a number",
     "1000 values: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ..."),
    # The hint is for the cause.
    (-FOUR, FOUR, "3", "hint: All numbers have the other sign. Look"),
    (3 * FOUR, FOUR, "3", "are 3 times what they should be. Look"),
    (FOUR.reshape(2, 2).T, FOUR.reshape(2, 2), "1", "columns are exchanged."),
    (np.ones((2, 3)), np.ones((3, 2)), "(3, 2)", "axes are exchanged"),
    (np.ones(3) / 3, np.float32(np.ones(3) / 3), "", "float64 is needed. Look"),
    (np.ones(2, np.float32) * 1.01, np.ones(2), "1", "float32 came, float64"),
    ({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 3.0}, "3 at ['b']",
     "hint: Look there. Wrong: ['b']. Right: ['a']."),
]  # fmt: skip


@pytest.mark.parametrize(("came", "right"), PASSING)
def test_what_is_right_passes(came, right):
    expect("it", came, right, hint="none")


@pytest.mark.parametrize(("came", "right", "expected", "found"), FAILING)
def test_what_is_wrong_is_named(came, right, expected, found):
    first, *lines = said(expect, "it", came, right, hint="Look there.")
    text = " ".join(" ".join(lines).split())
    assert first == "Not yet: it"
    before, _, after = text.partition(" came: ")
    assert expected in before
    assert found in after
    assert re.search(r"Look there\.|The shape is|float32 came", after)


def test_the_tolerance_counts():
    expect("it", 1.05, 1.0, "none", tolerance=0.1)
    said(expect, "it", 1.05, 1.0, "none", tolerance=0.01)


def test_digits_that_are_right():
    for came in (0.1234, 0.12342, np.array([0.1234])):
        expect_digits("it", came, 0.12342, 4, "none")
    for came in (0.1234, 0.1235):  # between two, either will do
        expect_digits("it", came, 0.12345, 4, "none")
    expect_digits("it", 7, 7.0, 0, "none")


MORE = "Close: carry more digits on the way. "
COUNT = "Off by one: count again. "
WRONG_DIGITS = [
    (0.1235, 0.12342, 4, MORE), (0.12348, 0.12342, 4, MORE),
    (-0.1235, 0.12342, 4, ""), (0.126, 0.12342, 4, ""), ("x", 0.12342, 4, ""),
    ([0.1234, 0.1234], 0.12342, 4, ""), (0.2, 0.1, 1, ""),
    (36.28, 37, 0, "Round up. "), (35.28, 37, 0, ""), (36, 37, 0, COUNT),
    (38, 37, 0, COUNT), (35, 37, 0, ""), (np.inf, 37, 0, ""),
]  # fmt: skip


@pytest.mark.parametrize(("came", "right", "decimals", "hint"), WRONG_DIGITS)
def test_digits_that_are_wrong(came, right, decimals, hint):
    """They are not given away, and who is close is told."""
    lines = said(expect_digits, "it", came, right, decimals, "Look.")
    wanted = f"a number, right to {decimals} decimal{'s' * (decimals > 1)}"
    wanted = wanted if decimals else "the right whole number"
    assert lines[1] == f"  expected: {wanted}"
    assert lines[-1] == f"  hint:     {hint}Look."


def test_numbers_in_a_range_and_out_of_it():
    assert said(expect_number, "it", None)[1] == "  expected: a number"
    for came in (0.5, 1, [0.7], torch.tensor(0.6)):
        expect_number("it", came)
        expect_number("it", came, 0.5, 1.0)
    for came in (0.4, 1.1, np.nan, "x", [], [0.6, 0.6]):
        lines = said(expect_number, "it", came, 0.5, 1.0, "Look there.")
        assert lines[1] == "  expected: a number in the right range"
        assert lines[3] == "  hint:     Look there."


@pytest.mark.parametrize("bad", ["1", np.nan, np.inf])
def test_our_own_slips_are_errors_and_no_student_s(bad):
    for name, door, arguments in (
        ("right", expect, (1.0, bad, "none")),
        ("right", expect_digits, (1.0, bad, 2, "none")),
        ("tolerance", expect, (1.0, 1.0, "none", bad)),
        ("decimals", expect_digits, (1.0, 1.0, bad, "none")),
        ("low", expect_number, (1.0, bad)),
        ("high", expect_number, (1.0, 0.0, bad)),
        ("high", expect_number, (1.0, 0.0, -1.0)),
    ):
        with pytest.raises(ValueError, match=f"{name}: expected .*, got"):
            door("it", *arguments)


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


def spoil(a):
    a += 1
    return a


def spoil_inside(problem):
    problem["b"][0].append(1)
    return 1


def put_a_number(a):
    a[0] = 1.0
    return a


def never_ends_and_catches(a):
    while True:
        try:
            try:
                np.linalg.inv(np.eye(40))
            except:  # noqa: E722
                np.eye(1)
        except:  # noqa: E722
            np.eye(2)


def helps(a):
    return again(a)


def bptt(a):
    """Its own name is no other's, and it calls itself."""
    return a and bptt(a - 1)


def has_no_return(a):
    a = a + 1


UNFAIR = [
    (spoil, np.zeros(2), "the arguments of spoil .*another a$"),
    (spoil, torch.zeros(2), "the arguments of spoil .*another a$"),
    (spoil_inside, {"b": [[1]]}, "spoil_inside after .*another problem"),
    (put_a_number, [1], "put_a_number after .*another a$"),
    (lambda a: input("a? "), 1, "input"),
    (never_ends_and_catches, 1, "never_ends_and_catches.*none in"),
    (lambda a: [by_hand.lstm.bptt(each) for each in a], [1], "without bptt"),
    (partial(lambda a, b: again(a), b=1), 1, "without bptt"),
    (lambda a: getattr(by_hand.lstm, "bptt")(a), 1, "without bptt"),  # noqa: B009
    (lambda a: helps(a), 1, "without bptt"),
    (lambda a: asks(a), 1, "the checks' helpers"),
    ([].append, 1, "append.*None.*no result"),
    (has_no_return, np.zeros(2), "has_no_return.*None.*no result"),
]


@pytest.mark.parametrize(("answer", "argument", "words"), UNFAIR)
def test_a_call_that_is_not_fair_is_met(answer, argument, words, monkeypatch):
    monkeypatch.setattr("unrolled_book.exercises.run._SECONDS", 0.2)
    kept = repr(argument)
    *lines, hint = "\n".join(
        said(call, answer, argument, without=["bptt"])
    ).split("  hint:  ")
    text = " ".join(" ".join(lines).split())
    assert re.search(words, text)
    assert len(hint.strip()) > 20
    assert repr(argument) == kept  # only a copy was at risk


def test_a_fair_call_gives_what_comes():
    wants = torch.ones(2, requires_grad=True)
    came = call(lambda a, b: (a * 2, b.sum()), wants, np.array([1.0, np.nan]))
    assert came[0].grad_fn is not None
    slope = call(lambda a: a.sum().backward() or a.grad, wants)
    assert slope.tolist() == [1, 1]

    def not_begun(a):
        """It has a docstring."""
        pass  # your code here

    assert call(not_begun, 1) is None
    assert call(bptt, 3, without=["bptt"]) == 0
