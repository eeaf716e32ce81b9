"""The search `refine`: a few values to begin with, then bisection of all neighbours in unlike states."""

import itertools
import math
from collections.abc import Mapping
from pathlib import Path

from nnlab.cells import Cell, trials
from nnlab.cells.borders import Row, rows, unlike
from nnlab.config import SearchConfig
from nnlab.errors import UserError
from nnlab.records import record, state
from nnlab.sweeps.compositions import Compositions
from nnlab.sweeps.search.space import Choices, Interval, Space

COARSE = 6  # values of each row to begin with, both ends among them


class Refined:
    """The rows along one key: one for each combination of the others."""

    def __init__(
        self,
        config: SearchConfig,
        space: Space,
        compositions: Compositions,
        home: Path,
        plan_id: str,
        about: Mapping[str, object],
    ) -> None:
        self._along, self._tolerance, self._home = _along(config, space), config.tolerance, home
        interval = space.dimensions[self._along]
        assert isinstance(interval, Interval)
        self._interval = interval
        others = {key: one.texts for key, one in space.dimensions.items() if isinstance(one, Choices)}
        self._rows = [
            dict(zip(others, texts, strict=True)) for texts in itertools.product(*others.values())
        ]
        self._space, self._compositions = space, compositions
        self._values = [self._coarse() for _ in self._rows]
        path = trials.path_of(home, plan_id)
        if trials.read(path) is None:
            trials.append(path, about, [])  # its points follow from the records: nothing is asked for
        self._cells: dict[tuple[int, float], list[Cell]] = {}

    def cells(self) -> list[Cell]:
        """All cells so far, and those between the unlike neighbours that are settled."""
        grown = True
        while grown:
            for i, values in enumerate(self._values):
                for value in values:
                    if (i, value) not in self._cells:
                        self._cells[i, value] = self._cells_at(self._rows[i], value)
            grown = False
            for i, row in enumerate(self.rows()):
                more = [middle for a, b in unlike(row.points) if (middle := self._middle(a.value, b.value))]
                self._values[i] += more
                grown |= bool(more)
        return [cell for i, values in enumerate(self._values) for v in values for cell in self._cells[i, v]]

    def rows(self) -> list[Row]:
        """The rows as far as they are trained."""
        names = [" ".join(f"{key}={text}" for key, text in others.items()) for others in self._rows]
        return rows(
            (name, value, self._state(cell))
            for i, (name, values) in enumerate(zip(names, self._values, strict=True))
            for value in values
            for cell in self._cells[i, value]
        )

    def _cells_at(self, others: dict[str, str], value: float) -> list[Cell]:
        texts = others | {self._along: self._interval.text(value)}
        return self._space.cells(self._compositions, texts)

    def _state(self, cell: Cell) -> str:
        rec = record.found(cell.folder(self._home))
        return "missing" if rec is None else state(rec.status, rec.metrics)

    # -- values --------------------------------------------------------------------------------------

    def _coarse(self) -> list[float]:
        values = (self._at(i / (COARSE - 1)) for i in range(COARSE))
        return list(dict.fromkeys(values))

    def _at(self, share: float) -> float:
        """The value at a share of the interval."""
        low, high = self._interval.low, self._interval.high
        value = low * (high / low) ** share if self._interval.log else low + (high - low) * share
        return self._interval.rounded(value)

    def _share(self, value: float) -> float:
        low, high = self._interval.low, self._interval.high
        if self._interval.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def _middle(self, low: float, high: float) -> float | None:
        """The value between two; None if they are near enough, or neighbours."""
        a, b = self._share(low), self._share(high)
        if b - a <= self._tolerance:
            return None
        middle = self._at((a + b) / 2)
        return middle if low < middle < high else None


def _along(config: SearchConfig, space: Space) -> str:
    """The key along which borders are sought; UserError if it has no interval, or another key has one."""
    intervals = [key for key, one in space.dimensions.items() if isinstance(one, Interval)]
    if config.along is None:
        given = f", such as search.along={intervals[0]}" if intervals else ""
        raise UserError(f"search.along: along which key are borders sought? Give it{given}")
    if config.along not in intervals:
        raise UserError(
            f"search.along: {config.along} has no interval; give one, such as "
            f"{config.along}='tag(log,interval(0.01,10))'"
        )
    if others := [key for key in intervals if key != config.along]:
        raise UserError(
            f"{others[0]}: search=refine takes one interval, that of {config.along}; give choices"
        )
    return config.along
