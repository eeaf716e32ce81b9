"""Heatmaps over two keys of a sweep: the mean of a metric, or why there is none."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from nnlab.cells.ranking import is_error
from nnlab.nn import Array
from nnlab.reports.figures.axes import names, places_axis, rounded
from nnlab.reports.figures.base import Trace
from nnlab.reports.figures.colours import SCALE, ink_on, sampled
from nnlab.reports.figures.small_multiples import BOTTOM, Part, small_multiples
from nnlab.reports.figures.square import STATES, Keys, Place, Square, by_place, square
from nnlab.tracking import Run, Sweep

NUMBER = (0.36, 0.17)  # half the width and height of a number, of a square
MOST_TEXT = (9, 12)  # columns and rows; more squares than these are too small for numbers
LINE = "#e5383b"  # it is seen in a light and in a dark window
Limits = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line over a heatmap, by places of columns and rows, and what it is."""

    x: Sequence[float]
    y: Sequence[float]
    name: str


@dataclass(frozen=True)
class Map:
    """One heatmap: its title, its cells, and a line over it."""

    title: str
    cells: Sequence[Run]
    line: Line | None = None


def heatmap(
    sweep: Sweep, maps: Sequence[Map], keys: Keys, metric: str, limits: Limits, height: int = 230
) -> go.Figure:
    """The mean of ``metric`` for every pair of values of two keys, one heatmap beside the other.

    ``limits`` are the values at the two ends of the colour scale.
    """
    x, y = keys
    across, along = names(sweep, x), names(sweep, y) if y else [""]
    parts = []
    for one in maps:
        squares = {
            place: square(found, metric) for place, found in by_place(sweep, one.cells, keys).items()
        }
        grid = Grid(squares, across, along, limits, is_error(metric))
        marks = grid.signs() + grid.texts() if grid.wide else grid.signs()
        parts.append(
            Part(
                one.title,
                [*grid.colours(y is not None), *(_drawn(one.line, grid) if one.line else ()), *marks],
                places_axis(across, 7),
                {**places_axis(along, 10), "showticklabels": y is not None},
            )
        )
    states = {cell.state for one in maps for cell in one.cells}
    key = [f"{look.letter} {state}" for state, look in STATES.items() if state in states]
    bar = {
        "orientation": "h", "thickness": 10, "outlinewidth": 0, "tickfont": {"size": 13}, "nticks": 5,
        "lenmode": "pixels", "len": 250, "x": 0, "xanchor": "left", "xpad": 0, "ypad": 0,
        "yref": "container", "y": 1, "yanchor": "top",
        "title": {"text": metric.replace("/", " "), "side": "right", "font": {"size": 13}},
    }  # fmt: skip
    colour = {"colorscale": SCALE, "cmin": limits[0], "cmax": limits[1], "colorbar": bar}
    colour["reversescale"] = is_error(metric)  # a bright square is a good one
    lines = dict.fromkeys(one.line.name for one in maps if one.line)
    key += [f"<span style='color:{LINE}'>━ {name}</span>" for name in lines]
    has_means = any(trace.get("coloraxis") for part in parts for trace in part.traces)
    found = small_multiples(
        parts, x, y or "", height if y else 60, bar=has_means, coloraxis=colour, showlegend=False
    )
    found.layout.meta["labels"] = {"x": across, "y": along}  # which the page saves as data
    return found.add_annotation(
        text="&nbsp; &nbsp;".join(key), showarrow=False, font={"size": 13}, align="left",
        xref="paper", yref="paper", x=0, y=0, xanchor="left", yanchor="bottom",
        xshift=-50, yshift=4 - BOTTOM,
    ) if key else found  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """The squares of one heatmap as plotly's traces."""

    squares: Mapping[Place, Square]
    x: Sequence[str]  # the labels of the columns
    y: Sequence[str]
    limits: Limits
    reverse: bool  # is a low value the better, and so the brighter one?

    @property
    def wide(self) -> bool:
        """Are the squares wide enough for numbers?"""
        return len(self.x) <= MOST_TEXT[0] and len(self.y) <= MOST_TEXT[1]

    def colours(self, two: bool) -> list[Trace]:
        """Two heatmaps on top of each other: the means, and the states of the squares without a mean."""
        means = {place: one for place, one in self.squares.items() if one.state is None}
        codes = {state: i for i, state in enumerate(STATES)}
        lost = {place: codes[one.state] for place, one in self.squares.items() if one.state}
        return [
            {
                **self._shared({place: rounded(one.value or 0.0) for place, one in means.items()}, two),
                "coloraxis": "coloraxis",
            },
            {
                **self._shared(lost, two), "colorscale": _steps([look.colour for look in STATES.values()]),
                "zmin": -0.5, "zmax": len(STATES) - 0.5, "showscale": False, "meta": list(STATES),
            },
        ]  # fmt: skip

    def _shared(self, z: Mapping[Place, float], two: bool) -> Trace:
        """A heatmap of these values; squares without one have neither colour nor words."""

        def rows(of: Callable[[Place], Any], absent: Any) -> list[list[Any]]:
            across, along = range(len(self.x)), range(len(self.y))
            return [[of((i, j)) if (i, j) in z else absent for i in across] for j in along]

        gap = 2 if self.wide else 0.5
        return {
            "type": "heatmap", "z": rows(z.__getitem__, None), "xgap": gap, "ygap": gap,
            "hoverinfo": "text", "hoverongaps": False,
            "hovertext": rows(lambda place: self._hover(place, two), ""),
        }  # fmt: skip

    def _hover(self, place: Place, two: bool) -> str:
        i, j = place
        where = f"{self.x[i]}, {self.y[j]}" if two else self.x[i]
        return f"{where}: {self.squares[place].hover}"

    def texts(self) -> list[Trace]:
        """The means as numbers, each in the ink that is easier to read on its square."""
        shown_ = {place: s for place, s in self.squares.items() if s.value is not None and s.state is None}
        if not shown_:
            return []
        low, high = self.limits
        shares = [(s.value - low) / ((high - low) or 1.0) for s in shown_.values() if s.value is not None]
        bright = [min(max(1.0 - share if self.reverse else share, 0.0), 1.0) for share in shares]
        inks = [ink_on(colour) for colour in sampled(bright)]
        return [
            {"type": "scatter",
                "x": [i for i, _ in shown_], "y": [j for _, j in shown_], "mode": "text",
                "text": [_text(s) for s in shown_.values()], "textfont": {"size": 12, "color": inks},
                "hoverinfo": "skip",
            }
        ]  # fmt: skip

    def signs(self) -> list[Trace]:
        """The sign of each state, on the squares that have no mean."""
        size = 10 if self.wide else max(3, min(9, 150 // max(len(self.x), len(self.y))))
        found: dict[str, list[Place]] = defaultdict(list)
        for place, one in self.squares.items():
            if one.state:
                found[one.state].append(place)
        noted = {state for state in found if any(self.squares[place].note for place in found[state])}
        return [
            {"type": "scatter",
                "x": [i for i, _ in found[state]], "y": [j for _, j in found[state]],
                "mode": "markers+text" if self.wide and state in noted else "markers",
                "text": [self.squares[place].note for place in found[state]],
                "textposition": "bottom center", "hoverinfo": "skip",
                "textfont": {"size": 12, "color": ink_on(look.colour)},
                "marker": {
                    "symbol": look.symbol, "size": size, "color": ink_on(look.colour),
                    "line": {"width": 2 if self.wide else 1, "color": ink_on(look.colour)},
                },
            }
            for state, look in STATES.items() if state in found
        ]  # fmt: skip


def _drawn(line: Line, grid: Grid) -> list[Trace]:
    """The line with a light edge, which stands out of every colour below it; it stops before a number."""
    x, y = (_with_middles(np.array(along)) for along in (line.x, line.y))  # (k,)
    for i, j in (place for place, one in grid.squares.items() if grid.wide and one.value is not None):
        tall = NUMBER[1] * (2 if grid.squares[i, j].note else 1)
        x[(abs(x - i) < NUMBER[0]) & (abs(y - j) < tall)] = np.nan
    return [
        {"type": "scatter",
            "x": x.round(2).tolist(), "y": y.round(2).tolist(), "mode": "lines", "hoverinfo": "skip",
            "line": {"color": colour, "width": width},
        }
        for colour, width in (("#ffffff", 5), (LINE, 2.5))
    ]  # fmt: skip


def _with_middles(values: Array) -> Array:
    """The values (n,) and the middle of each two neighbours (2n - 1,)."""
    found: Array = np.insert(values, range(1, len(values)), (values[:-1] + values[1:]) / 2)
    return found


def _text(square: Square) -> str:
    value = square.value or 0.0
    text = f"{value:.2f}" if 0.1 <= value < 100 else f"{value:.2g}"
    return text + (f"<br>{square.note}" if square.note else "")


def _steps(palette: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale without transitions: the colours side by side."""
    n = len(palette)
    return [(place, colour) for i, colour in enumerate(palette) for place in (i / n, (i + 1) / n)]
