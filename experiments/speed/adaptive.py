"""Adam and RMSprop, which hold W1: beside their floor, and beside JAX's Adam, on one core."""

from typing import Any

import numpy as np

from experiments.speed import frameworks, ours
from experiments.speed.work import problem
from experiments.speed.workers import Failure, cores, trainer, working
from nnlab.nn import Array

STEPS = 100
VECTORS = {"adam": (4, 3), "rmsprop": (3, 2)}  # like theta, that a step reads and writes at least


class Floor(ours.Loop):
    """The products of a step with X, and as many bytes copied as the optimizer reads and writes."""

    def run(self, iterations: int) -> Array:
        """It returns no costs."""
        read, written = VECTORS[self.cfg.optimizer.name]
        X, (P, dP) = self.data.train.features().T, self.network.blocks[0]  # (n_0, m), (n_1, n_0 + 1)
        W1, dW1, Z1 = P[:, :-1], dP[:, :-1], np.empty((len(P), X.shape[1]))
        half = (read + written) * self.network.theta.size // 2  # a copy reads and writes
        source, copy = np.ones(half), np.empty(half)
        for _ in range(iterations):
            np.matmul(W1, X, out=Z1)
            np.matmul(Z1, X.T, out=dW1)
            np.copyto(copy, source)
        return np.empty(0)


def measure(quick: bool) -> dict[str, Any]:
    """The seconds of the deep net's steps by name."""
    makers: dict[str, tuple[Any, ...]] = {"JAX Adam": (_peer,)}
    for name in VECTORS:
        makers[name] = (trainer, ours.Loop, "deep", f"optimizer={name}")
        makers[f"{name} floor"] = (trainer, Floor, "deep", f"optimizer={name}")
    with working(makers, cores()[0]) as workers:
        first = {name: worker.ask(STEPS) for name, worker in workers.items()}
        for failed in first.values():
            if isinstance(failed, Failure):
                return {"failure": failed.text}
        runs = [
            {name: worker.ask(STEPS).seconds for name, worker in workers.items()}
            for _ in range(3 if quick else 11)
        ]
    difference = np.abs(first["JAX Adam"].costs - first["adam"].costs).max()
    return {
        "steps": STEPS,
        "difference": float(difference),
        "seconds": {name: [run[name] for run in runs] for name in makers},
    }


def _peer() -> Any:
    """JAX's task; it is made in its own process."""
    return trainer(frameworks.JaxAdam, problem("deep"))
