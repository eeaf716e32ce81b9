"""Optimizers on one flat vector of all parameters, one table by name.

An optimizer is linear when its step is a linear function of all gradients so far. A linear one
never moves W1 out of the span of its start and the training images, so the Gram layer can hold W1
by its dual coefficients; Adam scales elements one by one and leaves the span. A linear one also gets its
gradients already times the learning rate: multiplied into dZ_L (n_L, m), that costs nothing.

To add an optimizer, write its step and one entry of OPTIMIZERS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nnlab.nn.arrays import Array
from nnlab.nn.options import Option, fraction, positive
from nnlab.nn.tape import Xp, do


class Optimizer(NamedTuple):
    """``step(xp, theta, g, state)`` changes theta and the state; it may overwrite g."""

    step: Callable[..., None]
    linear: bool
    moments: int  # vectors like theta that it keeps
    lr: float  # a rate that suits it, for the option of this name of the group `optimizer`
    options: Mapping[str, Option] = {}


@dataclass
class State:
    """What an optimizer carries from step to step."""

    optimizer: Optimizer
    options: Mapping[str, float]  # the optimizer's own, in the order of its entry in OPTIMIZERS
    lr: float  # at the start
    decay: float  # of the rate, see ``advance``
    moments: list[Array]  # each like theta
    rate: float  # lr after its decay
    factor: Array  # (), what a gradient still has to be multiplied by: rate, or rate / lr where lr is in it
    steps_per_epoch: int = 1
    steps: int = 0  # begun so far

    @property
    def scale(self) -> float:
        """The number that it wants its gradients multiplied by: lr where it is linear, else 1."""
        return self.lr if self.optimizer.linear else 1.0

    @property
    def counts(self) -> bool:
        """Does a step depend on how many there were before?"""
        return self.decay > 0.0 or not self.optimizer.linear

    def advance(self) -> None:
        """Begin a step. Its rate is lr / (1 + decay * epoch), the course's decay, with epochs from 0."""
        epoch = self.steps // self.steps_per_epoch
        self.steps += 1
        self.rate = self.lr / (1.0 + self.decay * epoch)
        self.factor[...] = self.rate / self.scale

    def step(self, xp: Xp, theta: Array, gradient: Array) -> None:
        """Change theta by one step."""
        self.optimizer.step(xp, theta, gradient, self)


def init(
    name: str, theta: Array, lr: float, decay: float = 0.0, options: Mapping[str, Any] | None = None
) -> State:
    """The state before the first step on theta; an option that is not given has its default."""
    optimizer, given = OPTIMIZERS[name], options or {}
    own = {key: given.get(key, option.default) for key, option in optimizer.options.items()}
    moments = [np.zeros_like(theta) for _ in range(optimizer.moments)]
    return State(optimizer, own, lr, decay, moments, lr, np.ones((), theta.dtype))


def gd(xp: Xp, theta: Array, g: Array, state: State) -> None:
    """theta <- theta - lr g."""
    xp.subtract(theta, g, out=theta)


def momentum(xp: Xp, theta: Array, g: Array, state: State) -> None:
    """v <- mu v + lr g; theta <- theta - v, mu the option momentum (Polyak 1964)."""
    (v,), (mu,) = state.moments, state.options.values()
    xp.multiply(v, mu, out=v)
    xp.add(v, g, out=v)
    xp.subtract(theta, v, out=theta)


def adam(xp: Xp, theta: Array, g: Array, state: State) -> None:
    """Adam with bias correction (Kingma & Ba 2015, algorithm 1).

    v <- beta1 v + (1 - beta1) g; s <- beta2 s + (1 - beta2) g^2;
    theta <- theta - lr (v / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon).
    """
    (v, s), (beta1, beta2, epsilon) = state.moments, state.options.values()
    rate, unbias = np.empty((), theta.dtype), np.empty((), theta.dtype)  # lr/(1-beta1^t), 1/(1-beta2^t)
    share = np.empty_like(g)

    def correct() -> None:
        t = state.steps
        rate[...] = state.rate / (1.0 - beta1**t)
        unbias[...] = 1.0 / (1.0 - beta2**t)

    do(xp, correct)
    xp.multiply(v, beta1, out=v)
    xp.multiply(g, 1.0 - beta1, out=share)
    xp.add(v, share, out=v)
    xp.multiply(g, g, out=g)
    xp.multiply(s, beta2, out=s)
    xp.multiply(g, 1.0 - beta2, out=g)
    xp.add(s, g, out=s)
    xp.multiply(s, unbias, out=g)
    xp.sqrt(g, out=g)
    xp.add(g, epsilon, out=g)
    xp.divide(v, g, out=g)
    xp.multiply(g, rate, out=g)
    xp.subtract(theta, g, out=theta)


def rmsprop(xp: Xp, theta: Array, g: Array, state: State) -> None:
    """s <- beta2 s + (1 - beta2) g^2; theta <- theta - lr g / (sqrt(s) + epsilon) (Hinton 2012)."""
    (s,), (beta2, epsilon) = state.moments, state.options.values()
    square = np.empty_like(g)
    xp.multiply(g, g, out=square)
    xp.multiply(square, 1.0 - beta2, out=square)
    xp.multiply(s, beta2, out=s)
    xp.add(s, square, out=s)
    xp.sqrt(s, out=square)
    xp.add(square, epsilon, out=square)
    xp.divide(g, square, out=g)
    xp.multiply(g, state.factor, out=g)
    xp.subtract(theta, g, out=theta)


# gd has the course's rate. The others had the lowest mean cost of five rates, a factor of 3 apart, for
# sigmoid, tanh and relu nets of depth 2 and 3 on the painted set: momentum after 2500 steps (width 16),
# adam and rmsprop after 300 (width 8)
OPTIMIZERS: dict[str, Optimizer] = {
    "gd": Optimizer(gd, linear=True, moments=0, lr=0.0075),
    "momentum": Optimizer(
        momentum,
        linear=True,
        moments=1,
        lr=0.0075,
        options={"momentum": fraction(0.9, "share of the last step that the next one keeps")},
    ),
    "adam": Optimizer(
        adam,
        linear=False,
        moments=2,
        lr=0.0001,
        options={
            "beta1": fraction(0.9, "decay of the mean of the gradients"),
            "beta2": fraction(0.999, "decay of the mean of their squares"),
            "epsilon": positive(1e-8, "added to the root of that mean"),
        },
    ),
    "rmsprop": Optimizer(
        rmsprop,
        linear=False,
        moments=1,
        lr=0.0001,
        options={
            "beta2": fraction(0.9, "decay of the mean of the squared gradients"),
            "epsilon": positive(1e-8, "added to the root of that mean"),
        },
    ),
}
