"""Learning curves: the training cost J against the step, the middle of some runs and their range."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from nnlab.nn import Array
from nnlab.reports.figures import base
from nnlab.reports.figures.base import Trace
from nnlab.reports.figures.colours import transparent
from nnlab.reports.figures.small_multiples import Part, small_multiples

LARGEST = 1e30  # higher costs are drawn at this height, which float32 still holds
ROBUST = (2, 98)  # percentiles of the costs that the axis holds
LOST = "#7b8794"  # of the crosses; it is seen in a light and in a dark window
Points = NDArray[np.float32]  # (k,) of the k points of a curve


@dataclass(frozen=True)
class Curve:
    """The training cost of some runs: their middle and their range (of many, of the inner half)."""

    name: str
    steps: Points
    middle: Points
    low: Points
    high: Points
    diverged: bool


@dataclass(frozen=True)
class Line:
    """A curve in a plot, with its colour and its entry in the legend."""

    name: str
    colour: str
    curve: Curve


def curve(name: str, costs: Sequence[Array], diverged: bool, points: int) -> Curve:
    """The curve of some runs, each given by its costs (steps,), through at most ``points`` steps.

    It ends where the first of the runs ends, or has a cost that is not finite. The range is that of all
    runs, of more than four their inner half.
    """
    runs = [finite(run) for run in costs]
    shared = min(len(run) for run in runs)
    steps = np.unique(np.linspace(0, shared - 1, min(points, shared)).astype(int))  # (k,)
    kept = np.array([run[steps] for run in runs])  # (runs, k)
    kept = np.where(kept > 0.0, np.minimum(kept, LARGEST), np.nan)  # the axis is logarithmic
    inner = (25, 50, 75) if len(runs) > 4 else (0, 50, 100)
    low, middle, high = np.percentile(kept, inner, axis=0).astype(np.float32)
    return Curve(name, steps.astype(np.float32), middle, low, high, diverged)


def finite(costs: Array) -> Array:
    """The costs (steps,) before the first that is infinite or not a number."""
    wrong = ~np.isfinite(costs)
    return costs[: int(wrong.argmax())] if wrong.any() else costs


def learning_curves(lines: Sequence[Line]) -> go.Figure:
    """Lines with bands in one plot; a cross marks the end of each curve of a diverged configuration."""
    axis = cost_axis([line.curve for line in lines])
    traces = list(_traces(lines, axis))
    return base.figure(
        traces, 420, {"title": "step", "rangemode": "nonnegative"}, {"title": "training cost J", **axis}
    )


def curves_in_parts(parts: Sequence[tuple[str, Sequence[Line]]], columns: int) -> go.Figure:
    """The same in several small plots with one scale, in rows of ``columns``."""
    curves = [line.curve for _, lines in parts for line in lines]
    axis = cost_axis(curves)
    last = max((float(one.steps[-1]) for one in curves if len(one.steps)), default=1.0)
    steps = {"nticks": 4, "tickangle": 0, "range": [-0.03 * last, last]}
    drawn = [
        Part(title if lines else f"{title}: none", list(_traces(lines, axis)), steps, axis)
        for title, lines in parts
    ]
    return small_multiples(drawn, "step", "cost J", 150, columns)


def cost_axis(curves: Sequence[Curve]) -> base.Axis:
    """A logarithmic axis that holds nearly all costs; those of diverged nets count only if all diverged."""
    framed = [c for c in curves if not c.diverged] or list(curves)
    costs = np.concatenate([np.empty(0, np.float32), *(part for c in framed for part in (c.low, c.high))])
    costs = costs[np.isfinite(costs)]
    return base.log_axis(np.percentile(costs, ROBUST).tolist() if len(costs) else [])


def _traces(lines: Sequence[Line], axis: base.Axis) -> Iterator[Trace]:
    for line in lines:
        one = line.curve
        if (one.high > one.low).any():
            yield _band(line)
        yield {"type": "scatter",
            "x": one.steps, "y": one.middle, "mode": "lines", "name": line.name, "legendgroup": line.name,
            "line": {"color": line.colour, "width": 2},
            "hovertemplate": f"{one.name}, step %{{x}}: %{{y:.4g}}<extra></extra>",
        }  # fmt: skip
    if crosses := [line.curve for line in lines if line.curve.diverged]:
        yield _crosses(crosses, top=10 ** axis["range"][1])


def _band(line: Line) -> Trace:
    """The area between lowest and highest cost: along the one and back along the other."""
    one = line.curve
    return {"type": "scatter",
        "x": np.concatenate([one.steps, one.steps[::-1]]), "y": np.concatenate([one.high, one.low[::-1]]),
        "fill": "toself", "fillcolor": transparent(line.colour), "line": {"width": 0}, "mode": "lines",
        "hoverinfo": "skip", "showlegend": False, "legendgroup": line.name, "name": f"{line.name}, range",
    }  # fmt: skip


def _crosses(curves: Sequence[Curve], top: float) -> Trace:
    """Where diverged curves end, or leave the frame at its upper edge ``top``."""
    return {"type": "scatter",
        "x": [c.steps[-1] if len(c.steps) else 0 for c in curves],
        "y": [min([*c.middle[-1:].tolist(), top]) for c in curves],
        "mode": "markers", "name": "diverged", "cliponaxis": False,
        "text": [c.name for c in curves],
        "hovertemplate": "%{text} diverged after step %{x}<extra></extra>",
        "marker": {"symbol": "x", "size": 9, "color": LOST},
    }  # fmt: skip
