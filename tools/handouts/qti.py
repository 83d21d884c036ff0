"""All questions as a package of QTI 2.1: one file each, and their list."""

import zipfile
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import course

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
PLAIN = {f"&{name};": f"&amp;{name};" for name in ("lt", "gt", "amp", "quot")}


def html(tag: str, text: str) -> ET.Element:
    """An element that holds a text in HTML."""
    for name, kept in PLAIN.items():  # what XML needs to stay escaped
        text = text.replace(name, kept)
    text = unescape(course.unlinked(text)).replace("<br>", "<br/>")
    return ET.fromstring(f'<{tag} xmlns="{QTI}">{text}</{tag}>')


def add(parent: ET.Element, tag: str, text: object = "", **more: str):
    """Add an element to another, and return it."""
    node = ET.SubElement(parent, f"{{{QTI}}}{tag}", more)
    node.text = str(text) or None
    return node


def declare(item: ET.Element, name: str, cardinality: str, of: str):
    """Say what kind of value a name of the item has."""
    kind = "response" if name == "RESPONSE" else "outcome"
    how = {"identifier": name, "cardinality": cardinality, "baseType": of}
    return add(item, f"{kind}Declaration", **how)


def as_qti(name: str, question: course.Question) -> ET.Element:
    """One question, with a score from 0 to 1 and feedback to each answer."""
    is_number = question.type == "numeric"
    cardinality = "multiple" if question.type == "many_choice" else "single"
    answers = {f"A{n}": a for n, a in enumerate(question.answers)}
    right = sum(answer.correct for answer in answers.values())
    wrong = len(answers) - right
    item = ET.Element(f"{{{QTI}}}assessmentItem")
    item.attrib |= {"identifier": f"chapter_{name}.{question.id}"}
    item.attrib |= {"title": f"{name} {question.id}"}
    item.attrib |= {"adaptive": "false", "timeDependent": "false"}

    kind = "float" if is_number else "identifier"
    response = declare(item, "RESPONSE", cardinality, kind)
    correct = add(response, "correctResponse")
    for key, answer in answers.items():
        if answer.correct:
            add(correct, "value", answer.value if is_number else key)
    if not is_number:
        bounds = {"lowerBound": "0", "upperBound": "1", "defaultValue": "0"}
        mapping = add(response, "mapping", **bounds)
        for key, answer in answers.items():
            share = 1 / right if answer.correct else 0
            if cardinality == "multiple" and not answer.correct:
                share = -1 / wrong  # who ticks all gets nothing
            add(mapping, "mapEntry", mapKey=key, mappedValue=f"{share:.5f}")
    score = declare(item, "SCORE", "single", "float")
    add(add(score, "defaultValue"), "value", 0)
    declare(item, "FEEDBACK", cardinality, "identifier")

    body = add(item, "itemBody")
    if is_number:
        body.append(html("div", question.question))
        entry = {"responseIdentifier": "RESPONSE", "expectedLength": "12"}
        add(add(body, "p"), "textEntryInteraction", **entry)
    else:
        most = "0" if cardinality == "multiple" else "1"
        form = {"responseIdentifier": "RESPONSE", "maxChoices": most}
        choices = add(body, "choiceInteraction", **form, shuffle="true")
        choices.append(html("prompt", question.question))
        for key, answer in answers.items():
            choice = html("simpleChoice", answer.answer)
            choice.set("identifier", key)
            choices.append(choice)

    process = add(item, "responseProcessing")
    if is_number:
        judge_number(process, answers)
    else:
        given = add(process, "setOutcomeValue", identifier="SCORE")
        add(given, "mapResponse", identifier="RESPONSE")
        said = add(process, "setOutcomeValue", identifier="FEEDBACK")
        add(said, "variable", identifier="RESPONSE")
    feedback = {key: answer.feedback for key, answer in answers.items()}
    if is_number:
        feedback["OTHER"] = question.otherwise
    for key, text in feedback.items():
        when = {"outcomeIdentifier": "FEEDBACK", "identifier": key}
        add(item, "modalFeedback", **when, showHide="show").append(
            html("p", text)
        )
    return item


def judge_number(process: ET.Element, answers: dict) -> None:
    """Compare a number with each answer, within its tolerance."""
    condition = add(process, "responseCondition")
    for n, (key, answer) in enumerate(answers.items()):
        branch = add(condition, "responseElseIf" if n else "responseIf")
        width = f"{answer.within} {answer.within}"
        how = {"toleranceMode": "absolute", "tolerance": width}
        equal = add(branch, "equal", **how)
        add(equal, "variable", identifier="RESPONSE")
        add(equal, "baseValue", answer.value, baseType="float")
        conclude(branch, float(answer.correct), key)
    conclude(add(condition, "responseElse"), 0.0, "OTHER")


def conclude(branch: ET.Element, score: float, key: str) -> None:
    """Set what an answer is worth, and what is said to it."""
    for name, of, value in (
        ("SCORE", "float", score),
        ("FEEDBACK", "identifier", key),
    ):
        given = add(branch, "setOutcomeValue", identifier=name)
        add(given, "baseValue", value, baseType=of)


def write(to: Path) -> None:
    """Write the package."""
    ET.register_namespace("", QTI)
    manifest = ET.Element("manifest", identifier="unrolled", xmlns=PACKAGE)
    head = ET.SubElement(manifest, "metadata")
    ET.SubElement(head, "schema").text = "IMS Content"
    ET.SubElement(head, "schemaversion").text = "1.1"
    ET.SubElement(manifest, "organizations")
    resources = ET.SubElement(manifest, "resources")
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as package:
        for name, question in course.questions():
            item = as_qti(name, question)
            path = f"{name}/{question.id}.xml"
            at = {"type": "imsqti_item_xmlv2p1", "href": path}
            at["identifier"] = item.get("identifier")
            ET.SubElement(
                ET.SubElement(resources, "resource", at), "file", href=path
            )
            package.writestr(path, document(item))
        package.writestr("imsmanifest.xml", document(manifest))


def document(root: ET.Element) -> bytes:
    """An XML file."""
    return ET.tostring(root, "utf-8", xml_declaration=True)
