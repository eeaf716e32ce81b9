"""Checks new files in a child process that has limits of time and memory.

Some damaged files send libhdf5 into an endless loop. Some compressed chunks become much larger than
their array. A process cannot stop this itself, so a child process reads and checks each file
first (``sandbox_child``). A file that passed is noted and not checked again until it changes.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import h5py

from nnlab.data import hdf5
from nnlab.data.dataset import Dataset
from nnlab.errors import UserError


def load(train: str | Path, test: str | Path, memory_mb: int, notes: Path) -> Dataset:
    """Read both files after they passed in the child process; UserError if one is wrong.

    ``notes`` is the folder of the notes on files that passed before.
    """
    paths = dict.fromkeys(map(Path, (train, test)))
    new = [path for path in paths if not _note(path, memory_mb, notes).exists()]
    for path, problem in zip(new, examine(new, memory_mb), strict=True):
        if problem is not None:
            raise UserError(problem)
        _write_note(_note(path, memory_mb, notes))
    return hdf5.load(train, test, memory_mb)


def examine(paths: Sequence[Path], memory_mb: int) -> list[str | None]:
    """What is wrong with each file, None if nothing is. No file can harm the calling process."""
    problems: list[str | None] = []
    while len(problems) < len(paths):  # if a file ends the child, a new child checks the next files
        remaining = list(map(str, paths[len(problems) :]))
        child = subprocess.run(
            [sys.executable, "-P", "-m", "nnlab.data.sandbox_child", str(memory_mb), *remaining],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        problems += map(json.loads, child.stdout.splitlines())
        if -child.returncode in (signal.SIGINT, signal.SIGTERM):
            raise KeyboardInterrupt  # the signal went to this process too
        if child.returncode > 0:
            raise RuntimeError(f"the check of a file failed:\n{child.stderr}")
        if child.returncode < 0:
            end = "never ends" if child.returncode == -signal.SIGXCPU else "crashes the reading process"
            reason = f"reading it {end}: {signal.Signals(-child.returncode).name}"
            problems.append(f"{paths[len(problems)]}: damaged ({reason}); fetch or export it again")
    return problems


def _note(path: Path, memory_mb: int, notes: Path) -> Path:
    """The empty note file that exists if this version of the file passed within this memory."""
    try:
        stat = path.stat()
    except OSError:
        return notes / "none"
    version = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    key = json.dumps([str(path.absolute()), version, memory_mb, h5py.version.hdf5_version])
    return notes / hashlib.sha256(key.encode()).hexdigest()[:32]


def _write_note(note: Path) -> None:
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError:  # NNLAB_HOME is read-only or full: the file is checked again next time
        pass
