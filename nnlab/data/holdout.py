"""A data set with part of its training examples held out for validation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.data import folds
from nnlab.data.hdf5 import Dataset, Split
from nnlab.data.lazy_rows import Chosen
from nnlab.errors import UserError

Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Part(Split):
    """Some examples of a split."""

    whole: Split
    places: Places  # in it

    @property
    def streamed(self) -> bool:
        """Does the whole stay on disk?"""
        return self.whole.streamed


@dataclass(frozen=True, eq=False, kw_only=True)
class HeldOut(Dataset):
    """What is left to train on, what was held out, and the test split as it was."""

    whole: Dataset

    @property
    def digest(self) -> str:
        """That of the whole: the data are the same, a cell's configuration says what it holds out."""
        return self.whole.digest


def splits(data: Dataset) -> dict[str, Split]:
    """The splits that there are, by name."""
    found = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: split for name, split in found.items() if split is not None}


def share(data: Dataset, validation: float) -> HeldOut:
    """Hold out this share of the training examples; UserError where it leaves none on either side."""
    count = round(validation * data.m)
    if not 0 < count < data.m:
        side = "hold out" if count == 0 else "train on"
        raise UserError(
            f"data.validation: {validation:g} of the {data.m} examples in {data.train.path} leaves none "
            f"to {side}; give a {'larger' if count == 0 else 'smaller'} share"
        )
    return _held_out(data, folds.share(_strata(data.train), count))


def fold(data: Dataset, count: int, number: int) -> HeldOut:
    """Hold out fold ``number`` of ``count``; UserError where a class has too few examples for that."""
    strata = _strata(data.train)
    sizes = np.bincount(strata)
    smallest = min((int(n), label) for label, n in enumerate(sizes) if n)
    if smallest[0] < count:
        n, label = smallest
        of = f" of class {data.classes[label]!r}" if data.classes else ""
        raise UserError(
            f"data.folds: {data.train.path} has {n} training example{'s' if n > 1 else ''}{of}, "
            f"too few for {count} folds; "
            + (f"give data.folds={n} or fewer" if n > 1 else "give data.validation, or more examples")
        )
    return _held_out(data, folds.fold(strata, count, number))


def _strata(split: Split) -> NDArray[np.int64]:
    """What is to be shared out evenly (m,): the classes; a regression's examples are all of one kind."""
    return np.zeros(len(split.y), np.int64) if split.regression else split.y


def _held_out(data: Dataset, places: Places) -> HeldOut:
    left = folds.others(places, data.m)
    return HeldOut(_part(data.train, left), data.test, _part(data.train, places), whole=data)


def _part(split: Split, places: Places) -> Part:
    x = Chosen(split.x, places)
    return Part(split.path, x, split.y[places], split.classes, split, places)
