"""Metrics of a finished net: classes out of probabilities, accuracy, rmse."""

import numpy as np

from nnlab.nn.arrays import Array, Labels


def classes(A: Array) -> Labels:
    """Predicted class of each example (m,) from outputs (n_L, m): argmax; of one output, a > 0.5.

    Where an output is not a number, as in a diverged net, there is no class: -1.
    """
    chosen = np.asarray(A[0] > 0.5, np.int64) if A.shape[0] == 1 else A.argmax(axis=0)
    return np.where(np.isnan(A).any(axis=0), -1, chosen)


def accuracy(A: Array, y: Labels) -> float:
    """Share of the m examples whose predicted class is y (m,)."""
    return float(np.mean(classes(A) == y))


def rmse(A: Array, Y: Array) -> float:
    """The root of the mean of (A_L - Y)^2 over examples and outputs, both (n_L, m)."""
    error = A - Y
    return float(np.sqrt(np.mean(error**2)))


def targets(y: Labels, n_outputs: int, dtype: np.dtype[np.floating]) -> Array:
    """Labels (m,) as the matrix Y (n_L, m): the label itself for one output, else one-hot columns."""
    if n_outputs == 1:
        return y[np.newaxis].astype(dtype)
    return np.equal(y, np.arange(n_outputs)[:, np.newaxis]).astype(dtype)
