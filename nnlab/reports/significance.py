"""Statistics of results: exact intervals, the exact paired test, how much each key explains."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CONFIDENCE = 0.95
ALPHA = 0.05  # two nets differ if their adjusted p is below this
Shares = dict[str, tuple[float, float]]  # key -> the share it explains: alone, with its interactions


def interval(right: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval (Clopper and Pearson 1934) of a share, if ``right`` of ``n`` were seen."""
    found = stats.binomtest(right, n).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """McNemar's exact test of two nets that predicted the same n images; a, b (n,): right or wrong.

    Returns the number of images that a alone got right, the number that b alone got right, and the
    two-sided p. If both nets are equally good, a's number is Binomial(a alone + b alone, 1/2). Images
    that both got right, or both wrong, do not count.
    """
    a_alone, b_alone = int(np.sum(a & ~b)), int(np.sum(~a & b))
    if a_alone + b_alone == 0:
        return 0, 0, 1.0
    return a_alone, b_alone, float(stats.binomtest(a_alone, a_alone + b_alone, 0.5).pvalue)


def fewest_discordant(tests: int) -> int:
    """The smallest number of images on which two nets must disagree for McNemar's test to tell them apart.

    If d images all favour one net, p = 2 / 2^d; Holm multiplies the smallest p by the number of ``tests``.
    """
    d = 1
    while tests * 2.0 ** (1 - d) >= ALPHA:
        d += 1
    return d


def holm(p: Sequence[float]) -> list[float]:
    """The p values adjusted for their number (Holm 1979).

    The smallest of n is multiplied by n, the next by n - 1, and so on; none becomes smaller than the
    one before it, nor larger than 1.
    """
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.minimum(np.maximum.accumulate(np.asarray(p, np.float64)[order] * factors), 1.0)
    back = np.empty(len(p))
    back[order] = adjusted
    return [float(value) for value in back]


def importance(rows: Sequence[Mapping[str, Any]], keys: Sequence[str], y: Sequence[float]) -> Shares:
    """For each key the shares of y's variance that it explains: alone, and with its interactions.

    These are Sobol's first-order and total indices, with equal weight for each cell: the variance of
    the means per value of the key, and the variance that is left among cells that agree in all other
    keys. They are exact on a full grid. If y does not vary, all are 0.
    """
    values = np.asarray(y, np.float64)
    total = float(np.var(values)) if len(values) else 0.0
    if total == 0.0:
        return dict.fromkeys(keys, (0.0, 0.0))
    shares = {}
    for key in keys:
        alone = total - _within(values, [_hashable(row[key]) for row in rows])
        others = [tuple(_hashable(row[other]) for other in keys if other != key) for row in rows]
        shares[key] = (max(alone, 0.0) / total, _within(values, others) / total)
    return shares


def _within(values: NDArray[np.float64], groups: Sequence[Any]) -> float:
    """The mean squared distance of the values (n,) from the mean of their group."""
    members = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        members[group].append(value)
    return sum(len(group) * float(np.var(group)) for group in members.values()) / len(values)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
