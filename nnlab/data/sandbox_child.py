"""The child process of ``sandbox``: reads and checks files within limits of time and memory.

It takes memory_mb and the files as arguments and prints a line of JSON for each: what is wrong, or null.
"""

import json
import math
import resource
import sys
from pathlib import Path

import psutil

from nnlab.data import hdf5
from nnlab.errors import UserError

SECONDS = 1  # of processor time for any file; one more for each 5 MB of it and for each 2 GB of memory_mb
SPARE_MB = 128  # above memory_mb, for what the libraries need


def main() -> None:
    """Check every file that the command line names."""
    memory_mb, *paths = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for path in paths:
        print(json.dumps(_problem(Path(path), int(memory_mb))), flush=True)


def _problem(path: Path, memory_mb: int) -> str | None:
    """What is wrong with a file, None if nothing is. Every byte of its arrays is read here."""
    _limit(path.stat().st_size / 2**20 if path.is_file() else 0.0, memory_mb)
    try:
        split = hdf5.read(path, memory_mb)
        if split.streamed:
            for _ in split.parts():
                pass
    except UserError as error:
        return str(error)
    except (OSError, RuntimeError, ValueError) as error:  # in a part of a streamed set
        return f"{path}: damaged ({str(error).splitlines()[0]}); fetch or export it again"
    except MemoryError:
        return f"{path}: damaged (it takes more memory than its arrays do); fetch or export it again"
    return None


def _limit(file_mb: float, memory_mb: int) -> None:
    """Set the processor time and the memory that this process may use for the next file."""
    used = math.ceil(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    seconds = used + SECONDS + int(file_mb / 5) + memory_mb // 2048
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    if sys.platform == "linux":  # elsewhere the address space says nothing about the memory in use
        held = psutil.Process().memory_info().vms  # bytes
        limit = held + (memory_mb + SPARE_MB) * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
