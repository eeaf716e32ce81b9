"""The first layer by dual coefficients over the training images; see ``first_layer`` for the formulas."""

import numpy as np

from nnlab.nn.arrays import Array, Indices, aligned_zeros
from nnlab.nn.inputs import Inputs
from nnlab.nn.tape import Xp, do

ROWS = 4  # rows in a BLAS kernel's block: 7 rows took longer than 8 (OpenBLAS 0.3.31, AVX-512 kernels)


class GramLayer:
    """Z1 = c W1_0 X + C (K + 1) + e, and the gradient of C is dZ1 itself: no product with an image.

    The bias moves by the sum of dZ1 over the examples. So as long as nothing but dZ1 moves C, the bias is
    C 1, and the 1 in K + 1 adds it. L2 shrinks C but not b1; e (n_1, 1) makes up for that: b1 = C 1 + e.

    One product of [C e] (n_1, m + 1) with the bordered K of ``gram`` gives C (K + 1) + e. In memory the
    block is [C e 0] (n_1, w), and Z1 and dZ1 are as wide. Their columns from m to w belong to no example
    and have the weight 0. So dZ1 is 0 there, and dZ1 of all examples is the gradient [dC de 0] itself.
    """

    on_disk = False
    pieces: list[slice] = []  # noqa: RUF012

    def __init__(self, images: Array, K: Array, W1: Array, decays: bool = True) -> None:
        """``K`` is ``gram(images)`` (w, w), shared by all layers over these images. A net without L2 needs
        no ``decay``, which saves its steps the scaling of the start."""
        self.n_1, self._m = len(W1), len(images)
        self._rows = 1 if self.n_1 == 1 else -(-self.n_1 // ROWS) * ROWS  # those from n_1 on stay 0
        self.size, self.dtype = self._rows * len(K) + 1, K.dtype
        self._images, self._K, self._W1_0, self._decays = images, K, W1, decays
        self._start_squared = float(np.vdot(W1, W1))
        self._start = aligned_zeros(self.n_1, len(K), dtype=K.dtype)
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

    def take(self, places: slice) -> Inputs:
        start, columns = self._start[:, places], self._K[places, : self._m + 1].T  # K is symmetric
        return Inputs(start.shape[1], columns, start, places=places)

    def minibatch(self, k: int) -> Inputs:
        rows = np.empty((k, len(self._K)), self.dtype)
        start = np.empty((self.n_1, k), self.dtype)
        return Inputs(k, rows[:, : self._m + 1].T, start, places=np.zeros(k, np.intp))

    def gather(self, places: Indices, inputs: Inputs) -> None:
        assert inputs.start is not None and isinstance(inputs.places, np.ndarray)
        rows = inputs.columns.base  # (k, w)
        np.take(self._K, places, axis=0, out=rows, mode="clip")
        np.take(self._start, places, axis=1, out=inputs.start, mode="clip")
        inputs.places[...] = places

    def inputs(self, images: Array, products: Array | None = None) -> Inputs:
        k = len(images)
        rows = np.ones((k, self._m + 1), images.dtype)
        rows[:, : self._m] = images @ self._images.T + 1.0 if products is None else products
        return Inputs(k, rows.T, self._W1_0 @ images.T)

    def whole_dZ1(self) -> Array:
        return self._dZ1

    def forward(self, xp: Xp, inputs: Inputs, Z1: Array) -> None:
        assert inputs.start is not None
        columns, start, product = inputs.columns, inputs.start, inputs.product
        if product is None:
            product = np.zeros((self._rows, inputs.k), self.dtype)
        xp.matmul(self._C_e, columns, out=product[:, : columns.shape[1]])  # C (K + 1) + e
        if self._decays:
            start = np.empty_like(inputs.start)
            xp.multiply(inputs.start, self._c, out=start)  # c Z1_0
        xp.add(product[: self.n_1], start, out=Z1)

    def backward(self, xp: Xp, inputs: Inputs, dZ1: Array) -> None:
        if inputs.places is not None:  # dC is dZ1 in the columns of the minibatch, else 0
            xp.copyto(self._dZ1, 0.0)
            do(xp, self._dZ1.__setitem__, (..., inputs.places), dZ1)
        if self._decays:
            xp.copyto(self._dc, 0.0)

    def decay(self, rate: float, inputs: Inputs | None = None) -> float:
        assert self._decays
        C, e = self.P[:, :-1], self.P[:, -1:]
        whole = inputs is self._whole
        products = self._product[: self.n_1, : self._m] - e if whole else self._products(C)
        sums = C.sum(axis=1)  # C 1 (n_1,)
        self.dP[:, :-1] += rate * C
        self.dP[:, -1] -= rate * sums
        self._dc += rate * self._c
        return self._squared(float(self._c[0]), C, products, sums)

    def gradient_norm(self) -> float:
        """|dc W1_0 + dC X^T|; it loses digits where an image's squared length is far below 1."""
        dC, dc = self.dP[:, :-1], float(self._dc[0])
        return float(np.sqrt(max(self._squared(dc, dC, self._products(dC), dC.sum(axis=1)), 0.0)))

    def coordinates(self) -> dict[str, Array]:
        return {"C": self.P[:, :-1], "c": self._c, "e": self.P[:, -1:]}

    def weights(self) -> tuple[Array, Array]:
        C, e = self.P[:, :-1], self.P[:, -1:]
        return self._c * self._W1_0 + C @ self._images, C.sum(axis=1, keepdims=True) + e

    def _products(self, C: Array) -> Array:
        """C (K + 1) (n_1, m)."""
        return C @ self._K[: self._m, : self._m]

    def _squared(self, c: float, C: Array, products: Array, sums: Array) -> float:
        """|c W1_0 + C X^T|^2 = c^2 |W1_0|^2 + 2c <Z1_0, C> + <C (K+1), C> - |C 1|^2, without forming W1."""
        cross = float(np.vdot(self._start[:, : self._m], C))
        quadratic = float(np.vdot(products, C) - np.vdot(sums, sums))
        return c * c * self._start_squared + 2.0 * c * cross + quadratic
