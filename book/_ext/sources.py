"""Whether what a file was made from has changed."""

from collections.abc import Iterable
from pathlib import Path


def are_newer(sources: Iterable[Path], made: Path) -> bool:
    """Say whether one is newer than the file, or the file is not there."""
    changed = max(source.stat().st_mtime for source in sources)
    return not made.exists() or made.stat().st_mtime < changed
