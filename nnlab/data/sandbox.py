"""Trial readings: a file is first read in a process of its own, which may hang, crash or be too big.

Some damaged files send libhdf5 into an endless loop, and some packed ones unpack to far more than the
array they are said to hold; neither can be stopped from within. So a child reads and checks a file
under bounds of time and memory. A file that passed is noted, and not tried again until it changes.
"""

import hashlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import h5py

from nnlab.data import hdf5
from nnlab.errors import UserError

SECONDS = 1  # of processor time for any file; one more for each 5 MB of it, and 2 GB of memory_mb
SPARE_MB = 128  # above memory_mb, for the libraries' own


def load(train: str | Path, test: str | Path, memory_mb: int, notes: Path) -> hdf5.Dataset:
    """Both files, read once they passed; ``notes`` is the folder that remembers it."""
    paths = dict.fromkeys(map(Path, (train, test)))
    untried = [path for path in paths if not _note(path, memory_mb, notes).exists()]
    for path, problem in zip(untried, examine(untried, memory_mb), strict=True):
        if problem is not None:
            raise UserError(problem)
        _remember(_note(path, memory_mb, notes))
    return hdf5.load(train, test, memory_mb)


def examine(paths: Sequence[Path], memory_mb: int) -> list[str | None]:
    """What is wrong with each file, None where nothing is; no file can harm the caller."""
    problems: list[str | None] = []
    while len(problems) < len(paths):
        left = list(map(str, paths[len(problems) :]))
        child = subprocess.run(
            [sys.executable, "-P", "-m", "nnlab.data.sandbox", str(memory_mb), *left],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        problems += map(json.loads, child.stdout.splitlines())
        if -child.returncode in (signal.SIGINT, signal.SIGTERM):
            raise KeyboardInterrupt  # meant for all of us
        if child.returncode > 0:
            raise RuntimeError(f"the trial reading failed:\n{child.stderr}")
        if child.returncode < 0:
            end = "never ends" if child.returncode == -signal.SIGXCPU else "crashes the reading process"
            reason = f"reading it {end}: {signal.Signals(-child.returncode).name}"
            problems.append(f"{paths[len(problems)]}: damaged ({reason}); fetch or export it again")
    return problems


def _note(path: Path, memory_mb: int, notes: Path) -> Path:
    """The empty file that stands for: this version of this file was read within these bounds."""
    try:
        stat = path.stat()
    except OSError:
        return notes / "none"
    times = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    key = json.dumps([str(path.absolute()), times, memory_mb, h5py.version.hdf5_version])
    return notes / hashlib.sha256(key.encode()).hexdigest()[:32]


def _remember(note: Path) -> None:
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except OSError:  # a home that cannot be written: the file is tried again next time
        pass


# -- in the child --------------------------------------------------------------------------------


def _try(path: Path, memory_mb: int) -> str | None:
    _bound(path.stat().st_size / 2**20 if path.is_file() else 0.0, memory_mb)
    try:
        split = hdf5.read(path, memory_mb)
        if split.streamed:
            list(map(len, split.parts()))  # every byte of it is unpacked here first
    except UserError as error:
        return str(error)
    except (OSError, RuntimeError, ValueError) as error:  # in a part of a set that is streamed
        return f"{path}: damaged ({str(error).splitlines()[0]}); fetch or export it again"
    except MemoryError:
        return f"{path}: damaged (it takes more memory than its arrays do); fetch or export it again"
    return None


def _bound(file_mb: float, memory_mb: int) -> None:
    """Let the next file have so much processor time and memory from here on."""
    used = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    seconds = used + SECONDS + int(file_mb / 5) + memory_mb // 2048
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    if sys.platform == "linux":  # elsewhere the address space tells nothing
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        bytes_ = held + (memory_mb + SPARE_MB) * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (bytes_, resource.RLIM_INFINITY))


def _main() -> None:
    memory_mb, *paths = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in paths:
        print(json.dumps(_try(Path(path), int(memory_mb))), flush=True)


if __name__ == "__main__":
    _main()
