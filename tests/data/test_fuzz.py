"""Thousands of hostile HDF5 files through `nnlab data check` and the load of training."""

import ctypes
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import mutations
import pytest
from crafted_hdf5 import CANARY, X
from harness import assert_refused, command, environment, nnlab, write_h5

SEED = 1
MEMORY_MB = 64
SPARE_MB = 128 + 100  # what the sandbox adds to memory_mb, and the libraries themselves
IN_OPEN, IN_NONBLOCK = 0x20, 0o4000

# a process that loads the files that passed and trains two steps on each, as `nnlab train` does
TRAIN = """
import sys
from pathlib import Path
from nnlab.records.lock import cell_lock
from nnlab.config.compose import compose
from nnlab.config.paths import home
from nnlab.errors import UserError
from nnlab.cells.cell import resolve
from nnlab.cells.run_cell import run_cell

memory, good, *paths = sys.argv[1:]
quick = ["trainer.iterations=2", "model.depth=2", "model.width=2", f"data.memory_mb={memory}"]
cfg = compose(["data=hdf5", f"data.train={good}", f"data.test={good}", *quick])
for path in paths:
    cfg.data.train = path
    try:
        cell = resolve(cfg)
        with cell_lock(cell.folder(home())):
            print("trained", run_cell(cell, home()).status, flush=True)
    except UserError as error:
        print(str(error).replace(chr(10), " "), flush=True)
"""


class Watch:
    """Tells whether any process has opened a file of a folder (inotify)."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._queue = libc.inotify_init1(IN_NONBLOCK)
        assert libc.inotify_add_watch(self._queue, os.fsencode(folder), IN_OPEN) >= 0

    def opened(self) -> bool:
        try:
            return bool(os.read(self._queue, 4096))
        except BlockingIOError:
            return False


def hostile(folder: Path, first: int, last: int) -> tuple[list[Path], Path]:
    """Write the files of these numbers, and the canary to which some of them point."""
    canary = folder / "elsewhere" / "canary.h5"
    canary.parent.mkdir()
    write_h5(canary, x=X * 0 + CANARY)
    (folder / "files").mkdir()
    paths = [folder / "files" / f"{index}.h5" for index in range(first, last)]
    for index, path in enumerate(paths, first):
        path.write_bytes(mutations.number(index, SEED, canary))
    return paths, canary


def measured(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float, float]:
    """Run a command to its end; also returns its peak memory in MB and its processor time in seconds.

    Both include its children. A process starts with the peak memory of the process that starts it, so
    a small process starts the command.
    """
    between = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[2:]).returncode;"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "open(sys.argv[1], 'w').write(f'{used.ru_maxrss / 1024} {used.ru_utime + used.ru_stime}');"
        "sys.exit(code)"
    )
    note = folder / "used.txt"
    ended = subprocess.run(
        [sys.executable, "-c", between, str(note), *arguments], env=environment(folder / "home"),
        cwd=folder, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    peak, seconds = map(float, note.read_text().split())
    return ended, peak, seconds


def _spent() -> float:
    """The processor time in seconds of the ended child processes, which a busy machine does not change."""
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def survive(folder: Path, first: int, last: int) -> None:
    """Each of these files loads or is refused in one line, within the limits, and opens no other file."""
    paths, canary = hostile(folder, first, last)
    watch = Watch(canary.parent)
    assert canary.read_bytes() and watch.opened(), "the watch notices a read"

    bound = ["--memory-mb", str(MEMORY_MB)]
    checked, peak, seconds = measured(folder, *command("data", "check", *bound, *map(str, paths)))
    assert checked.returncode == 2 and "Traceback" not in checked.stderr, checked.stderr[-3000:]
    good = re.findall(r"^(/.*/files/\d+\.h5): \d+ examples$", checked.stdout, re.MULTILINE)
    refused = re.findall(r"^(?:nnlab: )?(/.*/files/\d+\.h5): (.+)$", checked.stderr, re.MULTILINE)
    assert sorted([*good, *(path for path, _ in refused)]) == sorted(map(str, paths)), (
        "each loads or is refused"
    )
    assert len(checked.stderr.splitlines()) == len(refused), "in one line each"
    assert (checked.stdout + checked.stderr).replace("\n", "").isprintable()
    hung = [text for _, text in refused if "never ends" in text]
    crashed = [text for _, text in refused if "crashes" in text]
    assert seconds < 10 + 0.02 * len(paths) + 4 * (len(hung) + len(crashed)), "processor time of all files"

    test = write_h5(folder / "good.h5", "test")
    trained, also, _ = measured(folder, sys.executable, "-c", TRAIN, str(MEMORY_MB), str(test), *good)
    assert trained.returncode == 0, trained.stderr[-3000:]
    said = trained.stdout.splitlines()
    assert len(said) == len(good)
    assert not watch.opened(), "no other file was opened"
    assert peak < MEMORY_MB + SPARE_MB and also < MEMORY_MB + SPARE_MB + 64, "and the training's arrays"
    print(
        f"{len(paths)} files: {len(good)} load, {sum(s.startswith('trained') for s in said)} train, "
        f"{len(refused)} refused, of which {len(hung)} hang libhdf5 and {len(crashed)} crash it; "
        f"{seconds:.1f} s, at most {max(peak, also):.0f} MB"
    )


def test_some_hostile_files(tmp_path: Path) -> None:
    survive(tmp_path, 0, 40)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_five_thousand_hostile_files(tmp_path: Path, part: int) -> None:
    survive(tmp_path, 500 * part, 500 * (part + 1))


@pytest.mark.slow
def test_a_file_that_sends_libhdf5_into_a_loop(tmp_path: Path) -> None:
    """A heap of variable-length text with an object of size 0: libhdf5 reads it without end."""
    path = tmp_path / "loop.h5"
    path.write_bytes(mutations.endless(tmp_path / "canary.h5"))
    start = _spent()
    for arguments in (
        ["data", "check", path],
        ["train", "data=hdf5", f"data.train={path}", f"data.test={path}"],
    ):
        assert_refused(nnlab(*map(str, arguments), home=tmp_path / "home"), str(path), "never ends")
    assert _spent() - start < 2 * 5, "seconds of processor time, with the start of Python"
