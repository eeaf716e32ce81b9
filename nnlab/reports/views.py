"""What the report shows of a sweep: from its runs to the figures, each with its choices."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from nnlab.cells.ranking import NUISANCE, Configuration
from nnlab.reports import figures
from nnlab.reports import significance as statistics
from nnlab.reports.figures import Curve, Marks, Square
from nnlab.tracking.runs import Run, Sweep, shown

Choices = dict[str, list[go.Figure]]  # what the reader may choose -> figures side by side
Histories = Mapping[str, NDArray[np.float64]]  # run id -> the cost of every step

POINTS = 100  # of one curve
BEST = 8  # configurations that have a colour of their own
MOST_DRAWN = 150  # runs whose curves are drawn
LARGEST = 1e30  # cost that is drawn, within float32
MOST_VALUES = 40  # of a key that has a place on a map's axis, or in a legend


def values(sweep: Sweep, key: str) -> list[Any]:
    """A key's values in order: none first, then numbers, then texts and lists."""
    found = {shown(cell.params.get(key)): cell.params.get(key) for cell in sweep.cells}

    def order(value: Any) -> tuple[int, float, str]:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return 0 if value is None else 1 if number else 2, value if number else 0.0, shown(value)

    return sorted(found.values(), key=order)


def _names(sweep: Sweep, key: str) -> list[str]:
    return [shown(value) for value in values(sweep, key)]


# -- maps ------------------------------------------------------------------------------------------


def axes(sweep: Sweep) -> tuple[str | None, str | None, str | None]:
    """The keys of the map's horizontal and vertical axis and of its panels, as far as they vary."""
    keys = [key for key in sweep.keys if key not in NUISANCE and len(values(sweep, key)) <= MOST_VALUES]
    panel = "model.activation" if "model.activation" in keys else None
    rest = [key for key in keys if key != panel]
    x = next((key for key in ("init.scale", *rest) if key in rest), None)
    y = next((key for key in ("model.depth", *rest) if key in rest and key != x), None)
    return x, y, panel


def trainability(sweep: Sweep) -> tuple[list[str], Choices]:
    """The panels' names, and for each slice one figure a panel: accuracy or error on the training set."""
    x, y, panel = axes(sweep)
    if x is None:
        return [], {}
    panels = _names(sweep, panel) if panel else [""]
    others = [key for key in sweep.keys if key not in (x, y, panel)]
    slices: dict[str, list[Run]] = {"all cells": list(sweep.cells)}
    for key in others:
        for value in _names(sweep, key)[:MOST_VALUES]:
            chosen = [cell for cell in sweep.cells if shown(cell.params.get(key)) == value]
            slices[f"{key} = {value}"] = chosen
    trained, limits = f"train/{sweep.score}", _trained_limits(sweep)

    def figure(cells: Sequence[Run], name: str) -> go.Figure:
        # without a hidden layer the activation does not matter: these cells stand in every panel
        there = [c for c in cells if panel is None or shown(c.params.get(panel)) == name or no_hidden(c)]
        return _grid(sweep, there, x, y, trained, limits)

    def no_hidden(cell: Run) -> bool:
        return panel == "model.activation" and cell.params.get("model.depth") == 1

    return panels, {label: [figure(cells, name) for name in panels] for label, cells in slices.items()}


def _trained_limits(sweep: Sweep) -> tuple[float, float]:
    """From a constant's training accuracy to 1; of a regression, from 0 to a constant's error."""
    if sweep.regression:
        return 0.0, max(c.metrics["train/deviation"] for c in sweep.done)
    return min((c.metrics.get("train/majority", 0.5) for c in sweep.done), default=0.5), 1.0


def heatmaps(sweep: Sweep) -> Choices:
    """The ranked figure over every two swept keys, averaged over all others."""
    keys = [key for key in sweep.keys if len(values(sweep, key)) <= MOST_VALUES]
    return {
        f"{y} over {x}": [_grid(sweep, sweep.cells, x, y, sweep.select_by, _limits(sweep), 460)]
        for y, x in permutations(keys, 2)
    }


