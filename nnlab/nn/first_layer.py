"""The two ways to hold the first layer: as W1 itself, or as coefficients over the training images.

Every gradient step changes W1 by a combination of training images, dW1 = dZ1 X^T / m. So as long
as the optimizer is linear, W1 never leaves

    W1 = c W1_0 + C X^T,        C (n_1, m),  c the factor by which L2 has shrunk the start,

and with the Gram matrix K = X^T X (m, m) the first pre-activation needs no image any more:

    Z1 = W1 X + b1 = c Z1_0 + C K + b1,       Z1_0 = W1_0 X (n_1, m), drawn up once.

It is the same algorithm in other coordinates, not an approximation. Either way the parameters are a
block P, [W1 b1] over the images or [C e] over K, and the layers differ in the gradient of P, in the
start that the Gram layer adds, and in how W1 and b1 are got back. The two stand side by side below, each
opening with its formula.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.operations import Operation

Array = NDArray[np.floating]
Places = NDArray[np.intp] | slice
CACHE_LINE = 64  # bytes
PIECE = 256  # images that are evaluated at a time
ROWS = 4  # that a BLAS kernel takes at a time; the rest take as long as if they were as many


@dataclass(frozen=True)
class Inputs:
    """What a first layer needs for Z1 (n_1, k): ``columns`` of X or of K, one for each example, and the
    Gram layer's ``start`` Z1_0 (n_1, k); its columns beyond those of the examples are 0. ``product`` is
    where that layer's product with K (rows, k) is to stay, if it is."""

    k: int
    columns: Array
    start: Array | None = None
    product: Array | None = None


