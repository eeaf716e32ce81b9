"""The metric on the test set against the one on the training set."""

import plotly.graph_objects as go

from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.scatter import points_by_key, scatter
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Sweep

HTML = """
<p>Each point is a cell. On the dashed line training and test {{ sweep.score }} are equal; the further a
point is {{ "above" if sweep.regression else "below" }} it, the more its net has overfitted.</p>
{{ figure(id, figures) }}
"""


def draw(results: SweepResults) -> Choices:
    """Every cell that did not diverge, coloured by each key."""
    sweep = results.sweep
    return {f"coloured by {key}": [_coloured(sweep, key)] for key in sweep.keys or ["seed"]}


def _coloured(sweep: Sweep, key: str) -> go.Figure:
    metric = sweep.score
    groups = points_by_key(sweep, key, f"train/{metric}", f"test/{metric}")
    figure = scatter(
        groups, {"title": f"{metric} on the training set"}, {"title": f"{metric} on the test set"}
    )
    values = [v for group in groups for v in (*group.x, *group.y)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    line = {"color": "#9aa5b1", "dash": "dash"}
    figure.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line=line, layer="below")
    return figure


PANEL = Panel("spread", "Train and test", "Train and test", HTML, draw=draw)
