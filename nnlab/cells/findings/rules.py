"""Rules: by which values of one or two keys it can be said how a net ends.

A rule is a condition and its counts, so the sweep that it was made of cannot refute it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnlab.cells.findings.variation import Column

WORTH_A_KEY = 0.1  # a second key must say this part more of what there is to know
WORTH_SAYING = 0.1  # less is not said
NO_EXCEPTION = 0.05  # the advantage of `all of these`, and of `only these`
MOST_SUBSETS = 5  # names of which all subsets are tried
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """A condition on some keys, and how many of the cells inside and outside of it have the outcome."""

    keys: tuple[str, ...]
    conditions: tuple[str, ...]  # one on each key, in words; all of them hold inside
    inside: int  # cells
    inside_with: int  # of these, cells with the outcome
    outside: int
    outside_with: int
    cells: Flags = field(compare=False, repr=False)  # (cells,) which are inside

    @property
    def pure(self) -> bool:
        """Has every cell inside the outcome?"""
        return self.inside_with == self.inside

    @property
    def exact(self) -> bool:
        """Has the outcome every cell inside, and no cell outside?"""
        return self.pure and self.outside_with == 0

    def sentence(self, ended: str) -> str:
        """The rule in words; ``ended`` is the outcome's verb, such as `got stuck`."""
        where = self._where
        if self.exact:
            return f"{self.of_all(ended).removesuffix('.')}, and no other."
        if self.outside_with == 0:
            return f"Only nets {where} {ended}: {self.inside_with} of {self.inside}."
        others = f"of the other {self.outside}, {self.outside_with} did."
        if self.pure:
            return f"{self.of_all(ended).removesuffix('.')}; {others}"
        return f"{self.inside_with} of {self.inside} nets {where} {ended}; {others}"

    def of_all(self, ended: str) -> str:
        """The rule's inside in words, where every cell has the outcome."""
        nets = "The one net" if self.inside == 1 else every_net(self.inside)
        return f"{nets} {self._where} {ended}."

    @property
    def _where(self) -> str:
        return " and ".join(f"with {condition}" for condition in self.conditions)


def every_net(n: int) -> str:
    """`All 12 nets`, `Both nets`, `The net`."""
    return {1: "The net", 2: "Both nets"}.get(n, f"All {n} nets")


class _Candidates(NamedTuple):
    """Conditions on one key, as the levels that each chooses."""

    column: Column
    chosen: Flags  # (candidates, levels)


def best_rule(columns: Sequence[Column], outcome: Flags) -> Rule | None:
    """The rule that says most of which cells have the outcome (cells,); None if none says enough.

    Conditions on one key are tried first, then on pairs of keys. What a rule says is measured by the
    information that its condition has on the outcome, as a part of the outcome's entropy (as in a decision
    tree, Quinlan 1986). Rules without an exception are preferred, and one key to two. A third key is named
    only if the rule then has no exception.
    """
    best, found = WORTH_SAYING, None
    for parts, cost in _searches(columns):
        inside, inside_with = _counts(parts, outcome)
        scores = _information(inside, inside_with, len(outcome), int(outcome.sum())) - cost
        place = np.unravel_index(int(scores.argmax()), scores.shape)
        if scores[place] > best:
            best, found = float(scores[place]), _rule(parts, place, inside, inside_with, outcome)
    narrow = found is not None and found.outside_with == 0 and not found.pure
    return _narrowed(found, columns, outcome) if found and narrow else found


def _narrowed(rule: Rule, columns: Sequence[Column], outcome: Flags) -> Rule:
    """The rule with one more condition, if it then holds without exception."""
    for column in columns:
        for levels in _alone(column) if column.key not in rule.keys else ():
            cells = rule.cells & levels[column.codes]
            if np.array_equal(cells, outcome):
                words = column.text(np.flatnonzero(levels).tolist())
                n = int(cells.sum())
                keys = (*rule.keys, column.key)
                return Rule(keys, (*rule.conditions, words), n, n, len(outcome) - n, 0, cells)
    return rule


def largest_pure(columns: Sequence[Column], outcome: Flags) -> Rule | None:
    """The condition with the most cells, all with the outcome (cells,); on one key if there is one."""
    most, found = 0, None
    for parts, cost in _searches(columns):
        if cost and found and len(found.conditions) == 1:
            break
        inside, inside_with = _counts(parts, outcome)
        sizes = np.where(inside == inside_with, inside, 0)
        place = np.unravel_index(int(sizes.argmax()), sizes.shape)
        if sizes[place] > most:
            most, found = int(sizes[place]), _rule(parts, place, inside, inside_with, outcome)
    return found


