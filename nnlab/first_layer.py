"""The two ways to hold the first layer: as W1 itself, or as coefficients over the training images.

Every gradient step changes W1 by a combination of training images, dW1 = dZ1 X^T / m. So as long
as the optimizer is linear, W1 never leaves

    W1 = c W1_0 + C X^T,        C (n_1, m),  c the factor by which L2 has shrunk the start,

and with the Gram matrix K = X^T X (m, m) the first pre-activation needs no image any more:

    Z1 = W1 X + b1 = c Z1_0 + C K + b1,       Z1_0 = W1_0 X (n_1, m), drawn up once.

It is the same algorithm in other coordinates, not an approximation. Both layers are an affine map
of some input rows, P [rows 1]^T, with P = [W1 b1] over the images or P = [C b1] over the rows of K;
they differ in the gradient of P, in the start that the Gram layer adds, and in how W1 is got back.
The two stand side by side below, each opening with its formula.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Inputs:
    """What a first layer needs of k examples: ``rows`` (k, n_in + 1), the last column 1, and the
    Gram layer's ``start`` Z1_0 (n_1, k)."""

    rows: Array
    start: Array | None = None

    def take(self, index: NDArray[np.intp]) -> "Inputs":
        """The examples of one minibatch."""
        return Inputs(self.rows[index], None if self.start is None else self.start[:, index])


class FirstLayer(Protocol):
    """What the loop asks of either layer. ``theta`` and ``gradient`` are its flat share of each."""

    n_1: int
    size: int  # length of theta
    train: Inputs  # of the m training images
    P: Array  # the block of parameters, a view of theta, the bias in the last column
    dP: Array  # its gradient

    def bind(self, theta: Array, gradient: Array) -> None:
        """Keep the parameters and their gradient in these vectors of length ``size``."""

    def inputs(self, images: Array) -> Inputs:
        """Prepare other images (k, n_0) for ``forward``."""

    def forward(self, inputs: Inputs, Z1: Array) -> None:
        """Write the first pre-activation of k examples to Z1 (n_1, k)."""

    def backward(self, batch: NDArray[np.intp] | None, inputs: Inputs, dZ1: Array) -> None:
        """Write the gradient for dZ1 (n_1, k); ``batch`` are the examples' places, None for all."""

    def decay(self, rate: float) -> float:
        """Add ``rate`` W1 to the gradient and return the sum of the squared weights."""

    def gradient_norm(self) -> float:
        """The Frobenius norm of dW1."""

    def weights(self) -> tuple[Array, Array]:
        """W1 (n_1, n_0) and b1 (n_1, 1)."""


class PrimalLayer:
    """Z1 = W1 X + b1 and dW1 = dZ1 X^T, the products with all n_0 inputs in every step."""

    def __init__(self, images: Array, W1: Array) -> None:
        self.n_1, n_0 = W1.shape
        self.size = self.n_1 * (n_0 + 1)
        self._start = W1
        self.train = self.inputs(images)

    def bind(self, theta: Array, gradient: Array) -> None:
        self.P = theta.reshape(self.n_1, -1)  # (n_1, n_0 + 1) = [W1 b1]
        self.dP = gradient.reshape(self.n_1, -1)
        self.P[:, :-1] = self._start

    def inputs(self, images: Array) -> Inputs:
        return Inputs(_with_ones(images))  # (k, n_0 + 1)

    def forward(self, inputs: Inputs, Z1: Array) -> None:
        np.matmul(self.P, inputs.rows.T, out=Z1)

    def backward(self, batch: NDArray[np.intp] | None, inputs: Inputs, dZ1: Array) -> None:
        np.matmul(dZ1, inputs.rows, out=self.dP)

    def decay(self, rate: float) -> float:
        W1 = self.P[:, :-1]
        self.dP[:, :-1] += rate * W1
        return float(np.vdot(W1, W1))

    def gradient_norm(self) -> float:
        return float(np.linalg.norm(self.dP[:, :-1]))

    def weights(self) -> tuple[Array, Array]:
        return self.P[:, :-1].copy(), self.P[:, -1:].copy()


