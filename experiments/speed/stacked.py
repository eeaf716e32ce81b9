"""Several cells of equal shape trained at once, in batched products: tried, and not used by nnlab.

Stacking saves calls from Python. These are only a small part of a step, and ``matmul`` is slower on
stacks. Whether each net gets the same bits as when it is trained alone depends on BLAS's kernels; the
benchmark checks it.
"""

from statistics import median
from typing import Any

import numpy as np

from experiments.speed import ours
from experiments.speed.work import ITERATIONS, problem
from experiments.speed.workers import cores, trainer, working
from nnlab.nn import aligned_zeros, gram

STACKS = (1, 2, 4, 8)


class Stack:
    """Deep nets of several seeds, trained at once on C and K; every array is aligned as in nnlab."""

    def __init__(self, size: int) -> None:
        self._problems = [problem("deep", seed) for seed in range(1, size + 1)]
        self._K = gram(self._problems[0].images)  # (w, w), with b1 in it

    def start(self) -> None:
        """Make the arrays of all B nets; the net is the first dimension."""
        B, w, first = len(self._problems), len(self._K), self._problems[0]
        m, shapes = len(first.images), [W.shape for W in first.weights]
        f8 = np.dtype(np.float64)
        self._start = aligned_zeros(B, shapes[0][0], w, dtype=f8)  # Z1_0 (B, n_1, w)
        self._P = [aligned_zeros(B, shapes[0][0], w, dtype=f8)]  # [C 0]
        self._P += [aligned_zeros(B, n, k + 1, dtype=f8) for n, k in shapes[1:]]  # [W_l b_l]
        for i, each in enumerate(self._problems):
            self._start[i, :, :m] = each.weights[0] @ each.images.T
            for P, W in zip(self._P[1:], each.weights[1:], strict=True):
                P[i, :, :-1] = W
        self._A = [aligned_zeros(B, n + 1, w, dtype=f8) for n, _ in shapes[:-1]]
        for A in self._A:
            A[:, -1] = 1.0
        self._Z = [*(A[:, :-1] for A in self._A), aligned_zeros(B, 1, w, dtype=f8)]
        self._dZ = [aligned_zeros(B, n, w, dtype=f8) for n, _ in shapes]
        self._dP = [np.empty_like(P) for P in self._P]
        self._slopes = [np.empty(Z.shape) for Z in self._Z[:-1]]
        Y, weights = np.zeros((1, w)), np.zeros((1, w))
        Y[:, :m], weights[:, :m] = first.Y, first.lr / m
        self._sign = 1.0 - 2.0 * Y
        self._numerator = weights * self._sign

    def run(self, iterations: int) -> np.ndarray:
        """Train; [W_L b_L] of each net (B * (n_{L-1} + 1),). It leaves out the costs, which take time."""
        P, Z, dZ, A, matmul = self._P, self._Z, self._dZ, self._A, np.matmul
        m = len(self._problems[0].images)
        C, K, CK = P[0][:, :, :m], self._K[:m, :m], Z[0][:, :, :m]
        for _ in range(iterations):
            matmul(C, K, out=CK)
            Z[0] += self._start
            for l, Z_l in enumerate(Z[:-1]):
                np.maximum(Z_l, 0.0, out=Z_l)
                matmul(P[l + 1], A[l], out=Z[l + 1])
            q = dZ[-1]
            np.multiply(Z[-1], -self._sign, q)
            np.exp(q, q)
            np.add(q, 1.0, q)
            np.divide(self._numerator, q, q)
            for l in range(len(A) - 1, -1, -1):
                matmul(dZ[l + 1], A[l].transpose(0, 2, 1), out=self._dP[l + 1])
                matmul(P[l + 1][:, :, :-1].transpose(0, 2, 1), dZ[l + 1], out=dZ[l])
                np.greater(Z[l], 0.0, out=self._slopes[l])
                dZ[l] *= self._slopes[l]
            P[0] -= dZ[0]
            for P_l, dP in zip(P[1:], self._dP[1:], strict=True):
                P_l -= dP
        return P[-1].reshape(-1).copy()


def measure(quick: bool) -> dict[str, Any]:
    """Seconds per cell at each stack size and by nnlab's loop for one net; are the bits the same?"""
    makers: dict[str, tuple[Any, ...]] = {str(size): (trainer, Stack, size) for size in STACKS}
    makers["nnlab"] = (trainer, ours.Loop, "deep")
    singles = {
        f"seed {seed}": (trainer, ours.LastLayer, "deep", f"seed={seed}")
        for seed in range(1, max(STACKS) + 1)
    }
    with working(makers | singles, cores()[0]) as workers:
        alone = np.concatenate([workers[name].ask(ITERATIONS).costs for name in singles])
        runs = [{name: workers[name].ask(ITERATIONS) for name in makers}
                for _ in range(2 if quick else 6)][1:]  # fmt: skip
    found = [runs[0][str(size)].costs for size in STACKS]
    return {
        "seconds": {name: [run[name].seconds / int(name if name != "nnlab" else 1) for run in runs]
                    for name in makers},
        "same bits": all(np.array_equal(each, alone[: len(each)]) for each in found),
        "best": min(STACKS, key=lambda s: median(run[str(s)].seconds / s for run in runs)),
    }  # fmt: skip
