"""Arrays in an .npz file, written and read without pickle. A file from elsewhere is not trusted."""

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nnlab.errors import UserError

# what zipfile and numpy raise on damaged or crafted files
BROKEN = (
    OSError, ValueError, TypeError, EOFError, KeyError, AttributeError, SyntaxError, RuntimeError,
    MemoryError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The content of an .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def read(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file as ``pack`` makes it; UserError if it is not."""
    try:
        with path.open("rb") as file:
            return _arrays(file, path.stat().st_size)
    except BROKEN as error:
        raise _damaged(path, error) from None


def names(path: Path) -> set[str]:
    """The names of the arrays of an .npz file, of which none is read; UserError if it is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except BROKEN as error:
        raise _damaged(path, error) from None


def unpack(content: bytes) -> dict[str, NDArray[Any]]:
    """All arrays of what ``pack`` made; one of BROKEN if it is damaged."""
    return _arrays(io.BytesIO(content), len(content))


def _arrays(file: IO[bytes], size: int) -> dict[str, NDArray[Any]]:
    with np.load(file, allow_pickle=False) as archive:
        _check(archive.zip, size)
        return dict(archive)


def _damaged(path: Path, error: BaseException) -> UserError:
    return UserError(f"{path}: damaged or missing ({error}); delete its folder and train again")


def _check(archive: zipfile.ZipFile, size: int) -> None:
    """Raise a ValueError where members unpack to more than the file, or declare more than they hold."""
    members = archive.infolist()
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > size:
        raise ValueError("its members are packed")
    for member in members:
        with archive.open(member) as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError(f"{member.filename!r} is not an array that nnlab writes")
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            if dtype.kind not in "biufU":
                raise ValueError(f"{member.filename!r} holds neither numbers nor text")
            if math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
                raise ValueError(f"{member.filename!r} does not hold an array of shape {shape}")
