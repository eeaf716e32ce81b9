"""Initial weights: one table of standard deviations by name, and the drawing of all layers.

Everything comes from ``numpy.random.RandomState(seed)``, whose streams NumPy froze for good
(NEP 19): ``randn(n_out, n_in)`` layer by layer, first layer first. Biases start at 0.
"""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

# std of a weight as a function of (n_in, n_out), before init.scale
STD: dict[str, Callable[[int, int], float]] = {
    "normal": lambda n_in, n_out: 1.0,
    "lecun": lambda n_in, n_out: 1.0 / sqrt(n_in),  # LeCun et al. 1998
    "he": lambda n_in, n_out: sqrt(2.0 / n_in),  # He et al. 2015
    "glorot": lambda n_in, n_out: sqrt(2.0 / (n_in + n_out)),  # Glorot & Bengio 2010
}
SCHEMES = (*STD, "orthogonal", "zeros")


def draw(scheme: str, scale: float, sizes: Sequence[int], seed: int) -> list[NDArray[np.float64]]:
    """Weights [W1, ..., WL], W_l of shape (n_l, n_{l-1}), for sizes [n_0, ..., n_L]."""
    random = np.random.RandomState(seed)
    shapes = zip(sizes[1:], sizes[:-1], strict=True)  # (n_out, n_in) of each layer
    return [_draw_layer(scheme, scale, shape, random) for shape in shapes]


def _draw_layer(
    scheme: str, scale: float, shape: tuple[int, int], random: np.random.RandomState
) -> NDArray[np.float64]:
    n_out, n_in = shape
    if scheme == "zeros":
        return np.zeros(shape)
    W = random.randn(n_out, n_in)
    if scheme == "orthogonal":
        return scale * _orthogonal(W)
    W *= scale * STD[scheme](n_in, n_out)
    return W


def _orthogonal(W: NDArray[np.float64]) -> NDArray[np.float64]:
    """The orthonormal rows (or columns, whichever are fewer) nearest in span to W (Saxe et al. 2014).

    The sign of R's diagonal is moved into Q, which makes Q uniform over the orthogonal matrices.
    """
    tall = W if W.shape[0] >= W.shape[1] else W.T
    Q, R = np.linalg.qr(tall)
    Q *= np.where(np.diag(R) < 0.0, -1.0, 1.0)
    return np.ascontiguousarray(Q if tall is W else Q.T)
