"""The mean-field theory of wide random nets (Poole et al. 2016; Schoenholz et al. 2017, Deep
Information Propagation).

Weights of variance sigma_w^2 / n_in and biases of variance sigma_b^2 carry the variance q of a
pre-activation, and the correlation c of two inputs' pre-activations, from layer to layer by

    q -> sigma_w^2 E[g(sqrt(q) z)^2] + sigma_b^2,
    q c -> sigma_w^2 E[g(u_1) g(u_2)] + sigma_b^2,

with u_1 = sqrt(q) z_1, u_2 = sqrt(q) (c z_1 + sqrt(1 - c^2) z_2), and z standard normal. At the fixed
points q* and c*, chi_1 = sigma_w^2 E[g'(sqrt(q*) z)^2] is what a layer does to a squared gradient, and a
difference of correlations dies off as exp(-l / xi) with xi = -1 / log(sigma_w^2 E[g'(u_1) g'(u_2)]). Below
chi_1 = 1 all inputs become alike (order), above it near ones are driven apart (chaos).
"""

from dataclasses import dataclass
from math import inf, isclose, log, sqrt

import numpy as np
from scipy.optimize import brentq

from nnlab.nn.activations import ACTIVATIONS
from nnlab.nn.arrays import Array

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(151)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()  # E[f(z)] = sum of weights * f(nodes)


@dataclass(frozen=True)
class FixedPoint:
    """Where signals of a random net end, and how fast."""

    q: float  # variance of a pre-activation
    c: float  # correlation of two inputs
    chi_1: float  # factor on a squared gradient per layer
    xi: float  # depth scale of correlations, in layers


def fixed_point(activation: str, sigma_w2: float, sigma_b2: float = 0.0) -> FixedPoint:
    """The fixed point of tanh or sigmoid nets; ReLU nets have none: there chi_1 = sigma_w^2 / 2."""
    q = _fixed_q(activation, sigma_w2, sigma_b2)
    chi_1 = sigma_w2 * float(_WEIGHTS @ _slope(activation, sqrt(q) * _NODES) ** 2)
    c = 1.0 if chi_1 <= 1.0 else _fixed_c(activation, sigma_w2, sigma_b2, q)
    u_1, u_2 = _pair(q, c)
    chi_c = sigma_w2 * _mean(_slope(activation, u_1) * _slope(activation, u_2))
    return FixedPoint(q, c, chi_1, depth_scale(chi_c))


def depth_scale(chi: float) -> float:
    """1 / |log chi|: the layers over which a factor chi per layer makes e; inf where chi rounds to 1."""
    return inf if isclose(chi, 1.0, rel_tol=1e-12) else 1.0 / abs(log(chi))


def _fixed_q(activation: str, sigma_w2: float, sigma_b2: float) -> float:
    def grows(q: float) -> float:
        return sigma_w2 * float(_WEIGHTS @ _value(activation, sqrt(q) * _NODES) ** 2) + sigma_b2 - q

    lowest, highest = 1e-9, sigma_w2 + sigma_b2 + 1.0  # |g| <= 1
    return 0.0 if grows(lowest) <= 0.0 else float(brentq(grows, lowest, highest))


def _fixed_c(activation: str, sigma_w2: float, sigma_b2: float, q: float) -> float:
    def grows(c: float) -> float:
        u_1, u_2 = _pair(q, c)
        return (sigma_w2 * _mean(_value(activation, u_1) * _value(activation, u_2)) + sigma_b2) / q - c

    lowest, highest = 0.0, 1.0 - 1e-4
    if grows(lowest) <= 1e-12:
        return 0.0
    return 1.0 if grows(highest) >= 0.0 else float(brentq(grows, lowest, highest))


def _pair(q: float, c: float) -> tuple[Array, Array]:
    """u_1 and u_2 on the grid of two independent normals (nodes, nodes)."""
    z_1, z_2 = _NODES[:, np.newaxis], _NODES[np.newaxis]
    u_1 = sqrt(q) * z_1 + 0.0 * z_2
    return u_1, sqrt(q) * (c * z_1 + sqrt(max(0.0, 1.0 - c * c)) * z_2)


def _mean(values: Array) -> float:
    return float(_WEIGHTS @ values @ _WEIGHTS)


def _value(activation: str, z: Array) -> Array:
    A = np.empty_like(z)
    ACTIVATIONS[activation].value(np, z, out=A)
    return A


def _slope(activation: str, z: Array) -> Array:
    slope = np.empty_like(z)
    ACTIVATIONS[activation].slope(np, z, _value(activation, z), out=slope)
    return slope
