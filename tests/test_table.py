"""Results as tables: the same in text, in HTML and on a telephone."""

import re

import pandas as pd

from unrolled_book.table import Table

FRAME = pd.DataFrame(
    {"loss < 1": [0.84512, 12345.6], "how": ["a & b", "0.5"]},
    index=pd.Index(["before", "<after>"], name="when"),
)
TABLE = Table(FRAME, ",.2f")


def test_numbers_are_formatted_and_texts_left_alone():
    assert TABLE.frame.to_numpy().tolist() == [
        ["0.85", "a & b"],
        ["12,345.60", "0.5"],
    ]
    assert repr(TABLE).split() == [
        *("loss", "<", "1", "how"), "when",
        *("before", "0.85", "a", "&", "b"), *("<after>", "12,345.60", "0.5"),
    ]  # fmt: skip


def test_each_number_has_its_column_s_title():
    page = TABLE._repr_html_()
    cells = re.findall(r'<td data-title="(.*?)">(.*?)</td>', page)
    assert cells == [
        ("loss &lt; 1", "0.85"), ("how", "a &amp; b"),
        ("loss &lt; 1", "12,345.60"), ("how", "0.5"),
    ]  # fmt: skip
    heads = re.findall(r"<th>(.*?)</th>", page)
    assert heads == ["when", "loss &lt; 1", "how", "before", "&lt;after&gt;"]


def test_the_page_is_the_same_each_time():
    assert TABLE._repr_html_() == Table(FRAME, ",.2f")._repr_html_()
