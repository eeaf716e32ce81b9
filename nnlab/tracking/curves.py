"""Curves: the bounded number of points of a record's histories that go to MLflow."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.records import is_score
from nnlab.records.record import Record


class Point(NamedTuple):
    """One value of a metric, at a step and a time in milliseconds since 1970."""

    key: str
    value: float
    timestamp: int
    step: int


def stride(iterations: int, max_points: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that leaves at most max_points multiples."""
    scale = 1
    while True:
        for factor in (1, 2, 5):
            if -(-iterations // (factor * scale)) <= max_points:
                return factor * scale
        scale *= 10


def cost_points(
    costs: Sequence[float], every: int, started: float, now: float, after: int = -1
) -> list[Point]:
    """Every ``every``-th cost of a running cell beyond step ``after``."""
    steps = [step for step in range(0, len(costs), every) if step > after]
    return _finite("train/cost", costs, steps, started, now, len(costs))


def all_points(rec: Record, max_points: int) -> list[Point]:
    """The points of a record: its curves, and its metrics after training.

    A metric with a curve gets one more point at the end of the curve. A metric without a curve gets one
    point, at step 0; the UI then compares it by bars. Values that are not finite are left out; the
    status says that a cell diverged. So are the curves of a diverged cell's scores: MLflow would show
    their last values as what the net reached.
    """
    history = rec.arrays("history")
    history = {
        key: curve for key, curve in history.items() if rec.status != "diverged" or not is_score(key)
    }
    costs = history.pop("train/cost")
    every = stride(rec.config["trainer"]["iterations"], max_points)
    steps = sorted({*range(0, len(costs), every), len(costs) - 1})
    span = (rec.started, rec.ended, len(costs))
    points = _finite("train/cost", costs, steps, *span)
    evaluated = history.pop("steps", np.empty(0, np.int64)).tolist()
    for key, values in history.items():
        points += _finite(key, dict(zip(evaluated, values, strict=True)), evaluated, *span)
    done = {(point.key, point.step) for point in points}
    for key, value in rec.metrics.items():
        step = len(costs) if key in history else 0
        if (key, step) not in done:
            points += _finite(key, {step: value}, [step], *span)
    return points


def _finite(
    key: str,
    values: Sequence[float] | NDArray[np.float64] | dict[int, float],
    steps: Sequence[int],
    started: float,
    ended: float,
    last: int,
) -> list[Point]:
    def milliseconds(step: int) -> int:
        return int((started + (ended - started) * min(step / last, 1.0)) * 1000)

    return [
        Point(key, float(values[step]), milliseconds(step), step)
        for step in steps
        if np.isfinite(values[step])
    ]
