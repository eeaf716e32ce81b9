"""What varies among the cells of a sweep: its keys, their values in order, a value in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LEVELS = 40  # a number with more values is taken in RANGES ranges, as in a random search
RANGES = 20
Params = Mapping[str, Any]  # a configuration by dotted key


def shown(value: Any) -> str:
    """A parameter's value for people: `0.1`, `20-7-5`, `none`."""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, list | tuple):
        return "-".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:g}"


def ordered(values: Iterable[Any]) -> list[Any]:
    """Values of a key in order: none first, then numbers, then texts and lists."""

    def place(value: Any) -> tuple[int, float, str]:
        return 0 if value is None else 1 if is_number(value) else 2, _size(value), shown(value)

    return sorted(values, key=place)


def is_number(value: Any) -> bool:
    """Is it a number, and not a truth value?"""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _size(value: Any) -> float:
    return float(value) if is_number(value) else 0.0


def varied_keys(cells: Sequence[Params], swept: Sequence[str]) -> list[str]:
    """The keys whose values differ among the cells: those of the swept keys and groups, else all.

    A key whose value an earlier one decides is left out, as model.hidden decides model.depth. Of a swept
    group the key that names its option comes first.
    """
    names = dict.fromkeys(chain.from_iterable(cells))
    varied = [key for key in sorted(names, key=_leading) if len(_values(cells, key)) > 1]
    kept = dict.fromkeys(
        key
        for one in swept
        for key in _distinct(cells, [v for v in varied if f"{v}.".startswith(f"{one}.")])
    )
    return list(kept) or _distinct(cells, varied)


def _leading(key: str) -> tuple[bool, str]:
    return key.rpartition(".")[2] not in ("name", "scheme"), key


def _values(cells: Sequence[Params], *keys: str) -> set[tuple[Any, ...]]:
    """The different values that some keys take together, in the cells that have these keys."""
    having = (cell for cell in cells if all(key in cell for key in keys))
    return {tuple(_hashable(cell[key]) for key in keys) for cell in having}


def _distinct(cells: Sequence[Params], keys: Sequence[str]) -> list[str]:
    """The keys without those whose value an earlier one decides."""
    kept: list[str] = []
    for key in keys:
        if not any(len(_values(cells, one, key)) == len(_values(cells, one)) for one in kept):
            kept.append(key)
    return kept


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True)
class Column:
    """The values of one key over the cells, as levels: each value, or each range of many numbers."""

    key: str
    levels: tuple[tuple[Any, ...], ...]  # the values of each level, in order
    codes: NDArray[np.int64]  # (cells,) the level of each cell

    @property
    def numeric(self) -> bool:
        """Are all its values numbers, so that "up to" has a meaning?"""
        return all(is_number(value) for level in self.levels for value in level)

    def text(self, chosen: Sequence[int]) -> str:
        """Some levels in words: `init.scale 0.1 to 10`, `model.depth 2 or 5`, `tanh or relu`."""
        values = [value for i in chosen for value in self.levels[i]]
        words = [shown(value) for value in values]
        rest = [i for i in range(len(self.levels)) if i not in chosen]
        if all(isinstance(value, str) for value in values):
            return (
                _either(words)
                if len(words) <= len(rest) + 3
                else f"a {self.key} other than {self.text(rest)}"
            )
        if self.numeric and len(words) > 2:
            if chosen[-1] - chosen[0] == len(chosen) - 1:
                return f"{self.key} {words[0]} to {words[-1]}"
            if rest[-1] - rest[0] == len(rest) - 1:
                low, high = self.levels[rest[0]][0], self.levels[rest[-1]][-1]
                if low == high:
                    return f"a {self.key} other than {shown(low)}"
                return f"{self.key} below {shown(low)} or above {shown(high)}"
        return f"{self.key} {_either(words)}"


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def columns(cells: Sequence[Params], keys: Sequence[str]) -> list[Column]:
    """The columns of those keys that vary among the cells."""
    found = [_column(key, [_hashable(cell.get(key)) for cell in cells]) for key in keys if cells]
    return [column for column in found if len(column.levels) > 1]


def configurations(cells: Sequence[Params], keys: Sequence[str]) -> NDArray[np.int64]:
    """(cells,) the number of each cell's configuration: equal where all these keys have equal values."""
    seen: dict[tuple[Any, ...], int] = {}
    values = (tuple(_hashable(cell.get(key)) for key in keys) for cell in cells)
    return np.array([seen.setdefault(one, len(seen)) for one in values], np.int64)


def _column(key: str, values: Sequence[Any]) -> Column:
    different = ordered(set(values))
    many = len(different) > MOST_LEVELS and all(map(is_number, different))
    parts = np.array_split(np.arange(len(different)), RANGES if many else len(different))
    levels = tuple(tuple(different[i] for i in part) for part in parts)
    code = {value: i for i, level in enumerate(levels) for value in level}
    return Column(key, levels, np.array([code[value] for value in values], np.int64))
