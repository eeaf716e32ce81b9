"""The two ways to hold the first layer: as W1 itself, or by dual coefficients over the training images.

Every gradient step changes W1 by a combination of training images, dW1 = dZ1 X^T / m. So as long
as the optimizer is linear, W1 never leaves

    W1 = c W1_0 + C X^T,

where C (n_1, m) are the dual coefficients and c is the factor by which L2 has shrunk the start. With
the Gram matrix K = X^T X (m, m) the first pre-activation is computed without an image:

    Z1 = W1 X + b1 = c Z1_0 + C K + b1,       Z1_0 = W1_0 X (n_1, m), computed once.

It is the same algorithm in other coordinates, not an approximation. In both layers the parameters are a
block P: [W1 b1] over the images, or [C e] over K. The layers differ in the gradient of P, in the start
that the Gram layer adds, and in how W1 and b1 are computed from P.
"""

from typing import Any, Protocol

import numpy as np

from nnlab.nn.arrays import Array, Indices, aligned_zeros
from nnlab.nn.inputs import Inputs, Rows, pieces
from nnlab.nn.tape import Xp


class FirstLayer(Protocol):
    """The methods of a first layer. ``theta`` and ``gradient`` are its flat part of each."""

    n_1: int
    size: int  # length of theta
    dtype: np.dtype[Any]
    on_disk: bool  # are minibatches read from a file, so that reading ahead saves time?
    pieces: list[slice]  # the training images in parts that fit into memory; empty: only as a whole
    P: Array  # the block of parameters, a view of theta; the last column is the bias's own
    dP: Array  # its gradient

    def bind(self, theta: Array, gradient: Array) -> None:
        """Keep the parameters and their gradient in these vectors of length ``size``."""

    def whole(self) -> Inputs:
        """All m training images, and perhaps columns after them that belong to no image."""

    def take(self, places: slice) -> Inputs:
        """Some of the training images."""

    def minibatch(self, k: int) -> Inputs:
        """Room for k training images, which ``gather`` fills."""

    def gather(self, places: Indices, inputs: Inputs) -> None:
        """Copy the training images at ``places`` (k,) into a minibatch."""

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        """Prepare other images (k, n_0) for ``forward``.

        ``products`` are theirs with the training images (k, m) plus 1, where ``gram`` has them already.
        """

    def whole_dZ1(self) -> Array:
        """The array in which ``backward`` expects dZ1 of the ``whole``."""

    def forward(self, xp: Xp, inputs: Inputs, Z1: Array) -> None:
        """Write the first pre-activation to Z1 (n_1, k)."""

    def backward(self, xp: Xp, inputs: Inputs, dZ1: Array) -> None:
        """Write the gradient of P, given dZ1 (n_1, k) of these training images."""

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        """Add ``rate`` W1 to the gradient and return the sum of the squared weights.

        ``inputs`` are those that ``forward`` has just had with these parameters: it may save a product.
        """

    def gradient_norm(self) -> float:
        """The Frobenius norm of dW1."""

    def coordinates(self) -> dict[str, Array]:
        """The parameters as they are trained, as views: W1 and b1, or C, c and e."""

    def weights(self) -> tuple[Array, Array]:
        """W1 (n_1, n_0) and b1 (n_1, 1)."""


class PrimalLayer:
    """Z1 = W1 X + b1 and dW1 = dZ1 X^T: products with all n_0 inputs in every step."""

    def __init__(self, images: Rows, W1: Array) -> None:
        self.n_1, n_0 = W1.shape
        self.size, self.dtype = self.n_1 * (n_0 + 1), images.dtype
        self.on_disk = not isinstance(images, np.ndarray)
        self.pieces = pieces(len(images))
        self._images, self._start = images, W1

    def bind(self, theta: Array, gradient: Array) -> None:
        self.P = theta.reshape(self.n_1, -1)  # (n_1, n_0 + 1) = [W1 b1]
        self.dP = gradient.reshape(self.n_1, -1)
        self.P[:, :-1] = self._start

    def whole(self) -> Inputs:
        return self.inputs(self._images[:])

    def take(self, places: slice) -> Inputs:
        return self.inputs(self._images[places])

    def minibatch(self, k: int) -> Inputs:
        return self.inputs(np.empty((k, self.P.shape[1] - 1), self.dtype))

    def gather(self, places: Indices, inputs: Inputs) -> None:
        rows = inputs.columns.T  # (k, n_0)
        if isinstance(self._images, np.ndarray):
            np.take(self._images, places, axis=0, out=rows, mode="clip")  # "raise" would copy once more
        else:
            rows[...] = self._images[places]

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        return Inputs(len(images), images.T)

    def whole_dZ1(self) -> Array:
        return aligned_zeros(self.n_1, len(self._images), dtype=self.dtype)

    def forward(self, xp: Xp, inputs: Inputs, Z1: Array) -> None:
        W1, b1 = self.P[:, :-1], self.P[:, -1:]
        xp.matmul(W1, inputs.columns, out=Z1)
        xp.add(Z1, b1, out=Z1)

    def backward(self, xp: Xp, inputs: Inputs, dZ1: Array) -> None:
        dW1, db1 = self.dP[:, :-1], self.dP[:, -1]
        xp.matmul(dZ1, inputs.columns.T, out=dW1)
        xp.sum(dZ1, axis=1, out=db1)

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        W1 = self.P[:, :-1]
        self.dP[:, :-1] += rate * W1
        return float(np.vdot(W1, W1))

    def gradient_norm(self) -> float:
        return float(np.linalg.norm(self.dP[:, :-1]))

    def coordinates(self) -> dict[str, Array]:
        return {"W1": self.P[:, :-1], "b1": self.P[:, -1:]}

    def weights(self) -> tuple[Array, Array]:
        return self.P[:, :-1].copy(), self.P[:, -1:].copy()