def _searches(columns: Sequence[Column]) -> Iterator[tuple[tuple[_Candidates, ...], float]]:
    """The candidates of each key, then of each pair of keys, and what their rules must say more."""
    for column in columns:
        yield (_Candidates(column, _alone(column)),), 0.0
    for pair in combinations(columns, 2):
        yield tuple(_Candidates(column, _paired(column)) for column in pair), WORTH_A_KEY


def _alone(column: Column) -> Flags:
    """All conditions on one key: sets of names, ranges of numbers, and what is outside a range."""
    n = len(column.levels)
    if not column.numeric:
        return _sets(n)
    ranges = np.array([_range(n, i, i + width) for width in range(1, n) for i in range(n - width + 1)])
    return np.unique(np.vstack([ranges, ~ranges]), axis=0)


def _paired(column: Column) -> Flags:
    """The conditions on one of two keys: sets of names; single numbers, and ranges that reach an end."""
    n = len(column.levels)
    if not column.numeric:
        return _sets(n)
    ends = [_range(n, *ends) for i in range(1, n) for ends in ((0, i), (i, n))]
    return np.vstack([np.eye(n, dtype=np.bool_), ends])


def _sets(n: int) -> Flags:
    """All proper subsets of a few names; of many, single names and what is not one name."""
    if n > MOST_SUBSETS:
        return np.vstack([np.eye(n, dtype=np.bool_), ~np.eye(n, dtype=np.bool_)])
    numbers = sorted(range(1, 2**n - 1), key=int.bit_count)
    return np.array([[bool(number >> i & 1) for i in range(n)] for number in numbers])


def _range(n: int, start: int, stop: int) -> Flags:
    places = np.arange(n)
    return (places >= start) & (places < stop)


def _counts(parts: Sequence[_Candidates], outcome: Flags) -> tuple[Counts, Counts]:
    """For each combination of candidates the cells inside, and those inside with the outcome."""
    shape = [len(part.column.levels) for part in parts]
    place = np.ravel_multi_index([part.column.codes for part in parts], shape)
    found = []
    for weights in (None, outcome):
        table = np.bincount(place, weights, minlength=int(np.prod(shape))).reshape(shape)
        for part in parts:  # each turn sums the first axis and moves it to the end
            table = np.tensordot(table, part.chosen.astype(np.float64), axes=(0, 1))
        found.append(np.rint(table).astype(np.int64))
    return found[0], found[1]


def _information(inside: Counts, inside_with: Counts, n: int, n_with: int) -> NDArray[np.float64]:
    """How much of the outcome's entropy each condition takes away, and the advantage of no exception."""
    outside, outside_with = n - inside, n_with - inside_with
    left = (inside * _entropy(inside_with, inside) + outside * _entropy(outside_with, outside)) / n
    known = 1.0 - left / _entropy(np.array(n_with), np.array(n))
    pure = 1.0 * (inside == inside_with) + 1.0 * (outside_with == 0)
    says = (inside > 0) & (outside > 0) & (inside_with * n > n_with * inside)
    return np.where(says, known + NO_EXCEPTION * pure, -1.0)


def _entropy(some: Counts, all_: Counts) -> NDArray[np.float64]:
    """The entropy of a yes-or-no outcome, in bits, where ``some`` of ``all_`` say yes."""
    p = some / np.maximum(all_, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes, no = (np.where(q > 0.0, q * np.log2(q), 0.0) for q in (p, 1.0 - p))
    return -(yes + no)


def _rule(
    parts: Sequence[_Candidates],
    place: Sequence[np.intp],
    inside: Counts,
    inside_with: Counts,
    outcome: Flags,
) -> Rule:
    """The rule at a place of the tables of counts."""
    chosen = [part.chosen[i] for part, i in zip(parts, place, strict=True)]
    words = [
        part.column.text(np.flatnonzero(levels).tolist())
        for part, levels in zip(parts, chosen, strict=True)
    ]
    cells = [levels[part.column.codes] for part, levels in zip(parts, chosen, strict=True)]
    n, n_with = int(inside[tuple(place)]), int(inside_with[tuple(place)])
    n_out, n_out_with = len(outcome) - n, int(outcome.sum()) - n_with
    keys = tuple(part.column.key for part in parts)
    return Rule(keys, tuple(words), n, n_with, n_out, n_out_with, np.logical_and.reduce(cells))
