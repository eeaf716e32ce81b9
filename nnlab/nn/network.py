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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.activations import ACTIVATIONS
from nnlab.nn.first_layer import FirstLayer, Inputs, Places, room
from nnlab.nn.inference import Parameters
from nnlab.nn.losses import Delta
from nnlab.nn.operations import Operation, run

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Arrays:
    """The arrays of a forward and backward pass over k examples."""

    A_1: list[Array]  # A_l over a row of ones (n_l + 1, k), l = 1 ... L - 1
    A: list[Array]  # A_l by itself (n_l, k), in the memory of Z_l
    Z_L: Array  # (runs, n_L, k)
    dZ: list[Array]  # dZ_l (n_l, k), l = 1 ... L
    up: list[Operation]  # from Z_1 to A_{L-1}
    down: list[Operation]  # from dZ_L to dZ_1, with the gradients of P_L ... P_2


@dataclass(frozen=True)
class Batch:
    """The examples of one step or several, in the first ``count`` of k columns; the rest weigh nothing."""

    Y: Array  # (n_L, count)
    Z_L: Array  # (runs, n_L, count), a view of its arrays: what each run leaves
    inputs: Inputs
    arrays: Arrays
    runs: list[list[Operation]]  # each a forward and backward pass

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

    def arrays(self, k: int, runs: int = 1, dZ1: Array | None = None) -> Arrays:
        """Room for passes over k examples, with dZ_1 in the memory of ``dZ1`` if that is given."""
        *hidden, n_L = self.sizes
        dtype = self.theta.dtype
        tops = [0, *np.cumsum([n_l + 1 for n_l in hidden]).tolist()]
        all_A, all_S = (room(tops[-1], k, dtype=dtype) for _ in range(2))
        A_1 = [all_A[top:end] for top, end in pairwise(tops)]
        A, S = ([every[top : end - 1] for top, end in pairwise(tops)] for every in (all_A, all_S))
        for ones in A_1:
            ones[-1] = 1.0
        dZ = [room(n_l, k, dtype=dtype) for n_l in self.sizes]
        if dZ1 is not None:
            dZ[0] = dZ1
        up: list[Operation] = []
        for l, A_l in enumerate(A):
            if l > 0:
                up.append(partial(self._P_T[l - 1].T.dot, A_1[l - 1], A_l))  # Z_l
            up += self._activation.apply(A_l, self._leak)
        down = self._activation.slope(all_A, all_S, self._leak)  # S, g'(Z_l) of all layers at once
        for l, (P_T, dP_T) in reversed([*enumerate(zip(self._P_T, self._dP_T, strict=True))]):
            down += [
                partial(A_1[l].dot, dZ[l + 1].T, dP_T),
                partial(P_T[:-1].dot, dZ[l + 1], dZ[l]),  # dA_l = W_{l+1}^T dZ_{l+1}
                partial(np.multiply, dZ[l], S[l], dZ[l]),
            ]
        return Arrays(A_1, A, room(runs, n_L, k, dtype=dtype), dZ, up, down)

    def whole(self, Y: Array, delta: Delta, scale: float = 1.0, runs: int = 1) -> Batch:
        """All m training examples, with their targets Y (n_L, m), as one batch for a loss's ``delta``.

        Its gradients come out times ``scale``.
        """
        inputs, m = self.first.whole(), Y.shape[1]
        targets, weights = np.zeros((len(Y), inputs.k), Y.dtype), np.zeros((1, inputs.k), Y.dtype)
        targets[:, :m] = Y
        weights[:, :m] = scale / m
        arrays = self.arrays(inputs.k, runs, self.first.whole_dZ1())
        passes = self._passes(None, inputs, delta(targets, weights, arrays.dZ[-1]), arrays)
        return Batch(Y, arrays.Z_L[:, :, :m], inputs, arrays, passes)

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
        passes = self._passes(places, inputs, delta(Y, weights, arrays.dZ[-1]), arrays)
        return Batch(Y, arrays.Z_L, inputs, arrays, passes)

    def _passes(
        self,
        places: Places | None,
        inputs: Inputs,
        delta: Callable[[Array], list[Operation]],
        arrays: Arrays,
    ) -> list[list[Operation]]:
        """For each run, the way up to its Z_L and down to the gradient."""
        down = [*arrays.down, *self.first.backward(places, inputs, arrays.dZ[0])]
        ups = self._ups(inputs, arrays)
        return [[*up, *delta(Z_L), *down] for up, Z_L in zip(ups, arrays.Z_L, strict=True)]

    def _ups(self, inputs: Inputs, arrays: Arrays) -> list[list[Operation]]:
        """For each run, the way up to its Z_L; they have all but the last product in common."""
        if not arrays.A:
            return [self.first.forward(inputs, Z_L) for Z_L in arrays.Z_L]
        common = [*self.first.forward(inputs, arrays.A[0]), *arrays.up]
        return [[*common, partial(self._P_T[-1].T.dot, arrays.A_1[-1], Z_L)] for Z_L in arrays.Z_L]

    def propagate(self, batch: Batch) -> None:
        """Forward to batch.Z_L[0] and backward to ``gradient``, that of J."""
        run(batch.runs[0])

    def forward(self, inputs: Inputs) -> Array:
        """Z_L (n_L, k) of any inputs; the columns beyond the m training images mean nothing."""
        arrays = self.arrays(inputs.k)
        run(self._ups(inputs, arrays)[0])
        Z_L: Array = arrays.Z_L[0]
        return Z_L

    def forward_train(self) -> Array:
        """Z_L (n_L, m) of all training images, and perhaps of columns that belong to none."""
        if not self.first.pieces:
            return self.forward(self.first.whole())
        return np.hstack([self.forward(self.first.take(piece)) for piece in self.first.pieces])

    def decay(self, rate: float, batch: Batch | None = None) -> float:
        """Add ``rate`` times the weights (not the biases) to the gradient; return their squared sum.

        ``batch`` is the one that theta has just been run on, if there is one.
        """
        squared = self.first.decay(rate, batch.inputs if batch else None)
        for P_T, dP_T in zip(self._P_T, self._dP_T, strict=True):
            W_T = P_T[:-1]
            dP_T[:-1] += rate * W_T
            squared += float(np.vdot(W_T, W_T))
        return squared

    def gradient_norms(self) -> list[float]:
        """The Frobenius norm of dW_l for l = 1 ... L, of the gradient as it stands."""
        return [
            self.first.gradient_norm(),
            *(float(np.linalg.norm(dP_T[:-1])) for dP_T in self._dP_T),
        ]

    def parameters(self) -> Parameters:
        """A copy of all weights and biases, W1 in full."""
        upper = [(P_T[:-1].T.copy(), P_T[-1:].T.copy()) for P_T in self._P_T]
        return [self.first.weights(), *upper]
