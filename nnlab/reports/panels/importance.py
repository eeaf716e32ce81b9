"""How much of the variance of the results each key explains."""

import plotly.graph_objects as go

from nnlab.reports.figures import base
from nnlab.reports.figures.colours import PALETTE
from nnlab.reports.panel import Panel
from nnlab.reports.significance import Shares
from nnlab.reports.sweep_results import SweepResults

HTML = """
{% if figures %}
<p>How much of the variance of the {{ "errors" if sweep.regression else "accuracies" }} over the cells
each key explains: alone, and together with others.</p>
{{ figure(id, figures, label="of") }}
<p class="soft">A variance decomposition (Sobol's first-order and total index). It is exact on a full grid,
but for the values of this grid only: another range of values gives other shares. Alone: the variance of the
means per value of the key. With its interactions: the variance that is left among cells that agree in all
other keys. Diverged nets
{{ "have no error and are left out" if sweep.regression else "count with the accuracy they have" }}.</p>
{% else %}
<p>The metrics do not vary.</p>
{% endif %}
"""


def draw(results: SweepResults) -> base.Choices:
    """Two bars per key, for the ranked metric and for the one on the training set."""
    if not results.sweep.keys:
        return {}
    return {metric: [_bars(shares)] for metric, shares in results.importance.items()}


def _bars(shares: Shares) -> go.Figure:
    """Each key's share alone and with its interactions, the largest on top."""
    keys = sorted(shares, key=lambda key: shares[key][1])
    bars = [
        go.Bar(
            y=keys, x=[100 * shares[key][i] for key in keys], name=name, orientation="h",
            marker={"color": colour}, hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
            texttemplate="%{x:.0f} %", textposition="outside", cliponaxis=False,
        )
        for i, name, colour in ((1, "with its interactions", "#9fc5dd"), (0, "alone", PALETTE[0]))
    ]  # fmt: skip
    x = {"title": "share of the variance, %", "rangemode": "tozero"}
    return base.figure(bars, 140 + 60 * len(keys), x, barmode="group", bargap=0.3)


PANEL = Panel("weight", "Importance", "Which key matters", HTML, draw=draw)
