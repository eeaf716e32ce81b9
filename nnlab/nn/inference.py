"""A trained net applied to examples: for a record's metrics, for `nnlab predict` and for the served model.

BLAS may round the same sums differently in products of other shapes, but an example's outputs must not
depend on the examples beside it. So examples go through in blocks of one size, the last one filled up, and
in float64, where a column of a product has the same bits at any place.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.activations import Activation
from nnlab.nn.arrays import Array
from nnlab.nn.losses import output
from nnlab.nn.metrics import classes

Parameters = list[tuple[Array, Array]]  # [(W1, b1), ..., (WL, bL)], W_l (n_l, n_{l-1}), b_l (n_l, 1)

BLOCK = 32  # examples; a larger block is not faster, a smaller one packs W1 more often


class Net(NamedTuple):
    """What the outputs depend on: all weights and biases, and the functions between them."""

    parameters: Parameters
    g: Activation
    output: str  # a name of OUTPUTS


class Answer(NamedTuple):
    """A net's prediction for one example; the class is None if the outputs are not numbers."""

    name: str | None
    probability: float  # of that class; with an identity output the output itself
    probabilities: list[float]  # of every class


def features(x: NDArray[Any], dtype: str = "float64") -> Array:
    """Examples (m, ...) as rows (m, n_0), flattened in C order; uint8 images divided by 255."""
    rows = x.reshape(len(x), -1)
    if x.ndim == 4:
        return (rows / 255.0).astype(dtype, copy=False)
    return rows.astype(dtype)


def logits(parameters: Parameters, images: Array, g: Activation) -> Array:
    """Z_L (n_L, k) of images (k, n_0): Z_l = W_l A_{l-1} + b_l, A_l = g(Z_l)."""
    (W, b), *upper = parameters
    Z: Array = W @ images.T + b  # (n_1, k)
    for W, b in upper:
        A = np.empty_like(Z)
        g.value(np, Z, out=A)
        Z = W @ A + b  # (n_l, k)
    return Z


@np.errstate(over="ignore", invalid="ignore")  # a diverged net may overflow
def forward(net: Net, rows: Array) -> tuple[Array, Array]:
    """Z_L and the outputs A_L, both (n_L, k), of examples in rows (k, n_0)."""
    parameters: Parameters = [
        (W.astype(np.float64, copy=False), b.astype(np.float64)) for W, b in net.parameters
    ]
    Z_L, A_L = np.empty((2, len(parameters[-1][0]), len(rows)))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK].astype(np.float64, order="C", copy=False)
        k = len(block)
        if k < BLOCK:
            block = np.concatenate([block, np.zeros((BLOCK - k, rows.shape[1]))])
        Z = logits(parameters, block, net.g)  # (n_L, BLOCK)
        Z_L[:, start : start + k] = Z[:, :k]
        A_L[:, start : start + k] = output(net.output, Z)[:, :k]
    return Z_L, A_L


def answers(A_L: Array, names: Sequence[str]) -> list[Answer]:
    """Class and probabilities of each column of outputs (n_L, k); one output is that of class 1."""
    P = np.concatenate([1.0 - A_L, A_L]) if len(A_L) == 1 else A_L  # (classes, k)
    return [
        Answer(names[c] if c >= 0 else None, float(p[c]) if c >= 0 else float("nan"), p.tolist())
        for c, p in zip(classes(A_L).tolist(), P.T, strict=True)
    ]
