"""The HDF5 layout of an image set: read, check and write it.

It is the layout of the course. A file holds a training set, a test set, or both; the role that is asked
for decides which one is read. ``{train,test}_set_x`` holds uint8 images (m, height, width, channels),
or numbers (m, n) that are taken as features. ``{train,test}_set_y`` holds integer labels (m,), (m, 1)
or (1, m). ``list_classes`` holds the class names as bytes; without it they are 0, 1, ... A set for
regression has floating-point targets ``{train,test}_set_y`` (m,) or (m, n_L) and no ``list_classes``.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.data import hdf5_checks as checks
from nnlab.data.dataset import Dataset, Split
from nnlab.data.hdf5_checks import SplitName
from nnlab.data.hdf5_file import opened
from nnlab.data.labels import StoredSet, splits
from nnlab.data.lazy_rows import StoredRows
from nnlab.errors import UserError

__all__ = ["SplitName", "label_type", "load", "read", "read_all", "sets", "write"]


def load(train: str | Path, test: str | Path, memory_mb: int) -> Dataset:
    """Read and check the training set of a file and the test set of another one, or of the same.

    UserError if one breaks the layout or they do not fit together.
    """
    a, b = _splits(_read(Path(train), "train", memory_mb), _read(Path(test), "test", memory_mb))
    if a.x.shape[1:] != b.x.shape[1:]:
        raise UserError(
            f"{b.path}: its test examples are {b.x.shape[1:]}, the training examples of {a.path.name} "
            f"{a.x.shape[1:]}; "
            "give data.train and data.test of the same kind"
        )
    if a.y.shape[1:] != b.y.shape[1:]:
        raise UserError(
            f"{b.path}: its test set has {_kind(b)}, the training set of {a.path.name} has {_kind(a)}; "
            "give data.train and data.test of the same kind"
        )
    if a.classes != b.classes:
        raise UserError(
            f"{b.path}: list_classes is {list(b.classes)}, in {a.path.name} {list(a.classes)}; "
            "give data.train and data.test of the same classes"
        )
    return Dataset(a, b)


def _kind(split: Split) -> str:
    """What y holds, for a message."""
    if not split.regression:
        return f"labels of {len(split.classes)} classes"
    n_L = split.y.shape[1]
    return f"{n_L} real target{'s' if n_L > 1 else ''} an example"


def sets(path: str | Path) -> list[SplitName]:
    """Which sets a file holds: the training set, the test set, or both; UserError if there is none."""
    path = Path(path)
    with opened(path) as file:
        return checks.sets(path, file)


def read(path: str | Path, split: SplitName, memory_mb: int) -> Split:
    """The examples of one set of a file, checked without the set that belongs to it (see ``load``)."""
    return _splits(_read(Path(path), split, memory_mb))[0]


def read_all(path: str | Path, memory_mb: int) -> dict[SplitName, Split]:
    """All sets of one file, checked as ``load`` does if there are two."""
    names = sets(path)
    if len(names) == 2:
        both = load(path, path, memory_mb)
        return {"train": both.train, "test": both.test}
    return {name: read(path, name, memory_mb) for name in names}


def label_type(path: Path, split: SplitName) -> np.dtype[Any]:
    """The type in which a file that was read holds the labels or targets of a set."""
    with opened(path) as file:
        found: np.dtype[Any] = checks.plain_dataset(path, file, f"{split}_set_y").dtype
        return found


def _read(path: Path, split: SplitName, memory_mb: int) -> StoredSet:
    """A set whose layout is checked.

    Examples that take more than ``memory_mb`` megabytes as float64 stay on disk. UserError if the file
    does not hold this set, breaks the layout or cannot be read.
    """
    with opened(path) as file:
        x, y, classes = checks.members(path, file, split)
        checks.check_x(path, x, memory_mb)
        checks.check_y(path, y, len(x), memory_mb)
        streamed = checks.megabytes(x.shape) > memory_mb
        if streamed:
            checks.check_stored_size(path, x)
        for data in (x, y, *([] if classes is None else [classes])):
            checks.check_filters(path, data)
            checks.check_chunks(path, data)
        rows = _stored_rows(path, x) if streamed else x[()]
        column = len(x), y.size // len(x)  # (m, 1) also of (m,) and (1, m)
        names = None if classes is None else checks.class_names(path, classes)
        return StoredSet(path, rows, y[()].reshape(column), y.name.removeprefix("/"), names)


def _splits(*stored: StoredSet) -> list[Split]:
    """The splits of sets that belong together, with values that can be trained on."""
    found = splits(stored)
    for split in found:
        if split.x.dtype.kind == "f":
            _check_finite(split)
    return found


def _stored_rows(path: Path, x: h5py.Dataset) -> StoredRows:
    """The examples on disk, read through a file handle that stays open."""
    return StoredRows(checks.plain_dataset(path, h5py.File(path, "r"), x.name.removeprefix("/")))


def write(path: Path, split: SplitName, x: NDArray[Any], y: NDArray[Any], classes: tuple[str, ...]) -> None:
    """Write arrays in the layout. ``classes`` is empty for a regression, whose y is floating-point."""
    with h5py.File(path, "w") as file:
        file.create_dataset(f"{split}_set_x", data=x, track_times=False)
        file.create_dataset(f"{split}_set_y", data=y, track_times=False)
        if classes:
            names = np.array([name.encode() for name in classes])
            file.create_dataset("list_classes", data=names, track_times=False)


def _check_finite(split: Split) -> None:
    row = 0
    for part in split.parts():
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            row += int(np.argmin(finite))
            raise UserError(f"{split.path}: example {row} is not finite; remove or repair it")
        row += len(part)
