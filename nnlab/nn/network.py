"""A plain deep net: its parameters, the arrays of a pass, and the two passes as the notes write them.

Notation, used everywhere (the course's): m examples are the columns; the net has L layers with
weights, layer l has n_l units, n_0 is the number of inputs. X (n_0, m), Y (n_L, m),

    Z_l = W_l A_{l-1} + b_l   (n_l, m),     A_l = g(Z_l),     A_0 = X,
    dZ_L = dJ/dZ_L,   dA_{l-1} = W_l^T dZ_l,   dZ_l = dA_l * g'(Z_l),   dW_l = dZ_l A_{l-1}^T,

with the 1/m of J inside dZ_L. All parameters are in one flat vector theta, their gradient in
another, so an optimizer is a few operations on two vectors, whatever the depth. The block of layer l
is P_l = [W_l b_l] (n_l, n_{l-1} + 1), applied to A_{l-1} over a row of ones: the bias and its
gradient come out of the same products. In memory it is P_l^T, so that W_l by itself is one piece too.
The first layer's block belongs to ``first_layer``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nnlab.nn.activations import Activation
from nnlab.nn.arrays import Array, aligned_zeros
from nnlab.nn.first_layer import FirstLayer
from nnlab.nn.inference import Parameters
from nnlab.nn.inputs import Inputs
from nnlab.nn.losses import Loss
from nnlab.nn.tape import Xp


class Workspace:
    """The arrays of a pass over k examples; key l is the notes' l: Z[l], A[l], dZ[l], slopes[l]."""

    def __init__(self, net: "Network", k: int, runs: int = 1, dZ1: Array | None = None) -> None:
        """Room for ``runs`` logits: Z[L] is the first of them. dZ_1 goes to ``dZ1`` if that is given."""
        self._net, self._k, self._dZ1 = net, k, dZ1
        self.all_A = self._stack()  # [A_1; 1; A_2; 1; ...] of the hidden layers
        self.all_Z = self.all_A if net.g.in_place else self._stack()
        self.A_ones = self._layers(self.all_A, ones=1)  # (n_l + 1, k)
        self.A, hidden = self._layers(self.all_A), self._layers(self.all_Z)  # (n_l, k)
        if net.g.in_place:
            hidden = self.A
        for A_ones in self.A_ones.values():
            A_ones[-1] = 1.0
        self.logits = aligned_zeros(runs, net.n[net.L], k, dtype=net.theta.dtype)
        self.Z = hidden | {net.L: self.logits[0]}

    @cached_property
    def all_slopes(self) -> Array:
        """g' at ``all_Z``."""
        return self._stack()

    @cached_property
    def slopes(self) -> dict[int, Array]:
        """g'(Z_l) (n_l, k) of the hidden layers."""
        return self._layers(self.all_slopes)

    @cached_property
    def dZ(self) -> dict[int, Array]:
        """dZ_l (n_l, k), l = 1 ... L."""
        net = self._net
        dZ = {l: aligned_zeros(n_l, self._k, dtype=net.theta.dtype) for l, n_l in net.n.items()}
        return dZ if self._dZ1 is None else dZ | {1: self._dZ1}

    def _stack(self) -> Array:
        """The hidden layers one below the other, each with a row more."""
        height = sum(n_l + 1 for l, n_l in self._net.n.items() if l < self._net.L)
        return aligned_zeros(height, self._k, dtype=self._net.theta.dtype)

    def _layers(self, stack: Array, ones: int = 0) -> dict[int, Array]:
        """The layers of a stack, with or without the row below."""
        layers, top = {}, 0
        for l, n_l in self._net.n.items():
            if l < self._net.L:
                layers[l] = stack[top : top + n_l + ones]
                top += n_l + 1
        return layers


