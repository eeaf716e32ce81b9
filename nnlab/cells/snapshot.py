"""A training after some of its steps: all that it takes to go on to the same bits.

The parameters are those that are trained: of the Gram solver C, c and e, not W1. No random state is
needed, because the order of the minibatches depends on the seed and the epoch alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnlab.nn import Network, State

    Arrays = Mapping[str, NDArray[Any]]

COSTS = "train/cost"  # in the history


@dataclass(frozen=True)
class Snapshot:
    """The state of a training after as many steps as its history has costs."""

    parameters: Arrays  # W1 and b1, or C, c and e; W2, b2 ... WL, bL
    moments: Arrays  # of the optimizer: moment1, moment2, as flat as theta; none of gradient descent
    history: Arrays  # the costs (steps,), and the curves of the evaluations on the way
    seconds: float  # that these steps took

    @property
    def steps(self) -> int:
        """How many updates are done."""
        return len(self.history[COSTS])


def take(network: Network, state: State, history: Arrays, seconds: float) -> Snapshot:
    """The state of a training as views: whoever keeps it copies it."""
    moments = {f"moment{i}": moment for i, moment in enumerate(state.moments, start=1)}
    return Snapshot(network.coordinates(), moments, history, seconds)


def restore(snapshot: Snapshot, network: Network, state: State) -> None:
    """Set a new net and its optimizer's state to those of a snapshot; ValueError if they do not fit."""
    for kept, views in (
        (snapshot.parameters, network.coordinates()),
        (snapshot.moments, take(network, state, {}, 0.0).moments),
    ):
        for name, view in views.items():
            if name not in kept or (kept[name].shape, kept[name].dtype) != (view.shape, view.dtype):
                raise ValueError(f"{name} is missing or has another shape")
            view[...] = kept[name]
    state.steps = snapshot.steps
