"""Activation functions A = g(Z) and their derivatives, one table by name.

The derivative is written as a function of A, not of Z, so a layer keeps one array instead of two:
sigmoid' = A(1-A), tanh' = 1-A^2, and the ReLUs have the sign of Z in the sign of A.

Both are prepared once for the arrays of a batch and then only called, with what they need besides in
place: NumPy compares an array with another in vectors, but with a number element by element.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Prepared = Callable[[], object]


class Activation(NamedTuple):
    """g and its derivative; ``leak`` is the slope of leaky_relu below 0 and unused elsewhere.

    ``apply(Z, leak)`` makes the function that turns Z (n_l, m) into A = g(Z) in the same memory.
    ``slope(A, out, leak)`` makes the one that writes g'(Z), given A = g(Z), to ``out`` of the same shape.
    """

    apply: Callable[[Array, float], Prepared]
    slope: Callable[[Array, Array, float], Prepared]


def sigmoid(Z: Array, out: Array) -> None:
    """Write 1 / (1 + exp(-Z)) to ``out``; where exp overflows to inf, its inverse is the 0 meant."""
    np.negative(Z, out=out)
    np.exp(out, out=out)
    out += 1.0
    np.reciprocal(out, out=out)


def _sigmoid_in_place(Z: Array, leak: float) -> Prepared:
    return partial(sigmoid, Z, out=Z)


def _sigmoid_slope(A: Array, out: Array, leak: float) -> Prepared:
    def write() -> None:
        np.subtract(1.0, A, out=out)
        np.multiply(out, A, out=out)

    return write


def _tanh(Z: Array, leak: float) -> Prepared:
    return partial(np.tanh, Z, out=Z)


def _tanh_slope(A: Array, out: Array, leak: float) -> Prepared:
    def write() -> None:
        np.multiply(A, A, out=out)
        np.subtract(1.0, out, out=out)

    return write


def _relu(Z: Array, leak: float) -> Prepared:
    return partial(np.maximum, Z, np.zeros_like(Z), out=Z)


def _relu_slope(A: Array, out: Array, leak: float) -> Prepared:
    positive, zero = np.empty(A.shape, np.bool_), np.zeros((), A.dtype)
    numbers = positive.view(np.int8)  # the same 0 and 1, which are cast in vectors

    def write() -> None:
        np.greater(A, zero, out=positive)
        np.copyto(out, numbers)

    return write


def _leaky_relu(Z: Array, leak: float) -> Prepared:
    leaked = np.empty_like(Z)

    def write() -> None:
        np.multiply(Z, leak, out=leaked)
        np.maximum(Z, leaked, out=Z)  # 0 <= leak <= 1

    return write


def _leaky_relu_slope(A: Array, out: Array, leak: float) -> Prepared:
    relu_slope, leaks = _relu_slope(A, out, leak), np.full_like(out, leak)

    def write() -> None:
        relu_slope()
        np.maximum(out, leaks, out=out)

    return write


def _identity(Z: Array, leak: float) -> Prepared:
    return lambda: None


def _identity_slope(A: Array, out: Array, leak: float) -> Prepared:
    return partial(out.fill, 1.0)


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid_in_place, _sigmoid_slope),
    "tanh": Activation(_tanh, _tanh_slope),
    "relu": Activation(_relu, _relu_slope),
    "leaky_relu": Activation(_leaky_relu, _leaky_relu_slope),
    "identity": Activation(_identity, _identity_slope),
}
