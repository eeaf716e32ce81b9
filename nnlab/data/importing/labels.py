"""Turns labels of any form into classes 0, 1, ... with names, or into real targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.data.hdf5_checks import MAX_CLASSES
from nnlab.errors import UserError, printable

Column = NDArray[Any]
FEW = 10  # so many different values are classes; more are, if they occur twice on average


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels or targets of each set, in the layout."""

    parts: list[NDArray[Any]]  # (m,) int64, or targets (m, n_L) float64
    classes: tuple[str, ...]  # empty for targets


def read(
    parts: Sequence[Column], counts: Sequence[int], names: tuple[str, ...], targets: bool, notes: list[str]
) -> Labels:
    """The labels of each set with its number of examples; ``targets`` keeps numbers as real targets.

    ``names`` are the names of the classes, empty if none are given. UserError if the labels cannot be
    understood.
    """
    columns = [_column(_text(part), m, notes) for part, m in zip(parts, counts, strict=True)]
    if len({(column.shape[1:], column.dtype.kind == "U") for column in columns}) > 1:
        kinds = " and ".join(f"{column.shape} {column.dtype}" for column in columns)
        raise UserError(f"--y: the labels of the two sets are not of one kind: {kinds}; choose others")
    y = np.concatenate(columns)
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise UserError("--y: a label is not a finite number; remove or repair its example")
    if y.dtype.kind == "U" and not y.all():
        place = int(np.argmin(y.astype(bool)))
        raise UserError(f"--y: the label of example {place} is blank; name its class or remove the example")
    if targets:
        return Labels(_divided(y.reshape(len(y), -1).astype(np.float64), counts), ())
    if y.ndim == 2 and not _one_hot(y):
        if y.dtype.kind != "f" or np.isin(y, (0, 1)).all():
            raise UserError(
                f"--y: labels {y.shape} are not one-hot{_at_fault(y)}; give one label an example, "
                "or --targets"
            )
        return _targets(y, counts, notes)
    if y.ndim == 2:
        notes.append(f"labels: one-hot columns became the classes 0 to {y.shape[1] - 1}")
        y, known = y.argmax(axis=1), np.arange(y.shape[1])
    elif y.dtype.kind == "f" and not _whole(y):
        return _targets(y, counts, notes)
    else:
        known = np.unique(y)
    return _classes(y, known, names, counts, notes)


def _text(part: Column) -> Column:
    """Bytes as text, without blanks at both ends; other arrays as they are.

    Bytes that are not UTF-8 become \\xff and the like, so that different ones stay different.
    """
    if part.dtype.kind == "S":
        part = np.char.decode(part, "utf-8", "backslashreplace")
    return np.char.strip(part) if part.dtype.kind == "U" else part


def _column(part: Column, m: int, notes: list[str]) -> Column:
    """The labels with the examples along the first axis: (m,), or (m, k)."""
    if max(part.shape, default=0) == part.size == m:
        return part.reshape(m)
    if part.ndim == 2 and len(part) == m:
        return part
    if part.ndim == 2 and part.shape[1] == m:
        notes.append(f"labels: turned from {part.shape} to {part.T.shape}")
        return part.T
    raise UserError(f"--y: labels of shape {part.shape} do not fit {m} examples; choose others with --y")


def _one_hot(y: Column) -> bool:
    numbers = y.dtype.kind in "biuf"
    return numbers and bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())


def _at_fault(y: Column) -> str:
    """Which row of nothing but 0 and 1 does not have a single 1."""
    if y.dtype.kind == "U" or not np.isin(y, (0, 1)).all():
        return ""
    ones = y.sum(axis=1)
    row = int(np.argmax(ones != 1))
    return f" (example {row} has {'no' if not ones[row] else int(ones[row])} 1)"


def _whole(y: Column) -> bool:
    return bool((y == np.rint(y)).all()) and not _many(np.unique(y), y)


def _many(known: NDArray[Any], y: Column) -> bool:
    """Whether there are too many different values for classes, as in a column of prices or captions."""
    return len(known) > max(FEW, len(y) // 2)


def _targets(y: Column, counts: Sequence[int], notes: list[str]) -> Labels:
    low, high = y.min(), y.max()
    notes.append(f"labels: {y.dtype} from {low:g} to {high:g} are real targets of a regression, no classes")
    return Labels(_divided(y.reshape(len(y), -1).astype(np.float64), counts), ())


def _classes(
    y: Column, known: NDArray[Any], names: tuple[str, ...], counts: Sequence[int], notes: list[str]
) -> Labels:
    """Labels 0, 1, ... of the values y (m,), of which there are the ``known`` ones in ascending order."""
    if y.dtype.kind == "f":
        notes.append("labels: whole floating-point numbers were taken as classes (--targets keeps numbers)")
    if y.dtype.kind != "U":
        y, known = y.astype(np.int64), known.astype(np.int64)
    if not names and _many(known, y):
        raise UserError(
            f"--y: {len(y)} examples have {len(known)} different labels, too many for classes; choose "
            "another array with --y, or take numbers as real targets with --targets"
        )
    values = _values(known, names)
    if not 2 <= len(values) <= MAX_CLASSES:
        many = f"{len(values)} class{'es' if len(values) > 1 else ''}"
        raise UserError(f"--y: the labels have {many}; 2 to {MAX_CLASSES} are needed (see --targets)")
    if values.tolist() != list(range(len(values))):
        notes.append(f"labels: {_some(values)} became {_some(np.arange(len(values)))}")
    if not names and values.dtype.kind != "U":
        notes.append(f"classes: have no names, so they are named {_some(values)}")
    order = np.argsort(values)
    places = order[np.searchsorted(values, y, sorter=order)].astype(np.int64)
    return Labels(_divided(places, counts), names or tuple(printable(str(value)) for value in values))


def _values(known: NDArray[Any], names: tuple[str, ...]) -> NDArray[Any]:
    """The value that stands for each class, in the order of the classes."""
    n = len(names)
    if not names:
        return known
    if known.dtype.kind == "U":
        if set(known.tolist()) <= set(names):
            return np.array(names)
    elif known[0] >= 0 and known[-1] < n:
        return np.arange(n)
    elif known[0] >= 1 and known[-1] <= n:
        return np.arange(1, n + 1)
    elif len(known) == n:
        return known
    raise UserError(
        f"--y: the labels are {_some(known)}, the classes {', '.join(names[:4])}; these do not fit together"
    )


def _some(values: NDArray[Any]) -> str:
    """The first values, for a note."""
    shown = [printable(str(value)) for value in values[:4]]
    return ", ".join(shown) + (", ..." if len(values) > 4 else "")


def _divided(y: NDArray[Any], counts: Sequence[int]) -> list[NDArray[Any]]:
    """The labels of each set again."""
    return np.split(y, np.cumsum(counts)[:-1])


def class_names(stored: Sequence[Column]) -> tuple[str, ...]:
    """The names of the classes in arrays of texts or numbers, none if there is no array.

    UserError if two names are equal, or the arrays are not.
    """
    found = {tuple(printable(str(name)) for name in _text(array).reshape(-1)) for array in stored}
    if len(found) > 1:
        raise UserError(
            f"--classes: the files name other classes: {' and '.join(map(str, found))}; repair one"
        )
    names = found.pop() if found else ()
    if len(set(names)) < len(names):
        raise UserError(f"--classes: the names {', '.join(names[:8])} are not all different; repair them")
    return names
