"""The HDF5 layout of an image set: read, check and write it.

It is the layout of the course. ``{train,test}_set_x`` holds uint8 images (m, height, width, channels),
or numbers (m, n) that are taken as features. ``{train,test}_set_y`` holds integer labels (m,) or (m, 1).
``list_classes`` holds the class names as bytes. A set for regression has floating-point targets
``{train,test}_set_y`` (m,) or (m, n_L) and no ``list_classes``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from nnlab.data import hdf5_checks as checks
from nnlab.data.dataset import Dataset, Split
from nnlab.data.lazy_rows import StoredRows
from nnlab.errors import UserError

SplitName = Literal["train", "test"]  # a file holds one of them
MAX_TARGET = 1e100  # so that sums of squares stay finite


def load(train: str | Path, test: str | Path, memory_mb: int) -> Dataset:
    """Read and check both files; UserError if one breaks the layout or they do not fit together."""
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
    """What y holds, for a message."""
    if not split.regression:
        return f"labels of {len(split.classes)} classes"
    n_L = split.y.shape[1]
    return f"{n_L} real target{'s' if n_L > 1 else ''} an example"


def read(path: str | Path, memory_mb: int) -> Split:
    """The examples of one file, checked.

    Examples that take more than ``memory_mb`` megabytes as float64 stay on disk. UserError if the file
    breaks the layout or is damaged.
    """
    path = Path(path)
    with checks.opened(path) as file:
        x, y, classes = checks.members(path, file)
        checks.check_x(path, x, memory_mb)
        if classes is None:
            checks.check_targets(path, y, len(x), memory_mb)
        else:
            checks.check_y(path, y, len(x))
        streamed = checks.megabytes(x.shape) > memory_mb
        if streamed:
            checks.check_stored_size(path, x)
        for data in (x, y, *([] if classes is None else [classes])):
            checks.check_chunks(path, data)
        rows = _stored_rows(path, x) if streamed else x[()]
        if classes is None:
            split = Split(path, rows, y[()].reshape(len(x), -1).astype(np.float64), ())
        else:
            names = checks.class_names(path, classes)
            split = Split(path, rows, y[()].reshape(-1).astype(np.int64), names)
    _check_values(split)
    return split


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


def _check_values(split: Split) -> None:
    if split.regression:
        _check_finite(split.path, "the target of example", [split.y])
        if np.abs(split.y).max() > MAX_TARGET:
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
    """UserError if a row of the parts has a value that is not finite; ``what`` names a row."""
    row = 0
    for part in parts:
        finite = np.isfinite(part).all(axis=1)
        if not finite.all():
            row += int(np.argmin(finite))
            raise UserError(f"{path}: {what} {row} is not finite; remove or repair it")
        row += len(part)
