"""Losses as functions of the logits Z_L, one table by (output, loss).

Taking logits and not probabilities keeps every formula exact for any finite z: log(1 + e^z) never
takes an exponential above 1, softmax subtracts the largest logit first. All functions take a stack
of logits (..., n_L, m), so the costs of many steps are computed in one go.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.activations import sigmoid
from nnlab.nn.operations import Operation, run

Array = NDArray[np.floating]
Delta = Callable[[Array, Array, Array], Callable[[Array], list[Operation]]]  # delta(Y, weights, out)(Z)


class Loss(NamedTuple):
    """``cost(Z, Y)`` (...,) is J, the mean over the m examples of the loss summed over outputs;
    ``delta(Y, weights, out)(Z)`` are the operations that write its derivative by Z, each example's times
    its weight (1, m) (1/m for the derivative of J), to ``out`` (n_L, m).
    """  # fmt: skip

    cost: Callable[[Array, Array], Array]
    delta: Delta


def _sigmoid(Z: Array) -> Array:
    A = np.empty_like(Z)
    run(sigmoid(Z, A))
    return A


def _softmax(Z: Array) -> Array:
    """exp(z_i) / sum_j exp(z_j) over the n_L outputs, shifted by the largest against overflow."""
    A: Array = np.exp(Z - Z.max(axis=-2, keepdims=True))
    A /= A.sum(axis=-2, keepdims=True)
    return A


def _mean(loss: Array) -> Array:
    """(..., n_L, m) -> (...,): sum over outputs, mean over examples."""
    mean: Array = loss.sum(axis=(-2, -1)) / loss.shape[-1]
    return mean


def _sigmoid_cross_entropy(Z: Array, Y: Array) -> Array:
    # -y log a - (1-y) log(1-a) with a = sigmoid(z) and y in {0, 1} is log(1 + e^-z) for y = 1 and
    # log(1 + e^z) for y = 0: one formula in the logit with its sign turned
    return _mean(_softplus((1.0 - 2.0 * Y) * Z))


def _softplus(Z: Array) -> Array:
    """log(1 + e^z) = max(z, 0) + log(1 + e^-|z|), a fifth of the time of ``logaddexp(0, z)``.

    Z is used up.
    """
    softplus: Array = np.abs(Z)
    np.negative(softplus, out=softplus)
    np.exp(softplus, out=softplus)
    np.log1p(softplus, out=softplus)
    softplus += np.maximum(Z, np.zeros(Z.shape[-1], Z.dtype), out=Z)  # 0.0 would go element by element
    return softplus


def _sigmoid_cross_entropy_delta(
    Y: Array, weights: Array, out: Array
) -> Callable[[Array], list[Operation]]:
    """w (sigmoid(z) - y) = w s / (1 + e^-sz) with s = 1 - 2y: four operations, and nothing cancels."""
    sign = 1.0 - 2.0 * Y
    minus = -sign
    divide = [
        partial(np.exp, out, out),
        partial(np.add, out, np.ones((), out.dtype), out),
        partial(np.divide, weights * sign, out, out),
    ]
    return lambda Z: [partial(np.multiply, Z, minus, out), *divide]


def _softmax_cross_entropy(Z: Array, Y: Array) -> Array:
    shifted = Z - Z.max(axis=-2, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-2, keepdims=True))
    return _mean(Y * (log_sum - shifted))


def _squared_error(A: Array, Y: Array) -> Array:
    return _mean(0.5 * (A - Y) ** 2)


def _softmax_squared_derivative(Z: Array, Y: Array) -> Array:
    A = _softmax(Z)
    dA = A - Y
    dZ: Array = A * (dA - (A * dA).sum(axis=-2, keepdims=True))
    return dZ


def _sigmoid_squared_derivative(Z: Array, Y: Array) -> Array:
    A = _sigmoid(Z)
    return (A - Y) * A * (1.0 - A)


def _weighted(derivative: Callable[[Array, Array], Array]) -> Delta:
    """A loss's ``delta`` from its derivative by Z as a plain function of Z and Y."""

    return lambda Y, weights, out: lambda Z: [lambda: np.multiply(derivative(Z, Y), weights, out)]


OUTPUTS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "identity": lambda Z: Z.copy(),
}

LOSSES: dict[tuple[str, str], Loss] = {
    ("sigmoid", "cross_entropy"): Loss(_sigmoid_cross_entropy, _sigmoid_cross_entropy_delta),
    ("softmax", "cross_entropy"): Loss(_softmax_cross_entropy, _weighted(lambda Z, Y: _softmax(Z) - Y)),
    ("identity", "squared_error"): Loss(_squared_error, _weighted(lambda Z, Y: Z - Y)),
    ("sigmoid", "squared_error"): Loss(
        lambda Z, Y: _squared_error(_sigmoid(Z), Y), _weighted(_sigmoid_squared_derivative)
    ),
    ("softmax", "squared_error"): Loss(
        lambda Z, Y: _squared_error(_softmax(Z), Y), _weighted(_softmax_squared_derivative)
    ),
}
