"""The map of trainability: where in the sweep nets learn, get stuck or diverge."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from nnlab.cells.findings import is_number
from nnlab.cells.ranking import NUISANCE
from nnlab.reports.figures.axes import ACTIVATION, MOST_GROUPS, MOST_VALUES, names, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.heatmap import Limits, Line, Map, heatmap
from nnlab.reports.figures.square import by_place
from nnlab.reports.figures.theory import FACTOR, trainable_depth
from nnlab.reports.html import as_json
from nnlab.reports.panel import Panel
from nnlab.reports.squares import columns, details
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, Sweep, shown

MOST_SQUARES = 1200  # of all figures together
MOST_CHOSEN = 4000  # squares; of more, what each shows would make the page larger than 6 MB
MOST_SIDES = 8  # maps side by side

HTML = """
{% if crowded %}
<p>No axis is drawn for {{ crowded|join(", ") }}: more than {{ most }} values.</p>
{% endif %}
{% if figures %}
<p>{{ "Rmse" if sweep.regression else "Accuracy" }} on the training set
{%- if averaged %}, averaged over {{ averaged|join(", ") }}{% endif %}.
A square with a sign has no net that learnt.
{% if theory %}Line: the mean-field theory of wide nets says that nets can be trained down to a depth of
about {{ factor }} ξ.{% endif %}
{% if squares %}
 Choose a square, here or in the figure, to see its runs.</p>
{% else %}
 So many squares cannot be chosen; <code>nnlab report RUN</code> shows a single run.</p>
{% endif %}
{{ figure(id, figures, "where", alt) }}
{% if squares %}
<div id="choose-square">
{% for key, options in menus.items() %}
<label class="choose">{{ key }}<select data-key="{{ loop.index0 }}">
{% for option in options %}<option value="{{ loop.index0 }}">{{ option }}</option>{% endfor %}
</select></label>
{% endfor %}
<button type="button">show this square</button>
</div>
<div id="square" class="chosen" role="region" aria-live="polite" aria-label="the chosen square">
</div>
<script type="application/json" id="squares">{{ squares }}</script>
{% endif %}
<details><summary>what the states mean</summary>
<p class="soft">Diverged: the cost was infinite or not a number at some step. Stuck: trained to the last
step, but no better on the training set than always answering
{{ "the mean of the targets" if sweep.regression else "its most common class" }}
{%- if majority %} ({{ "%.3f"|format(majority) }}){% endif %}.
If only some nets of a square diverged, got stuck or failed, the square says how many.
{% if theory %}ξ is the depth over which the signals of two inputs become alike, or drift apart, by a
factor e in a random net before its first step (Schoenholz et al. 2017, Deep Information Propagation).
{% endif %}</p></details>
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
    side = ACTIVATION if ACTIVATION in keys and len(keys) > 1 else None
    rest = [key for key in keys if key != side]
    x = next((key for key in ("init.scale", *rest) if key in rest), None)
    y = next((key for key in ("model.depth", *rest) if key in rest and key != x), None)
    return Axes(x, y, side)


def crowded(sweep: Sweep) -> list[str]:
    """The keys with too many values for an axis, as in a random search."""
    return [key for key in sweep.keys if key not in NUISANCE and len(values(sweep, key)) > MOST_VALUES]


def trainability_map(sweep: Sweep, cells: Sequence[Run] | None = None) -> go.Figure:
    """The map of a sweep that varies a key, or of some of its cells."""
    x, y, _ = axes(sweep)
    assert x is not None
    drawn = maps(sweep, sweep.cells if cells is None else cells)
    tall = len(names(sweep, y)) > 20 if y else False
    alone = len(drawn) == 1
    height = 460 if tall and alone else 330 if alone else 230
    return heatmap(sweep, drawn, (x, y), f"train/{sweep.score}", limits(sweep), height)


def maps(sweep: Sweep, cells: Sequence[Run]) -> list[Map]:
    """The heatmaps side by side, with the line of the theory where the axes are scale and depth."""
    apply = axes(sweep)[:2] == ("init.scale", "model.depth")
    return [
        Map(name, members, _theory(sweep, members) if apply else None)
        for name, members in sides(sweep, cells).items()
    ]


def sides(sweep: Sweep, cells: Sequence[Run]) -> dict[str, list[Run]]:
    """The cells of each map. Without a hidden layer the activation does not matter: such are in all."""
    side = axes(sweep).side
    if side is None:
        return {"": list(cells)}
    return {
        name: [c for c in cells if shown(c.params.get(side)) == name or c.params.get("model.depth") == 1]
        for name in names(sweep, side)[:MOST_SIDES]
    }


