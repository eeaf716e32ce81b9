"""Checks new files in a child process that has limits of time and memory.

Some damaged files send libhdf5 into an endless loop. Some compressed chunks become much larger than
their array. A process cannot stop this itself, so a child process reads and checks each file
first (``sandbox_child``). A file that passed is noted and not checked again until it changes.
"""

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import h5py

from nnlab.data import child_process, hdf5
from nnlab.data.dataset import Dataset
from nnlab.data.hdf5_checks import SPLITS, SplitName
from nnlab.errors import UserError

Asked = tuple[Path, SplitName | None]  # a set of a file; None asks for all that it holds


def load(train: str | Path, test: str | Path, memory_mb: int, notes: Path) -> Dataset:
    """Read the training set of one file and the test set of the other (or of the same), which passed in
    the child process; UserError if one is wrong.

    ``notes`` is the folder of the notes on sets that passed before.
    """
    asked = list(zip(map(Path, (train, test)), SPLITS, strict=True))
    new = [one for one in asked if not _note(*one, memory_mb, notes).exists()]
    for one, problem in zip(new, examine(new, memory_mb), strict=True):
        if problem is not None:
            raise UserError(problem)
        _write_note(_note(*one, memory_mb, notes))
    return hdf5.load(train, test, memory_mb)


def examine(asked: Sequence[Asked], memory_mb: int) -> list[str | None]:
    """What is wrong with each set that is asked for, None if nothing is. No file harms the caller."""
    problems: list[str | None] = []
    while len(problems) < len(asked):  # if a file ends the child, a new child checks the next files
        remaining = [text for path, split in asked[len(problems) :] for text in (str(path), split or "all")]
        child = subprocess.run(
            child_process.command("nnlab.data.sandbox_child", str(memory_mb), *remaining),
            env=child_process.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        problems += map(json.loads, child.stdout.splitlines())
        if child.returncode != 0:
            reason = child_process.ending(child.returncode, child.stderr)
            problems.append(f"{asked[len(problems)][0]}: damaged ({reason}); fetch or export it again")
    return problems


def _note(path: Path, split: SplitName, memory_mb: int, notes: Path) -> Path:
    """The empty note file that exists if this set of this version of the file passed within this memory."""
    try:
        stat = path.stat()
    except OSError:
        return notes / "none"
    version = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    key = json.dumps([str(path.absolute()), split, version, memory_mb, h5py.version.hdf5_version])
    return notes / hashlib.sha256(key.encode()).hexdigest()[:32]


def _write_note(note: Path) -> None:
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError:  # NNLAB_HOME is read-only or full: the file is checked again next time
        pass
