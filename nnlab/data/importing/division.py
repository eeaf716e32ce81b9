"""Divides one set into a training and a test set, and finds equal examples."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnlab.errors import UserError
from nnlab.nn import Indices

Keys = NDArray[Any]  # (m,) equal for equal examples


def keys(x: NDArray[Any]) -> Keys:
    """A digest of each example of x (m, ...)."""
    return np.array([hashlib.sha256(np.ascontiguousarray(row).data).hexdigest() for row in x], "S64")


def test_places(strata: NDArray[np.int64], same: Keys, share: float, seed: int) -> Indices:
    """The indices of a share of the examples, in ascending order: of each class the same share.

    Examples that are equal stay together, in the class of the first of them. ``strata`` (m,) are the
    classes, or zeros. UserError if the share leaves nothing to train on or to test with.
    """
    _, first, group = np.unique(same, return_index=True, return_inverse=True)
    random = np.random.RandomState(seed)
    chosen: list[NDArray[np.int64]] = []
    for label in np.unique(strata[first]):
        groups = random.permutation(np.flatnonzero(strata[first] == label))
        sizes = np.cumsum(np.bincount(group, minlength=len(first))[groups])
        wanted = max(1, round(share * sizes[-1]))
        count = np.searchsorted(sizes, wanted, side="right")
        chosen.append(groups[: min(count, len(groups) - 1)])  # one of each class remains to train on
    places = np.flatnonzero(np.isin(group, np.concatenate(chosen)))
    if not 0 < len(places) < len(strata):
        raise UserError(
            f"--test-share: {share:g} of {len(strata)} examples leaves none on one side (equal ones "
            "stay together); give another share"
        )
    return places


def equal_examples(train: Keys, test: Keys, y_train: NDArray[Any], y_test: NDArray[Any]) -> list[str]:
    """A line for each kind of equal examples there is: in both sets, within a set, of unlike labels."""
    notes = []
    if both := int(np.isin(test, train).sum()):
        notes.append(f"doubtful: {both} test examples are equal to training examples")
    for name, found in (("training", train), ("test", test)):
        if more := len(found) - len(np.unique(found)):
            notes.append(f"doubtful: {more} {name} examples are equal to others of that set")
    all_keys, labels = np.concatenate([train, test]), np.concatenate([y_train, y_test])
    _, group = np.unique(all_keys, return_inverse=True)
    first = np.full(group.max() + 1, -1)
    first[group[::-1]] = np.arange(len(group))[::-1]
    if unlike := int((labels[first[group]] != labels).reshape(len(labels), -1).any(axis=1).sum()):
        notes.append(f"doubtful: {unlike} examples are equal to another one of another label")
    return notes
