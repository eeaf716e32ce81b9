"""A heatmap over two keys of a sweep: the mean of a metric, or why there is none."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.axes import names
from nnlab.reports.figures.colours import SCALE
from nnlab.tracking import Run, Sweep, shown

# colour and word of a square that has no mean to show
STATES = {"diverged": ("#4a4f57", "✕"), "stuck": ("#d5d8dc", "stuck"), "failed": ("#f3c9b5", "failed")}
MOST_TEXT = 80  # a heatmap of more squares does not write the values into them
Keys = tuple[str, str | None]  # of the horizontal and the vertical axis; None: a single row


@dataclass(frozen=True)
class Square:
    """What one square shows: the mean of its trained nets, or the state that all its nets are in."""

    value: float | None
    state: str | None  # one of STATES, if no net of the square is in another state
    note: str  # under the value: how many of the nets are in one of STATES
    hover: str


def heatmap(
    sweep: Sweep,
    cells: Sequence[Run],
    keys: Keys,
    metric: str,
    limits: tuple[float, float],
    height: int = 330,
) -> go.Figure:
    """The mean of ``metric`` over ``cells`` for every pair of values of two keys.

    ``limits`` are the values at the two ends of the colour scale.
    """
    x, y = keys
    members: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for cell in cells:
        members[shown(cell.params.get(x)), shown(cell.params.get(y)) if y else ""].append(cell)
    squares = {place: square(found, metric) for place, found in members.items()}
    traces = _traces(squares, names(sweep, x), names(sweep, y) if y else [""], limits)
    category = {"type": "category", "showgrid": False}
    return base.figure(traces, height, {"title": x, **category}, {"title": y or "", **category})


def square(cells: Sequence[Run], metric: str) -> Square:
    """What the square of these cells shows."""
    states = Counter(cell.state for cell in cells)
    trained = [c.metrics[metric] for c in cells if c.state in ("finished", "stuck") and metric in c.metrics]
    value = math.fsum(trained) / len(trained) if trained else None
    marked = {state: n for state, n in states.items() if state in STATES}
    state = max(marked, key=lambda state: marked[state]) if marked and len(marked) == len(states) else None
    note = f"{sum(marked.values())}/{len(cells)} {' '.join(STATES[s][1] for s in marked)}" if marked else ""
    counts = ", ".join(f"{n} {state}" for state, n in states.items())
    mean = "" if value is None else f"{metric} {value:.4f}<br>"
    return Square(value, state if state or value is not None else "failed", note, f"{mean}{counts}")


def _traces(
    squares: Mapping[tuple[str, str], Square],
    x: Sequence[str],
    y: Sequence[str],
    limits: tuple[float, float],
) -> list[go.Heatmap]:
    """Two heatmaps on top of each other: the means, and the states of the squares without a mean."""
    rows = [[squares.get((a, b)) for a in x] for b in y]
    codes = {state: i for i, state in enumerate(STATES)}
    shared: dict[str, Any] = {
        "x": list(x), "y": list(y), "xgap": 2, "ygap": 2, "hoverinfo": "text",
        "hovertext": [[s.hover if s else "not in the sweep" for s in row] for row in rows],
        "texttemplate": "%{text}" if len(x) * len(y) <= MOST_TEXT else None, "textfont": {"size": 13},
    }  # fmt: skip
    means = go.Heatmap(
        z=[[s.value if s and s.state is None else None for s in row] for row in rows],
        text=[[_text(s) if s and s.state is None else "" for s in row] for row in rows],
        colorscale=SCALE, zmin=limits[0], zmax=limits[1],
        colorbar={"thickness": 12, "outlinewidth": 0, "tickfont": {"size": 13}}, **shared,
    )  # fmt: skip
    states = go.Heatmap(
        z=[[codes[s.state] if s and s.state else None for s in row] for row in rows],
        text=[[STATES[s.state][1] if s and s.state else "" for s in row] for row in rows],
        colorscale=_steps([colour for colour, _ in STATES.values()]), zmin=-0.5, zmax=len(STATES) - 0.5,
        showscale=False, **shared,
    )  # fmt: skip
    return [means, states]


def _text(square: Square) -> str:
    value = square.value or 0.0
    text = f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
    return text + (f"<br>{square.note}" if square.note else "")


def _steps(palette: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale without transitions: the colours side by side."""
    n = len(palette)
    return [(place, colour) for i, colour in enumerate(palette) for place in (i / n, (i + 1) / n)]