@dataclass(frozen=True)
class Batch:
    """The examples of a step in the first ``count`` of k columns; the columns after them weigh nothing."""

    inputs: Inputs
    Y: Array  # (n_L, k)
    weights: Array  # (1, k), what multiplies each example's derivative: 1/m for that of J
    count: int
    prepared: tuple[Array, ...]  # what the loss makes of Y and the weights
    w: Workspace

    @property
    def logits(self) -> Array:
        """Z_L (runs, n_L, count)."""
        return self.w.logits[:, :, : self.count]

    @property
    def targets(self) -> Array:
        """Y (n_L, count)."""
        return self.Y[:, : self.count]


class Network:
    """Theta, its gradient, and views of them; keys l are layers, as in the notes."""

    def __init__(self, first: FirstLayer, upper: Sequence[Array], g: Activation) -> None:
        """``upper`` are the initial W2 ... WL; the biases start at 0."""
        self.first, self.g = first, g
        self.n = dict(enumerate((first.n_1, *map(len, upper)), start=1))  # n_1 ... n_L
        self.L = len(self.n)
        length = first.size + sum(W.size + len(W) for W in upper)
        self.theta, self.gradient = (aligned_zeros(length, dtype=first.dtype) for _ in range(2))
        first.bind(self.theta[: first.size], self.gradient[: first.size])
        self.P_T, self.dP_T = self._blocks(self.theta), self._blocks(self.gradient)  # l = 2 ... L
        self.P = {l: P_T.T for l, P_T in self.P_T.items()}  # (n_l, n_{l-1} + 1) = [W_l b_l]
        self.W = {l: P_T[:-1].T for l, P_T in self.P_T.items()}  # (n_l, n_{l-1})
        for l, W in enumerate(upper, start=2):
            self.W[l][...] = W

    def _blocks(self, vector: Array) -> dict[int, Array]:
        """Views P_l^T (n_{l-1} + 1, n_l) into a flat vector."""
        blocks, start = {}, self.first.size
        for l in range(2, self.L + 1):
            stop = start + (self.n[l - 1] + 1) * self.n[l]
            blocks[l] = vector[start:stop].reshape(self.n[l - 1] + 1, self.n[l])
            start = stop
        return blocks

    @property
    def blocks(self) -> list[tuple[Array, Array]]:
        """Each layer's P_l and its gradient, l = 1 ... L; the first as its first layer holds it."""
        upper = [(self.P[l], self.dP_T[l].T) for l in self.P]
        return [(self.first.P, self.first.dP), *upper]

    # -- examples --------------------------------------------------------------------------------

    def whole(self, Y: Array, loss: Loss, scale: float = 1.0, runs: int = 1) -> Batch:
        """All m training examples with targets Y (n_L, m) as a batch. Its gradient is dJ times scale."""
        inputs, m = self.first.whole(), Y.shape[1]
        targets, weights = np.zeros((len(Y), inputs.k), Y.dtype), np.zeros((1, inputs.k), Y.dtype)
        targets[:, :m] = Y
        weights[:, :m] = scale / m
        w = Workspace(self, inputs.k, runs, self.first.whole_dZ1())
        return Batch(inputs, targets, weights, m, loss.prepare(targets, weights), w)

    def part(self, inputs: Inputs, Y: Array, loss: Loss, weight: float) -> Batch:
        """Some training examples, each with this ``weight`` in the gradient."""
        weights = np.full((1, inputs.k), weight, Y.dtype)
        return Batch(inputs, Y, weights, inputs.k, loss.prepare(Y, weights), Workspace(self, inputs.k))

    def parts(self, Y: Array, loss: Loss) -> Iterator[Batch]:
        """All training examples in batches whose gradients sum up to that of J."""
        if not self.first.pieces:
            yield self.whole(Y, loss)
        for piece in self.first.pieces:
            yield self.part(self.first.take(piece), Y[:, piece], loss, 1.0 / Y.shape[1])

    # -- what others ask of the net --------------------------------------------------------------

    def forward(self, inputs: Inputs) -> Array:
        """Z_L (n_L, k) of any inputs; columns after the m training images mean nothing."""
        w = Workspace(self, inputs.k)
        forward(np, self, inputs, w)
        Z_L: Array = w.Z[self.L]
        return Z_L

    def forward_train(self) -> Array:
        """Z_L (n_L, m) of all training images, perhaps with columns after them that belong to none."""
        if not self.first.pieces:
            return self.forward(self.first.whole())
        return np.hstack([self.forward(self.first.take(piece)) for piece in self.first.pieces])

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        """Add ``rate`` times the weights (not the biases) to the gradient; return their squared sum.

        ``inputs`` are those of the pass that theta has just had, if there was one.
        """
        squared = self.first.decay(rate, inputs)
        for l, P_T in self.P_T.items():
            W_T = P_T[:-1]
            self.dP_T[l][:-1] += rate * W_T
            squared += float(np.vdot(W_T, W_T))
        return squared

    def gradient_norms(self) -> dict[int, float]:
        """The Frobenius norm of dW_l for l = 1 ... L, of the gradient as it stands."""
        upper = {l: float(np.linalg.norm(dP_T[:-1])) for l, dP_T in self.dP_T.items()}
        return {1: self.first.gradient_norm()} | upper

    def coordinates(self) -> dict[str, Array]:
        """Views of all parameters as they are trained: those of the first layer, then W2, b2 ... WL, bL."""
        upper = {f"W{l}": P_T[:-1].T for l, P_T in self.P_T.items()}
        upper |= {f"b{l}": P_T[-1:].T for l, P_T in self.P_T.items()}
        return self.first.coordinates() | upper

    def parameters(self) -> Parameters:
        """A copy of all weights and biases, W1 in full."""
        upper = [(P_T[:-1].T.copy(), P_T[-1:].T.copy()) for P_T in self.P_T.values()]
        return [self.first.weights(), *upper]


