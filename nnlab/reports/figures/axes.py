"""Axes: the values of a key in order, their labels, and the range of the ranked metric."""

from collections.abc import Sequence
from typing import Any

from nnlab.cells.findings import ordered, shown
from nnlab.nn import ACTIVATIONS
from nnlab.reports.figures.base import Axis
from nnlab.tracking import Sweep

MOST_VALUES = 100  # a key of more values gets no axis of a map
MOST_GROUPS = 40  # a key of more values gets no legend, and no plot for each value
MOST_LETTERS = 16  # of a label
ACTIVATION = "model.activation"


def values(sweep: Sweep, key: str) -> list[Any]:
    """The values that a key takes in the sweep: none first, then numbers, then texts and lists.

    Activations stand in the order of their table: those that saturate, then the ReLUs.
    """
    found = ordered(sweep.values(key).values())
    if key == ACTIVATION:
        table = list(ACTIVATIONS)
        found.sort(key=lambda value: table.index(value) if value in table else len(table))
    return found


def names(sweep: Sweep, key: str) -> list[str]:
    """The same values as the page writes them."""
    return [shown(value) for value in values(sweep, key)]


def places_axis(labels: Sequence[str], most: int) -> Axis:
    """An axis of places 0, 1, 2, ... of equal width, of which at most ``most`` are labelled."""
    every = -(-len(labels) // most)
    places = list(range(0, len(labels), every))
    return {
        "tickvals": places, "ticktext": [_short(labels[i]) for i in places], "showgrid": False,
        "range": [-0.5, len(labels) - 0.5],
    }  # fmt: skip


def _short(label: str) -> str:
    try:
        return min(label, f"{float(label):.3g}", key=len)
    except ValueError:
        return label if len(label) <= MOST_LETTERS else f"{label[: MOST_LETTERS - 1]}…"


def rounded(value: float, digits: int = 4) -> float:
    """A number with the digits that can be seen, which keeps the page small."""
    return float(f"{value:.{digits}g}")


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """At most ``most`` of the items, evenly spread, with the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def ranked_range(sweep: Sweep) -> tuple[float, float]:
    """The lowest and highest value of the ranked metric over the cells that did not diverge."""
    found = [
        c.metrics[sweep.select_by]
        for c in sweep.done
        if c.state != "diverged" and sweep.select_by in c.metrics
    ]
    return min(found, default=0.0), max(found, default=1.0)
