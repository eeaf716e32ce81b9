"""Whether results differ by more than chance: exact intervals, paired tests, adjusted p values.

SciPy takes a tenth of a second to load, so the functions that need it load it.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
ALPHA = 0.05  # a difference counts if its p is below this


def interval(right: int, n: int) -> tuple[float, float]:
    """The exact 95 % interval (Clopper and Pearson 1934) of a share, if ``right`` of ``n`` were seen."""
    from scipy.special import betaincinv

    outside = (1.0 - CONFIDENCE) / 2
    low = betaincinv(right, n - right + 1, outside) if right else 0.0
    high = betaincinv(right + 1, n - right, 1.0 - outside) if right < n else 1.0
    return float(low), float(high)


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of at least two values, by Student's t."""
    from scipy.special import stdtrit

    n, mean = len(values), math.fsum(values) / len(values)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    reach = float(stdtrit(n - 1, (1.0 + CONFIDENCE) / 2)) * error
    return mean - reach, mean + reach


def variance_ratio(between: float, within: float, df_between: int, df_within: int) -> float:
    """The p of an F test: how often chance alone gives so large a mean square ``between``."""
    from scipy.special import fdtrc

    if within == 0.0:
        return 0.0 if between > 0.0 else 1.0
    return float(fdtrc(df_between, df_within, between / within))


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """McNemar's exact test of two nets that predicted the same n images; a, b (n,): right or wrong.

    Returns the number of images that a alone got right, the number that b alone got right, and the
    two-sided p. If both nets are equally good, a's number is Binomial(a alone + b alone, 1/2). Images
    that both got right, or both wrong, do not count.
    """
    from scipy.special import bdtr

    a_alone, b_alone = int(np.sum(a & ~b)), int(np.sum(~a & b))
    if a_alone == b_alone:
        return a_alone, b_alone, 1.0
    return a_alone, b_alone, float(2.0 * bdtr(min(a_alone, b_alone), a_alone + b_alone, 0.5))


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
