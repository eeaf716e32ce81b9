"""Inputs: what a first layer needs of its examples, whole, in parts or in minibatches."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nnlab.nn.arrays import Array, Indices

Places = Indices | slice
PIECE = 256  # images that are evaluated at a time


@dataclass(frozen=True)
class Inputs:
    """What a first layer needs for Z1 (n_1, k) of k examples.

    ``columns`` are those of X or of K, one for each example. ``start`` is the Gram layer's Z1_0 (n_1, k);
    its columns beyond those of the examples are 0. ``product`` is where that layer keeps its product with K
    (rows, k), for the training images as a whole. ``places`` are the training images of a minibatch.
    """

    k: int
    columns: Array
    start: Array | None = None
    product: Array | None = None
    places: Places | None = None


class Rows(Protocol):
    """Images as rows (m, n_0): an array, or an object that reads them from a file."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32."""

    def __len__(self) -> int: ...
    def __getitem__(self, places: Any, /) -> Array: ...


def pieces(m: int) -> list[slice]:
    """The places of m images, PIECE at a time: the same for images in memory and in a file."""
    return [slice(start, min(start + PIECE, m)) for start in range(0, m, PIECE)]