class Rows(Protocol):
    """Images as rows (m, n_0): an array, or what reads them from a file."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, places: Any, /) -> Array: ...


class FirstLayer(Protocol):
    """What the loop asks of either layer. ``theta`` and ``gradient`` are its flat share of each."""

    n_1: int
    size: int  # length of theta
    dtype: np.dtype[Any]
    on_disk: bool  # is a minibatch read from a file? Then it is worth reading ahead
    pieces: list[slice]  # the training images in parts that fit into memory; empty: only as the whole
    P: Array  # the block of parameters, a view of theta, what is the bias's own in the last column
    dP: Array  # its gradient

    def bind(self, theta: Array, gradient: Array) -> None:
        """Keep the parameters and their gradient in these vectors of length ``size``."""

    def whole(self) -> Inputs:
        """All m training images, and perhaps columns beyond them that belong to none."""

    def take(self, places: Places) -> Inputs:
        """Some of the training images."""

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        """Prepare other images (k, n_0) for ``forward``.

        ``products`` are theirs with the training images (k, m) plus 1, where ``gram`` has them already.
        """

    def whole_dZ1(self) -> Array:
        """Where ``backward`` wants dZ1 of the ``whole``."""

    def forward(self, inputs: Inputs, Z1: Array) -> list[Operation]:
        """The operations that write the first pre-activation to Z1 (n_1, k)."""

    def backward(self, batch: Places | None, inputs: Inputs, dZ1: Array) -> list[Operation]:
        """Those that write the gradient for dZ1 (n_1, k) of the examples at ``batch``, None for all."""

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        """Add ``rate`` W1 to the gradient and return the sum of the squared weights.

        Those whose ``forward`` these parameters have just run may save a product.
        """

    def gradient_norm(self) -> float:
        """The Frobenius norm of dW1."""

    def weights(self) -> tuple[Array, Array]:
        """W1 (n_1, n_0) and b1 (n_1, 1)."""


class PrimalLayer:
    """Z1 = W1 X + b1 and dW1 = dZ1 X^T, the products with all n_0 inputs in every step."""

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

    def take(self, places: Places) -> Inputs:
        return self.inputs(self._images[places])

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        return Inputs(len(images), images.T)

    def whole_dZ1(self) -> Array:
        return room(self.n_1, len(self._images), dtype=self.dtype)

    def forward(self, inputs: Inputs, Z1: Array) -> list[Operation]:
        W1, b1 = self.P[:, :-1], self.P[:, -1:]
        return [partial(np.matmul, W1, inputs.columns, Z1), partial(np.add, Z1, b1, Z1)]

    def backward(self, batch: Places | None, inputs: Inputs, dZ1: Array) -> list[Operation]:
        dW1, db1 = self.dP[:, :-1], self.dP[:, -1]
        return [
            partial(np.matmul, dZ1, inputs.columns.T, dW1),
            partial(np.add.reduce, dZ1, axis=1, out=db1),
        ]

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        W1 = self.P[:, :-1]
        self.dP[:, :-1] += rate * W1
        return float(np.vdot(W1, W1))

    def gradient_norm(self) -> float:
        return float(np.linalg.norm(self.dP[:, :-1]))

    def weights(self) -> tuple[Array, Array]:
        return self.P[:, :-1].copy(), self.P[:, -1:].copy()


class GramLayer:
    """Z1 = c W1_0 X + C (K + 1) + e, and the gradient of C is dZ1 itself: no product with an image.

    The bias moves by the sum of dZ1 over the examples, so as long as nothing but dZ1 moves C it is C 1, and
    the 1 in K + 1 adds it. L2 shrinks C but not b1; e (n_1, 1) makes up for that: b1 = C 1 + e.

    One product of [C e] (n_1, m + 1) with the bordered K of ``gram`` gives C (K + 1) + e. In memory it is
    [C e 0] (n_1, w), and Z1 and dZ1 are as wide. Their columns from m to w belong to no example: the loop
    gives them no weight, so dZ1 is 0 there, and dZ1 of all examples is the gradient [dC de 0] as it stands.
    """

    on_disk = False
    pieces: list[slice] = []  # noqa: RUF012

    def __init__(self, images: Array, K: Array, W1: Array, decays: bool = True) -> None:
        """``K`` is ``gram(images)`` (w, w), shared by all layers over these images. A net without L2 may do
        without ``decay``, which spares its steps the scaling of the start."""
        self.n_1, self._m = len(W1), len(images)
        self._rows = 1 if self.n_1 == 1 else -(-self.n_1 // ROWS) * ROWS  # those from n_1 on stay 0
        self.size, self.dtype = self._rows * len(K) + 1, K.dtype
        self._images, self._K, self._W1_0, self._decays = images, K, W1, decays
        self._start_squared = float(np.vdot(W1, W1))
        self._start = room(self.n_1, len(K), dtype=K.dtype)
        np.matmul(W1, images.T, out=self._start[:, : self._m])
        self._product = np.zeros((self._rows, len(K)), K.dtype)  # C (K + 1) + e of all training images
        self._whole = Inputs(len(K), K[: self._m + 1, : self._m], self._start, self._product)

    def bind(self, theta: Array, gradient: Array) -> None:
        block, d_block = (v[:-1].reshape(self._rows, -1) for v in (theta, gradient))
        self._C_e, self._dZ1 = block[:, : self._m + 1], d_block[: self.n_1]  # (rows, m + 1), (n_1, w)
        self.P, self.dP = self._C_e[: self.n_1], self._dZ1[:, : self._m + 1]  # [C e]
        self._c, self._dc = theta[-1:], gradient[-1:]
        self._c[0] = 1.0

    def whole(self) -> Inputs:
        return self._whole

    def take(self, places: Places) -> Inputs:
        start = self._start[:, places]
        return Inputs(start.shape[1], self._K[places, : self._m + 1].T, start)  # K is symmetric

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        k = len(images)
        rows = np.ones((k, self._m + 1), images.dtype)
        rows[:, : self._m] = images @ self._images.T + 1.0 if products is None else products
        return Inputs(k, rows.T, self._W1_0 @ images.T)

    def whole_dZ1(self) -> Array:
        return self._dZ1

    def forward(self, inputs: Inputs, Z1: Array) -> list[Operation]:
        assert inputs.start is not None
        columns, start, product = inputs.columns, inputs.start, inputs.product
        if product is None:
            product = np.zeros((self._rows, inputs.k), self.dtype)
        operations: list[Operation] = [
            partial(np.matmul, self._C_e, columns, product[:, : columns.shape[1]])
        ]
        if self._decays:
            start = np.empty_like(inputs.start)
            operations.append(partial(np.multiply, inputs.start, self._c, start))
        return [*operations, partial(np.add, product[: self.n_1], start, Z1)]

    def backward(self, batch: Places | None, inputs: Inputs, dZ1: Array) -> list[Operation]:
        operations: list[Operation] = []
        if batch is not None:
            operations = [partial(self._dZ1.fill, 0.0), partial(self._dZ1.__setitem__, (..., batch), dZ1)]
        if self._decays:
            operations.append(partial(self._dc.fill, 0.0))
        return operations

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        assert self._decays
        C, e = self.P[:, :-1], self.P[:, -1:]
        whole = inputs is self._whole
        products = self._product[: self.n_1, : self._m] - e if whole else self._products(C)
        self.dP[:, :-1] += rate * C
        self.dP[:, -1] -= rate * C.sum(axis=1)
        self._dc += rate * self._c
        return self._squared(float(self._c[0]), C, products)

    def gradient_norm(self) -> float:
        """As |dc W1_0 + dC X^T|: where an image's squared length is far below 1, digits are lost to 1."""
        dC = self.dP[:, :-1]
        return float(np.sqrt(max(self._squared(float(self._dc[0]), dC, self._products(dC)), 0.0)))

    def weights(self) -> tuple[Array, Array]:
        C, e = self.P[:, :-1], self.P[:, -1:]
        return self._c * self._W1_0 + C @ self._images, C.sum(axis=1, keepdims=True) + e

    def _products(self, C: Array) -> Array:
        """C (K + 1) (n_1, m)."""
        return C @ self._K[: self._m, : self._m]

    def _squared(self, c: float, C: Array, products: Array) -> float:
        """|c W1_0 + C X^T|^2 = c^2 |W1_0|^2 + 2c <Z1_0, C> + <C (K+1), C> - |C 1|^2: W1 is never formed."""
        cross = float(np.vdot(self._start[:, : self._m], C))
        sums = C.sum(axis=1)  # C 1 (n_1,)
        quadratic = float(np.vdot(products, C) - np.vdot(sums, sums))
        return c * c * self._start_squared + 2.0 * c * cross + quadratic


