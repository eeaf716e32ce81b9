"""A process that reads hostile files one by one and says what came of each: run by test_fuzz.py.

`python reader.py FOLDER SEED FIRST LAST`: for every number a line of JSON, flushed at once, so that a
crash or a hang is known by the line that is missing. What a file does to this process (time, memory,
files opened) is measured here.
"""

import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path

import mutations
from harness import write_h5

from nnlab.claim import claim
from nnlab.cli_data import _describe
from nnlab.config import Config, compose
from nnlab.data import hdf5
from nnlab.errors import UserError
from nnlab.run import resolve, run_cell

MEMORY_MB = 64
IN_OPEN, IN_NONBLOCK = 0x20, 0o4000


class Watch:
    """Tells whether any file of a folder was opened (inotify)."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._queue = libc.inotify_init1(IN_NONBLOCK)
        assert libc.inotify_add_watch(self._queue, os.fsencode(folder), IN_OPEN) >= 0

    def opened(self) -> bool:
        try:
            return bool(os.read(self._queue, 4096))
        except BlockingIOError:
            return False


def peak_mb() -> float:
    """Most memory held since ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mb()


def _train(cfg: Config, home: Path) -> None:
    cell = resolve(cfg)
    with claim(cell.folder(home)):
        run_cell(cell, home)


def main(folder: Path, seed: int, first: int, last: int) -> None:
    canary = folder / "elsewhere" / "canary.h5"
    canary.parent.mkdir(exist_ok=True)
    write_h5(canary, x=mutations.X * 0 + mutations.CANARY)
    (folder / "files").mkdir(exist_ok=True)
    home = folder / "home"
    good = write_h5(folder / "good.h5", "test")
    quick = ["trainer.iterations=2", "model.depth=2", "model.width=2", f"data.memory_mb={MEMORY_MB}"]
    cfg = compose(["data=hdf5", f"data.train={good}", f"data.test={good}", *quick])
    _train(cfg, home)  # what libraries keep for good is theirs by now
    watch = Watch(canary.parent)
    assert canary.read_bytes() and watch.opened(), "the watch sees"
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**30, size + 2**30))
    for index in range(first, last):
        path = folder / "files" / f"{os.getpid()}-{index}.h5"
        path.write_bytes(mutations.number(index, seed, canary))
        watch.opened()  # by h5py, which looks at a target when it makes an external link
        before, start = forget_peak(), time.process_time()
        cfg.data.train = str(path)
        try:
            text = _describe(split := hdf5.read(path, MEMORY_MB))
            outcome = "loads"
        except UserError as error:
            outcome, text = "refused", str(error)
        except Exception as error:
            outcome, text = "crash", repr(error)
        seconds, memory = time.process_time() - start, peak_mb() - before
        if outcome == "loads" and split.x.nbytes < 10**6:
            try:
                _train(cfg, home)
            except UserError as error:
                text = str(error)  # the sets do not fit each other
            except Exception as error:
                outcome, text = "crash", f"training: {error!r}"
        path.unlink()
        line = {"index": index, "outcome": outcome, "text": text, "seconds": seconds, "memory": memory}
        print(json.dumps(line | {"foreign": watch.opened(), "path": str(path)}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
