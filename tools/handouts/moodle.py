"""All questions as Moodle XML, with their feedback."""

from xml.etree import ElementTree as ET

import course


def within(parent: ET.Element, tag: str, text: object, **more: str) -> None:
    """Add an element that holds its text in another, as Moodle wants it."""
    ET.SubElement(ET.SubElement(parent, tag, more), "text").text = str(text)


def as_moodle(chapter: str, question: course.Question) -> ET.Element:
    """One question in Moodle's XML."""
    words, is_number = course.unlinked, question.type == "numeric"
    kind = "numerical" if is_number else "multichoice"
    root = ET.Element("question", type=kind)
    within(root, "name", f"{chapter} {question.id}")
    within(root, "questiontext", words(question.question), format="html")
    right = sum(answer.correct for answer in question.answers)
    wrong = len(question.answers) - right
    for answer in question.answers:
        share = 100 / right if answer.correct else 0
        if question.type == "many_choice" and not answer.correct:
            share = -100 / wrong  # who ticks all gets nothing
        text = answer.value if is_number else words(answer.answer)
        form = {"fraction": f"{share:.5f}", "format": "html"}
        node = ET.SubElement(root, "answer", form)
        ET.SubElement(node, "text").text = str(text)
        within(node, "feedback", words(answer.feedback), format="html")
        if is_number:
            ET.SubElement(node, "tolerance").text = str(answer.within)
    if is_number:
        node = ET.SubElement(root, "answer", fraction="0", format="html")
        ET.SubElement(node, "text").text = "*"
        within(node, "feedback", words(question.otherwise), format="html")
    else:
        is_single = question.type == "multiple_choice"
        ET.SubElement(root, "single").text = str(is_single).lower()
        ET.SubElement(root, "shuffleanswers").text = "true"
        ET.SubElement(root, "answernumbering").text = "none"
    return root


def quizzes() -> ET.ElementTree:
    """All questions, in a category for each chapter."""
    root, last = ET.Element("quiz"), None
    for name, question in course.questions():
        if name != last:
            category = ET.SubElement(root, "question", type="category")
            within(category, "category", f"$course$/top/Unrolled/{name}")
        root.append(as_moodle(name, question))
        last = name
    ET.indent(root)
    return ET.ElementTree(root)
