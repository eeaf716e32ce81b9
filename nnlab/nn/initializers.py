"""Initial weights: one table by name, and the drawing of all layers.

Everything comes from ``numpy.random.RandomState(seed)``, whose streams NumPy will never change
(NEP 19): ``randn(n_out, n_in)`` layer by layer, first layer first. Biases start at 0.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Draw = Callable[[np.random.RandomState, int, int, float], Weights]


class Initializer(NamedTuple):
    """``draw(random, n_out, n_in, scale)`` gives the weights (n_out, n_in) of a layer."""

    draw: Draw
    scaled: bool = True  # does the scale matter?


def normal(std: Callable[[int, int], float]) -> Initializer:
    """Independent normal weights; ``std(n_in, n_out)`` is their standard deviation before the scale."""

    def draw(random: np.random.RandomState, n_out: int, n_in: int, scale: float) -> Weights:
        W = random.randn(n_out, n_in)
        W *= scale * std(n_in, n_out)
        return W

    return Initializer(draw)


def orthogonal(random: np.random.RandomState, n_out: int, n_in: int, scale: float) -> Weights:
    """Orthonormal rows, or columns where these are fewer, from the QR of a normal matrix.

    The sign of R's diagonal is moved into Q, which makes Q uniform over the orthogonal matrices (Saxe et
    al. 2014).
    """
    W = random.randn(n_out, n_in)
    tall = W if n_out >= n_in else W.T
    Q, R = np.linalg.qr(tall)
    Q *= np.where(np.diag(R) < 0.0, -1.0, 1.0)
    return scale * np.ascontiguousarray(Q if tall is W else Q.T)


def zeros(random: np.random.RandomState, n_out: int, n_in: int, scale: float) -> Weights:
    """All weights 0; nothing is drawn."""
    return np.zeros((n_out, n_in))


INITIALIZERS: dict[str, Initializer] = {
    "normal": normal(lambda n_in, n_out: 1.0),
    "lecun": normal(lambda n_in, n_out: 1.0 / sqrt(n_in)),  # LeCun et al. 1998
    "he": normal(lambda n_in, n_out: sqrt(2.0 / n_in)),  # He et al. 2015
    "glorot": normal(lambda n_in, n_out: sqrt(2.0 / (n_in + n_out))),  # Glorot & Bengio 2010
    "orthogonal": Initializer(orthogonal),
    "zeros": Initializer(zeros, scaled=False),
}


def draw(scheme: str, scale: float, sizes: Sequence[int], seed: int) -> list[Weights]:
    """Weights [W1, ..., WL], W_l of shape (n_l, n_{l-1}), for sizes [n_0, ..., n_L]."""
    random = np.random.RandomState(seed)
    layers = zip(sizes[1:], sizes[:-1], strict=True)  # (n_out, n_in) of each layer
    return [INITIALIZERS[scheme].draw(random, n_out, n_in, scale) for n_out, n_in in layers]
