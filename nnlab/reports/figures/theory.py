"""The depth to which a net can be trained, by the mean-field theory of wide random nets."""

from collections.abc import Callable, Mapping
from functools import cache

from nnlab.nn.mean_field import depth_scale, fixed_point

FACTOR = 6.0  # times the depth scale xi: Schoenholz et al. 2017, Deep Information Propagation

# sigma_w^2 = scale^2 times this, in hidden layers of width n; zeros has no theory
VARIANCE: dict[str, Callable[[float], float]] = {
    "lecun": lambda n: 1.0,
    "glorot": lambda n: 1.0,
    "orthogonal": lambda n: 1.0,
    "he": lambda n: 2.0,
    "normal": lambda n: n,
}
# E[g'(z)^2], which of these does not depend on the variance of z; it is given the leak
SLOPE: dict[str, Callable[[float], float]] = {
    "relu": lambda leak: 0.5,
    "leaky_relu": lambda leak: (1.0 + leak**2) / 2,
    "identity": lambda leak: 1.0,
}
LEAST = 1e-6  # scale; beyond it the integrals of the theory lose their digits
SATURATING = ("tanh", "sigmoid")


def trainable_depth(params: Mapping[str, object], scale: float) -> float | None:
    """FACTOR times the depth scale of a net with these parameters, but ``init.scale`` = scale.

    It is inf at the edge of chaos; None where the theory says nothing of the activation or scheme, where
    the layers differ in width, or for extreme scales. Biases start at 0.
    """
    activation, width = str(params.get("model.activation")), params.get("model.width")
    factor = VARIANCE.get(str(params.get("init.scheme")))
    if factor is None or not LEAST <= scale <= 1.0 / LEAST or not isinstance(width, int):
        return None
    leak = params.get("model.leak")
    return _depth(activation, leak if isinstance(leak, float) else 0.01, scale**2 * factor(width))


@cache
def _depth(activation: str, leak: float, sigma_w2: float) -> float | None:
    if activation in SATURATING:
        return FACTOR * fixed_point(activation, sigma_w2).xi
    if activation in SLOPE:  # chi_1 is the factor on the squared signal, too
        chi_1 = sigma_w2 * SLOPE[activation](leak)
        return FACTOR * depth_scale(chi_1)
    return None
