"""Say at the end of `make test` what ran, what was skipped, how long it took.

``python tools/summary.py RUN FOLDER MARK [MARK ...]``: a mark holds the name of
the run of make that made it, which begins with the second of its beginning.
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


def main(run: str, folder: Path, marks: list[Path]) -> None:
    """Print what ran, what was up to date, and how long it took."""
    names = {True: [], False: []}
    for mark in marks:
        is_new = mark.read_text(encoding="utf-8").strip() == run
        names[is_new].append(str(mark.relative_to(folder)))
    minutes, seconds = divmod(int(time.time()) - int(run.split("-")[0]), 60)
    print("All checks have passed for the files as they are.")
    print(f"  ran: {listed(names[True])}")
    print(f"  up to date: {listed(names[False])}")
    print(f"  took: {minutes} min {seconds} s")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(m) for m in sys.argv[3:]])
