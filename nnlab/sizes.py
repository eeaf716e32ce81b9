"""How large a training is: parameters, multiplications, and the accuracy that needs no net at all."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nnlab.config import Config


def training_size(cfg: Config, n: Sequence[int], y: NDArray[np.int64]) -> dict[str, float]:
    """``size/parameters``, ``size/operations``, ``train/majority`` for layers n_0, ..., n_L, labels y (m,).

    Operations are the multiplications of all steps: three products with each upper W_l (forward, dW_l,
    dA_{l-1}); for the first layer two with W1 over n_0 inputs, or in Gram coordinates one with K, once
    built. The majority is the share of the most common class: what a constant answer can reach.
    """
    m, k = len(y), cfg.optimizer.batch_size or len(y)
    pairs = list(pairwise(n))
    upper = 3 * k * sum(a * b for a, b in pairs[1:])
    built, first = 0, 2 * k * n[0] * n[1]
    if cfg.trainer.solver == "gram":
        built, first = m * m * n[0], n[1] * m * (k + 2)
    return {
        "size/parameters": float(sum(a * b + b for a, b in pairs)),
        "size/operations": float(built + cfg.trainer.iterations * (first + upper)),
        "train/majority": float(np.bincount(y).max() / m),
    }
