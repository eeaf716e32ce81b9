"""A plain deep net: its parameters, and forward and backward from the first pre-activation upward.

Notation, used everywhere (the course's): m examples stand in the columns; the net has L layers with
weights, layer l has n_l units, n_0 is the number of inputs. X (n_0, m), Y (n_L, m),

    Z_l = W_l A_{l-1} + b_l   (n_l, m),     A_l = g(Z_l),     A_0 = X,
    dZ_L = dJ/dZ_L,   dA_{l-1} = W_l^T dZ_l,   dZ_l = dA_l * g'(Z_l),   dW_l = dZ_l A_{l-1}^T,

with the 1/m of J inside dZ_L. All parameters stand in one flat vector theta, their gradient in
another, so an optimizer is a few operations on two vectors whatever the depth. The block of layer l
is P_l = [W_l b_l] (n_l, n_{l-1} + 1), applied to A_{l-1} with a row of ones below: the bias and its
gradient come out of the same products. In memory it is P_l^T, so that W_l by itself is one piece too.
The first layer's block belongs to ``first_layer``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nnlab.activations import ACTIVATIONS
from nnlab.first_layer import FirstLayer, Inputs, Places, room
from nnlab.forward import Parameters
from nnlab.losses import Delta
from nnlab.operations import Operation, run

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Arrays:
    """The arrays of a forward and backward pass over k examples, at index l - 1 for layer l."""

    Z: list[Array]  # Z_l, turned into A_l in place but for the last (n_l, k)
    dZ: list[Array]  # (n_l, k)
    up: list[Operation]  # from Z_1 to Z_L
    down: list[Operation]  # from dZ_L to dZ_1, with the gradients of P_L ... P_2


@dataclass(frozen=True)
class Batch:
    """The examples of one step, in the first ``count`` of k columns; the rest weigh nothing."""

    Y: Array  # (n_L, count)
    Z_L: Array  # (n_L, count), a view of its arrays
    arrays: Arrays
    operations: list[Operation]  # of its forward and backward pass

    @property
    def count(self) -> int:
        """How many examples."""
        return int(self.Y.shape[1])


class Network:
    """Theta, its gradient, and the two passes over them."""

    def __init__(self, first: FirstLayer, upper: Sequence[Array], activation: str, leak: float) -> None:
        """``upper`` are the initial W2 ... WL; the biases start at 0."""
        self.first = first
        self._activation, self._leak = ACTIVATIONS[activation], leak
        self.sizes = [first.n_1, *(len(W) for W in upper)]  # [n_1, ..., n_L]
        dtype = first.dtype
        length = first.size + sum(W.shape[0] * (W.shape[1] + 1) for W in upper)
        self.theta, self.gradient = room(length, dtype=dtype), room(length, dtype=dtype)
        first.bind(self.theta[: first.size], self.gradient[: first.size])
        self._P_T = self._blocks(self.theta)  # P_l^T (n_{l-1} + 1, n_l) at index l - 2
        self._dP_T = self._blocks(self.gradient)
        for P_T, W in zip(self._P_T, upper, strict=True):
            P_T[:-1] = W.T

    def _blocks(self, vector: Array) -> list[Array]:
        """Views [P_2^T, ..., P_L^T] into a flat vector."""
        blocks, start = [], self.first.size
        for n_in, n_out in pairwise(self.sizes):
            stop = start + (n_in + 1) * n_out
            blocks.append(vector[start:stop].reshape(n_in + 1, n_out))
            start = stop
        return blocks

    @property
    def blocks(self) -> list[tuple[Array, Array]]:
        """Each layer's P_l and its gradient, l = 1 ... L; the first as its first layer holds it."""
        upper = [(P_T.T, dP_T.T) for P_T, dP_T in zip(self._P_T, self._dP_T, strict=True)]
        return [(self.first.P, self.first.dP), *upper]

    def arrays(self, k: int, dZ1: Array | None = None) -> Arrays:
        """Room for a pass over k examples, with dZ_1 in the memory of ``dZ1`` if that is given."""
        *hidden, n_L = self.sizes
        dtype = self.theta.dtype
        tops = np.cumsum([0, *(n_l + 1 for n_l in hidden)])
        A, slopes = (room(int(tops[-1]), k, dtype=dtype) for _ in range(2))  # of all layers, in one piece
        A[tops[1:] - 1] = 1.0
        Z = [
            *(A[top : top + n_l] for top, n_l in zip(tops, hidden, strict=False)),
            room(n_L, k, dtype=dtype),
        ]
        dZ = [room(n_l, k, dtype=dtype) for n_l in self.sizes]
        if dZ1 is not None:
            dZ[0] = dZ1
        up: list[Operation] = []
        down = self._activation.slope(A, slopes, self._leak)  # g' of all layers at once
        for i, (top, bottom) in enumerate(pairwise(tops.tolist())):
            A_1 = A[top:bottom]  # A_l with a row of ones below (n_l + 1, k)
            up += self._activation.apply(Z[i], self._leak)
            up.append(partial(self._P_T[i].T.dot, A_1, Z[i + 1]))
        for i, (top, bottom) in reversed(list(enumerate(pairwise(tops.tolist())))):
            A_1, slope = A[top:bottom], slopes[top : bottom - 1]
            down.append(partial(A_1.dot, dZ[i + 1].T, self._dP_T[i]))
            down.append(partial(self._P_T[i][:-1].dot, dZ[i + 1], dZ[i]))  # W_{l+1}^T dZ_{l+1}
            down.append(partial(np.multiply, dZ[i], slope, dZ[i]))
        return Arrays(Z, dZ, up, down)

    def whole(self, Y: Array, delta: Delta, scale: float = 1.0) -> Batch:
        """All m training examples, with their targets Y (n_L, m), as one batch for a loss's ``delta``.

        Its gradients come out times ``scale``.
        """
        inputs, m = self.first.whole(), Y.shape[1]
        targets, weights = np.zeros((len(Y), inputs.k), Y.dtype), np.zeros((1, inputs.k), Y.dtype)
        targets[:, :m] = Y
        weights[:, :m] = scale / m
        arrays = self.arrays(inputs.k, self.first.whole_dZ1())
        operations = self._operations(None, inputs, targets, weights, delta, arrays)
        return Batch(Y, arrays.Z[-1][:, :m], arrays, operations)

    def parts(self, Y: Array, delta: Delta) -> Iterator[Batch]:
        """All training examples in batches whose gradients sum up to that of J."""
        if not self.first.pieces:
            yield self.whole(Y, delta)
        for piece in self.first.pieces:
            k, weight = piece.stop - piece.start, 1.0 / Y.shape[1]
            yield self.part(piece, self.first.take(piece), Y[:, piece], delta, weight, self.arrays(k))

    def part(
        self,
        places: Places,
        inputs: Inputs,
        Y: Array,
        delta: Delta,
        weight: float,
        arrays: Arrays,
    ) -> Batch:
        """The training examples at ``places`` as a batch, each with this ``weight`` in the gradient."""
        weights = np.full((1, Y.shape[1]), weight, Y.dtype)
        operations = self._operations(places, inputs, Y, weights, delta, arrays)
        return Batch(Y, arrays.Z[-1], arrays, operations)

    def _operations(
        self,
        places: Places | None,
        inputs: Inputs,
        Y: Array,
        weights: Array,
        delta: Delta,
        arrays: Arrays,
    ) -> list[Operation]:
        """The forward pass to Z_L, and the backward pass to the gradient."""
        Z, dZ = arrays.Z, arrays.dZ
        return [
            *self.first.forward(inputs, Z[0]),
            *arrays.up,
            *delta(Z[-1], Y, weights, dZ[-1]),
            *arrays.down,
            *self.first.backward(places, inputs, dZ[0]),
        ]

    def propagate(self, batch: Batch) -> None:
        """Forward to batch.Z_L and backward to ``gradient``, that of J."""
        run(batch.operations)

    def forward(self, inputs: Inputs) -> Array:
        """Z_L (n_L, k) of any inputs; the columns beyond the m training images mean nothing."""
        arrays = self.arrays(inputs.k)
        run([*self.first.forward(inputs, arrays.Z[0]), *arrays.up])
        return arrays.Z[-1]

    def forward_train(self) -> Array:
        """Z_L (n_L, m) of all training images, and perhaps of columns that belong to none."""
        if not self.first.pieces:
            return self.forward(self.first.whole())
        return np.hstack([self.forward(self.first.take(piece)) for piece in self.first.pieces])

    def decay(self, rate: float) -> float:
        """Add ``rate`` times the weights (not the biases) to the gradient; return their squared sum."""
        squared = self.first.decay(rate)
        for P_T, dP_T in zip(self._P_T, self._dP_T, strict=True):
            W_T = P_T[:-1]
            dP_T[:-1] += rate * W_T
            squared += float(np.vdot(W_T, W_T))
        return squared

    def gradient_norms(self) -> list[float]:
        """The Frobenius norm of dW_l for l = 1 ... L, of the last ``backward``."""
        return [
            self.first.gradient_norm(),
            *(float(np.linalg.norm(dP_T[:-1])) for dP_T in self._dP_T),
        ]

    def parameters(self) -> Parameters:
        """A copy of all weights and biases, W1 in full."""
        upper = [(P_T[:-1].T.copy(), P_T[-1:].T.copy()) for P_T in self._P_T]
        return [self.first.weights(), *upper]
