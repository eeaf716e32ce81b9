"""Do both solvers give the same costs, up to what one rounding can change?"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import Run, Verdict, grouped, verdict_of
from nnlab.experiments.figures import BLUE, ORANGE, panels

FLOOR = 1e-12  # a difference of two costs that is always allowed


class Pair(NamedTuple):
    """A training by both solvers; ``rounded``: by primal, from first weights that are one rounding away."""

    gram: Run
    primal: Run
    rounded: list[Run]


def pairs(runs: Sequence[Run]) -> dict[tuple[str, int], Pair]:
    """The pairs, by optimizer and depth."""
    found = {}
    for (name, batch, depth), of in grouped(
        runs, "optimizer.name", "optimizer.batch_size", "model.depth"
    ).items():
        by = {(run["trainer.solver"], run["init.scale"]): run for run in of}
        rounded = [run for (solver, scale), run in by.items() if solver == "primal" and scale != 1.0]
        key = "minibatch" if batch else name, depth
        found[key] = Pair(by["gram", 1.0], by["primal", 1.0], rounded)
    return found


def cost_difference(one: Run, other: Run) -> NDArray[np.float64]:
    """|J - J'| at every step; inf if one training ended earlier."""
    a, b = one.costs, other.costs
    return np.abs(a - b) if len(a) == len(b) else np.full(max(len(a), len(b)), np.inf)


def rounding(pair: Pair) -> float:
    """How far the costs of the primal solver move when its first weights are rounded differently."""
    return max(float(cost_difference(run, pair.primal).max()) for run in pair.rounded)


def bound(pair: Pair) -> float:
    """The allowed difference of two trainings that round independently: n steps, sums over n_0 pixels.

    Roundings of a sum add up like the root of their number (Higham & Mary 2019).
    """
    n_0 = pair.primal.weights[0][0].shape[1]
    return max(FLOOR, sqrt(len(pair.primal.costs) * n_0) * rounding(pair))


def weight_difference(gram: Run, primal: Run) -> float:
    """The largest difference of W1 at the end, relative to its largest element."""
    a, b = gram.weights[0][0], primal.weights[0][0]
    return float(np.abs(a - b).max() / np.abs(b).max())


def analyse(runs: Sequence[Run]) -> Verdict:
    """Compare the largest difference of each pair with its bound."""
    found = pairs(runs)
    cost = {key: float(cost_difference(pair.gram, pair.primal).max()) for key, pair in found.items()}
    within = [cost[key] <= bound(pair) for key, pair in found.items()]
    same = [
        pair.gram.metrics["test/accuracy"] == pair.primal.metrics["test/accuracy"]
        for pair in found.values()
    ]
    speed = [
        pair.primal.metrics["time/train_s"] / pair.gram.metrics["time/train_s"] for pair in found.values()
    ]
    worst = max(cost, key=lambda key: cost[key])
    sentence = (
        f"In {sum(within)} of {len(found)} pairs of {runs[0]['trainer.iterations']} steps the costs of the "
        f"two solvers differ by no more than roundings do, at most by {cost[worst]:.1e} ({worst[0]}, depth "
        f"{worst[1]}: one rounding of the first weights makes {rounding(found[worst]):.1e} of its own); "
        f"{sum(same)} of {len(same)} end at the same test accuracy, and the coefficients are "
        f"{min(speed):.0f} to {max(speed):.0f} times as fast."
    )
    numbers = {
        f"{name}, depth {depth}: largest difference of a cost, by one rounding, of W1": [
            cost[name, depth], rounding(pair), weight_difference(pair.gram, pair.primal),
        ]
        for (name, depth), pair in found.items()
    }  # fmt: skip
    return verdict_of(all(within) and all(same), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: the differences and their bounds. Right: the seconds of each solver."""
    found = pairs(runs)
    figure, (left, right) = panels(
        "W1 as coefficients over the images (gram) against W1 in full (primal)", 2
    )
    places = np.arange(len(found))
    labels = [f"{name}, depth {depth}" for name, depth in found]
    of = [max(float(cost_difference(pair.gram, pair.primal).max()), 1e-17) for pair in found.values()]
    left.plot(of, places, "D", color=BLUE, label="gram against primal")
    left.plot([max(rounding(pair), 1e-17) for pair in found.values()], places, "o", color=ORANGE,
              label="one rounding of the start")  # fmt: skip
    left.plot([bound(pair) for pair in found.values()], places, "k|", ms=12, mew=2, label="bound")
    left.set(xscale="log", xlabel="difference (log)", xlim=(1e-17, 1),
             title="Largest difference of two costs")  # fmt: skip
    for side, colour in enumerate((BLUE, ORANGE)):
        seconds = [pair[:2][side].metrics["time/train_s"] for pair in found.values()]
        right.plot(seconds, places, "o", color=colour, label=("gram", "primal")[side])
    right.set(xscale="log", xlabel="seconds (log)", title="Time of the training")
    for axes in (left, right):
        axes.set_yticks(places, labels)
        axes.invert_yaxis()
        axes.legend(fontsize=8, loc="upper center", ncols=3, bbox_to_anchor=(0.5, -0.16))
    right.tick_params(labelleft=False)
    return figure
