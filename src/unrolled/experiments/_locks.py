"""One process at a time."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, made: Path) -> Iterator[None]:
    """Wait until no other process is at work under the same lock.

    A worker outlives a sweep that was killed until its run is done. Who starts
    the sweep again waits here for that run, and finds what it has made.

    Args:
        path: the lock, a file in a folder that is there.
        made: the file that is made under it. Once it is there, the lock is
            removed: who still waits for it finds what was made.
    """
    with path.open("w") as file:  # closing it, or dying, unlocks
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
        if made.is_file():
            path.unlink(missing_ok=True)
