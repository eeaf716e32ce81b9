"""Test accuracy by depth, at equal width and at an equal number of weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnlab.experiments import Interval, Run, Tuned, Verdict, all_of, difference, right, tuned, verdict_of
from nnlab.experiments.figures import BLUE, GREY, ORANGE, name_at, panels

SELECT, JUDGE = slice(None, 1000), slice(1000, None)  # of the test pictures
WIDTH = 32
ROWS = {"equal width": BLUE, "equal number of weights": ORANGE}


def depth(run: Run) -> int:
    """The layers with weights."""
    return len(run["model.hidden"]) + 1


def rows(runs: Sequence[Run]) -> dict[str, dict[int, Tuned]]:
    """For each row the nets by depth, at their best rates on the selecting pictures."""
    by: dict[tuple[int, ...], list[Run]] = {}
    for run in sorted(runs, key=depth):
        by.setdefault(tuple(run["model.hidden"]), []).append(run)
    best = {hidden: tuned(of, ["optimizer.lr"], lambda run: 1.0 - float(right([run], SELECT).mean()))
            for hidden, of in by.items()}  # fmt: skip
    found: dict[str, dict[int, Tuned]] = {row: {} for row in ROWS}
    for hidden, of in best.items():
        for row, belongs in zip(ROWS, (WIDTH in hidden[:1], WIDTH not in hidden[:1]), strict=True):
            if belongs or len(hidden) <= 1:
                found[row][len(hidden) + 1] = of
    return found


def gaps(row: dict[int, Tuned]) -> dict[int, Interval]:
    """Each depth minus the deepest, on the judging pictures; the intervals hold together at 95%."""
    *others, deepest = row
    level = 1.0 - 0.05 / len(others)
    last = right(row[deepest].runs, JUDGE)
    return {d: difference(right(row[d].runs, JUDGE), last, level) for d in others}


def speaks(found: dict[int, Interval]) -> bool | None:
    """Is a smaller depth better than the deepest (True), or the deepest better than all others (False)?"""
    if any(gap.low > 0.0 for gap in found.values()):
        return True
    return False if all(gap.high < 0.0 for gap in found.values()) else None


def analyse(runs: Sequence[Run]) -> Verdict:
    """Compare each depth with the deepest net of its row."""
    found = rows(runs)
    numbers: dict[str, Any] = {}
    told, parts = [], []
    for name, row in found.items():
        accuracy = {d: float(right(of.runs, JUDGE).mean()) for d, of in row.items()}
        compared, (best, last) = gaps(row), (max(accuracy, key=lambda d: accuracy[d]), max(row))
        parts.append(speaks(compared))
        gap = 100.0 * (accuracy[best] - accuracy[last])
        told.append(
            f"at {name} depth {best} is right on {100 * accuracy[best]:.1f}% of new pictures and "
            f"depth {last} on {100 * accuracy[last]:.1f}% ({gap:+.1f} points)"
        )
        for d, of in row.items():
            numbers[f"{name}, depth {d}: test accuracy, training accuracy"] = [
                accuracy[d], float(np.mean([run.metrics["train/accuracy"] for run in of.runs]))
            ]  # fmt: skip
            numbers[f"{name}, depth {d}: best rate"] = of.told + " (edge of the grid)" * bool(of.at_edge)
        numbers |= {
            f"{name}, depth {d} minus depth {last}: interval": list(gap) for d, gap in compared.items()
        }
    sentence = "; ".join(told).capitalize() + "."
    return verdict_of(all_of(parts), sentence, numbers)


def picture(runs: Sequence[Run], verdict: Verdict) -> Figure:
    """Test and training accuracy by depth: each seed and the means, both rows."""
    found = rows(runs)
    figure, axes = panels("Accuracy by depth, at equal width and equal number of weights", 2, sharey=True)
    shift = dict(zip(ROWS, (0.96, 1.04), strict=True))
    for ax, train in zip(axes, (False, True), strict=True):
        for name, row in found.items():
            values = [
                np.array([run.metrics["train/accuracy"] for run in of.runs])
                if train
                else right(of.runs, JUDGE).mean(axis=1)
                for of in row.values()
            ]
            places = np.array(list(row)) * shift[name]
            ax.plot(places, values, "o", color=ROWS[name], alpha=0.35, ms=3.5)
            means = np.mean(values, axis=1)
            ax.plot(places, means, color=ROWS[name])
            if not train:
                offset = (0, 16 if name == "equal width" else -16)
                name_at(ax, places[2], float(means[2]), name, ROWS[name], xytext=offset, ha="center")
        ax.axhline(0.5, color=GREY, lw=0.8)
        depths = list(found["equal width"])
        ax.set(xscale="log", xlabel="layers with weights", ylabel="accuracy",
               title=f"{'Training' if train else 'Test'} accuracy (dot: a seed; line: mean)")  # fmt: skip
        ax.set_xticks(depths, map(str, depths))
        ax.minorticks_off()
    return figure
