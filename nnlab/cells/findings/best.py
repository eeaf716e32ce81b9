"""Which configuration is best, in a sentence."""

from collections.abc import Iterable, Sequence

from nnlab.cells.findings.importance import spoken
from nnlab.cells.findings.paired_tests import Compared, beats_constant
from nnlab.cells.ranking import Configuration, R, Result, is_error


def best_sentence(
    trained: Sequence[Configuration[R]], compared: Sequence[Compared[R]], ended: Iterable[Result]
) -> str:
    """The best configuration, and how many cannot be told from it.

    ``trained`` are the configurations of which a run did not diverge, the best first; ``compared`` are the
    first of them, each tested against the best. Of ``ended``, all runs of the sweep, those that are in no
    trained configuration are said to be left out. Empty if there is none.
    """
    if not compared:
        return ""
    best, metric = compared[0], trained[0].select_by
    name, runs = best.configuration.name, best.configuration.runs
    score = f"{'mean ' if len(runs) > 1 else ''}{spoken(metric)}"
    if len(trained) == 1:
        return f"{name} has a {score} of {best.mean(metric)}{_spread(best, metric)}."
    if not beats_constant(best.configuration):
        reached = f"the best, {name}, has {best.mean(metric)}"
        return f"No configuration has a better {score} than a constant answer; {reached}."
    tested = [one for one in compared if one.tied is not None]
    tied = [one for one in tested if one.tied]
    if not tested:
        second = compared[1]
        return (
            f"{name} is best with a {score} of {best.mean(metric)}; "
            f"next is {second.configuration.name} with {second.mean(metric)}."
        )
    left_out = _left_out(trained, ended)
    if not tied:
        worse = _counted(0, tested, trained, left_out)
        return f"{name} is best with a {score} of {best.mean(metric)}; it can be told from {worse}."
    means = [one.configuration.mean(metric) for one in (best, *tied)]
    named = len(tied) == 1
    others = tied[0].configuration.name if named else _counted(len(tied), tested, trained, left_out)
    return f"{name} and {others} cannot be told apart: {score} {_range(means, metric)}."


def _spread(best: Compared[R], metric: str) -> str:
    """How far the runs of the only configuration differ; of a single run the interval of its accuracy."""
    values = best.configuration.values(metric)
    if len(values) > 1:
        return f" over {len(values)} runs, from {_range(values, metric)}"
    if best.predictions is None or metric.partition("/")[0] != "test":
        return ""
    low, high = best.predictions.interval
    return f" (95 % interval {low:.3f} to {high:.3f})"


def _counted(tied: int, tested: Sequence[object], trained: Sequence[object], left_out: str) -> str:
    """`18 others`, `18 of the 35 others that did not diverge`, `18 of the 19 others that were tested`."""
    others = f"{len(tested)} other{'s' if len(tested) > 1 else ''}"
    if len(tested) < len(trained) - 1:
        others += " that were tested"
    else:
        others += left_out
        if tied == len(tested) and not left_out:
            return others
    return f"the {others}" if tied in (0, len(tested)) else f"{tied} of the {others}"


def _left_out(trained: Sequence[Configuration[R]], ended: Iterable[Result]) -> str:
    """Which configurations are not among the trained: ` that did not diverge`; empty if all are."""
    known = {configuration.name for configuration in trained}
    states = {run.state for run in ended if Configuration((run,), "").name not in known}
    verbs = [verb for state, verb in (("diverged", "diverge"), ("failed", "fail")) if state in states]
    return f" that did not {' or '.join(verbs)}" if verbs else ""


def _range(values: Sequence[float], metric: str) -> str:
    """`0.71 to 0.78`, with as many digits as tell the two ends apart, at most four."""
    low, high = min(values), max(values)
    for digits in (2, 3, 4):
        kind = f".{digits}{'g' if is_error(metric) else 'f'}"
        if low == high or f"{low:{kind}}" != f"{high:{kind}}":
            break
    return f"{low:{kind}}" if low == high else f"{low:{kind}} to {high:{kind}}"
