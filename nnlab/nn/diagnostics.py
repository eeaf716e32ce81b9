"""Per-layer statistics of a net on its training set: is a gradient left, are units dead or saturated?"""

import numpy as np

from nnlab.nn.arrays import Array
from nnlab.nn.losses import Loss
from nnlab.nn.network import Network, propagate

SATURATED = 0.01  # of the range


def layer_statistics(network: Network, Y: Array, loss: Loss) -> dict[str, float]:
    """``layer_l/gradient_norm`` (of dJ/dW_l without L2), ``layer_l/dead`` and ``layer_l/saturated``.

    A unit of an activation that can die is dead when it is 0 on every training example; an output of one
    with two limits is saturated when it is within 1% of its range's ends. Both are shares, of units and of
    outputs, and only of hidden layers. It takes one forward and backward pass and overwrites the network's
    gradient.
    """
    gradient = np.zeros_like(network.gradient)
    hidden = [l for l in network.n if l < network.L]
    dead = {l: np.ones(network.n[l], bool) for l in hidden}
    saturated = dict.fromkeys(hidden, 0)
    for batch in network.parts(Y, loss):
        propagate(np, network, loss, batch)
        gradient += network.gradient
        for l in hidden:
            A = batch.w.A[l][:, : batch.count]  # (n_l, count)
            dead[l] &= (A <= 0.0).all(axis=1)
            saturated[l] += _saturated(A, network.g.ends)
    network.gradient[...] = gradient
    statistics = {f"layer_{l}/gradient_norm": norm for l, norm in network.gradient_norms().items()}
    for l in hidden:
        if network.g.dies:
            statistics[f"layer_{l}/dead"] = float(np.mean(dead[l]))
        if network.g.ends:
            statistics[f"layer_{l}/saturated"] = saturated[l] / (network.n[l] * Y.shape[1])
    return statistics


def _saturated(A: Array, ends: tuple[float, float] | None) -> int:
    """How many of the outputs A (n_l, k) are within 1% of the ends of the activation's range."""
    if ends is None:
        return 0
    low, high = ends
    margin = SATURATED * (high - low)
    return int(np.count_nonzero((low + margin > A) | (high - margin < A)))
