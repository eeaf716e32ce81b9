"""Axes: the values of a key in order, and the range of the ranked metric."""

from typing import Any

from nnlab.tracking import Sweep, shown

MOST_VALUES = 40  # a key of more values gets no axis of a map and no legend


def values(sweep: Sweep, key: str) -> list[Any]:
    """The values that a key takes in the sweep: none first, then numbers, then texts and lists."""
    found = {shown(cell.params.get(key)): cell.params.get(key) for cell in sweep.cells}

    def order(value: Any) -> tuple[int, float, str]:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return 0 if value is None else 1 if number else 2, value if number else 0.0, shown(value)

    return sorted(found.values(), key=order)


def names(sweep: Sweep, key: str) -> list[str]:
    """The same values as the page writes them."""
    return [shown(value) for value in values(sweep, key)]


def ranked_range(sweep: Sweep) -> tuple[float, float]:
    """The lowest and highest value of the ranked metric over the cells that did not diverge."""
    found = [
        c.metrics[sweep.select_by]
        for c in sweep.done
        if c.state != "diverged" and sweep.select_by in c.metrics
    ]
    return min(found, default=0.0), max(found, default=1.0)
