"""Backprop against central differences: dJ/dtheta_i = (J(theta_i + h) - J(theta_i - h)) / 2h + O(h^2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnlab.nn.arrays import Array
from nnlab.nn.losses import Loss
from nnlab.nn.network import Network, propagate

STEPS = (1e-5, 1e-6, 1e-7)  # h relative to max(1, |theta_i|), tried in turn
TOLERANCE = 1e-6  # of |backprop - differences| / max(1e-3, |backprop| + |differences|)
SAMPLE = 40  # coordinates compared in each parameter array


@dataclass(frozen=True)
class Block:
    """The comparison in one parameter array, such as W1."""

    name: str
    size: int
    compared: int
    worst: float  # largest relative difference
    differing: list[tuple[int, float, float]]  # flat index, backprop, central difference

    def text(self) -> str:
        """One line, and one more for each derivative that differs, with both numbers."""
        lines = [
            f"{self.name:4} {self.compared} of {self.size} compared, "
            f"largest relative difference {self.worst:.1e}"
        ]
        lines += [
            f"     [{i}] backprop {ours:+.12e}  central difference {theirs:+.12e}"
            for i, ours, theirs in self.differing
        ]
        return "\n".join(lines)


def check(network: Network, Y: Array, loss: Loss, l2: float, seed: int) -> list[Block]:
    """Compare a sample of each W_l and b_l near the parameters of a net in float64 that holds W1 itself.

    The biases get small random values first: where they are 0, a net of zeros is on ReLU's kink.
    """
    random = np.random.RandomState(seed)
    for P, _ in network.blocks:
        P[:, -1] = 0.1 * random.randn(len(P))

    def cost() -> float:
        return _cost_and_gradient(network, Y, loss, l2)

    cost()
    gradients = [dP.copy() for _, dP in network.blocks]
    found = []
    for l, ((P, _), dP) in enumerate(zip(network.blocks, gradients, strict=True), start=1):
        for name, columns in ((f"W{l}", slice(None, -1)), (f"b{l}", slice(-1, None))):
            found.append(_compare(name, P[:, columns], dP[:, columns], cost, random))
    return found


def _cost_and_gradient(network: Network, Y: Array, loss: Loss, l2: float) -> float:
    """J with its L2 term; the gradient is left in the network."""
    m, batch = Y.shape[1], network.whole(Y, loss)
    propagate(np, network, loss, batch)
    return float(loss.cost(batch.logits[0], Y) + 0.5 * l2 / m * network.decay(l2 / m, batch.inputs))


def _compare(
    name: str,
    theta: Array,
    gradient: Array,
    cost: Callable[[], float],
    random: np.random.RandomState,
) -> Block:
    sample = np.sort(random.permutation(theta.size)[:SAMPLE])
    worst, differing = 0.0, []
    for i in sample:
        place = np.unravel_index(i, theta.shape)
        ours = float(gradient[place])
        theirs, difference = _nearest_difference(theta, place, ours, cost)
        worst = max(worst, difference)
        if difference > TOLERANCE:
            differing.append((int(i), ours, theirs))
    return Block(name, theta.size, len(sample), worst, differing)


def _nearest_difference(
    theta: Array, place: tuple[np.intp, ...], ours: float, cost: Callable[[], float]
) -> tuple[float, float]:
    """The central difference with the first step that agrees, else with the last, and how far it is off.

    The smaller steps are for the kinks of the ReLUs: a difference across a kink is not a derivative.
    """
    theirs = distance = np.inf
    for h in STEPS:
        theirs = _central_difference(theta, place, h, cost)
        distance = abs(ours - theirs) / max(1e-3, abs(ours) + abs(theirs))
        if distance <= TOLERANCE:
            break
    return theirs, distance if np.isfinite(distance) else np.inf


def _central_difference(
    theta: Array, place: tuple[np.intp, ...], step: float, cost: Callable[[], float]
) -> float:
    value = float(theta[place])
    h = step * max(1.0, abs(value))
    theta[place] = value + h
    above = cost()
    theta[place] = value - h
    below = cost()
    theta[place] = value
    return (above - below) / (2.0 * h)
