"""What the y of a set means: labels of classes, or the real targets of a regression.

It is decided for the training and the test set together, because one of them may not show it: a file
without ``list_classes`` says neither how many classes there are, nor whether a target of 1.0 is a class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.data.dataset import Split
from nnlab.data.hdf5_checks import IMPORT, MAX_CLASSES
from nnlab.data.lazy_rows import Examples
from nnlab.errors import UserError

MAX_TARGET = 1e100  # so that sums of squares stay finite


@dataclass(frozen=True, eq=False)
class StoredSet:
    """A set as its file holds it."""

    path: Path
    x: Examples  # (m, ...)
    y: NDArray[Any]  # (m, k) integers or floats
    key: str  # the name of y in the file
    names: tuple[str, ...] | None  # of the classes; None without list_classes

    @property
    def labelled(self) -> bool:
        """Does y hold labels for sure? Floats without ``list_classes`` may be labels or real targets."""
        return self.y.dtype.kind != "f" or self.names is not None

    @property
    def binary(self) -> bool:
        """Is y one column of nothing but 0 and 1?"""
        return self.y.shape[1] == 1 and bool(np.isin(self.y, (0, 1)).all())


def splits(stored: Sequence[StoredSet]) -> list[Split]:
    """The splits of sets that belong together; UserError if a label or target is out of range.

    Floats that are all 0.0 and 1.0, in each of the sets, are labels. Classes without names are named by
    their numbers.
    """
    classes = all(one.labelled or one.binary for one in stored)
    labelled = [one for one in stored if classes or one.labelled]
    for one in labelled:
        _check_whole(one)
    names = next((one.names for one in labelled if one.names), None) or _numbers(labelled)
    return [_labels(one, one.names or names) if one in labelled else _targets(one) for one in stored]


def _check_whole(one: StoredSet) -> None:
    whole = one.y.dtype.kind != "f" or bool((np.isfinite(one.y) & (one.y == np.floor(one.y))).all())
    if not (whole and one.y.shape[1] == 1):
        raise UserError(
            f"{one.path}: {one.key} is {one.y.dtype}; labels must be integers, and a file of real targets "
            "has no list_classes"
        )


def _numbers(labelled: Sequence[StoredSet]) -> tuple[str, ...]:
    """The classes 0, 1, ... up to the largest label of all sets; at least two."""
    count = max((int(one.y.max()) + 1 for one in labelled), default=0)
    if count > MAX_CLASSES:
        one = max(labelled, key=lambda each: int(each.y.max()))
        raise UserError(
            f"{one.path}: {one.key} has labels up to {count - 1}, more than {MAX_CLASSES} classes; "
            "store real targets as floats"
        )
    return tuple(map(str, range(max(2, count))))


def _labels(one: StoredSet, names: tuple[str, ...]) -> Split:
    low, high = int(one.y.min()), int(one.y.max())
    if low < 0 or high >= len(names):
        known = (
            f"list_classes has {len(names)} names"
            if one.names
            else f"the classes are 0 to {len(names) - 1}"
        )
        raise UserError(
            f"{one.path}: labels run from {low} to {high}, {known}; "
            f"labels must be 0 to {len(names) - 1}; {IMPORT}"
        )
    return Split(one.path, one.x, one.y.reshape(-1).astype(np.int64), names)


def _targets(one: StoredSet) -> Split:
    y = one.y.astype(np.float64)
    finite = np.isfinite(y).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise UserError(f"{one.path}: the target of example {row} is not finite; remove or repair it")
    if np.abs(y).max() > MAX_TARGET:
        raise UserError(f"{one.path}: targets go up to {np.abs(y).max():.3g}; rescale them")
    return Split(one.path, one.x, y, ())
