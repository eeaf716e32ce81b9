"""How close trained nets of one hidden layer come to three functions, by width."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.data.synthetic import CURVES
from nnlab.experiments import (
    Interval,
    Run,
    Tuned,
    Verdict,
    all_of,
    grouped,
    median_interval,
    tuned,
    verdict_of,
)
from nnlab.experiments.figures import COLOURS, name_at, panels
from nnlab.nn import activation, logits

CLOSE = 0.1  # allowed error, in standard deviations of the function
T = np.linspace(0.0, 1.0, 1001)[:, np.newaxis]  # (points, 1)


def relative(run: Run, split: str) -> float:
    """The rmse divided by the standard deviation of the targets; about 1 for a diverged net."""
    return float(run.metrics[f"{split}/rmse"] / run.metrics["train/deviation"])


def by_curve(runs: Sequence[Run]) -> dict[str, dict[int, Tuned]]:
    """By curve and width: the nets at their best rate, by training error."""
    found: dict[str, dict[int, Tuned]] = {}
    for (file, width), of in grouped(runs, "data.train", "model.width").items():
        best = tuned(of, ["optimizer.lr"], lambda run: relative(run, "train"))
        found.setdefault(Path(file).stem.removesuffix("_train"), {})[width] = best
    return found


def error(of: Tuned) -> Interval:
    """The median test error over the seeds, with its interval."""
    return median_interval(np.array([relative(run, "test") for run in of.runs]))


def close(of: Tuned) -> bool | None:
    """Is the error below CLOSE? None if its interval contains that, or if its best rate is at the edge."""
    found = error(of)
    if found.low > CLOSE:
        return False
    return True if found.high < CLOSE and not of.at_edge else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Do the widest nets fit each function?"""
    found = by_curve(runs)
    parts, told = [], []
    numbers: dict[str, Any] = {}
    for name, widths in found.items():
        wide = widths[max(widths)]
        parts.append(close(wide))
        told.append(
            f"{error(wide).middle:.2g} ({error(wide).low:.2g} to {error(wide).high:.2g}) for the {name}"
        )
        for width, of in widths.items():
            edge = " (edge of the grid)" * bool(of.at_edge)
            numbers[f"{name}, width {width}: best rate"] = of.told + edge
            numbers[f"{name}, width {width}: median error over the spread, interval"] = list(error(of))
    most = max(run["model.width"] for run in runs)
    sentence = (
        f"With {most} units and each width at its best rate, the median error on new points, as a share of "
        f"the function's spread, is {', '.join(told)}."
    )
    return verdict_of(all_of(parts), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """The errors by width, and the widest trained nets."""
    found = by_curve(runs)
    figure, (left, *others) = panels("What training finds with one hidden layer", 1 + len(found))
    for colour, (name, widths) in zip(COLOURS, found.items(), strict=False):
        errors = np.array([[relative(run, "test") for run in of.runs] for of in widths.values()])
        left.loglog(list(widths), errors, "o", color=colour, alpha=0.35)
        left.loglog(list(widths), np.median(errors, axis=1), color=colour)
        name_at(left, max(widths), float(np.median(errors[-1])), name, colour)
    left.axhline(CLOSE, color="black", lw=0.8, ls="--")
    ticks = list(next(iter(found.values())))
    left.set_xticks(ticks, map(str, ticks))
    left.minorticks_off()
    left.set(xlabel="ReLUs in the hidden layer", ylabel="test error / standard deviation", xlim=(6, 500),
             title="Dot: a seed; line: median;\ndashed: a tenth")  # fmt: skip
    for ax, colour, (name, widths) in zip(others, COLOURS, found.items(), strict=False):
        of = sorted(widths[max(widths)].runs, key=lambda run: relative(run, "test"))
        net = logits(of[len(of) // 2].weights, 2.0 * T - 1.0, activation("relu"))[0]
        ax.plot(T, CURVES[name](T), color=colour, lw=5, alpha=0.25)
        ax.plot(T, net, color=colour, lw=1.2)
        ax.set(xlabel="t", title=f"{name} (wide), median\nnet of {max(widths)} (thin)")
    return figure
