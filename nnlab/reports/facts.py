"""The facts on top of the page on a sweep: how many cells learnt, the best one, the key that matters."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from nnlab.cells.ranking import NUISANCE
from nnlab.reports.sweep_results import SweepResults


class Fact(NamedTuple):
    """One box: what it is, its value, more about it in small letters."""

    what: str
    value: str
    more: str


def facts(results: SweepResults) -> list[Fact]:
    """All facts that are known of the sweep."""
    return [_learnt(results), *_best(results), *_most_important(results)]


def _learnt(results: SweepResults) -> Fact:
    cells = results.sweep.cells
    states = Counter(run.state for run in cells)
    counts = ", ".join(f"{n} {state}" for state, n in states.most_common())
    return Fact("cells that learnt", f"{states['finished']} of {len(cells)}", counts)


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
    tied = sum(one.tied for one in results.compared)
    yield Fact("cannot be told from it", str(tied), f"of {len(results.compared) - 1} compared")


def _most_important(results: SweepResults) -> Iterator[Fact]:
    """The key that explains most of the ranked metric's variance, repetitions aside."""
    shares = results.importance[results.sweep.select_by] if results.compared else {}
    chosen = [key for key in shares if key not in NUISANCE]
    if key := max(chosen, key=lambda key: shares[key][1], default=None):
        more = f"{100 * shares[key][1]:.0f} % of the variance, with its interactions"
        yield Fact("the key that matters most", key, more)
