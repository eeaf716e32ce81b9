"""The HDF5 layout of a set: reading, checking what was read, writing, digest.

The course's layout: ``{train,test}_set_x`` (m, height, width, channels) uint8 images, or (m, n)
numbers that are taken as features; ``{train,test}_set_y`` (m,) or (m, 1) integers; ``list_classes``
bytes. A set for regression has floating targets ``{train,test}_set_y`` (m,) or (m, n_L) and no
``list_classes``. Nothing is read before the checks of ``border`` hold.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.data import hdf5_checks as border
from nnlab.data.lazy_rows import Chosen, Rows, Stored
from nnlab.errors import UserError
from nnlab.nn.inference import features
from nnlab.nn.metrics import targets

PART_MB = 16  # of a set that are digested or checked at a time
LARGEST = 1e100  # target: sums of squares stay finite


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: caches are keyed by it
class Split:
    """One file's examples."""

    path: Path
    x: NDArray[Any] | Stored | Chosen  # (m, height, width, channels) uint8, or (m, n) features
    y: NDArray[Any]  # labels (m,) int64, or targets of a regression (m, n_L) float64
    classes: tuple[str, ...]  # names; none for a regression

    @property
    def regression(self) -> bool:
        """Are there numbers to be met, and no classes?"""
        return not self.classes

    def targets(self, n_outputs: int, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
        """Y (n_L, m): the targets as they are, or those of the labels."""
        return self.y.T.astype(dtype) if self.regression else targets(self.y, n_outputs, dtype)

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
    if a.y.shape[1:] != b.y.shape[1:]:
        raise UserError(
            f"{b.path}: has {_kind(b)}, {a.path.name} has {_kind(a)}; "
            "give data.train and data.test of the same kind"
        )
    if a.classes != b.classes:
        raise UserError(
            f"{b.path}: list_classes is {list(b.classes)}, in {a.path.name} {list(a.classes)}; "
            "give data.train and data.test of the same classes"
        )
    return dataset


def _kind(split: Split) -> str:
    """What is said of each example."""
    if not split.regression:
        return f"labels of {len(split.classes)} classes"
    n_L = split.y.shape[1]
    return f"{n_L} real target{'s' if n_L > 1 else ''} an example"


def read(path: str | Path, memory_mb: int) -> Split:
    """One checked file. A set that takes more than ``memory_mb`` as float64 stays on disk."""
    path = Path(path)
    with border.opened(path) as file:
        x, y, classes = border.members(path, file)
        border.check_x(path, x, memory_mb)
        if classes is None:
            border.check_targets(path, y, len(x), memory_mb)
        else:
            border.check_y(path, y, len(x))
        stored = border.stored(path, x) if border.megabytes(x.shape) > memory_mb else None
        for data in (x, y, *([] if classes is None else [classes])):
            border.check_chunks(path, data)
        rows = x[()] if stored is None else stored
        if classes is None:
            split = Split(path, rows, y[()].reshape(len(x), -1).astype(np.float64), ())
        else:
            names = border.class_names(path, classes)
            split = Split(path, rows, y[()].reshape(-1).astype(np.int64), names)
    _check_values(split)
    return split


def write(path: Path, split: str, x: NDArray[Any], y: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Write arrays in the layout; ``split`` is "train" or "test". Without classes y is floating."""
    with h5py.File(path, "w") as file:
        file.create_dataset(f"{split}_set_x", data=x, track_times=False)
        file.create_dataset(f"{split}_set_y", data=y, track_times=False)
        if classes:
            names = np.array([name.encode() for name in classes])
            file.create_dataset("list_classes", data=names, track_times=False)


def _check_values(split: Split) -> None:
    if split.regression:
        _check_finite(split.path, "the target of example", [split.y])
        if np.abs(split.y).max() > LARGEST:
            raise UserError(f"{split.path}: targets go up to {np.abs(split.y).max():.3g}; rescale them")
    else:
        _check_labels(split)
    if split.x.dtype.kind == "f":
        _check_finite(split.path, "example", split.parts())


def _check_labels(split: Split) -> None:
    low, high = int(split.y.min()), int(split.y.max())
    if low < 0 or high >= len(split.classes):
        raise UserError(
            f"{split.path}: labels run from {low} to {high}, list_classes has {len(split.classes)} "
            f"names; labels must be 0 to {len(split.classes) - 1}"
        )


def _check_finite(path: Path, what: str, parts: Iterable[NDArray[Any]]) -> None:
    """Every row of the parts is; ``what`` is a row."""
    row = 0
    for part in parts:
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            row += int(np.argmin(finite))
            raise UserError(f"{path}: {what} {row} is not finite; remove or repair it")
        row += len(part)