def _theory(sweep: Sweep, cells: Sequence[Run]) -> Line | None:
    """The depth that the theory says can be trained, over the scales, by places of the heatmap."""
    scales, depths = values(sweep, "init.scale"), values(sweep, "model.depth")
    deep = [cell.params for cell in cells if cell.params.get("model.depth") != 1]
    schemes = {(p.get("init.scheme"), p.get("model.leak")) for p in deep}
    widths = {p.get("model.width") for p in deep} if any(s == "normal" for s, _ in schemes) else {1}
    if len(schemes) != 1 or len(widths) != 1 or not all(is_number(v) and v > 0 for v in (*scales, *depths)):
        return None
    if min(len(scales), len(depths)) < 2:
        return None
    fine = np.exp(np.interp(np.linspace(0, len(scales) - 1, 60), range(len(scales)), np.log(scales)))
    reached = [trainable_depth({"model.width": 1} | dict(deep[0]), float(scale)) for scale in fine]
    known = [(s, min(d, 1e6)) for s, d in zip(fine, reached, strict=True) if d is not None]
    if not known:
        return None
    x = np.interp(np.log([s for s, _ in known]), np.log(scales), range(len(scales)))
    y = np.interp(np.log([d for _, d in known]), np.log(depths), range(len(depths)), -1, len(depths))
    inside = (y >= 0.0) & (y <= len(depths) - 1)
    beside = np.convolve(inside, [1, 1, 1], "same") > 0  # the first point beyond an edge is drawn on it
    y = np.where(beside, np.clip(y, -0.5, len(depths) - 0.5), np.nan)
    return Line(x.tolist(), y.tolist(), f"{FACTOR:g} ξ (theory)")


def draw(results: SweepResults) -> Choices:
    """The map of all cells, and of those with each value of each key that has no axis."""
    sweep = results.sweep
    x, y, side = axes(sweep)
    if x is None:
        return {}
    squares = len(names(sweep, x)) * (len(names(sweep, y)) if y else 1)
    squares *= len(names(sweep, side)) if side else 1
    drawn = list(_choices(sweep).items())[: max(1, MOST_SQUARES // squares)]
    return {choice: trainability_map(sweep, cells) for choice, cells in drawn}


def _choices(sweep: Sweep) -> dict[str, list[Run]]:
    """All cells, and those of each value of each key that has no axis."""
    choices = {"all cells": list(sweep.cells)}
    for key in sweep.keys:
        for value in names(sweep, key)[:MOST_GROUPS] if key not in axes(sweep) else ():
            choices[f"{key} = {value}"] = [c for c in sweep.cells if shown(c.params.get(key)) == value]
    return choices


def limits(sweep: Sweep) -> Limits:
    """From a constant answer's training accuracy to 1; of a regression, from 0 to a constant's rmse."""
    if sweep.regression:
        return 0.0, max(c.metrics["train/deviation"] for c in sweep.done)
    return min((c.metrics.get("train/majority", 0.5) for c in sweep.done), default=0.5), 1.0


def content(results: SweepResults) -> dict[str, Any]:
    """What the words say, the menus that choose a square, and what is shown of it."""
    sweep = results.sweep
    x, y, side = axes(sweep)
    crowd = {"crowded": crowded(sweep), "most": MOST_VALUES}
    if x is None:
        return crowd
    keys = [key for key in (side, x, y) if key]
    groups = sides(sweep, sweep.cells)
    squares = {
        ",".join(map(str, (i, *place))): runs
        for i, members in enumerate(groups.values())
        for place, runs in by_place(sweep, members, (x, y)).items()
    }
    menus = {key: list(groups) if key == side else names(sweep, key) for key in keys}
    shown_ = {"keys": ["side" if key == side else key for key in keys], "menus": menus,
              "columns": ["run", "state", *columns(results), "run again"],
              "squares": details(results, squares) if len(squares) <= MOST_CHOSEN else {}}  # fmt: skip
    return crowd | {
        "averaged": [key for key in sweep.keys if key not in keys],
        "menus": menus,
        "squares": as_json(shown_) if shown_["squares"] else "",
        "alt": f"Map: training {sweep.score} by {' and '.join(keys)}",
        "theory": any(one.line for one in maps(sweep, sweep.cells)),
        "factor": f"{FACTOR:g}",
        "majority": next(
            (run.metrics["train/majority"] for run in sweep.done if "train/majority" in run.metrics), None
        ),
    }


def varies(results: SweepResults) -> bool:
    """A sweep of one configuration has nothing to map."""
    return axes(results.sweep).x is not None or bool(crowded(results.sweep))


PANEL = Panel("map", "Map", "What can be trained", HTML, content, draw, varies)
