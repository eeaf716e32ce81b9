"""Two ways compared: each at its own best setting, on seeds that had no say in it; what chance can do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import quantile_test

from nnlab.experiments.trained_run import Run
from nnlab.nn import classes

SAMPLES = 4000  # of the bootstrap
SAME = 1.1  # two paces whose ratio is nearer to 1 than this are called the same

POINT = 0.01  # a difference of two accuracies that is nearer to 0 than this is called none


class Interval(NamedTuple):
    """A value and the ends of its interval."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Tuned:
    """One way at its best setting; ``values`` (seeds,) are measured where the other seeds chose."""

    setting: Mapping[str, Any]  # the best one over all seeds
    at_edge: Sequence[str]  # keys whose best value is the lowest or highest of the grid, for any half
    runs: Sequence[Run]  # by seed: the run that is judged
    values: NDArray[np.float64]

    @property
    def told(self) -> str:
        """`lr 0.03, scale 4`."""
        return ", ".join(f"{key.rpartition('.')[2]} {value:g}" for key, value in self.setting.items())


def tuned(runs: Sequence[Run], keys: Sequence[str], score: Callable[[Run], float]) -> Tuned:
    """Each half of the seeds is judged at the setting whose median score is lowest in the other half.

    A setting is a value of each of ``keys``. All settings have the same seeds. Of equal settings the one
    with the lower mean counts, then the one with the lower final cost.
    """
    by: dict[tuple[Any, ...], dict[int, Run]] = {}
    for run in runs:
        by.setdefault(tuple(run[key] for key in keys), {})[run["seed"]] = run
    scores = {setting: {seed: score(run) for seed, run in of.items()} for setting, of in by.items()}
    seeds = sorted(next(iter(by.values())))

    def left(setting: tuple[Any, ...]) -> float:
        costs = [run.costs[-1] for run in by[setting].values()]
        return float(np.median(np.nan_to_num(costs, nan=np.inf)))

    def best(among: Sequence[int]) -> tuple[Any, ...]:
        of = {setting: [found[seed] for seed in among] for setting, found in scores.items()}
        return min(of, key=lambda setting: (np.median(of[setting]), np.mean(of[setting]), left(setting)))

    halves = seeds[::2], seeds[1::2]
    chosen = {seed: best(halves[1 - i] or halves[i]) for i, half in enumerate(halves) for seed in half}
    at_edge = [
        key
        for place, key in enumerate(keys)
        if {setting[place] for setting in chosen.values()} & _ends({setting[place] for setting in by})
    ]
    judged = [by[chosen[seed]][seed] for seed in seeds]
    values = np.array([scores[chosen[seed]][seed] for seed in seeds], float)
    return Tuned(dict(zip(keys, best(seeds), strict=True)), at_edge, judged, values)


def _ends(values: set[Any]) -> set[Any]:
    return {min(values), max(values)} if len(values) > 1 else set()


def steps_to(run: Run, target: float, window: int = 1) -> int:
    """Steps until the cost, a mean over ``window`` steps, is at most ``target``; else all steps."""
    costs = np.convolve(run.costs, np.ones(window) / window, mode="valid")
    below = np.flatnonzero(costs <= target)
    return int(below[0]) + window - 1 if len(below) else int(run["trainer.iterations"])


def reaches(run: Run, target: float) -> bool:
    """Is the cost ever at most ``target``?"""
    return bool((run.costs <= target).any())


def median_interval(values: NDArray[np.float64], level: float = 0.95) -> Interval:
    """The median and its exact interval, whose ends are two of the values (the sign test's).

    It needs 6 values at 95%; with fewer it has no ends, and they are -inf and inf.
    """
    found = quantile_test(values, q=0.0, p=0.5).confidence_interval(level)
    low, high = (
        float(np.nan_to_num(end, nan=none)) for end, none in zip(found, (-np.inf, np.inf), strict=True)
    )
    return Interval(float(np.median(values)), low, high)


def is_more(ratio: Interval, same: float = SAME) -> bool | None:
    """Is a ratio above 1? True if its whole interval is, False if the whole interval is below ``same``."""
    return True if ratio.low > 1.0 else False if ratio.high < same else None


def is_gain(gain: Interval, least: float = POINT) -> bool | None:
    """Is a difference above 0? True if its whole interval is, False if it ends below ``least``."""
    return True if gain.low > 0.0 else False if gain.high < least else None


def all_of(parts: Sequence[bool | None]) -> bool | None:
    """True if all parts hold, False if one does not, None if that is open."""
    return False if False in parts else None if None in parts else True


def any_of(parts: Sequence[bool | None]) -> bool | None:
    """True if one part holds, False if none does, None if that is open."""
    return True if True in parts else None if None in parts else False


def right(runs: Sequence[Run], pictures: slice = slice(None)) -> NDArray[np.float64]:
    """Which test pictures each net classifies correctly, as 0 and 1 (seeds, pictures)."""
    found = [run.arrays("predictions") for run in runs]
    return np.array([(classes(of["test"]) == of["y_test"])[pictures] for of in found], float)


def difference(a: NDArray[np.float64], b: NDArray[np.float64], level: float = 0.95) -> Interval:
    """The mean of a - b, both (seeds, pictures), and its interval over samples of seeds and of pictures.

    A seed and a picture are drawn for both sides together.
    """
    gap = a - b
    random = np.random.RandomState(0)
    seeds, pictures = (random.multinomial(n, np.full(n, 1.0 / n), SAMPLES) / n for n in gap.shape)
    means = ((seeds @ gap) * pictures).sum(axis=1)  # (SAMPLES,)
    low, high = np.quantile(means, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Interval(float(gap.mean()), float(low), float(high))
