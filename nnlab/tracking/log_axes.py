"""Swept numbers that a linear axis would draw on one spot, such as 0.001, 0.01 and 1.

The axes of MLflow's parallel coordinates are linear. So the runs get the logarithm of such a number as a
metric: `log10/init.scale`.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from nnlab.cells import Cell
from nnlab.cells.plan import Plan
from nnlab.tracking.curves import Point

PREFIX = "log10/"
CLOSE = 0.1  # of a linear axis: values that are closer can hardly be told apart


def metric(key: str) -> str:
    """The metric with the logarithm of a parameter."""
    return PREFIX + key


def keys(plan: Plan) -> list[str]:
    """The swept keys that need a logarithmic axis: positive numbers, of which two are close together."""
    return [key for key in plan.varied if _collapse([attrgetter(key)(c.config) for c in plan.cells])]


def points(cell: Cell, keys: Sequence[str], at: float) -> list[Point]:
    """The logarithms of a cell's values; ``at`` is their time in seconds since 1970."""
    values = {key: attrgetter(key)(cell.config) for key in keys}
    return [Point(metric(key), math.log10(value), int(at * 1000), 0) for key, value in values.items()]


def without(metrics: Mapping[str, float]) -> dict[str, float]:
    """A run's metrics without these."""
    return {key: value for key, value in metrics.items() if not key.startswith(PREFIX)}


def _collapse(values: Sequence[Any]) -> bool:
    """Are two of these values close together, and less so as logarithms?"""
    if not all(type(value) in (int, float) and value > 0 for value in values):
        return False
    ordered = sorted(set(values))
    return _closest(ordered) < min(CLOSE, _closest([math.log10(value) for value in ordered]))


def _closest(ordered: Sequence[float]) -> float:
    """The smallest distance of neighbours, as a part of the whole range."""
    gaps = [above - below for below, above in pairwise(ordered)]
    return min(gaps, default=0.0) / (ordered[-1] - ordered[0] or 1.0)
