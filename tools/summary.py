"""Say at the end of `make test` what ran, what was skipped, how long it took.

``python tools/summary.py BEGINNING FOLDER MARK [MARK ...]``: a mark that is
newer than the beginning (seconds since 1970) was made by this run.
"""

import sys
import time
from pathlib import Path


def listed(names: list[str]) -> str:
    """The lint and the tests by name, the notebooks by number if many."""
    notebooks = [name for name in names if name.endswith(".nbval")]
    others = [name for name in names if name not in notebooks]
    if len(notebooks) > 3:
        others += [f"{len(notebooks)} notebooks"]
    else:
        others += [name.replace(".nbval", ".ipynb") for name in notebooks]
    return ", ".join(others) or "nothing"


def main(beginning: int, folder: Path, marks: list[Path]) -> None:
    """Print the three lines."""
    names = {True: [], False: []}
    for mark in marks:
        name = str(mark.relative_to(folder))
        names[mark.stat().st_mtime >= beginning].append(name)
    minutes, seconds = divmod(int(time.time()) - beginning, 60)
    print("All checks have passed for the files as they are.")
    print(f"  ran: {listed(names[True])}")
    print(f"  up to date: {listed(names[False])}")
    print(f"  took: {minutes} min {seconds} s")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), [Path(m) for m in sys.argv[3:]])
