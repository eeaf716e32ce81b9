"""Activation functions A = g(Z) and their derivatives, one table by name.

Where g' can be written as a function of A, a layer keeps one array for Z and A: sigmoid' = A(1-A),
tanh' = 1-A^2, and for the ReLUs the sign of Z is the sign of A. To add an activation, write its two
formulas and one entry of ACTIVATIONS.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnlab.nn.arrays import Array
from nnlab.nn.options import Option, share
from nnlab.nn.tape import Xp


class Activation(NamedTuple):
    """g and its derivative.

    ``value(xp, Z, out)`` writes g(Z) and ``slope(xp, Z, A, out)`` writes g'(Z), given A = g(Z), to an array
    of the same shape (n_l, k). With ``in_place``, Z and A are the same array, and g' is a function of A.
    """

    value: Callable[..., None]
    slope: Callable[..., None]
    in_place: bool = True
    ends: tuple[float, float] | None = None  # the limits of g, where a unit can saturate at both
    dies: bool = False  # is a unit that is 0 on all examples lost for the training?
    options: Mapping[str, Option] = {}


def activation(name: str, options: Mapping[str, Any] | None = None) -> Activation:
    """The activation of this name; if its option is not given, the default is used."""
    g, given = ACTIVATIONS[name], options or {}
    own = {key: given.get(key, option.default) for key, option in g.options.items()}
    return g._replace(value=partial(g.value, **own), slope=partial(g.slope, **own)) if own else g


def sigmoid(xp: Xp, Z: Array, out: Array) -> None:
    """1 / (1 + exp(-Z)); where exp overflows to inf, its inverse is the 0 that is meant."""
    xp.negative(Z, out=out)
    xp.exp(out, out=out)
    xp.add(out, 1.0, out=out)
    xp.reciprocal(out, out=out)


def sigmoid_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """A (1 - A)."""
    xp.subtract(1.0, A, out=out)
    xp.multiply(out, A, out=out)


def tanh(xp: Xp, Z: Array, out: Array) -> None:
    """tanh(Z)."""
    xp.tanh(Z, out=out)


def tanh_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """1 - A^2."""
    xp.multiply(A, A, out=out)
    xp.subtract(1.0, out, out=out)


def relu(xp: Xp, Z: Array, out: Array) -> None:
    """max(Z, 0)."""
    xp.maximum(Z, 0.0, out=out)


def relu_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """1 where A > 0, else 0."""
    positive = np.empty(A.shape, np.bool_)
    xp.greater(A, 0.0, out=positive)
    xp.copyto(out, positive.view(np.int8))  # the same 0 and 1, which NumPy converts in vectors


def leaky_relu(xp: Xp, Z: Array, out: Array, leak: float) -> None:
    """max(Z, leak Z), 0 < leak <= 1."""
    leaked = np.empty_like(Z)
    xp.multiply(Z, leak, out=leaked)
    xp.maximum(Z, leaked, out=out)


def leaky_relu_slope(xp: Xp, Z: Array, A: Array, out: Array, leak: float) -> None:
    """1 where A > 0, else leak."""
    relu_slope(xp, Z, A, out)
    xp.maximum(out, leak, out=out)


def identity(xp: Xp, Z: Array, out: Array) -> None:
    """Z."""
    if out is not Z:
        xp.copyto(out, Z)


def identity_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """1."""
    xp.copyto(out, 1.0)


def elu(xp: Xp, Z: Array, out: Array) -> None:
    """Z where Z > 0, else exp(Z) - 1 (Clevert et al. 2016, alpha 1)."""
    below = np.empty_like(Z)
    xp.minimum(Z, 0.0, out=below)
    xp.expm1(below, out=below)
    xp.maximum(Z, 0.0, out=out)
    xp.add(out, below, out=out)


def elu_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """1 where A > 0, else exp(Z) = A + 1."""
    xp.minimum(A, 0.0, out=out)
    xp.add(out, 1.0, out=out)


def gelu(xp: Xp, Z: Array, out: Array) -> None:
    """Z/2 (1 + tanh(u)), u = sqrt(2/pi) (Z + 0.044715 Z^3): Hendrycks & Gimpel 2016, in its tanh form."""
    _tanh_of_u(xp, Z, out)
    xp.add(out, 1.0, out=out)
    xp.multiply(out, Z, out=out)
    xp.multiply(out, 0.5, out=out)


def gelu_slope(xp: Xp, Z: Array, A: Array, out: Array) -> None:
    """(1 + t)/2 + Z/2 (1 - t^2) sqrt(2/pi) (1 + 3 * 0.044715 Z^2) with t = tanh(u)."""
    near, t = np.empty_like(Z), np.empty_like(Z)
    xp.maximum(Z, -20.0, out=near)  # where 1 - t^2 is 0, Z^2 must not be infinite
    xp.minimum(near, 20.0, out=near)
    _tanh_of_u(xp, near, t)
    xp.multiply(t, t, out=out)
    xp.subtract(1.0, out, out=out)
    xp.multiply(out, near, out=out)  # Z (1 - t^2)
    xp.multiply(near, near, out=near)
    xp.multiply(near, 3.0 * CUBIC * ROOT, out=near)
    xp.add(near, ROOT, out=near)  # sqrt(2/pi) (1 + 3 * 0.044715 Z^2)
    xp.multiply(out, near, out=out)
    xp.add(out, t, out=out)
    xp.add(out, 1.0, out=out)
    xp.multiply(out, 0.5, out=out)


ROOT, CUBIC = math.sqrt(2.0 / math.pi), 0.044715


def _tanh_of_u(xp: Xp, Z: Array, out: Array) -> None:
    """t of gelu, as tanh(Z (sqrt(2/pi) + sqrt(2/pi) 0.044715 Z^2))."""
    xp.multiply(Z, Z, out=out)
    xp.multiply(out, CUBIC * ROOT, out=out)
    xp.add(out, ROOT, out=out)
    xp.multiply(out, Z, out=out)
    xp.tanh(out, out=out)


ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": Activation(sigmoid, sigmoid_slope, ends=(0.0, 1.0)),
    "tanh": Activation(tanh, tanh_slope, ends=(-1.0, 1.0)),
    "relu": Activation(relu, relu_slope, dies=True),
    "leaky_relu": Activation(
        leaky_relu, leaky_relu_slope, options={"leak": share(0.01, "slope of leaky_relu below 0")}
    ),
    "elu": Activation(elu, elu_slope),
    "gelu": Activation(gelu, gelu_slope, in_place=False),
    "identity": Activation(identity, identity_slope),
}
