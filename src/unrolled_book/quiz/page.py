"""A quiz as HTML that works by itself, in the book and in a notebook."""

from pathlib import Path
from typing import Any

from IPython.display import HTML
from jupyterquiz.dynamic.loader import load_questions_script
from jupyterquiz.dynamic.renderer import build_script, render_div

from unrolled_book.quiz.reading import Choice, Number, Numeric, Question, load

HERE = Path(__file__).parent
CREDIT = (
    "// With jupyterquiz, copyright 2021-2024 John M. Shea, under the MIT "
    "licence:\n// https://github.com/jmshea/jupyterquiz"
)


def show(name: str) -> HTML:
    """Show a chapter's quiz.

    The result holds all it needs: the questions, jupyterquiz's script and our
    own, and the style. It loads nothing, and is the same text each time, as
    its only id is made from the chapter's name. (jupyterquiz's own
    ``display_quiz`` draws an id by chance, and fetches MathJax from another
    host if the page's own is late; so we call the functions below it, and keep
    the page's MathJax out of its sight.)

    Args:
        name: the chapter's notebook, without its ending.

    Returns:
        The quiz, to be the last expression of a cell.

    Example:
        >>> show("02_forward").data.startswith('<div class="unrolled-quiz">')
        True
    """
    questions = [
        _for_jupyterquiz(count, question)
        for count, question in enumerate(load(name), start=1)
    ]
    quiz_id = f"quiz_{name}"  # also a name in its script
    box = render_div(
        quiz_id,
        shuffle_questions=False,
        shuffle_answers=True,
        preserve_responses=False,
        num=len(questions),
        max_width=800,
        border_radius=0,
        question_alignment="left",
    )
    setup, is_static, url = load_questions_script(questions, quiz_id)
    script = build_script(setup, is_static, url, quiz_id, load_js=True)
    style, mend = (
        (HERE / file).read_text(encoding="utf-8")
        for file in ("page.css", "page.js")
    )
    mend = mend.replace("QUIZ_ID", quiz_id)
    # In a function of its own nothing leaks, and there is no MathJax.
    script = f"(function (MathJax) {{\n{CREDIT}\n{script}\n{mend}\n}})();"
    script = script.replace("</", r"<\/")  # the end of a script is not in it
    return HTML(
        f'<div class="unrolled-quiz">\n<style>\n{style}</style>\n{box}</div>\n'
        "<noscript>The quiz needs JavaScript.</noscript>\n"
        f"<script>\n{script}\n</script>\n</div>"
    )


def _for_jupyterquiz(count: int, question: Question) -> dict[str, Any]:
    """Write a question as jupyterquiz reads it."""
    text = f"<b>{count}.</b> {question.question}"
    if question.type == "many_choice":
        text += " <em>Find all that are right.</em>"
    answers = [_answer(answer) for answer in question.answers]
    if isinstance(question, Numeric):
        feedback = _feedback(question.otherwise, is_right=False)
        answers.append({"type": "default", "feedback": feedback})
    return {"type": question.type, "question": text, "answers": answers}


def _answer(answer: Choice | Number) -> dict[str, Any]:
    """Write an answer as jupyterquiz reads it: a choice, or a range."""
    said = {
        "correct": answer.correct,
        "feedback": _feedback(answer.feedback, answer.correct),
    }
    if isinstance(answer, Choice):
        return {"answer": answer.answer} | said
    ends = (answer.value + sign * answer.within for sign in (-1, 1))
    # Ten digits: the same text on every processor.
    return {"type": "range", "range": [float(f"{e:.10g}") for e in ends]} | said


def _feedback(text: str, is_right: bool) -> str:
    """Say right or wrong in words, not by colour alone."""
    return f"<b>{'Right.' if is_right else 'Not quite.'}</b> {text}"
