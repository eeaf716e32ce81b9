"""Scores: how well a net answers. A diverged net has none; if it must, it counts as a constant answer."""

from collections import Counter
from collections.abc import Iterable, Mapping

# what nets are ranked by (classifiers, and nets of a regression), and how well a constant answer does:
# the share of the most common class, or the targets' deviation from their mean
CONSTANT = {"accuracy": "majority", "rmse": "deviation"}
SCORES = tuple(CONSTANT)
STATES = ("learnt", "stuck", "finished", "diverged", "failed", "missing")  # the order of their counts
SPLITS = ("train", "validation", "test")


def state(status: str, metrics: Mapping[str, float]) -> str:
    """``learnt`` or ``stuck`` for a finished net; another status as it is.

    Stuck is a net that is no better on its training set than a constant answer: the most common class, or
    the mean of the targets. Of a record without a constant answer's score it cannot be said.
    """
    for better, worse in (("accuracy", "majority"), ("deviation", "rmse")):
        high, low = (metrics.get(f"train/{key}") for key in (better, worse))
        if status == "finished" and high is not None and low is not None:
            return "learnt" if high > low else "stuck"
    return status


def counted_states(states: Iterable[str] | Counter[str]) -> str:
    """`78 learnt, 27 stuck, 3 diverged`; empty without any. ``states``: of each cell, or their counts."""
    counts = Counter(states)
    ordered = sorted(counts, key=lambda one: STATES.index(one) if one in STATES else len(STATES))
    return ", ".join(f"{counts[one]} {one}" for one in ordered)


def counted_cells(states: Iterable[str]) -> str:
    """`108 cells: 78 learnt, 27 stuck, 3 diverged`."""
    each = list(states)
    return f"{len(each)} cell{'s' if len(each) > 1 else ''}: {counted_states(each)}"


def is_score(metric: str) -> bool:
    """Is it a score, such as `test/accuracy`?"""
    return metric.rpartition("/")[2] in SCORES


def measured(status: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics without the scores of a diverged net, which earlier versions recorded as 0."""
    return {key: value for key, value in metrics.items() if status != "diverged" or not is_score(key)}


def counted(status: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics as they are ranked and averaged: a diverged net has the scores of a constant answer.

    A record of an earlier version has a constant answer's score on the training set alone; it is used for
    the other sets too.
    """
    if status != "diverged":
        return dict(metrics)
    scores: dict[str, float] = {}
    for score, constant in CONSTANT.items():
        if (on_train := metrics.get(f"train/{constant}")) is not None:
            scores |= {f"{split}/{score}": metrics.get(f"{split}/{constant}", on_train) for split in SPLITS}
    return dict(metrics) | scores
