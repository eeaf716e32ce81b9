"""A plain deep net: its parameters, and forward and backward from the first pre-activation upward.

Notation, used everywhere (the course's): m examples stand in the columns; the net has L layers with
weights, layer l has n_l units, n_0 is the number of inputs. X (n_0, m), Y (n_L, m),

    Z_l = W_l A_{l-1} + b_l   (n_l, m),     A_l = g(Z_l),     A_0 = X,
    dZ_L = dJ/dZ_L,   dA_{l-1} = W_l^T dZ_l,   dZ_l = dA_l * g'(Z_l),   dW_l = dZ_l A_{l-1}^T,

with the 1/m of J inside dZ_L. All parameters stand in one flat vector theta, their gradient in
another, so an optimizer is a few operations on two vectors whatever the depth. The block of layer l
is P_l = [W_l b_l] (n_l, n_{l-1} + 1), applied to A_{l-1} with a row of ones below: the bias and its
gradient come out of the same products. The first layer's block belongs to ``first_layer``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnlab.activations import ACTIVATIONS
from nnlab.first_layer import FirstLayer, Inputs

Array = NDArray[np.floating]
Parameters = list[tuple[Array, Array]]  # [(W1, b1), ..., (WL, bL)], W_l (n_l, n_{l-1}), b_l (n_l, 1)


@dataclass(frozen=True)
class Arrays:
    """The arrays of a forward and backward pass over k examples, at index l - 1 for layer l."""

    P_input: list[Array]  # A_l with the row of ones (n_l + 1, k), l = 1 ... L-1: the input of P_{l+1}
    Z: list[Array]  # Z_l, turned into A_l in place (n_l, k), l = 1 ... L
    dZ: list[Array]  # (n_l, k), l = 1 ... L


class Network:
    """Theta, its gradient, and the two passes over them."""

    def __init__(self, first: FirstLayer, upper: Sequence[Array], activation: str, leak: float) -> None:
        """``upper`` are the initial W2 ... WL; the biases start at 0."""
        self.first = first
        self._activation, self._leak = ACTIVATIONS[activation], leak
        self.sizes = [first.n_1, *(len(W) for W in upper)]  # [n_1, ..., n_L]
        dtype = first.train.rows.dtype
        length = first.size + sum(W.shape[0] * (W.shape[1] + 1) for W in upper)
        self.theta, self.gradient = np.zeros(length, dtype), np.zeros(length, dtype)
        first.bind(self.theta[: first.size], self.gradient[: first.size])
        self._P = self._blocks(self.theta, upper)  # P_l at index l - 2
        self._dP = self._blocks(self.gradient, upper)
        for P, W in zip(self._P, upper, strict=True):
            P[:, :-1] = W

    def _blocks(self, vector: Array, upper: Sequence[Array]) -> list[Array]:
        """Views [P_2, ..., P_L] into a flat vector."""
        blocks, start = [], self.first.size
        for W in upper:
            n_out, n_in = W.shape
            stop = start + n_out * (n_in + 1)
            blocks.append(vector[start:stop].reshape(n_out, n_in + 1))
            start = stop
        return blocks

    @property
    def blocks(self) -> list[tuple[Array, Array]]:
        """Each layer's P_l and its gradient, l = 1 ... L; the first as its first layer holds it."""
        return [(self.first.P, self.first.dP), *zip(self._P, self._dP, strict=True)]

    def arrays(self, k: int) -> Arrays:
        """Room for a pass over k examples."""
        *hidden, n_L = self.sizes
        P_input: list[Array] = [np.ones((n_l + 1, k), self.theta.dtype) for n_l in hidden]
        Z_L = np.empty((n_L, k), self.theta.dtype)
        dZ: list[Array] = [np.empty((n_l, k), self.theta.dtype) for n_l in self.sizes]
        return Arrays(P_input, [*(A[:-1] for A in P_input), Z_L], dZ)

    def forward(self, inputs: Inputs, arrays: Arrays) -> Array:
        """Z_L (n_L, k)."""
        self.first.forward(inputs, arrays.Z[0])
        for P, A, Z, Z_next in zip(self._P, arrays.P_input, arrays.Z, arrays.Z[1:], strict=False):
            self._activation.apply(Z, self._leak)
            np.matmul(P, A, out=Z_next)
        return arrays.Z[-1]

    def backward(self, batch: NDArray[np.intp] | None, inputs: Inputs, arrays: Arrays) -> None:
        """Write the gradient, given arrays.dZ[-1] = dZ_L and the arrays of the last ``forward``."""
        dZ = arrays.dZ
        for i in reversed(range(len(self._P))):  # P_{i+2} between layers i + 1 and i + 2
            np.matmul(dZ[i + 1], arrays.P_input[i].T, out=self._dP[i])
            np.matmul(self._P[i][:, :-1].T, dZ[i + 1], out=dZ[i])
            self._activation.chain(dZ[i], arrays.Z[i], self._leak)
        self.first.backward(batch, inputs, dZ[0])

    def decay(self, rate: float) -> float:
        """Add ``rate`` times the weights (not the biases) to the gradient; return their squared sum."""
        squared = self.first.decay(rate)
        for P, dP in zip(self._P, self._dP, strict=True):
            W = P[:, :-1]
            dP[:, :-1] += rate * W
            squared += float(np.vdot(W, W))
        return squared

    def gradient_norms(self) -> list[float]:
        """The Frobenius norm of dW_l for l = 1 ... L, of the last ``backward``."""
        return [
            self.first.gradient_norm(),
            *(float(np.linalg.norm(dP[:, :-1])) for dP in self._dP),
        ]

    def parameters(self) -> Parameters:
        """A copy of all weights and biases, W1 in full."""
        upper = [(P[:, :-1].copy(), P[:, -1:].copy()) for P in self._P]
        return [self.first.weights(), *upper]


def logits(parameters: Parameters, images: Array, activation: str, leak: float) -> Array:
    """Z_L (n_L, k) of images (k, n_0), by the formulas at the top and nothing else."""
    (W, b), *upper = parameters
    Z: Array = W @ images.T + b
    for W, b in upper:
        ACTIVATIONS[activation].apply(Z, leak)
        Z = W @ Z + b
    return Z
