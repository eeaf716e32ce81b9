"""The layers of a trained net, computed from its weights."""

import numpy as np

from nnlab.experiments.trained_run import Run
from nnlab.nn import ACTIVATIONS, Array, features


def layers(run: Run) -> list[Array]:
    """A_1, ..., A_(L-1), each (n_l, m), on the training set, and at the end the logits Z_L (n_L, m)."""
    g = ACTIVATIONS[run["model.activation"]]
    found: list[Array] = []
    A: Array = features(np.asarray(run.dataset.train.x)).T  # (n_0, m)
    for l, (W, b) in enumerate(run.weights, 1):
        A = W @ A + b
        if l < len(run.weights):
            g.value(np, A.copy(), A)
        found.append(A)
    return found
