"""Small random sets of features that follow a known rule: half-spaces, parity, curves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from nnlab.data import hdf5
from nnlab.data.hdf5 import SplitName
from nnlab.nn import Array, Labels

Examples = tuple[Array, Labels | Array]  # x, and labels, or real targets for a regression

CURVES: dict[str, Callable[[Array], Array]] = {  # on [0, 1]
    "sine": lambda t: np.sin(2.0 * np.pi * t),
    "kink": lambda t: np.abs(t - 1.0 / 3.0),
    "waves": lambda t: np.sin(8.0 * np.pi * t),
}


def half_space(m: int, n: int, seed: int) -> tuple[Array, Labels]:
    """m standard normal points (m, n); the class is the side of a plane that is the same for every seed."""
    normal = np.random.RandomState(0).randn(n)
    x = np.random.RandomState([1, seed]).randn(m, n)
    return x, (x @ normal > 0.0).astype(np.int64)


def parity(n: int) -> tuple[Array, Labels]:
    """All 2^n vectors of n bits (2^n, n), bit 0 changes fastest; the class is their XOR."""
    bits = np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1
    return bits.astype(np.float64), bits.sum(axis=1) % 2


def curve(name: str, m: int, seed: int) -> tuple[Array, Array]:
    """m points x (m, 1), uniform on [-1, 1], and a curve's values at (x + 1) / 2 as targets (m, 1)."""
    x = np.random.RandomState([2, seed]).uniform(-1.0, 1.0, (m, 1))
    return x, CURVES[name]((x + 1.0) / 2.0)


def write(folder: Path, train: Examples, test: Examples, stem: str = "") -> None:
    """Write ``<stem>train.h5`` and ``<stem>test.h5`` unless they exist; labels are of two classes."""
    sets: dict[SplitName, Examples] = {"train": train, "test": test}
    for split, (x, y) in sets.items():
        path = folder / f"{stem}{split}.h5"
        if not path.is_file():
            hdf5.write(path, split, x, y, () if y.dtype.kind == "f" else ("0", "1"))