class GramLayer:
    """Z1 = c W1_0 X + C K + b1, and the gradient of C is dZ1 itself: no product with an image."""

    def __init__(self, images: Array, K: Array, W1: Array) -> None:
        self.n_1, m = len(W1), len(images)
        self.size = self.n_1 * (m + 1) + 1
        self._images, self._K, self._W1_0 = images, K, W1
        self._start_squared = float(np.vdot(W1, W1))
        # K is symmetric: rows are columns. Stored column by column, the product with rows^T is faster
        self.train = Inputs(np.asfortranarray(_with_ones(K)), W1 @ images.T)

    def bind(self, theta: Array, gradient: Array) -> None:
        self.P = theta[:-1].reshape(self.n_1, -1)  # (n_1, m + 1) = [C b1]
        self.dP = gradient[:-1].reshape(self.n_1, -1)
        self._c, self._dc = theta[-1:], gradient[-1:]
        self._c[0] = 1.0

    def inputs(self, images: Array) -> Inputs:
        return Inputs(_with_ones(images @ self._images.T), self._W1_0 @ images.T)

    def forward(self, inputs: Inputs, Z1: Array) -> None:
        assert inputs.start is not None
        np.matmul(self.P, inputs.rows.T, out=Z1)
        Z1 += inputs.start if self._c[0] == 1.0 else self._c * inputs.start

    def backward(self, batch: NDArray[np.intp] | None, inputs: Inputs, dZ1: Array) -> None:
        dC = self.dP[:, :-1]
        if batch is None:
            dC[...] = dZ1
        else:
            dC[...] = 0.0
            dC[:, batch] = dZ1
        np.add.reduce(dZ1, axis=1, out=self.dP[:, -1])
        self._dc[0] = 0.0

    def decay(self, rate: float) -> float:
        self.dP[:, :-1] += rate * self.P[:, :-1]
        self._dc += rate * self._c
        return self._squared(float(self._c[0]), self.P[:, :-1])

    def gradient_norm(self) -> float:
        return float(np.sqrt(max(self._squared(float(self._dc[0]), self.dP[:, :-1]), 0.0)))

    def weights(self) -> tuple[Array, Array]:
        return self._c * self._W1_0 + self.P[:, :-1] @ self._images, self.P[:, -1:].copy()

    def _squared(self, c: float, C: Array) -> float:
        """|c W1_0 + C X^T|^2 = c^2 |W1_0|^2 + 2c <Z1_0, C> + <C K, C>: W1 is never formed."""
        assert self.train.start is not None
        cross = float(np.vdot(self.train.start, C))
        return c * c * self._start_squared + 2.0 * c * cross + float(np.vdot(C @ self._K, C))


def gram(images: Array) -> Array:
    """K = X^T X (m, m) of images (m, n_0)."""
    K: Array = images @ images.T
    return K


def _with_ones(rows: Array) -> Array:
    """[rows 1] (k, n + 1): the bias as one more weight on a constant input."""
    extended = np.empty((rows.shape[0], rows.shape[1] + 1), rows.dtype)
    extended[:, :-1] = rows
    extended[:, -1] = 1.0
    return extended


def choose_solver(
    n_0: int, n_1: int, m: int, batch_size: int | None, iterations: int, memory_mb: int
) -> str:
    """The solver with fewer operations, "gram" or "primal", as far as K fits into the memory.

    Multiplications of a whole training: primal has two products with k images in each step; Gram has
    one with K (m x m, or m x k for a minibatch) and touches all of C, after building K once.
    """
    k = batch_size or m
    primal = iterations * n_1 * k * n_0 * 2
    gram_ = iterations * n_1 * m * (k + 2) + m * m * n_0
    k_mb = m * m * 8 / 2**20
    return "gram" if gram_ < primal and k_mb <= memory_mb else "primal"
