"""Small drawn sets of features, whose rule is known: half-spaces, parity."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnlab.data import hdf5

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def half_space(m: int, n: int, seed: int) -> tuple[Array, Labels]:
    """m standard normal points (m, n); the class is the side of one plane, the same for every seed."""
    normal = np.random.RandomState(0).randn(n)
    x = np.random.RandomState([1, seed]).randn(m, n)
    return x, (x @ normal > 0.0).astype(np.int64)


def parity(n: int) -> tuple[Array, Labels]:
    """All 2^n vectors of n bits (2^n, n), bit 0 the fastest; the class is their XOR."""
    bits = np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1
    return bits.astype(np.float64), bits.sum(axis=1) % 2


def write(folder: Path, train: tuple[Array, Labels], test: tuple[Array, Labels], stem: str = "") -> None:
    """Write ``<stem>train.h5`` and ``<stem>test.h5`` of two classes unless they are there."""
    for split, (x, y) in (("train", train), ("test", test)):
        path = folder / f"{stem}{split}.h5"
        if not path.is_file():
            hdf5.write(path, split, x, y, ("0", "1"))
