"""Holds out some training examples of a data set for validation."""

import numpy as np

from nnlab.data import folds
from nnlab.data.dataset import Dataset, HeldOut, Part, Split
from nnlab.data.lazy_rows import ChosenRows
from nnlab.errors import UserError
from nnlab.nn import Indices, Labels


def share(data: Dataset, validation: float) -> HeldOut:
    """Hold out this share of the training examples; UserError if it leaves none on either side."""
    count = round(validation * data.m)
    if not 0 < count < data.m:
        side = "hold out" if count == 0 else "train on"
        raise UserError(
            f"data.validation: {validation:g} of the {data.m} examples in {data.train.path} leaves none "
            f"to {side}; give a {'larger' if count == 0 else 'smaller'} share"
        )
    return _held_out(data, folds.share(_strata(data.train), count))


def fold(data: Dataset, count: int, number: int) -> HeldOut:
    """Hold out fold ``number`` of ``count``; UserError if a class has fewer examples than folds."""
    strata = _strata(data.train)
    n, label = min((int(n), label) for label, n in enumerate(np.bincount(strata)) if n)
    if n < count:
        of = f" of class {data.classes[label]!r}" if data.classes else ""
        raise UserError(
            f"data.folds: {data.train.path} has {n} training example{'s' if n > 1 else ''}{of}, "
            f"too few for {count} folds; "
            + (f"give data.folds={n} or fewer" if n > 1 else "give data.validation, or more examples")
        )
    return _held_out(data, folds.fold(strata, count, number))


def _strata(split: Split) -> Labels:
    """The groups (m,) that are divided evenly: the classes, or one group of all for a regression."""
    return np.zeros(len(split.y), np.int64) if split.regression else split.y


def _held_out(data: Dataset, places: Indices) -> HeldOut:
    left = folds.others(places, data.m)
    return HeldOut(_part(data.train, left), data.test, _part(data.train, places), whole=data)


def _part(split: Split, places: Indices) -> Part:
    x = ChosenRows(split.x, places)
    return Part(split.path, x, split.y[places], split.classes, split, places)
