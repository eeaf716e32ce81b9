"""Heatmaps of the ranked metric over any two keys."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from nnlab.cells.ranking import NUISANCE
from nnlab.reports.figures.axes import MOST_GROUPS, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.heatmap import Map, heatmap
from nnlab.reports.panel import Panel
from nnlab.reports.panels.trainability import limits
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Sweep, shown

MOST_KEYS = 7  # of which each pair has a heatmap

HTML = """
<p>{{ sweep.select_by }}, averaged over all other keys, on the map's scale; diverged nets are counted apart.
The first pair tells most of the differences.</p>
{{ figure(id, figures, alt="Heatmaps of " ~ sweep.select_by ~ " over two keys") }}
"""


def pairs(sweep: Sweep) -> list[tuple[str, str]]:
    """Each pair of keys, the most telling first."""
    keys = [key for key in sweep.keys if key not in NUISANCE and len(values(sweep, key)) <= MOST_GROUPS]
    first = ("init.scale", "model.width", "model.depth")  # of a pair, which is the horizontal axis
    keys.sort(key=lambda key: first.index(key) if key in first else len(first))
    return sorted(combinations(keys[:MOST_KEYS], 2), key=lambda pair: told(sweep, pair), reverse=True)


def told(sweep: Sweep, pair: Sequence[str]) -> float:
    """The share of the ranked metric's variance that a pair of keys explains, for its number of values.

    It is the adjusted R^2, which many values with one cell each do not raise.
    """
    groups: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for cell in sweep.done:
        if sweep.select_by in cell.counted:
            place = tuple(shown(cell.params.get(key)) for key in pair)
            groups[place].append(cell.counted[sweep.select_by])
    numbers = [v for group in groups.values() for v in group]
    left = len(numbers) - len(groups)
    total = _squares(numbers)
    if left <= 0 or total == 0.0:
        return 0.0
    return 1.0 - (sum(map(_squares, groups.values())) / left) / (total / (len(numbers) - 1))


def _squares(numbers: Sequence[float]) -> float:
    """The sum of the squared distances from the mean."""
    mean = fmean(numbers) if numbers else 0.0
    return sum((number - mean) ** 2 for number in numbers)


def draw(results: SweepResults) -> Choices:
    """A heatmap for each pair of keys."""
    sweep = results.sweep
    return {
        f"{y} over {x}": heatmap(sweep, [Map("", sweep.cells)], (x, y), sweep.select_by, limits(sweep), 340)
        for x, y in pairs(sweep)
    }


def has_pairs(results: SweepResults) -> bool:
    """Two keys besides seed and fold must vary."""
    return bool(pairs(results.sweep))


PANEL = Panel("pairs", "Two keys", "Any two keys", HTML, draw=draw, applies=has_pairs, folded=True)
