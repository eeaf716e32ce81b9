"""The learning curves of the best configurations, and of all by each key."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnlab.cells.ranking import NUISANCE, Configuration
from nnlab.nn import Array
from nnlab.reports.figures.axes import names, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.colours import PALETTE, colours
from nnlab.reports.figures.learning_curves import Curve, Group, curve, learning_curves
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, Sweep, shown

POINTS = 100  # of one curve
MOST_RUNS = 150  # of which curves are drawn
BEST = len(PALETTE)  # configurations that have a colour of their own

HTML = """
{% if figures %}
<p>Training cost J against the step. The line is the middle of a configuration's runs (its seeds and folds),
the band is their range.
{% if drawn < configurations %}
{{ drawn }} of {{ configurations }} configurations are drawn: the best ones, and others evenly over the
ranking.
{% endif %}</p>
{{ figure(id, figures) }}
{% else %}
<p>No run has a curve.</p>
{% endif %}
"""


def chosen(sweep: Sweep) -> list[Configuration[Run]]:
    """The configurations that are drawn: the best ones, and others evenly over the ranking."""
    ranked = sweep.ranked
    each = max((len(c.runs) for c in ranked), default=1)
    most = max(MOST_RUNS // each, BEST)
    if len(ranked) <= most:
        return ranked
    places = {*range(BEST), *np.linspace(BEST, len(ranked) - 1, most - BEST).astype(int).tolist()}
    return [ranked[i] for i in sorted(places)]


def content(results: SweepResults) -> dict[str, Any]:
    """How many configurations are drawn, and how many there are."""
    return {"drawn": len(chosen(results.sweep)), "configurations": len(results.sweep.ranked)}


def draw(results: SweepResults) -> Choices:
    """The best configurations in a colour each, and all that are drawn coloured by each key."""
    sweep = results.sweep
    configurations = chosen(sweep)
    costs = results.costs([run for c in configurations for run in c.runs])
    curves = [_curve(c, costs) for c in configurations]
    best = [Group(c.name, colour, [c]) for c, colour in zip(curves, PALETTE, strict=False)]
    if not best:
        return {}
    choices = {f"the best {len(best)}": [learning_curves(best)]}
    for key in sweep.keys:
        if key in NUISANCE:
            continue
        members: dict[str, list[Curve]] = defaultdict(list)
        for configuration, line in zip(configurations, curves, strict=True):
            members[shown(configuration.runs[0].params.get(key))].append(line)
        groups = [
            Group(f"{key} {name}", colour, members[name])
            for name, colour in zip(names(sweep, key), colours(values(sweep, key)), strict=True)
            if name in members
        ]
        choices[f"coloured by {key}"] = [learning_curves(groups)]
    return choices


def _curve(configuration: Configuration[Run], costs: Mapping[str, Array]) -> Curve:
    """The curve of the runs that did not diverge; of all if each of them did."""
    sound = [run for run in configuration.runs if run.state != "diverged"]
    runs = sound or configuration.runs
    return curve(configuration.name, [costs[run.id] for run in runs], not sound, POINTS)


PANEL = Panel("curves", "Curves", "Learning curves", HTML, content, draw)
