"""The squares of a heatmap: the cells that stand there, and the mean of a metric or why there is none."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nnlab.records import counted_states
from nnlab.reports.figures.axes import names
from nnlab.tracking import Run, Sweep, shown

Keys = tuple[str, str | None]  # of the horizontal and the vertical axis; None: a single row
Place = tuple[int, int]  # column and row


class Look(NamedTuple):
    """How a square without a mean looks: its colour, and a sign that needs no colour."""

    colour: str
    symbol: str  # plotly's name of the sign
    letter: str  # the same sign in a text


STATES = {
    "stuck": Look("#d5d8dc", "line-ew-open", "–"),
    "diverged": Look("#868e99", "x-thin-open", "✕"),
    "failed": Look("#f3c9b5", "triangle-up-open", "△"),
}


@dataclass(frozen=True)
class Square:
    """What one square shows: the mean of its trained nets, or a state if none of them learnt."""

    value: float | None
    state: str | None  # if no net of the square learnt: the one of STATES that most of them are in
    note: str  # below: how many of the nets are in another one of STATES
    hover: str


def square(cells: Sequence[Run], metric: str) -> Square:
    """What the square of these cells shows."""
    states = Counter(cell.state for cell in cells)
    trained = [c.metrics[metric] for c in cells if c.status == "finished" and metric in c.metrics]
    value = math.fsum(trained) / len(trained) if trained else None
    marked = {state: n for state, n in states.items() if state in STATES}
    state = max(marked, key=lambda state: marked[state]) if marked and len(marked) == len(states) else None
    noted = {s: marked[s] for s in STATES if s in marked and s != state}  # a square's own state has a sign
    note = f"{sum(noted.values())}/{len(cells)} {''.join(STATES[s].letter for s in noted)}" if noted else ""
    counts = counted_states(cell.state for cell in cells)
    mean = "" if value is None else f"{metric} {value:.4g}<br>"
    return Square(value, state if state or value is not None else "failed", note, f"{mean}{counts}")


def by_place(sweep: Sweep, cells: Sequence[Run], keys: Keys) -> dict[Place, list[Run]]:
    """The cells of each square, by its column and row."""
    x, y = keys
    column = {name: i for i, name in enumerate(names(sweep, x))}
    row = {name: i for i, name in enumerate(names(sweep, y))} if y else {}
    found: dict[Place, list[Run]] = defaultdict(list)
    for cell in cells:
        found[column[shown(cell.params.get(x))], row[shown(cell.params.get(y))] if y else 0].append(cell)
    return found
