"""Losses as functions of the logits Z_L, one table by (output, loss).

Taking logits and not probabilities keeps every formula exact for any finite z: log(1 + e^z) is
``logaddexp(0, z)``, softmax subtracts the largest logit first. All functions take a stack of
logits (..., n_L, m), so the costs of many steps are computed in one go.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.activations import sigmoid

Array = NDArray[np.floating]


class Loss(NamedTuple):
    """``cost(Z, Y)`` (...,) is J, the mean over the m examples of the loss summed over outputs;
    ``delta(Z, Y)`` (..., n_L, m) is its derivative by Z times m, without the mean's 1/m.
    """  # fmt: skip

    cost: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]


def _sigmoid(Z: Array) -> Array:
    A = Z.copy()
    sigmoid(A)
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
    return _mean(np.logaddexp(0.0, (1.0 - 2.0 * Y) * Z))


def _softmax_cross_entropy(Z: Array, Y: Array) -> Array:
    shifted = Z - Z.max(axis=-2, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-2, keepdims=True))
    return _mean(Y * (log_sum - shifted))


def _squared_error(A: Array, Y: Array) -> Array:
    return _mean(0.5 * (A - Y) ** 2)


def _softmax_squared_delta(Z: Array, Y: Array) -> Array:
    A = _softmax(Z)
    dA = A - Y
    dZ: Array = A * (dA - (A * dA).sum(axis=-2, keepdims=True))
    return dZ


def _sigmoid_squared_delta(Z: Array, Y: Array) -> Array:
    A = _sigmoid(Z)
    return (A - Y) * A * (1.0 - A)


OUTPUTS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "identity": lambda Z: Z.copy(),
}

LOSSES: dict[tuple[str, str], Loss] = {
    ("sigmoid", "cross_entropy"): Loss(_sigmoid_cross_entropy, lambda Z, Y: _sigmoid(Z) - Y),
    ("softmax", "cross_entropy"): Loss(_softmax_cross_entropy, lambda Z, Y: _softmax(Z) - Y),
    ("identity", "squared_error"): Loss(_squared_error, lambda Z, Y: Z - Y),
    ("sigmoid", "squared_error"): Loss(lambda Z, Y: _squared_error(_sigmoid(Z), Y), _sigmoid_squared_delta),
    ("softmax", "squared_error"): Loss(lambda Z, Y: _squared_error(_softmax(Z), Y), _softmax_squared_delta),
}
