"""Per-layer statistics of a net on its training set: is a gradient left, are units dead or saturated?"""

import numpy as np
from numpy.typing import NDArray

from nnlab.losses import Loss
from nnlab.network import Network

Array = NDArray[np.floating]

SATURATED = 0.01  # sigmoid within this of 0 or 1; tanh within twice this of -1 or 1


def layer_statistics(network: Network, Y: Array, loss: Loss, activation: str) -> dict[str, float]:
    """``layer_l/gradient_norm`` (of dJ/dW_l without L2), ``layer_l/dead`` and ``layer_l/saturated``.

    A ReLU unit is dead when it is 0 on every training example; a sigmoid or tanh output is saturated
    when it is within 1% of its range's ends. Both are shares, of units and of outputs. Hidden layers only,
    but for the gradient norm. One forward and backward pass: the network's gradient is overwritten.
    """
    batch = network.whole(Y, loss.delta)
    network.propagate(batch)
    figures = {f"layer_{l}/gradient_norm": norm for l, norm in enumerate(network.gradient_norms(), start=1)}
    for l, A_k in enumerate(batch.arrays.Z[:-1], start=1):
        A = A_k[:, : batch.count]  # (n_l, m)
        if activation == "relu":
            figures[f"layer_{l}/dead"] = float(np.mean((A <= 0.0).all(axis=1)))
        if activation in ("sigmoid", "tanh"):
            low = 0.0 if activation == "sigmoid" else -1.0
            margin = SATURATED * (1.0 - low)
            ends = (low + margin > A) | (1.0 - margin < A)
            figures[f"layer_{l}/saturated"] = float(np.mean(ends))
    return figures