def gram(images: Array) -> Array:
    """K = X^T X (m, m) of images (m, n_0) plus 1, bordered: [[K+1 1 0] [1^T 0 0] [0 0 0]] (w, w).

    The 1 is for the bias, as far as it moves with the coefficients; the border makes the rest of it one
    more coefficient. The zeros fill up the rows to whole cache lines, with which a product takes five
    sixths of the time.
    """
    m = len(images)
    K = _bordered(m, images.dtype)
    products = np.matmul(images, images.T, out=K[:m, :m])
    products += 1.0
    return K


def part_of_gram(K: Array, places: NDArray[np.intp]) -> Array:
    """The K of the images at these k ``places``, bordered for itself: no product with an image."""
    k = len(places)
    part = _bordered(k, K.dtype)
    part[:k, :k] = K[np.ix_(places, places)]
    return part


def _bordered(m: int, dtype: np.dtype[np.floating]) -> Array:
    """Room for K of m images (w, w), with its border."""
    line = CACHE_LINE // dtype.itemsize
    w = -(-(m + 1) // line) * line
    K = room(w, w, dtype=dtype)
    K[m, :m] = K[:m, m] = 1.0
    return K


def pieces(m: int) -> list[slice]:
    """The places of m images, PIECE at a time: the same whether they stand in memory or in a file."""
    return [slice(start, min(start + PIECE, m)) for start in range(0, m, PIECE)]


def room(*shape: int, dtype: np.dtype[np.floating]) -> Array:
    """Zeros that begin at a cache line: with unaligned rows a product takes up to 1.4 times as long."""
    size = math.prod(shape) * dtype.itemsize
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(dtype).reshape(shape)
