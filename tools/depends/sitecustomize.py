"""Write down which files of this project a process reads, as rules for make.

While make runs a notebook, this folder is on PYTHONPATH and UNROLLED_DEPENDS
names the notebook's mark, so that Python loads this file in pytest, in the
kernel and in whatever they start. Each file of the project that one of them
opens (a module, a record, a style) is written into ``MARK.d``: when one of
them changes, and only then, make runs the notebook again. Nothing has to be
guessed from the source, where modules are loaded late and files by a name that
is computed.
"""

import os
import sys
from importlib.util import source_from_cache

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
MARK = os.environ.get("UNROLLED_DEPENDS")
OPENING = {"open": os.path.isfile}
LISTING = {"os.listdir": os.path.isdir, "os.scandir": os.path.isdir}
WRITING = os.O_WRONLY | os.O_RDWR


def source(path: str) -> str:
    """The file that was compiled to this one, or the file itself."""
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def prerequisite(event: str, arguments: tuple) -> str | None:
    """What make must look at for this event, relative to the project."""
    exists = OPENING.get(event) or LISTING.get(event)
    if exists is None or not isinstance(
        arguments[0], str | bytes | os.PathLike
    ):
        return None
    if event in OPENING and (arguments[2] or 0) & WRITING:
        return None
    path = source(os.path.abspath(os.fsdecode(arguments[0])))
    inside = os.path.relpath(os.path.realpath(path), ROOT)
    hidden = any(part.startswith(".") for part in inside.split(os.sep))
    if hidden or path.startswith(sys.prefix) or not exists(path):
        return None  # outside of the project begins with ..
    # A folder of code counts by its files, a folder of records also by which.
    is_code = os.path.exists(os.path.join(path, "__init__.py"))
    if event in LISTING and (is_code or not inside.startswith("results")):
        return None
    return inside.replace(" ", "\\ ")


def watch(mark: str) -> None:
    """Note each file once, in one write that nothing can part."""
    rules = os.open(
        os.path.join(ROOT, mark + ".d"), os.O_WRONLY | os.O_CREAT | os.O_APPEND
    )
    noted = {None}

    def note(event: str, arguments: tuple) -> None:
        if event in OPENING or event in LISTING:
            needed = prerequisite(event, arguments)
            if needed not in noted:
                noted.add(needed)
                rule = f"{mark}: {needed}\n{needed}:\n"
                os.write(rules, rule.encode())

    sys.addaudithook(note)


if MARK:
    watch(MARK)
    # Reading a notebook loads this if it is there: two seconds, for the check
    # of a kind of address that no notebook has.
    sys.modules["rfc3987_syntax"] = None
