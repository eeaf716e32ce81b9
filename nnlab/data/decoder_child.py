"""The child process of ``decoder``: reads files within limits of time and memory and sends their arrays."""

import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nnlab.data import array_file, image_file
from nnlab.data.child_process import limit
from nnlab.data.regular_file import ForeignFile
from nnlab.errors import UserError

SECONDS = {"picture": 20, "arrays": 5}  # measured: a HEIC image of 12 million pixels takes 1.3
SPARE_MB = 512  # above what a reader says that it needs, for the libraries
Arrays = Mapping[str, NDArray[Any]]

READERS: dict[str, Callable[..., tuple[Arrays, list[str]]]] = {
    "picture": image_file.arrays,
    "arrays": array_file.read,
}


def main() -> None:
    """Read every file of the request on stdin."""
    request = json.load(sys.stdin)
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the answers
    options = request["options"]
    memory_mb = options.get("memory_mb", image_file.MEMORY_MB)
    for path in map(Path, request["paths"]):
        limit(SECONDS[request["reader"]] + _more_seconds(path, memory_mb), 3 * memory_mb + SPARE_MB)
        try:
            arrays, notes = READERS[request["reader"]](path, **options)
            _send(pipe, arrays, notes)
        except UserError as error:
            _send(pipe, {}, [], str(error), isinstance(error, ForeignFile))
        except MemoryError:
            _send(
                pipe, {}, [], f"{path}: takes more memory than a file of its kind should; export it again"
            )


def _more_seconds(path: Path, memory_mb: int) -> int:
    """The processor time that a file of this size may take besides."""
    file_mb = path.stat().st_size / 2**20 if path.is_file() else 0.0
    return math.ceil(file_mb / 2 + memory_mb / 100)


def _send(
    pipe: IO[bytes], arrays: Arrays, notes: list[str], problem: str | None = None, foreign: bool = False
) -> None:
    described = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    head = {"arrays": described, "notes": notes, "problem": problem, "foreign": foreign}
    pipe.write(json.dumps(head).encode() + b"\n")
    for array in arrays.values():
        pipe.write(np.ascontiguousarray(array).tobytes())
    pipe.flush()


if __name__ == "__main__":
    main()
