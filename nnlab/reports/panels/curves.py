"""The learning curves: small multiples over the two keys that matter, and those of the best nets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from nnlab.cells.ranking import NUISANCE
from nnlab.nn import Array
from nnlab.reports.figures.axes import ACTIVATION, evenly, names, values
from nnlab.reports.figures.base import Choices
from nnlab.reports.figures.colours import PALETTE, colours
from nnlab.reports.figures.learning_curves import (
    Curve,
    Line,
    curve,
    curves_in_parts,
    learning_curves,
)
from nnlab.reports.panel import Panel
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Run, Sweep, shown

POINTS = 60  # of one curve
MOST_RUNS = 400  # of which curves are read
BEST = len(PALETTE)  # configurations that have a colour of their own
MOST_COLUMNS, MOST_ROWS, MOST_LINES = 4, 3, 5  # of the small multiples; of more values some are taken

HTML = """
{% if figures %}
<p>Training cost J against the step. A line is the middle of its runs, the band their range
(of more than four runs, their inner half).
{% if parts %}In the small plots a line is one value of {{ line }}, over all values of the other keys
{%- if partly %}; {{ partly }} are drawn{% endif %}.{% endif %}</p>
{{ figure(id, figures, alt="Learning curves: training cost against the step") }}
{% else %}
<p>No run has a curve.</p>
{% endif %}
"""


class Keys:
    """The keys of the small multiples: of their columns, of their rows, of the lines in each."""

    def __init__(self, sweep: Sweep) -> None:
        every = [key for key in sweep.keys if key not in NUISANCE]
        # a search samples some keys, of which hardly a value comes twice: their plots would be empty
        keys = [key for key in every if 2 * len(names(sweep, key)) <= len(sweep.done)] or every[:1]
        chosen = [key for key in (ACTIVATION, "model.depth", "init.scale") if key in keys]
        order = [*chosen, *(key for key in keys if key not in chosen)]
        self.line = next((key for key in ("init.scale", *reversed(order[:3])) if key in order), None)
        rest = [key for key in order if key != self.line]
        self.column = rest[0] if rest else None
        self.row = rest[1] if len(rest) > 1 else None
        self.named = {key for key in rest if all(isinstance(v, str) for v in values(sweep, key))}

    def place(self, run: Run) -> tuple[str, ...]:
        """The values of a run: in which column and row it is, and in which line."""
        keys = (self.column, self.row, self.line)
        return tuple(shown(run.params.get(key)) if key else "" for key in keys)


def draw(results: SweepResults) -> Choices:
    """Of few runs the curve of each; else the small multiples, then the best configurations."""
    sweep = results.sweep
    if not sweep.done:
        return {}
    if len(sweep.done) <= BEST:
        costs = results.costs(sweep.done)
        return {"": _coloured([_curve(run.name, [run], costs) for run in sweep.done])}
    best = sweep.ranked[:BEST]
    runs = {c.name: list(c.runs[: MOST_RUNS // BEST]) for c in best}
    costs = results.costs([run for members in runs.values() for run in members])
    of_best = _coloured([_curve(name, members, costs) for name, members in runs.items()])
    by_keys = {"by the keys": _by_keys(results)} if Keys(sweep).line else {}
    return by_keys | {f"the best {len(best)}": of_best}


def _coloured(curves: Sequence[Curve]) -> go.Figure:
    """Curves in a colour each."""
    return learning_curves([Line(c.name, colour, c) for c, colour in zip(curves, PALETTE, strict=False)])


def _by_keys(results: SweepResults) -> go.Figure:
    """A plot for each pair of values of two keys, and in it a line for each value of a third."""
    sweep, keys = results.sweep, Keys(results.sweep)
    groups: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in sweep.done:
        groups[keys.place(run)].append(run)
    columns, rows = _values(sweep, keys.column, MOST_COLUMNS), _values(sweep, keys.row, MOST_ROWS)
    chosen = evenly(values(sweep, keys.line or ""), MOST_LINES)
    colour = dict(zip(map(shown, chosen), colours(chosen), strict=True))
    places = [(c, r, v) for r in rows for c in columns for v in colour if (c, r, v) in groups]
    each = max(1, MOST_RUNS // max(len(places), 1))
    drawn = {place: evenly(groups[place], each) if each > 1 else groups[place][:1] for place in places}
    costs = results.costs([run for runs in drawn.values() for run in runs])

    def lines(column: str, row: str) -> Iterator[Line]:
        for value, of_value in colour.items():
            if runs := drawn.get((column, row, value)):
                name = f"{keys.line} {value}"
                yield Line(name, of_value, _curve(name, runs, costs))

    parts = [(_title(keys, c, r), list(lines(c, r))) for r in rows for c in columns]
    return curves_in_parts(parts, len(columns))


def _values(sweep: Sweep, key: str | None, most: int) -> list[str]:
    return evenly(names(sweep, key), most) if key else [""]


def _title(keys: Keys, column: str, row: str) -> str:
    """`tanh, depth 5`: the two values, with the last word of a key whose values are no names themselves."""
    told = [(keys.column, column), (keys.row, row)]
    return ", ".join(
        value if key in keys.named else f"{key.rpartition('.')[2]} {value}" for key, value in told if key
    )


def _curve(name: str, runs: Sequence[Run], costs: Mapping[str, Array]) -> Curve:
    """The curve of the runs that did not diverge; of all if each of them did."""
    sound = [run for run in runs if run.state != "diverged"]
    return curve(name, [costs[run.id] for run in sound or runs], not sound, POINTS)


def content(results: SweepResults) -> dict[str, Any]:
    """What a line of the small multiples is, and which values are left out."""
    sweep = results.sweep
    keys = Keys(sweep)
    shown_ = ((keys.column, MOST_COLUMNS), (keys.row, MOST_ROWS), (keys.line, MOST_LINES))
    counts = [(key, most, len(values(sweep, key))) for key, most in shown_ if key]
    partly = [f"{most} of {n} values of {key}" for key, most, n in counts if n > most]
    return {
        "parts": bool(keys.line) and len(sweep.done) > BEST,
        "line": keys.line,
        "partly": ", ".join(partly),
    }


PANEL = Panel("curves", "Curves", "Learning curves", HTML, content, draw)
