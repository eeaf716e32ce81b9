"""Learning curves: the training cost J against the step, with the range over the seeds as a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from nnlab.nn import Array
from nnlab.reports.figures import base
from nnlab.reports.figures.colours import INK, transparent

LARGEST = 1e30  # higher costs are drawn at this height, which float32 still holds
Points = NDArray[np.float32]  # (k,) of the k points of a curve


@dataclass(frozen=True)
class Curve:
    """The training cost of a configuration: the middle of its runs, and their range."""

    name: str
    steps: Points
    middle: Points
    low: Points
    high: Points
    diverged: bool


@dataclass(frozen=True)
class Group:
    """Curves of one colour, which share one entry of the legend."""

    name: str
    colour: str
    curves: Sequence[Curve]


def curve(name: str, costs: Sequence[Array], diverged: bool, points: int) -> Curve:
    """The curve of some runs, each given by its costs (steps,), through at most ``points`` steps.

    It ends where the first of the runs ends, or has a cost that is not finite.
    """
    runs = [finite(run) for run in costs]
    shared = min(len(run) for run in runs)
    steps = np.unique(np.linspace(0, shared - 1, min(points, shared)).astype(int))  # (k,)
    kept = np.array([run[steps] for run in runs])  # (runs, k)
    kept = np.where(kept > 0.0, np.minimum(kept, LARGEST), np.nan)  # the axis is logarithmic
    middle, low, high = (f(kept, axis=0).astype(np.float32) for f in (np.median, np.min, np.max))
    return Curve(name, steps.astype(np.float32), middle, low, high, diverged)


def finite(costs: Array) -> Array:
    """The costs (steps,) before the first that is infinite or not a number."""
    wrong = ~np.isfinite(costs)
    return costs[: int(wrong.argmax())] if wrong.any() else costs


def learning_curves(groups: Sequence[Group]) -> go.Figure:
    """Lines with bands; a cross marks the end of each curve of a diverged configuration."""
    traces: list[Any] = []
    for group in groups:
        banded = [c for c in group.curves if (c.high > c.low).any()]
        if banded:
            traces.append(_band(group, banded))
        traces.append(_lines(group))
    crosses = [c for group in groups for c in group.curves if c.diverged]
    framed = [c for group in groups for c in group.curves if not c.diverged] or crosses
    axis = base.log_axis([v for c in framed for v in (*c.low, *c.high)])
    if crosses:
        traces.append(_crosses(crosses, top=10 ** axis["range"][1]))
    return base.figure(traces, 480, {"title": "step"}, {"title": "training cost J", **axis})


def _lines(group: Group) -> go.Scatter:
    several = len(group.curves) > 1
    labels = [label for c in group.curves for label in [c.name] * len(c.steps) + [""]]
    return go.Scatter(
        x=_joined([c.steps for c in group.curves]), y=_joined([c.middle for c in group.curves]),
        mode="lines", name=group.name, legendgroup=group.name,
        line={"color": group.colour, "width": 1.3 if several else 2},
        text=labels if several else None,
        hovertemplate="%{text} step %{x}: %{y:.4g}<extra></extra>" if several
        else f"{group.name} step %{{x}}: %{{y:.4g}}<extra></extra>",
    )  # fmt: skip


def _band(group: Group, curves: Sequence[Curve]) -> go.Scatter:
    """The area between lowest and highest cost: along the one and back along the other."""
    return go.Scatter(
        x=_joined([np.concatenate([c.steps, c.steps[::-1]]) for c in curves]),
        y=_joined([np.concatenate([c.high, c.low[::-1]]) for c in curves]),
        fill="toself", fillcolor=transparent(group.colour), line={"width": 0}, mode="lines",
        hoverinfo="skip", showlegend=False, legendgroup=group.name,
    )  # fmt: skip


def _crosses(curves: Sequence[Curve], top: float) -> go.Scatter:
    """Where diverged curves end, or leave the frame at its upper edge ``top``."""
    return go.Scatter(
        x=[c.steps[-1] if len(c.steps) else 0 for c in curves],
        y=[min([*c.middle[-1:].tolist(), top]) for c in curves],
        mode="markers", name="diverged", cliponaxis=False,
        text=[c.name for c in curves], hovertemplate="%{text} diverged after step %{x}<extra></extra>",
        marker={"symbol": "x", "size": 10, "color": INK},
    )  # fmt: skip


def _joined(parts: Sequence[Points]) -> Points:
    """The parts as one array, with a gap (NaN) after each."""
    gap = np.array([np.nan], np.float32)
    return np.concatenate([piece for part in parts for piece in (part, gap)])