# -- the two passes --------------------------------------------------------------------------------


def forward(xp: Xp, net: Network, inputs: Inputs, w: Workspace) -> None:
    """A_l = g(Z_l),  Z_{l+1} = W_{l+1} A_l + b_{l+1}, from the first layer's Z_1 up to Z_L."""
    net.first.forward(xp, inputs, w.Z[1])
    for l in range(2, net.L + 1):
        net.g.value(xp, w.Z[l - 1], out=w.A[l - 1])  # (n_{l-1}, k)
        xp.dot(net.P[l], w.A_ones[l - 1], out=w.Z[l])  # (n_l, k), P = [W b]


def backward(xp: Xp, net: Network, inputs: Inputs, w: Workspace) -> None:
    """dW_l = dZ_l A_{l-1}^T,  dA_{l-1} = W_l^T dZ_l,  dZ_{l-1} = dA_{l-1} * g'(Z_{l-1}), from dZ_L down."""
    if net.L > 1:
        net.g.slope(xp, w.all_Z, w.all_A, out=w.all_slopes)  # of all layers in one go
    for l in range(net.L, 1, -1):
        xp.dot(w.A_ones[l - 1], w.dZ[l].T, out=net.dP_T[l])  # (n_{l-1} + 1, n_l) = [dW db]^T
        xp.dot(net.W[l].T, w.dZ[l], out=w.dZ[l - 1])  # dA_{l-1} (n_{l-1}, k)
        xp.multiply(w.dZ[l - 1], w.slopes[l - 1], out=w.dZ[l - 1])
    net.first.backward(xp, inputs, w.dZ[1])


def propagate(xp: Xp, net: Network, loss: Loss, batch: Batch, factor: Array | None = None) -> None:
    """Forward to Z_L of a batch, and backward to the gradient of J, times ``factor`` () if there is one."""
    w, L = batch.w, net.L
    forward(xp, net, batch.inputs, w)
    loss.delta(xp, w.Z[L], *batch.prepared, out=w.dZ[L])  # dZ_L (n_L, k)
    if factor is not None:
        xp.multiply(w.dZ[L], factor, out=w.dZ[L])
    backward(xp, net, batch.inputs, w)
