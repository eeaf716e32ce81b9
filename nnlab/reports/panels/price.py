"""The final training cost against the size of the net and the work of its training."""

import plotly.graph_objects as go

from nnlab.reports.figures.base import Choices, log_axis
from nnlab.reports.figures.scatter import points_by_key, scatter
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Sweep

# choice -> its metric, the axis's title, the format of its ticks
AGAINST = {
    "parameters": ("size/parameters", "parameters", "~s"),
    "operations": ("size/operations", "multiplications of the whole training", "~s"),
    "seconds": ("time/train_s", "seconds of training", "~g"),
}

HTML = """
<p>The final training cost J against the size of the net, or the work or time of its training.</p>
{{ figure(id, figures, label="against") }}
"""


def draw(results: SweepResults) -> Choices:
    """Every cell that did not diverge against each of AGAINST, coloured by activation if it varies."""
    sweep = results.sweep
    key = next((key for key in ("model.activation", *sweep.keys) if key in sweep.keys), "seed")
    return {choice: [_against(sweep, key, *axis)] for choice, axis in AGAINST.items()}


def _against(sweep: Sweep, key: str, metric: str, title: str, tickformat: str) -> go.Figure:
    groups = points_by_key(sweep, key, metric, "train/cost")
    x = log_axis([v for group in groups for v in group.x], tickformat)
    y = log_axis([v for group in groups for v in group.y])
    return scatter(groups, {"title": title, **x}, {"title": "final training cost J", **y})


PANEL = Panel("price", "Cost", "What it costs", HTML, draw=draw)
