r"""Small tasks for the book's networks, each with its limits worked out.

Nothing is loaded: every example is drawn from a ``torch.Generator``. What the
best possible network reaches, and what one reaches that lacks something, is
derived in the task's description and, for most, computed by a ``..._limit``.

Tokens are numbers from 0; a string such as `BRACKET_TOKENS` names them. Past
a sequence's length the tokens are 0, which a model that is told the lengths
never looks at, and the targets `IGNORE`, which the loss leaves out.
"""

from unrolled.tasks.language import SENTENCE_CHARACTERS, is_sentence, sentences
from unrolled.tasks.oscillations import (
    HENON,
    NOISE,
    PERIODS,
    henon,
    henon_continue,
    henon_next,
    oscillations,
    oscillations_best,
    oscillations_limit,
)
from unrolled.tasks.sequences import (
    IGNORE,
    LEAD,
    exact_match,
    first_last,
    intervals,
    reversal,
)
from unrolled.tasks.tagging import (
    BRACKET_TOKENS,
    MARK_RATE,
    QUESTION_TOKENS,
    brackets,
    brackets_limit,
    questions,
    questions_limit,
)
