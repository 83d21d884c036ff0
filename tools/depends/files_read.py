"""Write down which files of this project a process reads.

Each file of the project that it opens (a module, a record, a style) goes into
``MARK.d``, once. Nothing has to be guessed from the source, where modules are
loaded late and files by a name that is computed.
"""

import os
import sys
from importlib.util import source_from_cache

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
OPENING = {"open": os.path.isfile}
LISTING = {"os.listdir": os.path.isdir, "os.scandir": os.path.isdir}
WRITING = os.O_WRONLY | os.O_RDWR


def source(path: str) -> str:
    """The file that was compiled to this one, or the file itself."""
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def read_by(event: str, arguments: tuple) -> str | None:
    """What this event reads of the project, as a path from its root."""
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
    return inside


def watch(mark: str) -> None:
    """Note each file once, in one write that nothing can part."""
    names = os.open(f"{mark}.d", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    noted = {None}

    def note(event: str, arguments: tuple) -> None:
        if event in OPENING or event in LISTING:
            name = read_by(event, arguments)
            if name not in noted:
                noted.add(name)
                os.write(names, f"{name}\n".encode())

    sys.addaudithook(note)


def files_read(mark: str) -> set[str]:
    """What was read for a mark, as paths from the project's root."""
    with open(f"{mark}.d", encoding="utf-8") as names:
        return set(names.read().splitlines())
