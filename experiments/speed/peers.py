"""Peers in NumPy and scikit-learn: the same gradient descent on the full batch, with W1 itself.

Each is a trainer: ``start()`` takes the problem's weights, ``run(iterations)`` returns the costs before
each update. If a peer is written as a loop over steps, ``steps()`` yields the costs one by one.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from experiments.speed.work import Problem
from nnlab.nn import Array


class Stepwise:
    """A peer that yields the cost of each step."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def start(self) -> None:
        """Nothing to prepare."""

    def steps(self) -> Iterator[float]:
        """The cost before each update, for ever."""
        raise NotImplementedError

    def run(self, iterations: int) -> Array:
        """The costs of the first steps."""
        return np.fromiter(islice(self.steps(), iterations), float, iterations)


class Course(Stepwise):
    """As in the course's notebooks: dictionaries of parameters, a cache per layer."""

    def steps(self) -> Iterator[float]:
        """Forward, cost, backward, update."""
        X, Y, m = self.problem.images.T, self.problem.Y, self.problem.Y.shape[1]
        L = len(self.problem.weights)
        parameters: dict[str, Array] = {}
        for l, W in enumerate(self.problem.weights, start=1):
            parameters[f"W{l}"], parameters[f"b{l}"] = W.copy(), np.zeros((len(W), 1))
        while True:
            A, caches = X, []
            for l in range(1, L + 1):
                W, b = parameters[f"W{l}"], parameters[f"b{l}"]
                Z = np.dot(W, A) + b
                caches.append((A, W, Z))
                A = np.maximum(0, Z) if l < L else 1 / (1 + np.exp(-Z))
            cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m

            grads: dict[str, Array] = {}
            dA = -(np.divide(Y, A) - np.divide(1 - Y, 1 - A))
            for l in range(L, 0, -1):
                A_prev, W, Z = caches[l - 1]
                if l == L:
                    s = 1 / (1 + np.exp(-Z))
                    dZ = dA * s * (1 - s)
                else:
                    dZ = np.array(dA, copy=True)
                    dZ[Z <= 0] = 0
                grads[f"dW{l}"] = np.dot(dZ, A_prev.T) / m
                grads[f"db{l}"] = np.sum(dZ, axis=1, keepdims=True) / m
                dA = np.dot(W.T, dZ)  # for the images too, as in the course, though it is not needed

            for l in range(1, L + 1):
                parameters[f"W{l}"] = parameters[f"W{l}"] - self.problem.lr * grads[f"dW{l}"]
                parameters[f"b{l}"] = parameters[f"b{l}"] - self.problem.lr * grads[f"db{l}"]
            yield float(cost)


class Plain(Stepwise):
    """NumPy as one would write it today: lists of arrays, short formulas, only the needed products."""

    def steps(self) -> Iterator[float]:
        """Forward, cost, backward, update."""
        X, Y, m = np.ascontiguousarray(self.problem.images.T), self.problem.Y, self.problem.Y.shape[1]
        Ws = [W.copy() for W in self.problem.weights]
        bs = [np.zeros((len(W), 1)) for W in Ws]
        while True:
            As = [X]
            for W, b in zip(Ws[:-1], bs[:-1], strict=True):
                As.append(np.maximum(W @ As[-1] + b, 0.0))
            Z = Ws[-1] @ As[-1] + bs[-1]
            cost = np.mean(np.logaddexp(0.0, Z) - Y * Z)

            dZ = (1.0 / (1.0 + np.exp(-Z)) - Y) / m
            for l in range(len(Ws) - 1, -1, -1):
                dW, db = dZ @ As[l].T, dZ.sum(axis=1, keepdims=True)
                if l:
                    dZ = (Ws[l].T @ dZ) * (As[l] > 0.0)
                Ws[l] -= self.problem.lr * dW
                bs[l] -= self.problem.lr * db
            yield float(cost)


class ScikitLearn:
    """``MLPClassifier`` with plain SGD on one batch of all examples, from the given weights."""

    def __init__(self, problem: Problem) -> None:
        from sklearn.neural_network import MLPClassifier

        self.problem, self._labels = problem, problem.Y[0].astype(int)
        self._net = MLPClassifier(
            hidden_layer_sizes=[len(W) for W in problem.weights[:-1]], solver="sgd", alpha=0.0,
            batch_size=len(problem.images), learning_rate_init=problem.lr, momentum=0.0, shuffle=False,
            warm_start=True, max_iter=1, tol=0.0, n_iter_no_change=10**9,
        )  # fmt: skip

    def start(self) -> None:
        """Take one step, which makes the arrays; then copy the problem's weights into them."""
        self._fit(1)
        for coefficients, W in zip(self._net.coefs_, self.problem.weights, strict=True):
            coefficients[...] = W.T
        for intercepts in self._net.intercepts_:
            intercepts[...] = 0.0

    def run(self, iterations: int) -> Array:
        """Continue to fit; scikit-learn's loss curve also has the earlier steps, so take its end."""
        self._fit(iterations)
        return np.array(self._net.loss_curve_[-iterations:])

    def _fit(self, iterations: int) -> None:
        import warnings

        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._net.set_params(max_iter=iterations).fit(self.problem.images, self._labels)
