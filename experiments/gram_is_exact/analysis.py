"""The same costs from both solvers?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiment import Run, Verdict, grouped, verdict_of
from nnlab.panels import BLUE, COLOURS, ORANGE, panels

TOLERANCE = 1e-9
Pairs = dict[tuple[str, int], tuple[Run, Run]]


def pairs(runs: Sequence[Run]) -> Pairs:
    """(optimizer, depth): the gram run and the primal run."""
    found: Pairs = {}
    for (name, batch, depth), of in grouped(
        runs, "optimizer.name", "optimizer.batch_size", "model.depth"
    ).items():
        by = {run["trainer.solver"]: run for run in of}
        found["minibatch" if batch else name, depth] = by["gram"], by["primal"]
    return found


def cost_difference(gram: Run, primal: Run) -> NDArray[np.float64]:
    """|J - J'| at every step; inf where one of them ended earlier."""
    a, b = gram.costs, primal.costs
    return np.abs(a - b) if len(a) == len(b) else np.full(max(len(a), len(b)), np.inf)


def weight_difference(gram: Run, primal: Run) -> float:
    """The largest difference of W1 at the end, relative to its largest element."""
    a, b = gram.weights[0][0], primal.weights[0][0]
    return float(np.abs(a - b).max() / np.abs(b).max())


def analyse(runs: Sequence[Run]) -> Verdict:
    """The largest difference of any pair."""
    found = pairs(runs)
    cost = {key: float(cost_difference(*pair).max()) for key, pair in found.items()}
    same = [
        gram.metrics["test/accuracy"] == primal.metrics["test/accuracy"] for gram, primal in found.values()
    ]
    speed = [
        primal.metrics["time/train_s"] / gram.metrics["time/train_s"] for gram, primal in found.values()
    ]
    worst = max(cost, key=lambda key: cost[key])
    sentence = (
        f"Over {len(found)} pairs of {runs[0]['trainer.iterations']} steps the costs differ by at most "
        f"{cost[worst]:.1e} ({worst[0]}, depth {worst[1]}), {sum(same)} of {len(same)} pairs end at the "
        f"same test accuracy, and the coefficients are {min(speed):.0f} to {max(speed):.0f} times as fast."
    )
    figures = {
        f"{name}, depth {depth}: largest difference of a cost, of W1": [
            cost[name, depth], weight_difference(*found[name, depth]),
        ]
        for name, depth in found
    }  # fmt: skip
    return verdict_of(cost[worst] <= TOLERANCE and all(same), sentence, figures)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Differences by step; seconds."""
    found = pairs(runs)
    figure, (left, right) = panels(
        "W1 as coefficients over the images (gram) against W1 in full (primal)", 2
    )
    names = list(dict.fromkeys(name for name, _ in found))
    for (name, depth), pair in found.items():
        difference = np.maximum.accumulate(np.maximum(cost_difference(*pair), 1e-18))
        style = {1: ":", 3: "--"}.get(depth, "-")
        left.loglog(np.arange(1, len(difference) + 1), difference, style, color=COLOURS[names.index(name)],
                    label=f"{name}, depth {depth}")  # fmt: skip
    left.axhline(TOLERANCE, color="black", lw=0.8)
    left.set(xlabel="step", title="Largest difference of the costs so far", ylim=(1e-17, 1e-7))
    left.legend(fontsize=7)
    places = np.arange(len(found))
    for offset, (side, colour) in zip((-0.2, 0.2), enumerate((BLUE, ORANGE)), strict=True):
        seconds = [pair[side].metrics["time/train_s"] for pair in found.values()]
        right.barh(places + offset, seconds, 0.38, color=colour, label=("gram", "primal")[side])
    right.set_yticks(places, [f"{name}, depth {depth}" for name, depth in found])
    right.set(xscale="log", xlabel="seconds (log)", title="Time of the training")
    right.invert_yaxis()
    right.legend()
    return figure
