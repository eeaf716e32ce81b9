"""Ways to train that race to a target, each at its own best setting."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnlab.experiments.comparison import Interval, Tuned, is_more, median_interval, reaches, tuned
from nnlab.experiments.trained_run import Run


@dataclass(frozen=True)
class Race:
    """What each way takes to the target; seed by seed, since a seed gives all ways the same start."""

    sides: Mapping[Any, Tuned]

    def by(self, measure: Callable[[Run], float]) -> "Race":
        """The same runs, measured otherwise."""
        return Race(
            {
                name: replace(side, values=np.array([measure(run) for run in side.runs]))
                for name, side in self.sides.items()
            }
        )

    def middle(self, name: Any) -> float:
        """The median over the seeds of what a way takes."""
        return float(np.median(self.sides[name].values))

    def missed(self, name: Any, target: float) -> int:
        """How many nets of a way never have a cost of ``target``; they count with all their steps."""
        return sum(not reaches(run, target) for run in self.sides[name].runs)

    def ratio(self, slow: Any, fast: Any, level: float = 0.95) -> Interval:
        """The median over the seeds of what ``slow`` takes over what ``fast`` takes."""
        return median_interval(self.sides[slow].values / self.sides[fast].values, level)

    def is_slower(self, slow: Any, fast: Any, level: float = 0.95) -> bool | None:
        """Does ``slow`` take more? None too where a best setting lies at the edge of the grid."""
        if self.sides[slow].at_edge or self.sides[fast].at_edge:
            return None
        return is_more(self.ratio(slow, fast, level))

    def numbers(self, unit: str) -> dict[str, Any]:
        """For each way its best setting, its median, and what each seed takes."""
        found: dict[str, Any] = {}
        for name, side in self.sides.items():
            told = " ".join(map(str, name)) if isinstance(name, tuple) else str(name)
            edge = f" (at the grid's edge: {', '.join(side.at_edge)})" if side.at_edge else ""
            found[f"{told}: best setting"] = side.told + edge
            found[f"{told}: {unit}, median and range"] = [
                float(of(side.values)) for of in (np.median, np.min, np.max)
            ]
        return found


def race(sides: Mapping[Any, Sequence[Run]], keys: Sequence[str], taken: Callable[[Run], float]) -> Race:
    """The race of ways by name; a way's best setting is the one that takes least to the target."""
    return Race({name: tuned(runs, keys, taken) for name, runs in sides.items()})


def seconds(run: Run, steps: float) -> float:
    """The training time of so many steps of a run."""
    return steps * run.metrics["time/train_s"] / len(run.costs)
