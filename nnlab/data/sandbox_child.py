"""The child process of ``sandbox``: reads and checks files within limits of time and memory.

Its arguments are memory_mb, and for each file its path and the set to read: train, test or all. For each it
prints a line of JSON: what is wrong, or null.
"""

import json
import sys
from pathlib import Path

from nnlab.data import hdf5
from nnlab.data.child_process import limit
from nnlab.data.hdf5_checks import SPLITS, SplitName
from nnlab.errors import UserError

SECONDS = 1  # of processor time for any file; one more for each 5 MB of it and for each 2 GB of memory_mb
SPARE_MB = 128  # above memory_mb, for what the libraries need


def main() -> None:
    """Check every set that the command line asks for."""
    memory_mb, *asked = sys.argv[1:]
    for path, split in zip(asked[::2], asked[1::2], strict=True):
        print(json.dumps(_problem(Path(path), split, int(memory_mb))), flush=True)


def _problem(path: Path, asked: str, memory_mb: int) -> str | None:
    """What is wrong with a set, or with all sets of a file; None if nothing is. Every byte is read here."""
    file_mb = path.stat().st_size / 2**20 if path.is_file() else 0.0
    limit(SECONDS + int(file_mb / 5) + memory_mb // 2048, memory_mb + SPARE_MB)
    try:
        for name in [name for name in SPLITS if name == asked] or hdf5.sets(path):
            _read(path, name, memory_mb)
    except UserError as error:
        return str(error)
    except (OSError, RuntimeError, ValueError) as error:  # in a part of a streamed set
        return f"{path}: damaged ({str(error).splitlines()[0]}); fetch or export it again"
    except MemoryError:
        return f"{path}: damaged (it takes more memory than its arrays do); fetch or export it again"
    return None


def _read(path: Path, name: SplitName, memory_mb: int) -> None:
    """Read every byte of one set; it is not kept, so that the next one has the same memory."""
    split = hdf5.read(path, name, memory_mb)
    if split.streamed:
        for _ in split.parts():
            pass


if __name__ == "__main__":
    main()
