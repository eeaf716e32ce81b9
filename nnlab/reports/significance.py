"""Honest numbers: exact intervals, the exact paired test, and how much each key explains."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
ALPHA = 0.05  # below this adjusted p two cells are told apart


def interval(right: int, n: int) -> tuple[float, float]:
    """The exact (Clopper-Pearson) 95% interval of a share, of which ``right`` in ``n`` were seen."""
    found = stats.binomtest(right, n).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """McNemar's exact test of two nets that answered the same n images, (n,) right or wrong.

    Returns how many images a alone and b alone got right, and the two-sided p under which either
    was as likely: Binomial(a alone + b alone, 1/2). The images on which both agree say nothing.
    """
    a_alone, b_alone = int(np.sum(a & ~b)), int(np.sum(~a & b))
    if a_alone + b_alone == 0:
        return 0, 0, 1.0
    return a_alone, b_alone, float(stats.binomtest(a_alone, a_alone + b_alone, 0.5).pvalue)


def fewest_discordant(tests: int) -> int:
    """On how many images two nets must disagree before McNemar can tell them apart at all.

    All of them in favour of one give p = 2 / 2^d, and Holm multiplies the smallest p by the ``tests``.
    """
    d = 1
    while tests * 2.0 ** (1 - d) >= ALPHA:
        d += 1
    return d


def holm(p: Sequence[float]) -> list[float]:
    """The p values adjusted for their number (Holm 1979): step down, never smaller than the one before."""
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(np.asarray(p, np.float64)[order] * factors), 1.0)
    back = np.empty(len(p))
    back[order] = adjusted
    return [float(value) for value in back]


def importance(
    rows: Sequence[Mapping[str, Any]], keys: Sequence[str], y: Sequence[float]
) -> dict[str, tuple[float, float]]:
    """For each key the shares of y's variance that it explains: alone, and with its interactions.

    Sobol's first-order and total indices over the cells as they are, each with equal weight: the
    variance of the means per value of the key, and what is left within cells that share all other
    keys. On a full grid they are exact. Nothing varies: all are 0.
    """
    values = np.asarray(y, np.float64)
    total = float(np.var(values)) if len(values) else 0.0
    if total == 0.0:
        return dict.fromkeys(keys, (0.0, 0.0))
    shares = {}
    for key in keys:
        alone = total - _within(values, [_frozen(row[key]) for row in rows])
        others = [tuple(_frozen(row[other]) for other in keys if other != key) for row in rows]
        shares[key] = (max(alone, 0.0) / total, _within(values, others) / total)
    return shares


def _within(values: NDArray[np.float64], groups: Sequence[Any]) -> float:
    """The mean squared distance of the values (n,) from their group's mean."""
    members = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        members[group].append(value)
    return sum(len(group) * float(np.var(group)) for group in members.values()) / len(values)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
