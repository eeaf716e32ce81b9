"""Heatmaps of the ranked metric over any two keys."""

from itertools import permutations

from nnlab.reports.figures.axes import MOST_VALUES, ranked_range, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.heatmap import heatmap
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults

HTML = """
{% if figures %}
<p>{{ sweep.select_by }}, averaged over all other keys; diverged nets are counted apart.</p>
{{ figure(id, figures) }}
{% else %}
<p>The sweep varies fewer than two keys.</p>
{% endif %}
"""


def draw(results: SweepResults) -> Choices:
    """A heatmap for each ordered pair of keys."""
    sweep = results.sweep
    keys = [key for key in sweep.keys if len(values(sweep, key)) <= MOST_VALUES]
    metric, limits = sweep.select_by, ranked_range(sweep)
    return {
        f"{y} over {x}": [heatmap(sweep, sweep.cells, (x, y), metric, limits, height=460)]
        for y, x in permutations(keys, 2)
    }


PANEL = Panel("pairs", "Two keys", "Any two keys", HTML, draw=draw)
