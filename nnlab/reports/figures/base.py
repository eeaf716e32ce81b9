"""What all figures have in common: type, margins, grid, the logarithmic axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from nnlab.reports.figures.colours import GRID, INK

Axis = Mapping[str, Any]
NO_AXIS: Axis = {}
Choices = dict[str, list[go.Figure]]  # what the reader can choose -> the figures shown side by side


def figure(
    traces: Sequence[Any], height: int, x: Axis = NO_AXIS, y: Axis = NO_AXIS, **layout: Any
) -> go.Figure:
    """A plotly figure of these traces, ``height`` pixels high, in the style of the page.

    ``x`` and ``y`` are plotly's settings of the two axes, such as their title.
    """
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True}
    base = {
        "template": "none",
        "height": height,
        "font": {
            "family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif",
            "size": 15,
            "color": INK,
        },
        "margin": {"l": 70, "r": 40, "t": 20, "b": 60},
        "modebar": {"orientation": "v", "bgcolor": "rgba(0,0,0,0)"},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
        "hoverlabel": {"font": {"size": 14}},
        "xaxis": {**axis, **x},
        "yaxis": {**axis, **y},
    }
    return go.Figure(list(traces), {**base, **layout})


def log_axis(values: Sequence[float], tickformat: str = "~g") -> Axis:
    """A logarithmic axis that holds these values: one label per decade, more where there are few."""
    positive = [float(v) for v in values if v > 0.0]
    low, high = (np.log10(min(positive)), np.log10(max(positive))) if positive else (0.0, 1.0)
    margin = 0.05 * max(high - low, 0.5)
    decades = int(high - low)
    dtick = ("D1", "D2")[decades] if decades < 2 else 1 + decades // 8
    return {"type": "log", "range": [low - margin, high + margin], "dtick": dtick, "tickformat": tickformat}
