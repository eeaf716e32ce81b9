"""The steps to a cost, and the signs of a unit's gradient."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnlab.experiments import (
    Race,
    Run,
    Verdict,
    all_of,
    grouped,
    race,
    races_settled_by,
    steps_to,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, ORANGE, panels, strips

TARGET = 0.3
COLOUR = {"sigmoid": ORANGE, "tanh": BLUE}
KEYS = ["optimizer.lr", "init.scale"]
USUAL = 0.6  # the initial scale of the grid that is next to 1: there the signs are looked at


def agreement(rows: NDArray[np.floating]) -> float:
    """The share of a row that has the more frequent sign: the mean over all rows."""
    positive = (rows > 0.0).mean(axis=-1)
    return float(np.maximum(positive, 1.0 - positive).mean())


def sign_agreement(run: Run) -> tuple[float, float]:
    """The agreement before the first step, in layers 2 to L: for single examples, and for the whole set."""
    network, batch = run.backprop()
    # dW_l of example j is dZ_l[:, j] A_{l-1}[:, j]^T
    single = [agreement(A.T) for A in batch.w.A.values()]
    whole = [agreement(dP[:, :-1]) for _, dP in network.blocks[1:]]
    return float(np.mean(single)), float(np.mean(whole))


def signs(runs: Sequence[Run]) -> dict[str, list[float]]:
    """The mean agreement by activation, once for each start: for one example, and for the whole set."""
    starts = {(run["model.activation"], run["model.depth"], run["seed"]): run for run in runs
              if run["init.scale"] == USUAL}  # fmt: skip
    return {
        name: np.mean([sign_agreement(run) for (a, *_), run in starts.items() if a == name], 0).tolist()
        for name in COLOUR
    }


def by_depth(runs: Sequence[Run]) -> dict[int, Race]:
    """The race at each depth, in steps to the target."""
    return {
        depth: race(grouped(of, "model.activation"), KEYS, lambda run: steps_to(run, TARGET))
        for depth, of in grouped(runs, "model.depth").items()
    }  # fmt: skip


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do the signs agree, and is the sigmoid slower at its own best rate and scale?"""
    found, agree = by_depth(runs), signs(runs)
    level = 1.0 - 0.05 / len(found)
    one_sign = agree["sigmoid"][0] == 1.0 and agree["tanh"][0] < 0.9
    slower = [of.is_slower("sigmoid", "tanh", level) for of in found.values()]
    sentence = (
        f"To a cost of {TARGET:g}, each at its best rate and scale, the sigmoid takes "
        + " and ".join(f"{of.ratio('sigmoid', 'tanh', level)} times the steps of tanh at depth {depth}"
                       for depth, of in found.items())
        + f"; for one example {100 * agree['sigmoid'][0]:.0f}% of a sigmoid unit's weights move with one "
        f"sign, {100 * agree['tanh'][0]:.0f}% of a tanh unit's."
    )  # fmt: skip
    numbers = {f"depth {depth}, {key}": value for depth, of in found.items()
               for key, value in of.numbers("steps").items()}  # fmt: skip
    numbers |= {f"{a}: sign agreement, one example and all": s for a, s in agree.items()}
    pairs = {f"depth {depth}": (of, "sigmoid", "tanh") for depth, of in found.items()}
    settled_by = races_settled_by(pairs, level)
    return verdict_of(all_of([one_sign, *slower]), sentence, numbers, settled_by)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """For each depth the steps of each seed; then the sign agreement."""
    found = by_depth(runs)
    figure, axes = panels(
        "Sigmoid and tanh in hidden layers, each at its best rate and initial scale", 1 + len(found)
    )
    for ax, (depth, of) in zip(axes, found.items(), strict=False):
        rows = {
            f"{a}\n{side.told.replace(', ', chr(10))}": (side.values.tolist(), COLOUR[a])
            for a, side in of.sides.items()
        }
        strips(
            ax,
            rows,
            most=runs[0]["trainer.iterations"],
            xlabel=f"steps to a cost of {TARGET:g}",
            xlim=(0, None),
            title=f"{depth} layers (dot: a seed)",
        )
    agree = {a: verdict.numbers[f"{a}: sign agreement, one example and all"] for a in COLOUR}
    for place, (a, pair) in enumerate(agree.items()):
        for kind, value, shift in zip(("one example", "all examples"), pair, (-0.15, 0.15), strict=True):
            axes[-1].plot([0.0, value], [place + shift] * 2, color=COLOUR[a], lw=2)
            axes[-1].plot(value, place + shift, "o", color=COLOUR[a])
            axes[-1].annotate(kind, (0.0, place + shift), (2, 3), textcoords="offset points", fontsize=7)
    axes[-1].set_yticks(range(len(agree)), list(agree))
    axes[-1].set(xlim=(0.0, 1.05), ylim=(1.5, -0.5), xlabel="share of the weights",
                 title="Weights of a unit that move\nwith the same sign")  # fmt: skip
    return figure
