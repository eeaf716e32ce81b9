"""Examples that stand in two sets, or twice in one, found by their content."""

import hashlib
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import DTypeLike

from nnlab.data.dataset import Split


def shared(train: Split, test: Split) -> list[int]:
    """The places of the test examples that are training examples too, whatever their labels.

    The sets may be streamed; only digests of the test examples are held.
    """
    dtype = train.x.dtype if train.x.dtype == test.x.dtype else np.dtype("float64")
    keys = list(_keys(test, dtype))
    wanted = set(keys)
    both = {key for key in _keys(train, dtype) if key in wanted}
    return [place for place, key in enumerate(keys) if key in both]


def repeated(split: Split) -> int:
    """How many examples are there twice or more."""
    return sum(n for n in Counter(_keys(split, split.x.dtype)).values() if n > 1)


def _keys(split: Split, dtype: DTypeLike) -> Iterator[bytes]:
    """A digest of 16 bytes for each example, equal for equal numbers."""
    for part in split.parts():
        rows = np.ascontiguousarray(part.reshape(len(part), -1), dtype)  # (k, n_0)
        if rows.dtype.kind == "f":
            rows = rows + 0.0  # -0.0 becomes 0.0
        for row in rows:
            yield hashlib.sha256(row).digest()[:16]
