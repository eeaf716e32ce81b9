"""Activation functions A = g(Z) and their derivatives, one table by name.

The derivative is written as a function of A, not of Z, so a layer keeps one array instead of two:
sigmoid' = A(1-A), tanh' = 1-A^2, and the ReLUs have the sign of Z in the sign of A.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.operations import Operation
from nnlab.nn.options import Option, slope

Array = NDArray[np.floating]


class Activation(NamedTuple):
    """g and its derivative; ``leak`` is the slope of leaky_relu below 0 and unused elsewhere.

    ``apply(Z, leak)`` are the operations that turn Z (n_l, m) into A = g(Z) in the same memory.
    ``slope(A, out, leak)`` are those that write g'(Z), given A = g(Z), to ``out`` of the same shape.
    """

    apply: Callable[[Array, float], list[Operation]]
    slope: Callable[[Array, Array, float], list[Operation]]
    options: Mapping[str, Option] = {}


def sigmoid(Z: Array, out: Array) -> list[Operation]:
    """1 / (1 + exp(-Z)) to ``out``; where exp overflows to inf, its inverse is the 0 meant."""
    return [
        partial(np.negative, Z, out),
        partial(np.exp, out, out),
        partial(np.add, out, np.ones((), out.dtype), out),
        partial(np.reciprocal, out, out),
    ]


def _sigmoid_in_place(Z: Array, leak: float) -> list[Operation]:
    return sigmoid(Z, Z)


def _sigmoid_slope(A: Array, out: Array, leak: float) -> list[Operation]:
    return [partial(np.subtract, np.ones((), A.dtype), A, out), partial(np.multiply, out, A, out)]


def _tanh(Z: Array, leak: float) -> list[Operation]:
    return [partial(np.tanh, Z, Z)]


def _tanh_slope(A: Array, out: Array, leak: float) -> list[Operation]:
    return [partial(np.multiply, A, A, out), partial(np.subtract, np.ones((), A.dtype), out, out)]


def _relu(Z: Array, leak: float) -> list[Operation]:
    maximum, zeros = np.maximum, np.zeros_like(Z)
    return [lambda: maximum(Z, zeros, out=Z)]  # out must have its name, which costs a partial more


def _relu_slope(A: Array, out: Array, leak: float) -> list[Operation]:
    positive = np.empty(A.shape, np.bool_)
    numbers = positive.view(np.int8)  # the same 0 and 1, which are cast in vectors
    return [
        partial(np.greater, A, np.zeros((), A.dtype), positive),
        partial(out.__setitem__, ..., numbers),
    ]


def _leaky_relu(Z: Array, leak: float) -> list[Operation]:
    leaked = np.empty_like(Z)
    return [
        partial(np.multiply, Z, np.array(leak, Z.dtype), leaked),
        partial(np.maximum, Z, leaked, out=Z),  # 0 <= leak <= 1
    ]


def _leaky_relu_slope(A: Array, out: Array, leak: float) -> list[Operation]:
    return [*_relu_slope(A, out, leak), partial(np.maximum, out, np.full_like(out, leak), out=out)]


def _identity(Z: Array, leak: float) -> list[Operation]:
    return []


def _identity_slope(A: Array, out: Array, leak: float) -> list[Operation]:
    return [partial(out.fill, 1.0)]


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(_sigmoid_in_place, _sigmoid_slope),
    "tanh": Activation(_tanh, _tanh_slope),
    "relu": Activation(_relu, _relu_slope),
    "leaky_relu": Activation(
        _leaky_relu, _leaky_relu_slope, {"leak": slope(0.01, "slope of leaky_relu below 0")}
    ),
    "identity": Activation(_identity, _identity_slope),
}
