"""The map of trainability: where in the sweep nets learn, get stuck or diverge."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from nnlab.cells.ranking import NUISANCE
from nnlab.reports.figures.axes import MOST_VALUES, names, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.heatmap import STATES, heatmap
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, Sweep, shown

HTML = """
{% if figures %}
<p>{{ "Rmse" if sweep.regression else "Accuracy" }} on the training set
{%- if averaged %}, averaged over {{ averaged|join(", ") }}{% endif %}.
Where no net learnt, the square has the colour of its state:
<span class="key">
{% for colour, ink, word in states %}
<span style="background:{{ colour }};color:{{ ink }}">{{ word }}</span>
{% endfor %}
</span></p>
{{ figure(id, figures, sides, "where") }}
<p class="soft">Diverged: the cost was infinite or not a number at some step. Stuck: trained to the last
step, but no better on the training set than always answering
{{ "the mean of the targets" if sweep.regression else "its most common class" }}
{%- if majority %} ({{ "%.3f"|format(majority) }}){% endif %}.
If only some nets of a square diverged, got stuck or failed, the square says how many.</p>
{% else %}
<p>The sweep varies no key but seed and fold: there is nothing to map.</p>
{% endif %}
"""


class Axes(NamedTuple):
    """The keys of the map, as far as the sweep varies any."""

    x: str | None
    y: str | None
    side: str | None  # one map for each of its values, side by side


def axes(sweep: Sweep) -> Axes:
    """Scale and depth, if they vary, else the first keys that vary; activations are side by side."""
    keys = [key for key in sweep.keys if key not in NUISANCE and len(values(sweep, key)) <= MOST_VALUES]
    side = "model.activation" if "model.activation" in keys else None
    rest = [key for key in keys if key != side]
    x = next((key for key in ("init.scale", *rest) if key in rest), None)
    y = next((key for key in ("model.depth", *rest) if key in rest and key != x), None)
    return Axes(x, y, side)


def draw(results: SweepResults) -> Choices:
    """For all cells, and for each value of each other key, one map per side."""
    sweep = results.sweep
    x, y, side = axes(sweep)
    if x is None:
        return {}
    metric, limits = f"train/{sweep.score}", _limits(sweep)

    def drawn(cells: Sequence[Run], name: str) -> go.Figure:
        # without a hidden layer the activation does not matter: these cells are in every map
        shared = [c for c in cells if side is None or shown(c.params.get(side)) == name or no_hidden(c)]
        return heatmap(sweep, shared, (x, y), metric, limits)

    def no_hidden(cell: Run) -> bool:
        return side == "model.activation" and cell.params.get("model.depth") == 1

    return {
        choice: [drawn(cells, name) for name in _sides(sweep)] for choice, cells in _choices(sweep).items()
    }


def _choices(sweep: Sweep) -> dict[str, list[Run]]:
    """All cells, and those of each value of each key that has no axis."""
    choices = {"all cells": list(sweep.cells)}
    for key in sweep.keys:
        for value in names(sweep, key)[:MOST_VALUES] if key not in axes(sweep) else ():
            choices[f"{key} = {value}"] = [c for c in sweep.cells if shown(c.params.get(key)) == value]
    return choices


def _sides(sweep: Sweep) -> list[str]:
    side = axes(sweep).side
    return names(sweep, side) if side else [""]


def _limits(sweep: Sweep) -> tuple[float, float]:
    """From a constant answer's training accuracy to 1; of a regression, from 0 to a constant's rmse."""
    if sweep.regression:
        return 0.0, max(c.metrics["train/deviation"] for c in sweep.done)
    return min((c.metrics.get("train/majority", 0.5) for c in sweep.done), default=0.5), 1.0


def content(results: SweepResults) -> dict[str, Any]:
    """What the words say: the keys without an axis, the states' colours, a constant's accuracy."""
    sweep = results.sweep
    return {
        "averaged": [key for key in sweep.keys if key not in axes(sweep)],
        "sides": _sides(sweep),
        "states": [_legend(state) for state in STATES],
        "majority": next(
            (run.metrics["train/majority"] for run in sweep.done if "train/majority" in run.metrics), None
        ),
    }


def _legend(state: str) -> tuple[str, str, str]:
    """A state's colour, the colour of letters on it, and its words."""
    colour, word = STATES[state]
    return colour, "#fff" if word == "✕" else "inherit", state if word == state else f"{word} {state}"


PANEL = Panel("map", "Map", "What can be trained", HTML, content, draw)