def _limits(sweep: Sweep) -> tuple[float, float]:
    """The range of the ranked figure among what did not diverge."""
    found = [c.metrics[sweep.select_by] for c in sweep.done if c.state != "diverged"]
    return min(found, default=0.0), max(found, default=1.0)


def _grid(
    sweep: Sweep,
    cells: Sequence[Run],
    x: str,
    y: str | None,
    metric: str,
    limits: tuple[float, float],
    height: int = 330,
) -> go.Figure:
    places: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for cell in cells:
        places[shown(cell.params.get(x)), shown(cell.params.get(y)) if y else ""].append(cell)
    squares = {place: _square(members, metric) for place, members in places.items()}
    rows = _names(sweep, y) if y else [""]
    return figures.grid(squares, _names(sweep, x), rows, (x, y or ""), limits, height)


def _square(cells: Sequence[Run], metric: str) -> Square:
    states = Counter(cell.state for cell in cells)
    trained = [c.metrics[metric] for c in cells if c.state in ("finished", "stuck") and metric in c.metrics]
    value = math.fsum(trained) / len(trained) if trained else None
    apart = {state: n for state, n in states.items() if state in figures.STATES}
    whole = not states.keys() - figures.STATES.keys()
    state = max(apart, key=lambda state: apart[state]) if apart and whole else None
    marks = {state: word for state, (_, word) in figures.STATES.items()}
    note = f"{sum(apart.values())}/{len(cells)} {' '.join(marks[s] for s in apart)}" if apart else ""
    counted = ", ".join(f"{n} {state}" for state, n in states.items())
    mean = "" if value is None else f"{metric} {value:.4f}<br>"
    return Square(value, state if state or value is not None else "failed", note, f"{mean}{counted}")


# -- curves ----------------------------------------------------------------------------------------


