"""Scatter figures: the cells by two metrics, in a small plot for each value of a key.

Cells that would stand on top of each other are one point, whose area is their number.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log10
from statistics import fmean

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.axes import names, rounded, values
from nnlab.reports.figures.base import Trace
from nnlab.reports.figures.colours import PALETTE, colours
from nnlab.reports.figures.small_multiples import Part, small_multiples
from nnlab.tracking import Run, Sweep, shown

STEPS, FEW_STEPS = 40, 16  # along an axis; cells in the same step of both axes are one point
MANY = 1000  # cells, from which on there are only few steps
MOST_PARTS = 8  # a key of more values gets one plot for all of them
LARGEST, SMALLEST = 26, 7  # diameters in pixels


@dataclass(frozen=True)
class Points:
    """The cells of one plot: x and y of each point, and the runs that stand there."""

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    runs: Sequence[Sequence[Run]]


@dataclass(frozen=True)
class Metric:
    """A metric on an axis: its title, and the scale and its ticks."""

    name: str
    title: str
    log: bool = False
    tickformat: str = "~g"
    most: float = inf  # a larger value stands at this one

    def of(self, run: Run) -> float:
        """The run's value as it is drawn."""
        return min(run.metrics[self.name], self.most)

    def place(self, run: Run) -> float | None:
        """Where a run stands on the axis; None if it does not."""
        if self.name not in run.metrics or run.state == "diverged":
            return None
        value = self.of(run)
        return None if self.log and value <= 0.0 else log10(value) if self.log else value

    def axis(self, found: Sequence[float]) -> base.Axis:
        """The axis that holds these values."""
        axis: base.Axis = {"tickformat": self.tickformat, "nticks": 5}
        low, high = min(found, default=0.0), max(found, default=1.0)
        if self.log:
            axis = base.log_axis(found, self.tickformat)
            low, high = axis["range"]
        margin = 0.08 * ((high - low) or 1.0)  # the largest points need room
        return {**axis, "range": [low - margin, high + margin]}


def points_by_key(sweep: Sweep, key: str | None, x: Metric, y: Metric) -> list[Points]:
    """The cells that have both metrics, in a group for each value of ``key``; diverged ones are left out.

    A key of more than MOST_PARTS values gives a single group.
    """
    placed = {
        cell.id: (a, b, cell)
        for cell in sweep.done
        if (a := x.place(cell)) is not None and (b := y.place(cell)) is not None
    }
    if not placed:
        return []
    of = {id: shown(cell.params.get(key)) if key else "" for id, (_, _, cell) in placed.items()}
    order = names(sweep, key) if key else [""]
    colour_of = dict(zip(order, colours(values(sweep, key)) if key else PALETTE, strict=False))
    if len(order) > MOST_PARTS:
        order, colour_of, of = [""], {"": PALETTE[0]}, dict.fromkeys(of, "")
    left, wide = _extent([a for a, _, _ in placed.values()])
    low, high = _extent([b for _, b, _ in placed.values()])
    steps = FEW_STEPS if len(placed) >= MANY else STEPS
    stacks: dict[str, dict[tuple[int, int], list[Run]]] = {name: defaultdict(list) for name in order}
    for id, (a, b, cell) in placed.items():
        step = round(steps * (a - left) / wide), round(steps * (b - low) / high)
        stacks[of[id]][step].append(cell)
    return [
        Points(
            f"{key} {name}" if name else "",
            colour_of[name],
            [rounded(fmean(x.of(cell) for cell in runs)) for runs in found.values()],
            [rounded(fmean(y.of(cell) for cell in runs)) for runs in found.values()],
            list(found.values()),
        )
        for name, found in stacks.items()
        if found
    ]


def _extent(found: Sequence[float]) -> tuple[float, float]:
    """The lowest value, and how far it is from there to the highest."""
    return min(found), (max(found) - min(found)) or 1.0


def scatter(groups: Sequence[Points], x: Metric, y: Metric, diagonal: bool = False) -> go.Figure:
    """A plot for each group, with the same axes; with ``diagonal`` the line of equal values."""
    across = x.axis([v for group in groups for v in group.x])
    along = y.axis([v for group in groups for v in group.y])
    most = max((len(runs) for group in groups for runs in group.runs), default=1)
    ends = [*across["range"], *along["range"]]
    parts = []
    for group in groups:
        line = {"type": "scatter",
            "x": [min(ends), max(ends)], "y": [min(ends), max(ends)], "mode": "lines", "hoverinfo": "skip",
            "line": {"color": "#7b8794", "dash": "dash", "width": 1}, "showlegend": False,
        }  # fmt: skip
        parts.append(Part(group.name, [*([line] if diagonal else []), _points(group, most)], across, along))
    alone = len(parts) == 1
    return small_multiples(parts, x.title, y.title, 340 if alone else 190, showlegend=False)


def _points(group: Points, most: int) -> Trace:
    counts = [len(runs) for runs in group.runs]
    return {"type": "scatter",
        "x": list(group.x), "y": list(group.y), "mode": "markers", "name": group.name or "cells",
        "text": [_told(runs) for runs in group.runs],
        "marker": {
            "color": group.colour, "opacity": 0.7, "line": {"width": 0.5, "color": "#fff"},
            "size": [SMALLEST + (LARGEST - SMALLEST) * ((n - 1) / max(most - 1, 1)) ** 0.5 for n in counts],
        },
        "hovertemplate": "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
    }  # fmt: skip


def _told(runs: Sequence[Run]) -> str:
    """`relu 4x20 s1 #1 and 11 more`."""
    return runs[0].name + (f" and {len(runs) - 1} more" if len(runs) > 1 else "")
