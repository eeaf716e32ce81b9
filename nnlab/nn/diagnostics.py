"""Per-layer statistics of a net on its training set: is a gradient left, are units dead or saturated?"""

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.losses import Loss
from nnlab.nn.network import Network

Array = NDArray[np.floating]

SATURATED = 0.01  # of the range
ENDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


def layer_statistics(network: Network, Y: Array, loss: Loss, activation: str) -> dict[str, float]:
    """``layer_l/gradient_norm`` (of dJ/dW_l without L2), ``layer_l/dead`` and ``layer_l/saturated``.

    A ReLU unit is dead when it is 0 on every training example; a sigmoid or tanh output is saturated
    when it is within 1% of its range's ends. Both are shares, of units and of outputs. Hidden layers only,
    but for the gradient norm. One forward and backward pass: the network's gradient is overwritten.
    """
    gradient = np.zeros_like(network.gradient)
    dead = [np.ones(n_l, bool) for n_l in network.sizes[:-1]]
    saturated = [0 for _ in dead]
    for batch in network.parts(Y, loss.delta):
        network.propagate(batch)
        gradient += network.gradient
        for l, A_k in enumerate(batch.arrays.A):
            A = A_k[:, : batch.count]  # (n_l, count)
            dead[l] &= (A <= 0.0).all(axis=1)
            saturated[l] += _saturated(A, activation)
    network.gradient[...] = gradient
    figures = {f"layer_{l}/gradient_norm": norm for l, norm in enumerate(network.gradient_norms(), start=1)}
    for l, (n_l, units, outputs) in enumerate(zip(network.sizes, dead, saturated, strict=False), start=1):
        if activation == "relu":
            figures[f"layer_{l}/dead"] = float(np.mean(units))
        if activation in ENDS:
            figures[f"layer_{l}/saturated"] = outputs / (n_l * Y.shape[1])
    return figures


def _saturated(A: Array, activation: str) -> int:
    """How many of the outputs A (n_l, k) are within 1% of the ends of the activation's range."""
    if activation not in ENDS:
        return 0
    low, high = ENDS[activation]
    margin = SATURATED * (high - low)
    return int(np.count_nonzero((low + margin > A) | (high - margin < A)))
