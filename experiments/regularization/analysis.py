"""The gap between training and test accuracy, with L2 and without."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import (
    WIDER_GRID,
    Interval,
    Run,
    Tuned,
    Verdict,
    all_of,
    difference,
    gains_settled_by,
    grouped,
    is_gain,
    median_interval,
    right,
    tuned,
    verdict_of,
)
from nnlab.experiments.figures import BLUE, GREY, ORANGE, bars, name_at, panels

SELECT, JUDGE = slice(None, 1000), slice(1000, None)  # of the test pictures
LEVEL = 0.975  # of each of the two intervals
KEYS = {"without L2": ["optimizer.lr"], "with L2": ["optimizer.lr", "optimizer.l2"]}


def accuracy(run: Run, pictures: slice = JUDGE) -> float:
    """The accuracy on a part of the test pictures."""
    return float(right([run], pictures).mean())


def gap(run: Run) -> float:
    """Training accuracy minus that on the judging pictures."""
    return run.metrics["train/accuracy"] - accuracy(run)


def best(runs: Sequence[Run]) -> dict[str, Tuned]:
    """Both kinds of nets where they are best on the selecting pictures; values: 1 - accuracy there."""
    sides = {name: [run for run in runs if (run["optimizer.l2"] > 0.0) == ("l2" in keys[-1])]
             for name, keys in KEYS.items()}  # fmt: skip
    return {
        name: tuned(of, KEYS[name], lambda run: 1.0 - accuracy(run, SELECT)) for name, of in sides.items()
    }


def effects(sides: dict[str, Tuned]) -> dict[str, Interval]:
    """How much narrower the gap is with L2, and how much higher the test accuracy."""
    without, with_l2 = (sides[name].runs for name in KEYS)
    gaps = np.array([[gap(run) for run in of] for of in (without, with_l2)])  # (2, seeds)
    return {
        "narrower gap": median_interval(gaps[0] - gaps[1], LEVEL),
        "higher test accuracy": difference(right(with_l2, JUDGE), right(without, JUDGE), LEVEL),
    }


def points(effect: Interval) -> str:
    """A difference of accuracies in points."""
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*(100.0 * value for value in effect))


def analyse(runs: Sequence[Run]) -> Verdict:
    """Is the gap narrower with L2, and the test accuracy higher?"""
    sides = best(runs)
    found = effects(sides)
    inside = not any(side.at_edge for side in sides.values())
    holds = all_of([is_gain(effect) for effect in found.values()]) if inside else None
    means = {name: [float(np.mean([of(run) for run in side.runs])) for of in (_train, accuracy, gap)]
             for name, side in sides.items()}  # fmt: skip
    sentence = (
        f"At the best lambda and rate ({sides['with L2'].told}) the gap between training and test accuracy "
        f"is {points(found['narrower gap'])} points narrower than without L2, where it is "
        f"{100 * means['without L2'][2]:.1f}; the test accuracy is "
        f"{points(found['higher test accuracy'])} points higher."
    )
    numbers: dict[str, Any] = {f"{name}: best setting": side.told for name, side in sides.items()}
    numbers |= {
        f"{name}: at the grid's edge": ", ".join(side.at_edge) or "nothing" for name, side in sides.items()
    }
    numbers |= {f"{name}: training accuracy, test accuracy, gap": of for name, of in means.items()}
    numbers |= {f"{name}, interval": list(effect) for name, effect in found.items()}
    settled_by = gains_settled_by(found, len(sides["with L2"].runs)) if inside else WIDER_GRID.format("")
    return verdict_of(holds, sentence, numbers, settled_by)


def _train(run: Run) -> float:
    return run.metrics["train/accuracy"]


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Left: accuracies by lambda, each at its best rate. Right: the two effects."""
    figure, (left, right_) = panels("Accuracy by lambda, and what L2 changes", 2)
    by = {l2: tuned(of, ["optimizer.lr"], lambda run: 1.0 - accuracy(run, SELECT)).runs
          for l2, of in grouped(runs, "optimizer.l2").items()}  # fmt: skip
    places = np.arange(len(by))
    for name, of, colour in (("training", _train, GREY), ("test", accuracy, BLUE)):
        values = np.array([[of(run) for run in cells] for cells in by.values()])  # (lambdas, seeds)
        left.plot(places, values, "o", color=colour, alpha=0.3, ms=3)
        left.plot(places, values.mean(axis=1), color=colour)
        name_at(left, len(by) - 3, float(values[-3].mean()), name, colour, xytext=(6, 8))
    left.set_xticks(places, [f"{l2:g}" for l2 in by])
    left.set(
        xlabel="lambda (each at its best rate)", ylabel="accuracy", title="Dot: a seed; line: the mean"
    )
    rows = {name: (tuple(100.0 * value for value in effect), ORANGE)
            for name, effect in effects(best(runs)).items()}  # fmt: skip
    bars(right_, rows, 0.0, xlabel="points of accuracy", title="With L2 against without, 97.5% intervals")
    return figure
