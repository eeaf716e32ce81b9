"""The final training cost against the price of a net: its size, its arithmetic, its time."""

from nnlab.reports.figures.axes import ACTIVATION
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.scatter import Metric, points_by_key, scatter
from nnlab.reports.panel import Panel, several
from nnlab.reports.sweep_results import SweepResults

AGAINST = {
    "operations": Metric("size/operations", "multiplications of the whole training", True, "~s"),
    "parameters": Metric("size/parameters", "parameters", True, "~s"),
    "seconds": Metric("time/train_s", "seconds of training", True),
}
COST = Metric("train/cost", "cost J", True)

HTML = """
{% if figures %}
<p>The final training cost J against the price of the net: its size, and the arithmetic or the time of its
training. A larger point is several cells. Diverged nets are left out.</p>
{{ figure(id, figures, "against", "Final training cost against the price of the training") }}
{% else %}
<p>No cell has finished.</p>
{% endif %}
"""


def draw(results: SweepResults) -> Choices:
    """Every cell that did not diverge against each of AGAINST, apart by activation if it varies."""
    sweep = results.sweep
    key = next((key for key in (ACTIVATION, *sweep.keys) if key in sweep.keys), None)
    groups = {choice: points_by_key(sweep, key, metric, COST) for choice, metric in AGAINST.items()}
    return {choice: scatter(found, AGAINST[choice], COST) for choice, found in groups.items() if found}


PANEL = Panel("price", "Price", "The price of a low cost", HTML, draw=draw, applies=several, folded=True)
