"""Decodes untrusted files in a child process that has limits of time and memory (``decoder_child``).

The child answers each file with one line of JSON: what is wrong with it, or its arrays' names, types and
shapes, after which the bytes of the arrays follow. So no decoder runs in the calling process.
"""

import json
import math
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nnlab.data import child_process

KINDS = "biufSU"  # of arrays that a child may send: plain numbers and texts
Reader = Literal["picture", "arrays"]


@dataclass(frozen=True, eq=False)
class Decoded:
    """What one file holds, or what is wrong with it."""

    path: Path
    arrays: dict[str, NDArray[Any]]
    notes: tuple[str, ...] = ()  # what the reader says about the content
    problem: str | None = None  # a line that names the file
    foreign: bool = False  # the problem is that the file is of another kind


def decode(reader: Reader, paths: Sequence[Path], **options: Any) -> Iterator[Decoded]:
    """The content of each file, in this order, one after the other.

    ``options`` go to the reader: ``shape`` of ``image_file.read``, ``memory_mb`` of ``array_file.read``.
    """
    done = 0
    while done < len(paths):  # if a file ends the child, a new child reads the next files
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(
                child_process.command("nnlab.data.decoder_child"),
                env=child_process.environment(),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
            assert child.stdout is not None
            try:
                for answer in _answers(child, reader, paths[done:], options):
                    done += 1
                    yield answer
            finally:
                child.kill()  # where the caller stopped early
                child.wait()
                child.stdout.close()
            if done < len(paths):
                errors.seek(0)
                reason = child_process.ending(child.returncode, errors.read().decode(errors="replace"))
                problem = f"{paths[done]}: damaged ({reason}); export it again"
                yield Decoded(paths[done], {}, problem=problem)
                done += 1


def _answers(
    child: "subprocess.Popen[bytes]", reader: Reader, paths: Sequence[Path], options: dict[str, Any]
) -> Iterator[Decoded]:
    """The answers of a child until it ends or has answered all."""
    assert child.stdin is not None and child.stdout is not None
    request = {"reader": reader, "paths": list(map(str, paths)), "options": options}
    with child.stdin as pipe:
        pipe.write(json.dumps(request).encode())
    for path in paths:
        answer = _answer(child.stdout, path)
        if answer is None:
            child.wait()
            return
        yield answer


def _answer(pipe: IO[bytes], path: Path) -> Decoded | None:
    """The next answer; None if the child ended before it was complete."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    head = json.loads(line)
    arrays = {}
    for name, code, shape in head["arrays"]:
        dtype = np.dtype(code)
        assert dtype.kind in KINDS
        size = math.prod(shape) * dtype.itemsize
        content = pipe.read(size)
        if len(content) < size:
            return None
        arrays[name] = np.frombuffer(content, dtype).reshape(shape)
    return Decoded(path, arrays, tuple(head["notes"]), head["problem"], head["foreign"])
