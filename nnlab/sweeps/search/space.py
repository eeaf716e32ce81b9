"""The space of a search, in Hydra's own grammar: choices, intervals and ranges of keys.

`optimizer.lr='tag(log,interval(1e-4,1))' model.width='int(interval(4,64))' model.activation=tanh,relu`.
Choices of ``seed`` and ``data.fold`` are no part of it: they repeat each trial.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep

from nnlab.cells import Cell
from nnlab.cells.ranking import NUISANCE
from nnlab.config import KEYS, SECTIONS, canonical, check
from nnlab.config.overrides import check_key, option_folders, parsed
from nnlab.errors import UserError
from nnlab.sweeps.compositions import Compositions, Grid
from nnlab.sweeps.grid import read_grid

CONDITIONAL = ("model.", "optimizer.", "init.")  # sections with keys that belong to one choice only


@dataclass(frozen=True)
class Choices:
    """Some values as texts of overrides."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """The numbers from low to high, both included."""

    low: float
    high: float
    log: bool = False  # evenly spread in their logarithm
    integer: bool = False
    step: float | None = None

    def rounded(self, value: float) -> float:
        """A number in four digits that tell it apart, as one would type it; the ends stay as they are."""
        if self.integer:
            return round(value)
        if self.step is not None or value in (self.low, self.high):
            return value
        if self.log:
            short = float(f"{value:.4g}")
        else:
            short = round(value, 3 - math.floor(math.log10(self.high - self.low)))
        return min(max(short, self.low), self.high)

    def limits(self) -> dict[str, Any]:
        """As the arguments of optuna's distributions."""
        kind = int if self.integer else float
        step = int(self.step or 1) if self.integer else self.step
        return {"low": kind(self.low), "high": kind(self.high), "log": self.log, "step": step}

    def text(self, value: float) -> str:
        """A number as the text of an override."""
        return repr(round(value) if self.integer else value)


Dimension = Choices | Interval


@dataclass(frozen=True)
class Space:
    """What varies in a search, and what all its cells share."""

    grid: Grid  # the overrides; its swept keys are those of the dimensions and repeats
    dimensions: dict[str, Dimension]
    repeats: dict[str, tuple[str, ...]]

    @property
    def repetitions(self) -> list[dict[str, str]]:
        """The seeds and folds that each choice of values is trained with."""
        texts = itertools.product(*self.repeats.values())
        return [dict(zip(self.repeats, each, strict=True)) for each in texts]

    def cells(self, compositions: Compositions, values: Mapping[str, str]) -> list[Cell]:
        """The cells of these values, one for each repetition."""
        return [cell for each in self.repetitions for cell in compositions.cells({**values, **each})]

    def content(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "dimensions": {key: dataclasses.asdict(one) for key, one in self.dimensions.items()},
            "repeats": {key: list(texts) for key, texts in self.repeats.items()},
        }


def read_space(overrides: Sequence[str], params: dict[str, str]) -> Space:
    """The space of these overrides; ``params`` is the grid of an experiment, as choices."""
    given = {text: parsed(text) for text in overrides}
    intervals = {one.get_key_element(): one for one in given.values() if _is_interval(one)}
    grid = read_grid([text for text, one in given.items() if not _is_interval(one)], params, {})
    ranges = {
        one.get_key_element(): value
        for one in given.values()
        if isinstance(value := one.value(), RangeSweep)
    }
    for one in intervals.values():
        check_key(one, option_folders(grid.shared))
    dimensions: dict[str, Dimension] = {}
    repeats: dict[str, tuple[str, ...]] = {}
    for key, texts in grid.swept.items():
        if key in NUISANCE:
            repeats[key] = tuple(texts)
        elif key in ranges and len(texts) > 1:
            dimensions[key] = _range(ranges[key], texts)
        else:
            dimensions[key] = Choices(tuple(texts))
    dimensions |= {key: _interval(key, one) for key, one in intervals.items()}
    order = list(dict.fromkeys(one.get_key_element() for one in given.values()))
    dimensions = {key: dimensions[key] for key in sorted(dimensions, key=lambda k: _place(order, k))}
    swept = grid.swept | {
        key: [one.text(one.low)] for key, one in dimensions.items() if isinstance(one, Interval)
    }
    return Space(Grid(grid.shared, swept, params), dimensions, repeats)


def _is_interval(override: Override) -> bool:
    return isinstance(override.value(), IntervalSweep)


def _place(order: Sequence[str], key: str) -> int:
    """In the order of the command line; the keys of an experiment's grid first."""
    return order.index(key) if key in order else -1


def _interval(key: str, override: Override) -> Interval:
    value = override.value()
    assert isinstance(value, IntervalSweep) and value.start is not None and value.end is not None
    low, high, log = value.start, value.end, "log" in value.tags
    if key in NUISANCE or key.startswith("data."):
        raise UserError(f"{key}: is no number to be made good; give choices such as {key}=1,2,3")
    integer = isinstance(low, int) and isinstance(high, int)
    if not integer and _takes_integers(key):
        written = str(override.input_line).partition("=")[2]
        raise UserError(f"{key}: takes integers; give {key}='int({written})'")
    if not low < high:
        raise UserError(f"{key}: the interval from {low:g} to {high:g} is empty; give the lower end first")
    if log and low <= 0:
        raise UserError(f"{key}: {low:g} has no logarithm, as tag(log, ...) asks; begin above 0")
    return Interval(low, high, log, integer)


def _range(value: RangeSweep, texts: Sequence[str]) -> Interval:
    """A range is an interval with steps."""
    numbers = [float(text) for text in texts]
    integer = all(isinstance(end, int) for end in (value.start, value.stop, value.step))
    step = abs(value.step)
    return Interval(min(numbers), max(numbers), False, integer, int(step) if integer else step)


def _takes_integers(key: str) -> bool:
    """Does the schema have an integer there?"""
    section, _, name = key.partition(".")
    schema = SECTIONS.get(section)
    fields = dataclasses.fields(schema) if dataclasses.is_dataclass(schema) else ()
    return any(field.name == name and field.type in (int, int | None) for field in fields)


def check_space(space: Space, compositions: Compositions) -> None:
    """Raise a UserError for an end of an interval that its key does not take."""
    first = {key: texts[0] for key, texts in space.grid.swept.items()}
    for key, dimension in space.dimensions.items():
        if isinstance(dimension, Interval):
            for end in (dimension.low, dimension.high):
                check(compositions.config(first | {key: dimension.text(end)}))


def is_used(key: str, values: Mapping[str, str], compositions: Compositions) -> bool:
    """Does a key matter beside these values? `optimizer.momentum` does under `optimizer=momentum` alone."""
    key = key.lstrip("+")
    if key not in KEYS or not key.startswith(CONDITIONAL):
        return True
    return key in canonical(compositions.config(values)) or key in ("model.depth", "model.width")
