"""How large a training is: parameters and multiplications; and how well a constant answer does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nnlab.config import Config
    from nnlab.data import Split


def training_size(cfg: Config, n: Sequence[int], train: Split) -> dict[str, float]:
    """``size/parameters`` and ``size/operations`` for layers n_0, ..., n_L, and a constant answer's score.

    Operations are the multiplications of all steps: three products with each upper W_l (forward, dW_l,
    dA_{l-1}); for the first layer two with W1 over n_0 inputs, or in Gram coordinates one with K, which
    is built once, and with L2 and minibatches one with all of K for the norm of W1. The accuracy of a
    constant answer is ``train/majority``, the share of the most common class; of a regression its rmse is
    ``train/deviation``, the targets' distance from their mean.
    """
    m, k = len(train.y), cfg.optimizer.batch_size or len(train.y)
    pairs = list(pairwise(n))
    upper = 3 * k * sum(a * b for a, b in pairs[1:])
    built, first = 0, 2 * k * n[0] * n[1]
    if cfg.trainer.solver == "gram":
        norm = m if cfg.optimizer.l2 and cfg.optimizer.batch_size else 0
        built, first = m * m * n[0], n[1] * m * (k + 2 + norm)
    return {
        "size/parameters": float(sum(a * b + b for a, b in pairs)),
        "size/operations": float(built + cfg.trainer.iterations * (first + upper)),
    } | _constant(train)


def _constant(train: Split) -> dict[str, float]:
    if train.regression:
        return {"train/deviation": float(np.sqrt(train.y.var(axis=0).mean()))}
    return {"train/majority": float(np.bincount(train.y).max() / len(train.y))}
