"""The borders of what trains, along one key: where neighbours of a row of cells end in unlike states."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

ORDER = ("learnt", "stuck", "diverged")  # of equally many seeds the first counts


@dataclass(frozen=True)
class Point:
    """One value of the key: the states of the seeds that were trained there."""

    value: float
    states: tuple[str, ...]

    @property
    def state(self) -> str:
        """The state of most of them; empty if one is missing or failed."""
        if not self.states or set(self.states) - set(ORDER):
            return ""
        counts = Counter(self.states)
        return max(ORDER, key=lambda state: (counts[state], -ORDER.index(state)))

    @property
    def unanimous(self) -> bool:
        """Do all seeds end the same way?"""
        return len(set(self.states)) == 1


@dataclass(frozen=True)
class Border:
    """Two neighbours that end in unlike ways: somewhere between them is a border."""

    low: Point
    high: Point

    def text(self) -> str:
        """`stuck | learnt between 0.012 and 0.013`."""
        return (
            f"{self.low.state} | {self.high.state} between {self.low.value:.3g} and {self.high.value:.3g}"
        )


@dataclass(frozen=True)
class Row:
    """All points of one combination of the other keys, in the order of their values."""

    name: str
    points: tuple[Point, ...]

    @property
    def cells(self) -> int:
        """How many cells it took."""
        return sum(len(point.states) for point in self.points)

    @property
    def borders(self) -> list[Border]:
        """From the lowest value up."""
        known = [point for point in self.points if point.state]
        return [Border(low, high) for low, high in unlike(known)]

    @property
    def unclear(self) -> str:
        """Why it is not one clear step on each side of what trains; empty if it is."""
        ends = [*(border.low.state for border in self.borders), *(b.high.state for b in self.borders[-1:])]
        if ends.count("learnt") > 1:
            return "learnt in several places"
        place = ends.index("learnt") if "learnt" in ends else 0
        for side in (ends[:place], ends[place:]):
            if again := [state for state, count in Counter(side).items() if count > 1]:
                return f"{again[0]} in several places on one side"
        edges = {point for border in self.borders for point in (border.low, border.high)}
        torn = [
            point for point in self.points if point.state and not point.unanimous and point not in edges
        ]
        return f"seeds differ at {', '.join(f'{point.value:.3g}' for point in torn[:3])}" if torn else ""

    def text(self) -> str:
        """What was found, in a line."""
        states = {point.state for point in self.points if point.state}
        found = "; ".join(border.text() for border in self.borders) or f"all {' '.join(states) or 'failed'}"
        unclear = f"; not one clear step: {self.unclear}" if self.unclear else ""
        return f"{self.name}: {found} ({self.cells} cells{unclear})".lstrip(": ")


def rows(cells: Iterable[tuple[str, float, str]]) -> list[Row]:
    """The rows of cells: each with the name of its combination, its value of the key, and its state."""
    found: dict[str, dict[float, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, value, state in cells:
        found[name][value].append(state)
    return [
        Row(name, tuple(Point(value, tuple(states)) for value, states in sorted(points.items())))
        for name, points in found.items()
    ]


def unlike(points: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Neighbours in unlike states, both known."""
    return [(a, b) for a, b in pairwise(points) if a.state and b.state and a.state != b.state]
