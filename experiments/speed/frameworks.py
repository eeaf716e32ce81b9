"""Peers in PyTorch and JAX, written as their documentation writes it; imported only when they are used."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from experiments.speed.peers import Stepwise
from experiments.speed.work import Problem
from nnlab.nn import Array


class Torch(Stepwise):
    """PyTorch: ``Linear`` and ``ReLU`` layers, autograd, ``optim.SGD``."""

    def __init__(self, problem: Problem) -> None:
        import torch

        super().__init__(problem)
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
        self._X = torch.tensor(problem.images)
        self._Y = torch.tensor(problem.Y.T)
        layers: list[Any] = []
        for W in problem.weights:
            layers += [torch.nn.Linear(W.shape[1], W.shape[0]), torch.nn.ReLU()]
        self._net = torch.nn.Sequential(*layers[:-1])
        self._loss: Callable[..., Any] = self._cost

    def _cost(self) -> Any:
        import torch

        return torch.nn.functional.binary_cross_entropy_with_logits(self._net(self._X), self._Y)

    def start(self) -> None:
        """Copy the problem's weights into the same tensors, which compiled code refers to."""
        import torch

        with torch.no_grad():
            for layer, W in zip(self._net[::2], self.problem.weights, strict=True):
                layer.weight.copy_(torch.tensor(W))
                layer.bias.zero_()

    def steps(self) -> Iterator[float]:
        """Forward, backward, update."""
        import torch

        optimizer = torch.optim.SGD(self._net.parameters(), lr=self.problem.lr)
        while True:
            optimizer.zero_grad()
            loss = self._loss()
            loss.backward()
            optimizer.step()
            yield loss.item()


class TorchCompiled(Torch):
    """The same with ``torch.compile`` around forward and loss."""

    def __init__(self, problem: Problem) -> None:
        import torch

        super().__init__(problem)
        self._loss = torch.compile(self._cost)


class _Scanned:
    """A JAX peer: all steps in one ``lax.scan`` under ``jit``, compiled once for each number of steps."""

    def __init__(self, problem: Problem) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.parameters, step = self.describe(problem)

        def scan(parameters: Any, iterations: int) -> Any:
            return jax.lax.scan(step, parameters, None, length=iterations)[1]

        self._scan = jax.jit(scan, static_argnums=1)

    def describe(self, problem: Problem) -> tuple[Any, Callable[[Any, Any], Any]]:
        """The parameters at the start, and ``step(parameters, _) -> (parameters, cost)``."""
        raise NotImplementedError

    def start(self) -> None:
        """Nothing to do: JAX's arrays do not change."""

    def run(self, iterations: int) -> Array:
        """All costs; it waits until they are computed."""
        return np.asarray(self._scan(self.parameters, iterations).block_until_ready())


class Jax(_Scanned):
    """JAX with W1 itself: ``value_and_grad`` of the loss."""

    def describe(self, problem: Problem) -> tuple[Any, Callable[[Any, Any], Any]]:
        """A list of (W, b)."""
        import jax

        cost_and_gradient, parameters = _differentiated(problem)

        def step(parameters: Any, _: Any) -> Any:
            cost, gradient = cost_and_gradient(parameters)
            return jax.tree.map(lambda p, g: p - problem.lr * g, parameters, gradient), cost

        return parameters, step


class JaxAdam(_Scanned):
    """JAX with W1 itself and Adam (Kingma & Ba 2015, algorithm 1), with nnlab's defaults."""

    def describe(self, problem: Problem) -> tuple[Any, Callable[[Any, Any], Any]]:
        """The number of steps done, the list of (W, b), and two moments like it."""
        import jax
        import jax.numpy as jnp

        cost_and_gradient, parameters = _differentiated(problem)
        lr, beta1, beta2, epsilon = 0.0001, 0.9, 0.999, 1e-8

        def step(state: Any, _: Any) -> Any:
            t, parameters, v, s = state
            cost, gradient = cost_and_gradient(parameters)
            t += 1.0
            v = jax.tree.map(lambda v, g: beta1 * v + (1.0 - beta1) * g, v, gradient)
            s = jax.tree.map(lambda s, g: beta2 * s + (1.0 - beta2) * g * g, s, gradient)
            rate, unbias = lr / (1.0 - beta1**t), 1.0 / (1.0 - beta2**t)
            move = lambda p, v, s: p - rate * v / (jnp.sqrt(unbias * s) + epsilon)  # noqa: E731
            return (t, jax.tree.map(move, parameters, v, s), v, s), cost

        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return (jnp.zeros(()), parameters, zeros, zeros), step


def _differentiated(problem: Problem) -> tuple[Callable[[Any], Any], Any]:
    """JAX's function from a list of (W, b) to the cost and its gradient, and the list at the start."""
    import jax
    import jax.numpy as jnp

    X, Y = jnp.array(problem.images.T), jnp.array(problem.Y)

    def loss(parameters: Any) -> Any:
        A = X
        for W, b in parameters[:-1]:
            A = jnp.maximum(W @ A + b, 0.0)
        W, b = parameters[-1]
        Z = W @ A + b
        return jnp.mean(jnp.logaddexp(0.0, Z) - Y * Z)

    return jax.value_and_grad(loss), [(jnp.array(W), jnp.zeros((len(W), 1))) for W in problem.weights]


class JaxGram(_Scanned):
    """JAX with nnlab's formulation: C instead of W1; K and W1_0 X are computed before."""

    def describe(self, problem: Problem) -> tuple[Any, Callable[[Any, Any], Any]]:
        """Two lists: [C, W2, ..., WL] and the biases; the gradient of C is dZ1 itself."""
        import jax
        import jax.numpy as jnp

        images, m = problem.images, len(problem.images)
        K, start, Y = jnp.array(images @ images.T), jnp.array(problem.weights[0] @ images.T), problem.Y
        Ws = [jnp.zeros((len(problem.weights[0]), m)), *map(jnp.array, problem.weights[1:])]
        bs = [jnp.zeros((len(W), 1)) for W in problem.weights]

        def step(parameters: Any, _: Any) -> Any:
            (C, *upper), bs = parameters
            Z, As = start + C @ K + bs[0], []
            for W, b in zip(upper, bs[1:], strict=True):
                As.append(jnp.maximum(Z, 0.0))
                Z = W @ As[-1] + b
            cost = jnp.mean(jnp.logaddexp(0.0, Z) - Y * Z)

            dZ = (jax.nn.sigmoid(Z) - Y) / m
            dWs: list[Any] = []
            dbs = [dZ.sum(1, keepdims=True)]
            for W, A in zip(upper[::-1], As[::-1], strict=True):
                dWs.insert(0, dZ @ A.T)
                dZ = (W.T @ dZ) * (A > 0.0)
                dbs.insert(0, dZ.sum(1, keepdims=True))
            step_by = lambda p, g: p - problem.lr * g  # noqa: E731
            return jax.tree.map(step_by, ([C, *upper], bs), ([dZ, *dWs], dbs)), cost

        return (Ws, bs), step
