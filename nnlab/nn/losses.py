"""Losses as functions of the logits Z_L, one table by (output, loss).

Taking logits and not probabilities keeps every formula exact for any finite z: log(1 + e^z) never
takes an exponential above 1, softmax subtracts the largest logit first. Costs take a stack of logits
(..., n_L, m), so those of many steps are computed in one go.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnlab.nn.activations import sigmoid
from nnlab.nn.arrays import Array
from nnlab.nn.tape import Xp


def as_they_are(Y: Array, weights: Array) -> tuple[Array, ...]:
    """Targets and weights for a ``delta`` that takes these two."""
    return Y, weights


class Loss(NamedTuple):
    """``cost(Z, Y)`` (...,) is J: the loss summed over the outputs, its mean over the m examples.

    ``delta(xp, Z, *prepare(Y, weights), out)`` writes dJ/dZ_L, each example's times its weight (1, m)
    instead of 1/m, to ``out`` (n_L, m). What ``prepare`` gives depends on the examples alone.
    """

    cost: Callable[[Array, Array], Array]
    delta: Callable[..., None]
    prepare: Callable[[Array, Array], tuple[Array, ...]] = as_they_are


# -- outputs ---------------------------------------------------------------------------------------


def softmax(xp: Xp, Z: Array, out: Array) -> None:
    """exp(z_i) / sum_j exp(z_j) over the n_L outputs, shifted by the largest against overflow."""
    column = np.empty((*Z.shape[:-2], 1, Z.shape[-1]), Z.dtype)
    xp.max(Z, axis=-2, keepdims=True, out=column)
    xp.subtract(Z, column, out=out)
    xp.exp(out, out=out)
    xp.sum(out, axis=-2, keepdims=True, out=column)
    xp.divide(out, column, out=out)


def same(xp: Xp, Z: Array, out: Array) -> None:
    """Z, for targets that are real numbers."""
    xp.copyto(out, Z)


def output(name: str, Z: Array) -> Array:
    """A_L (..., n_L, m) of logits Z_L."""
    A = np.empty_like(Z)
    OUTPUTS[name](np, Z, A)
    return A


OUTPUTS: dict[str, Callable[[Xp, Array, Array], None]] = {
    "sigmoid": sigmoid,
    "softmax": softmax,
    "identity": same,
}

# -- costs -----------------------------------------------------------------------------------------


def mean_over_examples(loss: Array) -> Array:
    """(..., n_L, m) -> (...,): sum over outputs, mean over examples."""
    mean: Array = loss.sum(axis=(-2, -1)) / loss.shape[-1]
    return mean


def softplus(Z: Array) -> Array:
    """log(1 + e^z) = max(z, 0) + log(1 + e^-|z|); Z is overwritten.

    It took a fifth of the time of ``logaddexp(0, z)`` (64 steps of 209 examples).
    """
    result: Array = np.abs(Z)
    np.negative(result, out=result)
    np.exp(result, out=result)
    np.log1p(result, out=result)
    result += np.maximum(Z, np.zeros(Z.shape[-1], Z.dtype), out=Z)  # 0.0 would go element by element
    return result


def sigmoid_cross_entropy(Z: Array, Y: Array) -> Array:
    """-y log a - (1-y) log(1-a) with a = sigmoid(z), y in {0, 1}.

    It is log(1 + e^-z) for y = 1 and log(1 + e^z) for y = 0: one formula in the logit with its sign turned.
    """
    return mean_over_examples(softplus((1.0 - 2.0 * Y) * Z))


def softmax_cross_entropy(Z: Array, Y: Array) -> Array:
    """-sum_i y_i log a_i with a = softmax(z)."""
    shifted = Z - Z.max(axis=-2, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-2, keepdims=True))
    return mean_over_examples(Y * (log_sum - shifted))


def squared_error(name: str) -> Callable[[Array, Array], Array]:
    """1/2 sum_i (a_i - y_i)^2 for the output of this name."""
    return lambda Z, Y: mean_over_examples(0.5 * (output(name, Z) - Y) ** 2)


# -- their derivatives by Z_L ----------------------------------------------------------------------


def signs(Y: Array, weights: Array) -> tuple[Array, ...]:
    """-s and w s of s = 1 - 2y, for the derivative of the cross-entropy."""
    s = 1.0 - 2.0 * Y
    return -s, weights * s


def sigmoid_cross_entropy_delta(xp: Xp, Z: Array, minus_s: Array, w_s: Array, out: Array) -> None:
    """w (sigmoid(z) - y) = w s / (1 + e^-sz) with s = 1 - 2y: four calls, and nothing cancels."""
    xp.multiply(Z, minus_s, out=out)
    xp.exp(out, out=out)
    xp.add(out, 1.0, out=out)
    xp.divide(w_s, out, out=out)


def softmax_cross_entropy_delta(xp: Xp, Z: Array, Y: Array, weights: Array, out: Array) -> None:
    """w (softmax(z) - y)."""
    softmax(xp, Z, out)
    xp.subtract(out, Y, out=out)
    xp.multiply(out, weights, out=out)


def squared_error_delta(xp: Xp, Z: Array, Y: Array, weights: Array, out: Array) -> None:
    """w (z - y)."""
    xp.subtract(Z, Y, out=out)
    xp.multiply(out, weights, out=out)


def sigmoid_squared_error_delta(xp: Xp, Z: Array, Y: Array, weights: Array, out: Array) -> None:
    """w (a - y) a (1 - a) with a = sigmoid(z)."""
    A, rest = np.empty_like(Z), np.empty_like(Z)
    sigmoid(xp, Z, A)
    xp.subtract(A, Y, out=out)
    xp.multiply(out, A, out=out)
    xp.subtract(1.0, A, out=rest)
    xp.multiply(out, rest, out=out)
    xp.multiply(out, weights, out=out)


def softmax_squared_error_delta(xp: Xp, Z: Array, Y: Array, weights: Array, out: Array) -> None:
    """w a (d - sum_i a_i d_i) with a = softmax(z), d = a - y."""
    A, product, column = np.empty_like(Z), np.empty_like(Z), np.empty((1, Z.shape[-1]), Z.dtype)
    softmax(xp, Z, A)
    xp.subtract(A, Y, out=out)
    xp.multiply(A, out, out=product)
    xp.sum(product, axis=-2, keepdims=True, out=column)
    xp.subtract(out, column, out=out)
    xp.multiply(A, out, out=out)
    xp.multiply(out, weights, out=out)


LOSSES: dict[tuple[str, str], Loss] = {
    ("sigmoid", "cross_entropy"): Loss(sigmoid_cross_entropy, sigmoid_cross_entropy_delta, signs),
    ("softmax", "cross_entropy"): Loss(softmax_cross_entropy, softmax_cross_entropy_delta),
    ("identity", "squared_error"): Loss(squared_error("identity"), squared_error_delta),
    ("sigmoid", "squared_error"): Loss(squared_error("sigmoid"), sigmoid_squared_error_delta),
    ("softmax", "squared_error"): Loss(squared_error("softmax"), softmax_squared_error_delta),
}
