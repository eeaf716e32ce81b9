"""Ranking: which configuration is the best, by the mean over the results that only repeat it."""

import json
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from nnlab.config import held_out_by
from nnlab.records import counted, state

NUISANCE = ("seed", "data.fold")  # keys that repeat a configuration; all other keys belong to it
REPETITION = re.compile(r"#\d+|f\d+/\d+")  # seed and fold in a run's name


@dataclass(frozen=True)
class Result:
    """The result of training a cell, from a record or a tracked run."""

    id: str
    name: str
    status: str
    params: Mapping[str, Any]  # the configuration by dotted key
    metrics: Mapping[str, float]  # no scores of a diverged net

    @cached_property
    def counted(self) -> Mapping[str, float]:
        """The metrics as they are ranked and averaged: a diverged net counts as a constant answer."""
        return counted(self.status, self.metrics)

    @cached_property
    def state(self) -> str:
        """``learnt`` or ``stuck`` for a finished net; another status as it is."""
        return state(self.status, self.metrics)


R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Configuration(Generic[R]):
    """The results that differ by nuisance keys alone, in these keys' order."""

    runs: tuple[R, ...]
    select_by: str  # the metric that ranks them

    @property
    def name(self) -> str:
        """The results' name without fold and seed."""
        return " ".join(part for part in self.runs[0].name.split() if not REPETITION.fullmatch(part))

    def mean(self, metric: str) -> float:
        """The mean over the results that have this metric; NaN if none has it."""
        values = self.values(metric)
        return statistics.fmean(values) if values else float("nan")

    def values(self, metric: str) -> list[float]:
        """The results' values of a metric; a diverged net counts as a constant answer."""
        return [run.counted[metric] for run in self.runs if metric in run.counted]

    @property
    def diverged(self) -> int:
        """How many of its results diverged."""
        return sum(run.status == "diverged" for run in self.runs)

    @cached_property
    def middle(self) -> R:
        """The median of the results that did not diverge (of all, if each did).

        Of an even number it is the worse of the middle two.
        """
        sound = [run for run in self.runs if run.status != "diverged"] or self.runs
        metric = self.select_by
        worst = math.inf if is_error(metric) else -math.inf
        ordered = sorted(sound, key=lambda run: -sort_key(metric, run.counted.get(metric, worst)))
        return ordered[(len(ordered) - 1) // 2]


def ranked_by(score: str, configurations: Iterable[Mapping[str, Any]]) -> str:
    """The metric that cells are ranked by: the score on held-out examples if all cells have some.

    Otherwise it is the score on the test set. ``configurations`` are the cells', by dotted key.
    """
    held_out = [bool(held_out_by(values)) for values in configurations]
    return f"{'validation' if held_out and all(held_out) else 'test'}/{score}"


def rank(results: Sequence[R], select_by: str) -> list[Configuration[R]]:
    """The configurations, the best mean first; of equal means the lowest mean cost on the same examples.

    A diverged net counts as a constant answer; configurations that only diverged come last.
    """
    groups: dict[str, list[R]] = defaultdict(list)
    for result in results:
        content = {key: value for key, value in result.params.items() if key not in NUISANCE}
        groups[json.dumps(content, sort_keys=True)].append(result)
    found = [Configuration(tuple(sorted(group, key=_repetition)), select_by) for group in groups.values()]
    cost = cost_beside(select_by)

    def order(group: Configuration[R]) -> tuple[bool, float, float, str]:
        whole = len(group.values(cost)) == len(group.runs)
        score = sort_key(select_by, group.mean(select_by))
        return group.diverged == len(group.runs), score, group.mean(cost) if whole else math.inf, group.name

    return sorted(found, key=order)


def _repetition(result: Result) -> list[str]:
    return [str(result.params.get(key)) for key in NUISANCE]


def is_error(metric: str) -> bool:
    """Is a lower value the better one, unlike an accuracy?"""
    return metric.endswith("/rmse")


def sort_key(metric: str, value: float) -> float:
    """A metric's value with its sign turned so that less is better."""
    return value if is_error(metric) else -value


def cost_beside(metric: str) -> str:
    """The cost on the same examples: `test/cost` for `test/accuracy`."""
    return f"{metric.partition('/')[0]}/cost"
