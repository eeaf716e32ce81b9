"""Activation functions A = g(Z) and their derivatives, in place, one table by name.

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
    ``chain(dA, A, leak)`` turns dA (n_l, m) into dZ = dA * g'(Z) in the same memory.
    """

    apply: Callable[[Array, float], None]
    chain: Callable[[Array, Array, float], None]


def sigmoid(Z: Array, leak: float = 0.0) -> None:
    """Z becomes 1 / (1 + exp(-Z)); where exp overflows to inf, its inverse is the 0 meant."""
    np.negative(Z, out=Z)
    np.exp(Z, out=Z)
    Z += 1.0
    np.reciprocal(Z, out=Z)


def _sigmoid_chain(dA: Array, A: Array, leak: float) -> None:
    slope = 1.0 - A
    slope *= A
    dA *= slope


def _tanh(Z: Array, leak: float) -> None:
    np.tanh(Z, out=Z)


def _tanh_chain(dA: Array, A: Array, leak: float) -> None:
    slope = A * A
    np.subtract(1.0, slope, out=slope)
    dA *= slope


def _relu(Z: Array, leak: float) -> None:
    np.maximum(Z, 0.0, out=Z)


def _relu_chain(dA: Array, A: Array, leak: float) -> None:
    dA *= np.sign(A)  # A >= 0, so the sign is the derivative: 0 or 1


def _leaky_relu(Z: Array, leak: float) -> None:
    np.maximum(Z, leak * Z, out=Z)  # 0 <= leak <= 1


def _leaky_relu_chain(dA: Array, A: Array, leak: float) -> None:
    np.multiply(dA, leak, out=dA, where=A <= 0.0)


def _identity(Z: Array, leak: float) -> None:
    pass


def _identity_chain(dA: Array, A: Array, leak: float) -> None:
    pass


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(sigmoid, _sigmoid_chain),
    "tanh": Activation(_tanh, _tanh_chain),
    "relu": Activation(_relu, _relu_chain),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_chain),
    "identity": Activation(_identity, _identity_chain),
}
