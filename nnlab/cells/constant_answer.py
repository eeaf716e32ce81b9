"""How well a constant answer does on each split that a net is not trained on."""

import numpy as np

from nnlab.cells.evaluation import unseen
from nnlab.data import Dataset, Split


def constant_scores(data: Dataset) -> dict[str, float]:
    """``test/majority`` or ``test/deviation``, and those of ``validation``."""
    scores = {}
    for name, split in unseen(data).items():
        key, value = _of(split)
        scores[f"{name}/{key}"] = value
    return scores


def _of(split: Split) -> tuple[str, float]:
    """The share of the most common class; of a regression the targets' deviation from their mean."""
    if split.regression:
        return "deviation", float(np.sqrt(split.y.var(axis=0).mean()))
    return "majority", float(np.bincount(split.y).max() / len(split.y))
