"""What all figures have in common: type, margins, grid, the logarithmic axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from nnlab.reports.figures.colours import GRID, INK

Axis = Mapping[str, Any]
LEGEND: dict[str, Any] = {"orientation": "h", "itemsizing": "constant"}
NO_AXIS: Axis = {}
Trace = dict[str, Any]  # plotly checks it when the figure is made; its own classes take ten times as long
Choices = dict[str, go.Figure]  # what the reader can choose -> its figure
AXIS: dict[str, Any] = {
    "gridcolor": GRID,
    "zeroline": False,
    "tickfont": {"size": 13},
    "title": {"font": {"size": 14}},
}


def figure(
    traces: Sequence[Trace], height: int, x: Axis = NO_AXIS, y: Axis = NO_AXIS, **layout: Any
) -> go.Figure:
    """A plotly figure of these traces, ``height`` pixels high, in the style of the page.

    ``x`` and ``y`` are plotly's settings of the two axes, such as their title.
    """
    base = {
        "template": "none",
        "height": height,
        "font": {
            "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
            "size": 15,
            "color": INK,
        },
        "margin": {"l": 70, "r": 24, "t": 20, "b": 60},
        "legend": {**LEGEND, "y": 1.02, "yanchor": "bottom", "x": 0},
        "hoverlabel": {"font": {"size": 14}},
        "xaxis": {**AXIS, "automargin": True, **x},
        "yaxis": {**AXIS, "automargin": True, **y},
    }
    return go.Figure(list(traces), {**base, **layout})


def log_axis(values: Sequence[float], tickformat: str = "~g") -> Axis:
    """A logarithmic axis that holds these values: one label per decade, more where there are few.

    Where 1, 2, 5 of a decade are labels enough ("D2"), its other numbers would touch each other.
    """
    positive = [float(v) for v in values if v > 0.0]
    low, high = (np.log10(min(positive)), np.log10(max(positive))) if positive else (0.0, 1.0)
    margin = 0.05 * max(high - low, 0.5)
    decades = int(high - low)
    ends = low - margin, high + margin
    few = sum(ends[0] <= np.log10(k) + n <= ends[1] for k in (1, 2, 5) for n in range(-30, 30)) < 2
    dtick = ("D1" if few else "D2") if decades < 2 else 1 + decades // 8
    return {"type": "log", "range": [*ends], "dtick": dtick, "tickformat": tickformat}
