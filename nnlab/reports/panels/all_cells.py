"""All cells in one figure: parallel coordinates over the swept keys and two metrics."""

import math
from typing import Any

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.axes import names, ranked_range
from nnlab.reports.figures.colours import SCALE
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import shown

HTML = """
{% if figures %}
<p>Each line is a cell; the brighter it is, the larger its {{ sweep.select_by }}. Drag along an axis to keep
only the lines that pass there.</p>
{{ figure(id, figures) }}
{% else %}
<p>There is nothing to draw.</p>
{% endif %}
"""


def draw(results: SweepResults) -> base.Choices:
    """Every done cell as a line through its values of the swept keys and its metrics."""
    sweep = results.sweep
    if not sweep.done or not sweep.keys:
        return {}
    dimensions: list[dict[str, Any]] = []
    for key in sweep.keys:
        place = {name: i for i, name in enumerate(names(sweep, key))}
        places = [place[shown(cell.params.get(key))] for cell in sweep.done]
        ticks = {"tickvals": list(place.values()), "ticktext": list(place)}
        dimensions.append({"label": key, "values": places, **ticks})
    for metric in dict.fromkeys((f"train/{sweep.score}", sweep.select_by)):
        numbers = [cell.metrics.get(metric, math.nan) for cell in sweep.done]
        dimensions.append({"label": metric, "values": numbers})
    low, high = ranked_range(sweep)
    trace = go.Parcoords(
        dimensions=dimensions,
        line={"color": dimensions[-1]["values"], "colorscale": SCALE, "cmin": low, "cmax": high},
        labelfont={"size": 15}, tickfont={"size": 13},
        rangefont={"size": 1, "color": "#fff"},  # the values at the ends, which the ticks say already
        unselected={"line": {"opacity": 0.05}},
    )  # fmt: skip
    return {"": [base.figure([trace], 430, margin={"l": 80, "r": 80, "t": 60, "b": 30})]}


PANEL = Panel("all", "All cells", "All cells", HTML, draw=draw)
