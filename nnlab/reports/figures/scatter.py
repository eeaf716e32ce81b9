"""Scatter figures: one point per cell, coloured by a key."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.axes import MOST_VALUES, names, values
from nnlab.reports.figures.colours import colours
from nnlab.tracking import Run, Sweep, shown


@dataclass(frozen=True)
class Points:
    """The points of some cells under one entry of the legend; one colour, or one for each point."""

    name: str
    colour: str | Sequence[str]
    x: Sequence[float]
    y: Sequence[float]
    text: Sequence[str]


def points_by_key(sweep: Sweep, key: str, x: str, y: str) -> list[Points]:
    """The trained cells by their metrics x and y, in one group per value of ``key``.

    Diverged cells are left out. A key of more than MOST_VALUES values gives a single group, since its
    legend would be too long to read.
    """
    cells = [
        cell for cell in sweep.done if cell.state != "diverged" and x in cell.metrics and y in cell.metrics
    ]
    colour_of = dict(zip(names(sweep, key), colours(values(sweep, key)), strict=True))
    value = {cell.id: shown(cell.params.get(key)) for cell in cells}

    def points(name: str, colour: str | list[str], members: list[Run]) -> Points:
        xs, ys = [c.metrics[x] for c in members], [c.metrics[y] for c in members]
        return Points(name, colour, xs, ys, [cell.name for cell in members])

    if len(colour_of) > MOST_VALUES:
        return [points(key, [colour_of[value[cell.id]] for cell in cells], cells)]
    groups = {name: [cell for cell in cells if value[cell.id] == name] for name in colour_of}
    return [points(f"{key} {name}", colour_of[name], found) for name, found in groups.items() if found]


def scatter(groups: Sequence[Points], x: base.Axis, y: base.Axis) -> go.Figure:
    """The points of all groups; ``x`` and ``y`` are plotly's settings of the axes."""
    traces = [
        go.Scatter(
            x=list(g.x), y=list(g.y), mode="markers", name=g.name, text=list(g.text),
            marker={"color": g.colour, "size": 9, "opacity": 0.65, "line": {"width": 0.5, "color": "#fff"}},
            hovertemplate="%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
        )
        for g in groups
    ]  # fmt: skip
    return base.figure(traces, 460, x, y)
