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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.activations import ACTIVATIONS, Prepared
from nnlab.first_layer import FirstLayer, Inputs, Places, room
from nnlab.forward import Parameters

Array = NDArray[np.floating]
Delta = Callable[[Array, Array], None]  # delta(Z_L, out), of a loss for given targets


class Up(NamedTuple):
    """What the forward pass needs between hidden layer l and layer l + 1, for k examples."""

    activate: Prepared  # turns Z_l (n_l, k) into A_l in place
    P: Array  # [W_{l+1} b_{l+1}] (n_{l+1}, n_l + 1)
    A_1: Array  # A_l with a row of ones below (n_l + 1, k)
    Z_next: Array  # Z_{l+1} (n_{l+1}, k)


class Down(NamedTuple):
    """What the backward pass needs between layer l + 1 and hidden layer l."""

    dZ_next: Array  # dZ_{l+1} (n_{l+1}, k)
    A_1_T: Array  # (k, n_l + 1)
    dP: Array  # the gradient of P (n_{l+1}, n_l + 1)
    W_T: Array  # W_{l+1}^T (n_l, n_{l+1})
    slope: Array  # g'(Z_l) (n_l, k)
    dZ: Array  # dZ_l (n_l, k)


@dataclass(frozen=True)
class Arrays:
    """The arrays of a forward and backward pass over k examples, at index l - 1 for layer l."""

    Z: list[Array]  # Z_l, turned into A_l in place but for the last (n_l, k)
    dZ: list[Array]  # (n_l, k)
    slope: Prepared  # writes g' of all layers for the way down, in one operation
    up: list[Up]  # views, from layer 1 to layer L
    down: list[Down]  # views, from layer L to layer 1


@dataclass(frozen=True)
class Batch:
    """The examples of one step, in the first ``count`` of k columns; the rest weigh nothing."""

    places: Places | None  # among the training images; None: all
    inputs: Inputs
    Y: Array  # (n_L, count)
    delta: Delta  # writes dZ_L
    arrays: Arrays
    Z_L: Array  # (n_L, count), a view of its arrays

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
        up, down = [], []
        for i, (P, dP) in enumerate(zip(self._P, self._dP, strict=True)):
            A_1, slope = A[tops[i] : tops[i + 1]], slopes[tops[i] : tops[i + 1] - 1]
            up.append(Up(self._activation.apply(Z[i], self._leak), P, A_1, Z[i + 1]))
            down.append(Down(dZ[i + 1], A_1.T, dP, P[:, :-1].T, slope, dZ[i]))
        return Arrays(Z, dZ, self._activation.slope(A, slopes, self._leak), up, down[::-1])

    def whole(self, Y: Array, delta: Callable[[Array, Array], Delta], scale: float = 1.0) -> Batch:
        """All m training examples, with their targets Y (n_L, m), as one batch for a loss's ``delta``.

        Its gradients come out times ``scale``.
        """
        inputs = self.first.whole()
        m, k = Y.shape[1], inputs.columns.shape[1]
        targets, weights = np.zeros((len(Y), k), Y.dtype), np.zeros((1, k), Y.dtype)
        targets[:, :m] = Y
        weights[:, :m] = scale / m
        arrays = self.arrays(k, self.first.whole_dZ1())
        return Batch(None, inputs, Y, delta(targets, weights), arrays, arrays.Z[-1][:, :m])

    def parts(self, Y: Array, delta: Callable[[Array, Array], Delta]) -> Iterator[Batch]:
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
        delta: Callable[[Array, Array], Delta],
        weight: float,
        arrays: Arrays,
    ) -> Batch:
        """The training examples at ``places`` as a batch, each with this ``weight`` in the gradient."""
        weights = np.full((1, Y.shape[1]), weight, Y.dtype)
        return Batch(places, inputs, Y, delta(Y, weights), arrays, arrays.Z[-1])

    def propagate(self, batch: Batch) -> None:
        """Forward to batch.Z_L and backward to ``gradient``, that of J."""
        arrays, dot = batch.arrays, np.dot

        self.first.forward(batch.inputs, arrays.Z[0])
        for activate, P, A_1, Z_next in arrays.up:
            activate()
            dot(P, A_1, Z_next)

        batch.delta(arrays.Z[-1], arrays.dZ[-1])

        arrays.slope()
        for dZ_next, A_1_T, dP, W_T, slope, dZ in arrays.down:
            dot(dZ_next, A_1_T, dP)
            dot(W_T, dZ_next, dZ)
            dZ *= slope
        self.first.backward(batch.places, batch.inputs, arrays.dZ[0])

    def forward(self, inputs: Inputs) -> Array:
        """Z_L (n_L, k) of any inputs; the columns beyond the m training images mean nothing."""
        arrays = self.arrays(inputs.columns.shape[1])
        self.first.forward(inputs, arrays.Z[0])
        for activate, P, A_1, Z_next in arrays.up:
            activate()
            np.dot(P, A_1, out=Z_next)
        return arrays.Z[-1]

    def forward_train(self) -> Array:
        """Z_L (n_L, m) of all training images, and perhaps of columns that belong to none."""
        if not self.first.pieces:
            return self.forward(self.first.whole())
        return np.hstack([self.forward(self.first.take(piece)) for piece in self.first.pieces])

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
