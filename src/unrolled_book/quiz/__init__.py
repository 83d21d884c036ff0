"""The quiz at the end of a chapter: its questions, its keys, its page.

The questions of a chapter stand in ``questions/NN_name.json``; what is asked
of them, and what each field means, says `load`. No number that a reader has to
find is typed there: an answer names a key, and `keys` computes it.
``jupyterquiz`` does the asking. It is told what to ask by `show`, which also
mends what it lacks for the keyboard and for screen readers (``page.js``) and
gives it the look of the book (``page.css``).
"""

from unrolled_book.quiz.page import show
from unrolled_book.quiz.reading import load
