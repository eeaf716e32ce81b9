"""Sets that the tests themselves wrote are noted as checked, in each home that trains on them.

nnlab checks a file that a home has not seen in a child process, which takes half a second. That this is
done is tested in tests/data; every other test would only pay for it again.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from nnlab.data import sandbox
from nnlab.data.hdf5_checks import SPLITS

MEMORY_MB = 2048  # the default: with another one a file is checked as usual
GOOD: dict[str, tuple[int, ...]] = {}  # by path: its version


def good(path: Path) -> None:
    """This file was just written, and nothing is wrong with it."""
    GOOD[str(path)] = _version(path)


def note(home: Path, overrides: Iterable[str]) -> None:
    """Note in a home that is there the good files that are named and have not changed since."""
    if not (home.is_dir() and os.access(home, os.W_OK)):
        return
    for override in map(str, overrides):
        named = re.fullmatch(r"data\.(train|test)=(.*)", override)
        if named and named[2] in GOOD and GOOD[named[2]] == _version(Path(named[2])):
            split = SPLITS[named[1] == "test"]
            sandbox._write_note(sandbox._note(Path(named[2]), split, MEMORY_MB, home / "data" / "tried"))


def note_here(overrides: Iterable[str]) -> None:
    """The same in the home of this process, if the test has set one."""
    if home := os.environ.get("NNLAB_HOME"):
        note(Path(home), overrides)


def _version(path: Path) -> tuple[int, ...]:
    if not path.is_file():
        return ()
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
