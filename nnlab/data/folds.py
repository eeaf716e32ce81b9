"""Which training examples are held out: a share of them, or one fold of k.

The choice depends on the labels and on a fixed seed, not on the cell's ``seed``. So all cells of a
sweep are validated on the same examples and can be compared image by image, and the k folds of a set
are a partition of it.
"""

import numpy as np

from nnlab.nn import Indices, Labels

SEED = 0  # of the random order


def share(y: Labels, count: int) -> Indices:
    """The indices (count,) of ``count`` examples with labels y (m,), in proportion from each class."""
    m = len(y)
    return np.sort(_class_by_class(y)[(2 * np.arange(count) + 1) * m // (2 * count)])  # evenly spaced


def fold(y: Labels, folds: int, number: int) -> Indices:
    """The indices of fold ``number`` of ``folds``; the examples of each class are dealt out in turn.

    The sizes of two folds, in all and of each class, differ by at most one.
    """
    return np.sort(_class_by_class(y)[number::folds])


def others(places: Indices, m: int) -> Indices:
    """The indices below m that are not in ``places``, in ascending order."""
    return np.delete(np.arange(m), places)


def _class_by_class(y: Labels) -> Indices:
    """All indices (m,), one class after the other, those of each class in random order."""
    random = np.random.RandomState(SEED)
    return np.concatenate([random.permutation(np.flatnonzero(y == label)) for label in np.unique(y)])
