"""Small multiples: several small plots of one kind in one figure, with shared titles and legend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.base import Trace

GAP_X, GAP_Y = 58, 62  # pixels between the plots: for the labels of their axes, and for their titles
TOP, BOTTOM = (
    28,
    84,
)  # pixels above all plots, for their titles, and below: for the axis's title and the legend
LABEL = 30  # pixels for the labels of a vertical axis; longer ones get more room
LETTER = 8.5  # pixels of its width
BAR = 40  # pixels above them for a colour bar
NOTHING: Trace = {"type": "scatter", "x": [None], "y": [None], "showlegend": False}  # keeps a plot's axes


@dataclass(frozen=True)
class Part:
    """One of the plots: its traces, and plotly's settings of the two axes."""

    title: str
    traces: Sequence[Trace]
    x: base.Axis
    y: base.Axis


def small_multiples(
    parts: Sequence[Part],
    x: str,
    y: str,
    height: int = 230,
    columns: int = 4,
    bar: bool = False,
    **layout: Any,
) -> go.Figure:
    """The parts in rows of ``columns``, each ``height`` pixels high.

    ``x`` and ``y`` are the titles of the axes; with ``bar`` there is room for a colour bar.
    The page arranges the parts anew in a narrow window, from what ``layout.meta`` says of them.
    """
    traces: list[Trace] = []
    axes: dict[str, Any] = {}
    named: set[str] = set()
    columns = min(columns, len(parts))
    for i, part in enumerate(parts):
        for trace in part.traces or [NOTHING]:
            placed = {**trace, "xaxis": _axis("x", i), "yaxis": _axis("y", i)}
            if "name" in trace and "showlegend" not in trace:  # the legend has each name once
                placed["showlegend"] = trace["name"] not in named
                named.add(trace["name"])
            traces.append(placed)
        number = "" if i == 0 else str(i + 1)
        below = len(parts) - i <= columns
        axes[f"xaxis{number}"] = _settings(part.x, x if below else "")
        axes[f"yaxis{number}"] = _settings(part.y, "" if i % columns else y)
    more = _more_room(parts)
    rows, top = -(-len(parts) // max(columns, 1)), TOP + (BAR if bar else 0)
    whole: dict[str, Any] = {
        "margin": {"l": 66 + more, "r": 16, "t": top, "b": BOTTOM},
        "annotations": [_title(part.title, i) for i, part in enumerate(parts)],
        "grid": {"rows": rows, "columns": columns, "pattern": "independent",
                 "xgap": 0.2, "ygap": GAP_Y / (height + GAP_Y)},
        "legend": {**base.LEGEND, "xref": "container", "yref": "container", "x": 0, "y": 0,
                   "yanchor": "bottom"},
        "meta": {"parts": len(parts), "columns": columns, "height": height, "x": x, "y": y,
                 "gap": [GAP_X + more, GAP_Y], "edges": [top, BOTTOM], "more": more},
    }  # fmt: skip
    return base.figure(traces, top + BOTTOM + rows * height + (rows - 1) * GAP_Y, **whole, **axes, **layout)


def _more_room(parts: Sequence[Part]) -> int:
    """The pixels that the longest label of a vertical axis needs beyond those for a number."""
    labels = [
        label
        for part in parts
        if part.y.get("showticklabels", True)
        for label in part.y.get("ticktext", ())
    ]
    return max(0, round(LETTER * max(map(len, labels), default=0) - LABEL))


def _settings(axis: base.Axis, title: str) -> base.Axis:
    return {
        **base.AXIS,
        **axis,
        "automargin": False,
        "title": {**base.AXIS["title"], "text": title, "standoff": 6},
    }


def _axis(letter: str, i: int) -> str:
    """plotly's name of the axis of part i: x, x2, x3, ..."""
    return f"{letter}{i + 1}" if i else letter


def _title(text: str, i: int) -> dict[str, Any]:
    """The title above part i, which stays with it wherever the part is."""
    return {
        "text": f"<b>{text}</b>" if text else "", "showarrow": False, "font": {"size": 13},
        "xref": f"{_axis('x', i)} domain", "yref": f"{_axis('y', i)} domain",
        "x": 0.5, "y": 1.0, "xanchor": "center", "yanchor": "bottom",
    }  # fmt: skip