def drawn(sweep: Sweep) -> list[Configuration[Run]]:
    """The configurations whose curves are drawn: the best ones, and others evenly over the ranking."""
    ranked = sweep.ranked
    each = max((len(c.runs) for c in ranked), default=1)
    most = max(MOST_DRAWN // each, BEST)
    if len(ranked) <= most:
        return ranked
    places = {*range(BEST), *np.linspace(BEST, len(ranked) - 1, most - BEST).astype(int).tolist()}
    return [ranked[i] for i in sorted(places)]


def learning(sweep: Sweep, histories: Histories) -> Choices:
    """Learning curves: the best configurations each for itself, and all that are drawn by each key."""
    lines = [(c, _curve(c, histories)) for c in drawn(sweep)]
    best = [
        (c.name, colour, [line]) for (c, line), colour in zip(lines, figures.PALETTE, strict=False) if line
    ]
    if not best:
        return {}
    choices = {f"the best {len(best)}": [figures.curves(best)]}
    for key in sweep.keys:
        names = _names(sweep, key)
        if key in NUISANCE:
            continue
        members: dict[str, list[Curve]] = defaultdict(list)
        for configuration, line in lines:
            if line:
                members[shown(configuration.runs[0].params.get(key))].append(line)
        groups = [
            (f"{key} {name}", colour, members[name])
            for name, colour in zip(names, figures.colours(values(sweep, key)), strict=True)
            if name in members
        ]
        choices[f"coloured by {key}"] = [figures.curves(groups)]
    return choices


def _curve(configuration: Configuration[Run], histories: Histories) -> Curve | None:
    runs = [run for run in configuration.runs if run.id in histories]
    sound = [run for run in runs if run.state != "diverged"]
    seeds = [finite(histories[run.id]) for run in sound or runs]
    shared = min((len(seed) for seed in seeds), default=0)
    if not seeds:
        return None
    kept = np.unique(np.linspace(0, shared - 1, min(POINTS, shared)).astype(int))
    costs = np.array([seed[kept] for seed in seeds])  # (seeds, k)
    costs = np.where(costs > 0.0, np.minimum(costs, LARGEST), np.nan)  # the axis is logarithmic
    middle, low, high = (f(costs, axis=0).astype(np.float32) for f in (np.median, np.min, np.max))
    return Curve(configuration.name, kept.astype(np.float32), middle, low, high, not sound)


def finite(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The costs (k,) up to the first that is no number."""
    wrong = ~np.isfinite(costs)
    return costs[: int(wrong.argmax())] if wrong.any() else costs


# -- all cells -------------------------------------------------------------------------------------


def parallel(sweep: Sweep) -> Choices:
    """Every done cell as a line through the swept keys and its figures."""
    if not sweep.done or not sweep.keys:
        return {}
    keys = {}
    for key in sweep.keys:
        names = _names(sweep, key)
        keys[key] = (names, [names.index(shown(cell.params.get(key))) for cell in sweep.done])
    shown_metrics = (f"train/{sweep.score}", sweep.select_by)
    numbers = {m: [c.metrics.get(m, math.nan) for c in sweep.done] for m in shown_metrics}
    return {"": [figures.parallel(keys, numbers, numbers[sweep.select_by], _limits(sweep))]}


def importance(sweep: Sweep) -> Choices:
    """How much of the variance of the figures each key explains."""
    choices: Choices = {}
    if not sweep.keys:
        return choices
    for metric in dict.fromkeys((sweep.select_by, f"train/{sweep.score}")):
        rows = [cell for cell in sweep.done if metric in cell.metrics]
        shares = statistics.importance(
            [c.params for c in rows], sweep.keys, [c.metrics[metric] for c in rows]
        )
        choices[metric] = [figures.importance(shares)]
    return choices


def gap(sweep: Sweep) -> Choices:
    """Test against training figure of every cell that did not diverge, coloured by each key."""
    figure = sweep.score
    return {
        f"coloured by {key}": [
            figures.scatter(
                list(_marks(sweep, key, f"train/{figure}", f"test/{figure}")),
                (f"{figure} on the training set", f"{figure} on the test set"),
                logarithmic=False,
            )
        ]
        for key in sweep.keys or ["seed"]
    }


def cost(sweep: Sweep) -> Choices:
    """The final training cost against what it took."""
    against = {
        "parameters": ("size/parameters", "parameters"),
        "operations": ("size/operations", "multiplications of the whole training"),
        "seconds": ("time/train_s", "seconds of training"),
    }
    colour = next(iter(key for key in ("model.activation", *sweep.keys) if key in sweep.keys), "seed")
    return {
        choice: [
            figures.scatter(
                list(_marks(sweep, colour, metric, "train/cost")),
                (label, "final training cost J"),
                logarithmic=True,
                tickformat="~g" if choice == "seconds" else "~s",
            )
        ]
        for choice, (metric, label) in against.items()
    }


def _marks(sweep: Sweep, key: str, x: str, y: str) -> Iterator[Marks]:
    """The cells that show both metrics: a group for each value, or one where a legend would not help."""
    cells = [
        cell for cell in sweep.done if cell.state != "diverged" and x in cell.metrics and y in cell.metrics
    ]
    colour_of = dict(zip(_names(sweep, key), figures.colours(values(sweep, key)), strict=True))
    value = {cell.id: shown(cell.params.get(key)) for cell in cells}

    def marks(name: str, colour: str | list[str], members: list[Run]) -> Marks:
        xs, ys = [c.metrics[x] for c in members], [c.metrics[y] for c in members]
        return Marks(name, colour, xs, ys, [cell.name for cell in members])

    if len(colour_of) > MOST_VALUES:
        yield marks(key, [colour_of[value[cell.id]] for cell in cells], cells)
        return
    for name, colour in colour_of.items():
        if members := [cell for cell in cells if value[cell.id] == name]:
            yield marks(f"{key} {name}", colour, members)
