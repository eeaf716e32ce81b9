"""The HDF5 layout of a labelled set: border checks, reading, writing, digest.

The course's layout: ``{train,test}_set_x`` (m, height, width, channels) uint8 images, or (m, n)
numbers that are taken as features; ``{train,test}_set_y`` (m,) or (m, 1) integers; ``list_classes``
bytes. A file written by someone else is untrusted: HDF5 can point outside itself (links, external
storage, virtual sets), so nothing is read before the border checks hold.
"""

import hashlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.data.stored import Chosen, Rows, Stored
from nnlab.errors import UserError
from nnlab.forward import features

PART_MB = 16  # of a set that are digested or checked at a time
PACKED = 100  # times that a set which is streamed may be larger than what the file holds of it
MAX_CLASSES = 10_000
MAX_NAME = 1024  # bytes of a class's name
LARGE_CHUNK = 2**24  # bytes of a stored chunk that may be larger than its array
MANY_CHUNKS = 50_000  # of less than 4 kB each


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: caches are keyed by it
class Split:
    """One file's examples."""

    path: Path
    x: NDArray[Any] | Stored | Chosen  # (m, height, width, channels) uint8, or (m, n) features
    y: NDArray[np.int64]  # (m,)
    classes: tuple[str, ...]

    @property
    def streamed(self) -> bool:
        """Do the examples stay on disk, to be read as they are needed?"""
        return isinstance(self.x, Stored)

    def features(
        self, dtype: str = "float64", places: slice | NDArray[np.intp] = slice(None)
    ) -> NDArray[np.floating]:
        """Examples as rows (k, n_0), flattened in C order; uint8 images divided by 255."""
        return features(self.x[places], dtype)

    def rows(self, dtype: str) -> NDArray[np.floating] | Rows:
        """All features (m, n_0), or what takes them from disk."""
        if not self.streamed:
            return self.features(dtype)
        return Rows(lambda places: self.features(dtype, places), len(self.y), np.dtype(dtype))

    def parts(self) -> Iterator[NDArray[Any]]:
        """The examples in their order, some megabytes at a time."""
        row = int(np.prod(self.x.shape[1:])) * self.x.dtype.itemsize
        length = max(1, PART_MB * 2**20 // row)
        for start in range(0, len(self.x), length):
            yield self.x[start : start + length]

    @cached_property
    def digest(self) -> str:
        """sha256 over the content of the arrays; the file's name and compression do not matter."""
        sha = hashlib.sha256()
        sha.update(f"{self.x.dtype.str} {self.x.shape}".encode())
        for part in self.parts():
            sha.update(np.ascontiguousarray(part).data)
        sha.update(f"{self.y.dtype.str} {self.y.shape}".encode())
        sha.update(self.y.data)
        sha.update("\0".join(self.classes).encode())
        return sha.hexdigest()


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split of the same kind."""

    train: Split
    test: Split
    validation: Split | None = None  # held out of the training examples

    @property
    def n_0(self) -> int:
        """Inputs per example."""
        return int(np.prod(self.train.x.shape[1:]))

    @property
    def m(self) -> int:
        """Training examples."""
        return len(self.train.y)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; the label is the place."""
        return self.train.classes

    @property
    def digest(self) -> str:
        """sha256 over both splits' digests."""
        return hashlib.sha256((self.train.digest + self.test.digest).encode()).hexdigest()


def load(train: str | Path, test: str | Path, memory_mb: int) -> Dataset:
    """Read and check both files; UserError where one breaks the layout or they do not fit."""
    dataset = Dataset(read(train, memory_mb), read(test, memory_mb))
    a, b = dataset.train, dataset.test
    if a.x.shape[1:] != b.x.shape[1:]:
        raise UserError(
            f"{b.path}: its examples are {b.x.shape[1:]}, those of {a.path.name} {a.x.shape[1:]}; "
            "give data.train and data.test of the same kind"
        )
    if a.classes != b.classes:
        raise UserError(
            f"{b.path}: list_classes is {list(b.classes)}, in {a.path.name} {list(a.classes)}; "
            "give data.train and data.test of the same classes"
        )
    return dataset


def read(path: str | Path, memory_mb: int) -> Split:
    """One checked file. A set that takes more than ``memory_mb`` as float64 stays on disk."""
    path = Path(path)
    with _open(path) as file:
        x, y, classes = _members(path, file)
        _check_x(path, x, memory_mb)
        _check_y(path, y, len(x))
        stored = _stored(path, x) if _megabytes(x.shape) > memory_mb else None
        for data in (x, y, classes):
            _check_chunks(path, data)
        names = _class_names(path, classes)
        rows = x[()] if stored is None else stored
        split = Split(path, rows, y[()].reshape(-1).astype(np.int64), names)
    _check_values(split)
    return split


def write(path: Path, split: str, x: NDArray[Any], y: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Write arrays in the layout; ``split`` is "train" or "test"."""
    with h5py.File(path, "w") as file:
        file.create_dataset(f"{split}_set_x", data=x, track_times=False)
        file.create_dataset(f"{split}_set_y", data=y, track_times=False)
        names = np.array([name.encode() for name in classes])
        file.create_dataset("list_classes", data=names, track_times=False)


# -- border checks -------------------------------------------------------------------------------


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """The open file; whatever HDF5 finds broken in it becomes one clear line."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise UserError(f"{path}: {what}; {_remedy(path)}")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: not readable by you; change its permissions (chmod u+r)")
    try:
        if not h5py.is_hdf5(path):
            raise UserError(f"{path}: not an HDF5 file{_looks_like(path)}; fetch or export it again")
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        reason = str(error).split("(", 1)[-1].rstrip(")").strip()
        raise UserError(f"{path}: damaged or cut short ({reason}); fetch or export it again") from error


def _remedy(path: Path) -> str:
    if path.parent.name == "catvnoncat":
        return "`nnlab data fetch` downloads the set, or set NNLAB_DATA to the folder that has it"
    return "check data.train and data.test"


def _looks_like(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(64).lstrip().lower()
    if not head:
        return " but empty"
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return " but a web page"
    if head.startswith(b"version https://git-lfs"):
        return " but a Git LFS pointer"
    return ""


def _members(path: Path, file: h5py.File) -> tuple[h5py.Dataset, h5py.Dataset, h5py.Dataset]:
    for split in ("train", "test"):
        if f"{split}_set_x" in file.keys():  # noqa: SIM118  (`in file` would follow links)
            keys = (f"{split}_set_x", f"{split}_set_y", "list_classes")
            x, y, classes = (_plain_dataset(path, file, key) for key in keys)
            return x, y, classes
    found = ", ".join(ascii(key)[1:-1][:40] for key in sorted(file.keys())[:8]) or "nothing"
    raise UserError(
        f"{path}: has no train_set_x or test_set_x (found: {found}); "
        "name the arrays as the course's files do"
    )


def _plain_dataset(path: Path, file: h5py.File, key: str) -> h5py.Dataset:
    """The dataset under a hard link whose bytes stand in this very file."""
    link = file.get(key, getlink=True)
    if link is None:
        raise UserError(f"{path}: {key} is missing; add it (see the layout in the README)")
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{path}: {key} is a link to elsewhere; store the array in the file itself")
    dataset = file[key]
    if not isinstance(dataset, h5py.Dataset):
        raise UserError(f"{path}: {key} is a group; it must be an array")
    if dataset.is_virtual or dataset.external:
        raise UserError(f"{path}: {key} keeps its data in other files; store them in the file itself")
    return dataset


def _check_chunks(path: Path, data: h5py.Dataset) -> None:
    """HDF5 holds a stored chunk whole, and a kilobyte for each, whatever part of an array is read."""
    if data.chunks is None:
        return
    size = math.prod(data.chunks) * data.dtype.itemsize
    count = math.prod(-(-n // chunk) for n, chunk in zip(data.shape, data.chunks, strict=True))
    if size > max(LARGE_CHUNK, data.size * data.dtype.itemsize) or (size < 4096 and count > MANY_CHUNKS):
        raise UserError(
            f"{path}: {data.name} of shape {data.shape} is in {count} chunks of shape {data.chunks}; "
            "store it in chunks of a megabyte or so, or in one piece"
        )


def _check_x(path: Path, x: h5py.Dataset, memory_mb: int) -> None:
    if x.dtype.kind not in "uif" or x.dtype.itemsize > 8:
        raise UserError(f"{path}: {x.name} is {x.dtype}; it must be uint8 images or numbers")
    if x.ndim not in (2, 4):
        raise UserError(
            f"{path}: {x.name} has shape {x.shape}; it must be (m, height, width, channels) or (m, n)"
        )
    if x.ndim == 4 and x.dtype != np.uint8:
        raise UserError(f"{path}: {x.name} has {x.dtype} images; they must be uint8, 0 to 255")
    if 0 in x.shape:
        raise UserError(f"{path}: {x.name} is empty (shape {x.shape}); at least one example is needed")
    if _megabytes(x.shape[1:]) > memory_mb:
        raise UserError(
            f"{path}: one example of {x.name} takes {_megabytes(x.shape[1:]):.0f} MB as float64, "
            f"data.memory_mb allows {memory_mb}; raise data.memory_mb or use smaller examples"
        )


def _megabytes(shape: tuple[int, ...]) -> float:
    """Of an array of float64."""
    return math.prod(shape) * 8 / 2**20


def _stored(path: Path, x: h5py.Dataset) -> Stored:
    """The examples where they are, over a handle of its own; a file that only claims them is refused."""
    if x.size * x.dtype.itemsize > PACKED * x.id.get_storage_size():
        raise UserError(
            f"{path}: {x.name} of shape {x.shape} has only {x.id.get_storage_size()} bytes in the file; "
            "fetch or export it again"
        )
    return Stored(_plain_dataset(path, h5py.File(path, "r"), x.name.removeprefix("/")))


def _check_y(path: Path, y: h5py.Dataset, m: int) -> None:
    if y.dtype.kind not in "ui":
        raise UserError(f"{path}: {y.name} is {y.dtype}; labels must be integers")
    if y.shape not in ((m,), (m, 1)):
        raise UserError(f"{path}: {y.name} has shape {y.shape}; {m} examples need ({m},) or ({m}, 1)")


def _class_names(path: Path, classes: h5py.Dataset) -> tuple[str, ...]:
    text = classes.dtype.kind == "S" or h5py.check_string_dtype(classes.dtype) is not None
    known_size = classes.dtype.itemsize <= MAX_NAME
    if not (text and known_size and classes.ndim == 1 and 2 <= len(classes) <= MAX_CLASSES):
        raise UserError(
            f"{path}: list_classes is {classes.dtype} of shape {classes.shape}; "
            f"it must be 2 to {MAX_CLASSES} names as bytes"
        )
    names = (bytes(name).decode("utf-8", "replace") for name in classes[()])
    return tuple("".join(c if c.isprintable() else "?" for c in name) for name in names)


def _check_values(split: Split) -> None:
    low, high = int(split.y.min()), int(split.y.max())
    if low < 0 or high >= len(split.classes):
        raise UserError(
            f"{split.path}: labels run from {low} to {high}, list_classes has {len(split.classes)} "
            f"names; labels must be 0 to {len(split.classes) - 1}"
        )
    if split.x.dtype.kind == "f":
        row = 0
        for part in split.parts():
            finite = np.isfinite(part).all(axis=1)
            if not finite.all():
                row += int(np.argmin(finite))
                raise UserError(f"{split.path}: example {row} is not finite; remove or repair it")
            row += len(part)
