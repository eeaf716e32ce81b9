"""The Gram matrix K = X^T X of a set's images, as the Gram layer multiplies with it."""

import numpy as np

from nnlab.nn.arrays import CACHE_LINE, Array, Indices, aligned_zeros


def gram(images: Array) -> Array:
    """K = X^T X (m, m) of images (m, n_0) plus 1, bordered: [[K+1 1 0] [1^T 0 0] [0 0 0]] (w, w).

    The 1 is for the bias, as far as it moves with the coefficients; the border makes the rest of it one
    more coefficient. The zeros fill up the rows to whole cache lines, with which a product took five
    sixths of the time (209 images, AVX-512 kernels).
    """
    m = len(images)
    K = _bordered(m, images.dtype)
    products = np.matmul(images, images.T, out=K[:m, :m])
    products += 1.0
    return K


def part_of_gram(K: Array, places: Indices) -> Array:
    """The bordered K of the images at these k ``places`` alone, without a product with an image."""
    k = len(places)
    part = _bordered(k, K.dtype)
    part[:k, :k] = K[np.ix_(places, places)]
    return part


def _bordered(m: int, dtype: np.dtype[np.floating]) -> Array:
    """Room for K of m images (w, w), with its border."""
    line = CACHE_LINE // dtype.itemsize
    w = -(-(m + 1) // line) * line
    K = aligned_zeros(w, w, dtype=dtype)
    K[m, :m] = K[:m, m] = 1.0
    return K
