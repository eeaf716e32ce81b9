"""The metric on the test set against the one on the training set."""

from math import inf

from nnlab.cells.ranking import NUISANCE
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.scatter import Metric, points_by_key, scatter
from nnlab.reports.panel import Panel, several
from nnlab.reports.panels.trainability import limits
from nnlab.reports.sweep_results import SweepResults

HTML = """
{% if figures %}
<p>Each point is a cell; the larger it is, the more cells stand there. On the dashed line training and test
{{ sweep.score }} are equal; the further a point is {{ "above" if sweep.regression else "below" }} it, the
more its net has overfitted. Diverged nets are left out
{%- if sweep.regression %}; an error above twice a constant answer's stands at that value{% endif %}.</p>
{{ figure(id, figures, "apart by", "Test against training " ~ sweep.score ~ " of the cells") }}
{% else %}
<p>No cell has finished.</p>
{% endif %}
"""


def draw(results: SweepResults) -> Choices:
    """Every cell that did not diverge, apart by each key."""
    sweep = results.sweep
    metric = sweep.score
    most = 2.0 * limits(sweep)[1] if sweep.regression and sweep.done else inf  # an error has no bound
    x = Metric(f"train/{metric}", f"{metric} on the training set", most=most)
    y = Metric(f"test/{metric}", "on the test set", most=most)
    keys: list[str | None] = [key for key in sweep.keys if key not in NUISANCE]
    groups = {key: points_by_key(sweep, key, x, y) for key in keys or [None]}
    return {key or "": scatter(found, x, y, diagonal=True) for key, found in groups.items() if found}


PANEL = Panel("spread", "Train and test", "Train and test", HTML, draw=draw, applies=several, folded=True)
