"""Which examples a cell is trained, validated and tested on, for its record."""

import hashlib
from typing import Any

from nnlab.data import Dataset, Part, Split


def example_sets(data: Dataset) -> dict[str, dict[str, Any]]:
    """Of each split the ``digest``, ``shape`` (m, height, width, channels) or (m, n_0), and ``dtype``."""
    return {
        name: {"digest": _digest(split), "shape": list(split.x.shape), "dtype": str(split.x.dtype)}
        for name, split in data.splits.items()
    }


def _digest(split: Split) -> str:
    """Of a part the digest of the whole split and of its places: a streamed set is not read again."""
    if not isinstance(split, Part):
        return split.digest
    return hashlib.sha256(split.whole.digest.encode() + split.places.astype("<i8").tobytes()).hexdigest()
