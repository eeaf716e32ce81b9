"""Figures of a finished net: classes out of probabilities, accuracy."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def classes(A: Array) -> NDArray[np.int64]:
    """Predicted class of each example (m,) from outputs (n_L, m): argmax; of one output, a > 0.5.

    Outputs that are not a number, as of a diverged net, are no class: -1.
    """
    chosen = np.asarray(A[0] > 0.5, np.int64) if A.shape[0] == 1 else A.argmax(axis=0)
    return np.where(np.isnan(A).any(axis=0), -1, chosen)


def accuracy(A: Array, y: NDArray[np.int64]) -> float:
    """Share of the m examples whose predicted class is y (m,)."""
    return float(np.mean(classes(A) == y))


def targets(y: NDArray[np.int64], n_outputs: int, dtype: np.dtype[np.floating]) -> Array:
    """Labels (m,) as the matrix Y (n_L, m): the label itself for one output, else one-hot columns."""
    if n_outputs == 1:
        return y[np.newaxis].astype(dtype)
    return np.equal(y, np.arange(n_outputs)[:, np.newaxis]).astype(dtype)
