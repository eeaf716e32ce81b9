"""The facts on top of the page on a sweep: how many cells learnt, the best one."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from nnlab.records import counted_states
from nnlab.reports.sweep_results import SweepResults


class Fact(NamedTuple):
    """One box: what it is, its value, more about it in small letters."""

    what: str
    value: str
    more: str


def facts(results: SweepResults) -> list[Fact]:
    """All facts that are known of the sweep."""
    return [_learnt(results), *_best(results)]


class Failures(NamedTuple):
    """How many cells failed, and the error that most of them had."""

    failed: int
    error: str
    alike: int  # cells with this error


def failures(results: SweepResults) -> Failures | None:
    """What failed, in a line; None if nothing did."""
    errors = Counter(run.error for run in results.sweep.cells if run.state == "failed")
    return Failures(errors.total(), *errors.most_common(1)[0]) if errors else None


def _learnt(results: SweepResults) -> Fact:
    cells = results.sweep.cells
    states = [run.state for run in cells]
    learnt = f"{states.count('learnt')} of {len(cells)}"
    return Fact("cells that learnt", learnt, counted_states(states))


def _best(results: SweepResults) -> Iterator[Fact]:
    """The best configuration; where nets tell classes, how many cannot be told from it."""
    if not results.compared:
        return
    metric, best = results.sweep.select_by, results.compared[0]
    name, value = best.configuration.name, best.mean(metric)
    if best.predictions is None:
        yield Fact(f"best {metric}", value, name)
        return
    right, interval = best.predictions.right_text, best.predictions.interval_text
    yield Fact(f"best {metric}", value, f"{name}, right on test {right}, 95 % interval {interval}")
    tied = sum(bool(one.tied) for one in results.compared)
    yield Fact("cannot be told from it", str(tied), f"of {len(results.compared) - 1} compared")
