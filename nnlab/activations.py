"""Activation functions A = g(Z) and their derivatives, one table by name.

The derivative is written as a function of A, not of Z, so a layer keeps one array instead of two:
sigmoid' = A(1-A), tanh' = 1-A^2, and the ReLUs have the sign of Z in the sign of A.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Activation(NamedTuple):
    """g and its derivative; ``leak`` is the slope of leaky_relu below 0 and unused elsewhere.

    ``apply(Z, leak)`` turns Z (n_l, m) into A = g(Z) in the same memory.
    ``slope(A, out, leak)`` writes g'(Z), given A = g(Z), to ``out`` of the same shape.
    """

    apply: Callable[[Array, float], None]
    slope: Callable[[Array, Array, float], None]


def sigmoid(Z: Array, out: Array) -> None:
    """Write 1 / (1 + exp(-Z)) to ``out``; where exp overflows to inf, its inverse is the 0 meant."""
    np.negative(Z, out=out)
    np.exp(out, out=out)
    out += 1.0
    np.reciprocal(out, out=out)


def _sigmoid_in_place(Z: Array, leak: float) -> None:
    sigmoid(Z, out=Z)


def _sigmoid_slope(A: Array, out: Array, leak: float) -> None:
    np.subtract(1.0, A, out=out)
    out *= A


def _tanh(Z: Array, leak: float) -> None:
    np.tanh(Z, out=Z)


def _tanh_slope(A: Array, out: Array, leak: float) -> None:
    np.multiply(A, A, out=out)
    np.subtract(1.0, out, out=out)


def _relu(Z: Array, leak: float) -> None:
    np.maximum(Z, 0.0, out=Z)


def _relu_slope(A: Array, out: Array, leak: float) -> None:
    out[...] = A > 0.0


def _leaky_relu(Z: Array, leak: float) -> None:
    np.maximum(Z, leak * Z, out=Z)  # 0 <= leak <= 1


def _leaky_relu_slope(A: Array, out: Array, leak: float) -> None:
    out[...] = A > 0.0
    np.maximum(out, leak, out=out)


def _identity(Z: Array, leak: float) -> None:
    pass


def _identity_slope(A: Array, out: Array, leak: float) -> None:
    out[...] = 1.0


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid_in_place, _sigmoid_slope),
    "tanh": Activation(_tanh, _tanh_slope),
    "relu": Activation(_relu, _relu_slope),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_slope),
    "identity": Activation(_identity, _identity_slope),
}
