"""Which training examples are held out: a share of them, or one fold of k.

The split is drawn from the labels alone, with a seed of its own and never the cell's. So every cell
of a sweep, whatever its ``seed``, is validated on the same examples, and cells can be compared image
by image; and the k folds of one set are a partition of it.
"""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]
SEED = 0  # of the split


def share(y: NDArray[np.int64], count: int) -> Places:
    """The places (count,) of ``count`` of the examples with labels y (m,), of each class its share."""
    m = len(y)
    return np.sort(_class_by_class(y)[(2 * np.arange(count) + 1) * m // (2 * count)])  # evenly spaced


def fold(y: NDArray[np.int64], folds: int, number: int) -> Places:
    """The places of fold ``number`` of ``folds``, dealt out class by class.

    Sizes, in all and of each class, differ by at most one between the folds.
    """
    return np.sort(_class_by_class(y)[number::folds])


def others(places: Places, m: int) -> Places:
    """The places among m that are not in ``places``, in their order."""
    return np.delete(np.arange(m), places)


def _class_by_class(y: NDArray[np.int64]) -> Places:
    """All places (m,), one class after the other, each in a random order."""
    random = np.random.RandomState(SEED)
    return np.concatenate([random.permutation(np.flatnonzero(y == label)) for label in np.unique(y)])
