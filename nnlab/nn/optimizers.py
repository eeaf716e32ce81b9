"""Optimizers on one flat vector of all parameters: ``init(name, ...)`` and ``update(theta, g, state)``.

An optimizer is linear when its step is a linear function of all gradients so far. A linear one
never moves W1 out of the span of its start and the training images, which is what lets the Gram
layer hold W1 as coefficients; Adam scales elements one by one and leaves the span. A linear one
also gets its gradients already times the learning rate: taken into dZ_L (n_L, m), that costs nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.nn.operations import Operation
from nnlab.nn.options import Option, fraction, positive

Array = NDArray[np.floating]


@dataclass
class State:
    """What an optimizer carries from step to step: its rates, its moments (each like theta), the count.

    ``scale`` is what it wants its gradients multiplied by: lr where it is linear, else 1.
    """

    scale: float
    lr: float
    decays: tuple[float, ...]
    epsilon: float
    moments: list[Array]
    step: int = 0


class Optimizer(NamedTuple):
    """``update(theta, gradient, state)`` are the operations of a step: they change theta and state, and may
    use gradient as scratch."""

    update: Callable[[Array, Array, State], list[Operation]]
    linear: bool
    moments: int
    lr: float  # a rate that suits it
    options: Mapping[str, Option] = {}


def _gd(theta: Array, gradient: Array, state: State) -> list[Operation]:
    """theta <- theta - lr g."""
    return [partial(np.subtract, theta, gradient, theta)]


def _momentum(theta: Array, gradient: Array, state: State) -> list[Operation]:
    """v <- momentum v + lr g; theta <- theta - v (Polyak 1964, as PyTorch and scikit-learn do)."""
    (v,) = state.moments
    momentum = np.array(state.decays[0], v.dtype)
    return [
        partial(np.multiply, v, momentum, v),
        partial(np.add, v, gradient, v),
        partial(np.subtract, theta, v, theta),
    ]


def _adam(theta: Array, gradient: Array, state: State) -> list[Operation]:
    """Adam with bias correction (Kingma & Ba 2015, algorithm 1)."""
    return [partial(_adam_step, theta, gradient, state)]


def _adam_step(theta: Array, gradient: Array, state: State) -> None:
    v, s = state.moments
    beta1, beta2 = state.decays
    state.step += 1
    v *= beta1
    v += (1.0 - beta1) * gradient
    np.multiply(gradient, gradient, out=gradient)
    s *= beta2
    gradient *= 1.0 - beta2
    s += gradient
    np.multiply(s, 1.0 / (1.0 - beta2**state.step), out=gradient)
    np.sqrt(gradient, out=gradient)
    gradient += state.epsilon
    np.divide(v, gradient, out=gradient)
    gradient *= state.lr / (1.0 - beta1**state.step)
    theta -= gradient


OPTIMIZERS: dict[str, Optimizer] = {
    "gd": Optimizer(_gd, linear=True, moments=0, lr=0.0075),
    "momentum": Optimizer(
        _momentum,
        linear=True,
        moments=1,
        lr=0.0075,
        options={"momentum": fraction(0.9, "share of the last step that the next one keeps")},
    ),
    "adam": Optimizer(
        _adam,
        linear=False,
        moments=2,
        lr=0.001,
        options={
            "beta1": fraction(0.9, "decay of the mean of the gradients"),
            "beta2": fraction(0.999, "decay of the mean of their squares"),
            "epsilon": positive(1e-8, "added to the root of that mean"),
        },
    ),
}


def init(
    name: str,
    theta: Array,
    lr: float,
    momentum: float = 0.9,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> State:
    """The state before the first step of the optimizer ``name`` on the vector theta."""
    decays = (momentum,) if name == "momentum" else (beta1, beta2)
    moments = [np.zeros_like(theta) for _ in range(OPTIMIZERS[name].moments)]
    scale = lr if OPTIMIZERS[name].linear else 1.0
    return State(scale, lr, decays, epsilon, moments)
