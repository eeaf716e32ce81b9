"""Passes over the data and seconds to a cost, with minibatches and without."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import (
    Race,
    Run,
    Verdict,
    all_of,
    race,
    races_settled_by,
    seconds,
    steps_to,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, ORANGE, panels, strips
from nnlab.nn import Array

TARGET, M = 0.45, 1000
WHOLE, SMALL = "whole set", "minibatches"
COLOURS = {WHOLE: ORANGE, SMALL: BLUE}


def steps_a_pass(run: Run) -> int:
    """The steps of one pass over the M pictures."""
    return -(-M // (run["optimizer.batch_size"] or M))


def steps(run: Run) -> int:
    """Steps until the mean cost over one pass is at the target."""
    return steps_to(run, TARGET, window=steps_a_pass(run))


def passes(run: Run) -> float:
    """The same in passes."""
    return max(steps(run), 1) / steps_a_pass(run)


def races(runs: Sequence[Run]) -> dict[str, Race]:
    """The race by passes, and the same runs by seconds and by steps."""
    sides = {WHOLE: [run for run in runs if run["optimizer.batch_size"] is None],
             SMALL: [run for run in runs if run["optimizer.batch_size"]]}  # fmt: skip
    found = race(sides, ["optimizer.lr"], passes)
    return {
        "passes": found,
        "seconds": found.by(lambda run: seconds(run, steps(run))),
        "steps": found.by(steps),
    }


def analyse(runs: Sequence[Run]) -> Verdict:
    """Does the whole set take more passes and more seconds?"""
    found = races(runs)
    holds = all_of([found[unit].is_slower(WHOLE, SMALL) for unit in ("passes", "seconds")])
    ratio = {unit: of.ratio(WHOLE, SMALL) for unit, of in found.items()}
    sentence = (
        f"To a cost of {TARGET:g} on {M} pictures, each at its best rate, the whole set takes "
        f"{ratio['passes']} times the passes of minibatches of 64, {ratio['seconds']} times the "
        f"seconds and {ratio['steps']} times the steps."
    )
    numbers = {key: value for unit, of in found.items() for key, value in of.numbers(unit).items()}
    pairs = {unit: (found[unit], WHOLE, SMALL) for unit in ("passes", "seconds")}
    return verdict_of(holds, sentence, numbers, races_settled_by(pairs))


def mean_costs(run: Run) -> tuple[Array, Array]:
    """The mean cost of the last pass, by passes: (passes, costs)."""
    window = steps_a_pass(run)
    costs = np.convolve(run.costs, np.ones(window) / window, mode="valid")
    return (np.arange(len(costs)) + window) / window, costs


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Cost by passes at the best rates; passes and seconds of each seed."""
    found = races(runs)
    ratio = found["passes"].ratio(WHOLE, SMALL).middle
    figure, (left, middle, right) = panels(
        f"On {M} pictures the whole set takes {ratio:.1f} times the passes of minibatches of 64", 3
    )
    for name, side in found["passes"].sides.items():
        for run in side.runs:
            x, costs = mean_costs(run)
            left.plot(x, np.minimum.accumulate(costs), color=COLOURS[name], lw=0.8, alpha=0.7)
    for name, height in ((WHOLE, 0.16), (SMALL, 0.08)):
        left.text(0.05, height, name, color=COLOURS[name], weight="bold", transform=left.transAxes)
    left.axhline(TARGET, color="black", lw=0.8, ls=":")
    left.set(xscale="log", xlabel="passes over the training set", ylim=(0, 0.8),
             ylabel="lowest training cost so far, mean of a pass",
             title="Best rates; a line is a seed")  # fmt: skip
    for ax, unit in ((middle, "passes"), (right, "seconds")):
        rows = {
            f"{name}\n{side.told}": (side.values.tolist(), COLOURS[name])
            for name, side in found[unit].sides.items()
        }
        strips(ax, rows, xlabel=f"{unit} to a cost of {TARGET:g}", xlim=(0, None))
    middle.set_title("Dot: a seed; bar: the median")
    right.set_yticklabels([])
    return figure
