"""The named arrays of an NPZ, NPY, HDF5 or MATLAB 7.3 file. Files are not trusted: no pickle, no links.

Call ``decoder.decode``, which runs this module in a child process.
"""

import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.data import hdf5_checks as checks
from nnlab.data.hdf5_file import opened
from nnlab.data.regular_file import ForeignFile, check_regular
from nnlab.errors import UserError

REMEDY = "give an NPZ, NPY, HDF5 or MATLAB 7.3 file, or a folder of pictures"
MATLAB = "its axes were reversed, as MATLAB stores them"  # a note on an array
PICKLE = (
    "holds Python objects, which only pickle can read and pickle runs programs; save it as numbers or text"
)
HDF5 = (b"\x89HDF", b"MATLAB 7.3")  # a locked file does not say more
MAX_ARRAYS = 1000
MAX_DEPTH = 5  # of groups within groups
# what zipfile and numpy raise on damaged or crafted files
BROKEN = (
    OSError, ValueError, TypeError, EOFError, KeyError, AttributeError, SyntaxError, RuntimeError,
    OverflowError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

Arrays = dict[str, NDArray[Any]]


class _Contents:
    """The arrays that were read, and a note for each that was not or was turned."""

    def __init__(self, path: Path, memory_mb: int) -> None:
        self.path, self.memory_mb = path, memory_mb
        self.arrays: Arrays = {}
        self.notes: list[str] = []
        self.groups: set[int] = set()  # where in the file those begin that were looked into
        self._bytes = 0

    def room(self, name: str, size: int) -> None:
        """UserError if ``size`` more bytes are more than the memory allows."""
        self._bytes += size
        if self._bytes > self.memory_mb * 2**20:
            raise UserError(
                f"{self.path}: with {name} its arrays take {self._bytes / 2**20:.0f} MB, "
                f"--memory-mb allows {self.memory_mb}; raise it, or give fewer examples"
            )
        if len(self.arrays) + len(self.notes) > MAX_ARRAYS:
            raise UserError(
                f"{self.path}: has more than {MAX_ARRAYS} arrays; give a file with the data alone"
            )


def read(path: Path, memory_mb: int) -> tuple[Arrays, list[str]]:
    """The arrays of numbers and texts by name, and notes ``name: what`` on arrays that cannot be read.

    Arrays of a MATLAB file have MATLAB's own axes. UserError of one line if the file is of another kind
    (``ForeignFile``), is damaged, or takes more than ``memory_mb``.
    """
    check_regular(path, REMEDY)
    contents = _Contents(path, memory_mb)
    with path.open("rb") as file:
        head = file.read(128)
        try:
            if head.startswith(b"PK\3\4"):
                _read_npz(contents, file)
            elif head.startswith(b"\x93NUMPY"):
                file.seek(0)
                _read_npy(contents, path.stem, file, path.stat().st_size)
            elif head.startswith(HDF5) or h5py.is_hdf5(path):
                _read_hdf5(contents)
            else:
                raise _foreign(path, head)
        except BROKEN as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise UserError(f"{path}: damaged or cut short ({reason}); export it again") from None
    return contents.arrays, contents.notes


def _foreign(path: Path, head: bytes) -> UserError:
    if head.startswith(b"MATLAB 5.0"):
        return UserError(f"{path}: an older MATLAB file; save it in MATLAB with save(..., '-v7.3')")
    if head.startswith(b"\x80") and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return UserError(f"{path}: a pickle, which runs programs when it is read; save it with numpy.savez")
    return ForeignFile(f"{path}: {'not an array file' if head else 'empty'}; {REMEDY}")


# -- NumPy -----------------------------------------------------------------------------------------


def _read_npz(contents: _Contents, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        if not members:
            raise ForeignFile(f"{contents.path}: a zip file without arrays; {REMEDY}")
        for member in members:
            with archive.open(member) as content:
                _read_npy(contents, member.filename.removesuffix(".npy"), content, member.file_size)


def _read_npy(contents: _Contents, name: str, file: IO[bytes], size: int) -> None:
    """Read one array; its header must agree with the ``size`` in bytes that its container declares."""
    version = np.lib.format.read_magic(file)
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in header:
        contents.notes.append(f"{name}: is of the NPY version {version}; save it as numbers or text")
        return
    shape, fortran, dtype = header[version](file)
    if dtype.kind not in "biufSU":
        contents.notes.append(
            f"{name}: {PICKLE if dtype.hasobject else f'is {dtype}; save numbers or text'}"
        )
        return
    held = math.prod(shape) * dtype.itemsize
    if held != size - file.tell():
        raise ValueError(f"{name} does not hold an array of shape {shape}")
    contents.room(name, held)
    content = file.read(held)
    array: NDArray[Any] = np.frombuffer(content, dtype)
    contents.arrays[name] = array.reshape(shape, order="F" if fortran else "C")


# -- HDF5 ------------------------------------------------------------------------------------------


def _read_hdf5(contents: _Contents) -> None:
    with opened(contents.path) as file:
        contents.groups.add(h5py.h5o.get_info(file.id).addr)
        for name, data in _datasets(contents, file, ""):
            kind = data.attrs.get("MATLAB_class", b"")
            text = h5py.check_string_dtype(data.dtype) is not None
            if not text and data.dtype.kind not in "biufS":
                cell = isinstance(kind, bytes) and kind == b"cell"
                what = "a MATLAB cell array; make it a char array with char(...)" if cell else data.dtype
                contents.notes.append(f"{name}: is {what}")
                continue
            contents.room(name, data.size * data.dtype.itemsize)
            checks.check_filters(contents.path, data)
            checks.check_chunks(contents.path, data)
            array = data.asstr(errors="replace")[()].astype("U") if text else data[()]
            contents.arrays[name] = np.asarray(array)
            if isinstance(kind, bytes) and kind:
                contents.arrays[name] = _of_matlab(contents.arrays[name], kind)
                contents.notes.append(f"{name}: {MATLAB}")


def _datasets(contents: _Contents, group: h5py.Group, prefix: str) -> Iterator[tuple[str, h5py.Dataset]]:
    """The arrays in a group and the groups in it, by their paths."""
    for key in sorted(group.keys()):
        name = f"{prefix}{key}"
        link = group.get(key, getlink=True)
        contents.room(name, 0)
        if isinstance(link, h5py.HardLink) and isinstance(group[key], h5py.Group):
            place = h5py.h5o.get_info(group[key].id).addr
            known = place in contents.groups
            contents.groups.add(place)
            if (
                not known and name.count("/") < MAX_DEPTH and not key.startswith("#")
            ):  # MATLAB's own: #refs#
                yield from _datasets(contents, group[key], f"{name}/")
            continue
        try:
            yield name, checks.plain_dataset(contents.path, group, key)
        except UserError as error:
            contents.notes.append(f"{name}: {str(error).rpartition(f'{key} ')[2]}")


def _of_matlab(array: NDArray[Any], kind: bytes) -> NDArray[Any]:
    """An array with the axes that it has in MATLAB; rows of characters become texts."""
    array = array.T
    if kind == b"char":
        rows = np.atleast_2d(array).astype("<u2")
        return np.array([row.tobytes().decode("utf-16-le", "replace").rstrip(" \0") for row in rows])
    return array.astype(bool) if kind == b"logical" else array
