"""Intervals and tests against values from textbooks or worked by hand."""

import numpy as np
import pytest

from nnlab.cells.findings.significance import (
    fewest_discordant,
    holm,
    interval,
    mcnemar,
    mean_interval,
    variance_ratio,
)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),  # 1 - (0.025)^(1/10)
        (10, 10, 0.6915, 1.0),
        (8, 10, 0.4439, 0.9748),  # tabulated, as in Clopper and Pearson's charts
        (40, 50, 0.6628, 0.8997),
    ],
)
def test_clopper_pearson(right: int, n: int, low: float, high: float) -> None:
    assert interval(right, n) == pytest.approx((low, high), abs=5e-5)


def answers(both: int, a: int, b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Right or wrong of two nets, with so many images in each corner of their 2 x 2 table."""
    counts = (both, a, b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize(
    ("a", "b", "p"),
    [
        (0, 0, 1.0),
        (5, 0, 2 / 2**5),
        (6, 0, 2 / 2**6),
        (1, 8, 2 * (1 + 9) / 2**9),
        (4, 4, 1.0),
        (6, 16, 0.052479),  # R's binom.test(6, 22)
    ],
)
def test_mcnemar_is_the_sign_test_of_the_discordant_pairs(a: int, b: int, p: float) -> None:
    for concordant in (0, 30):
        assert mcnemar(*answers(concordant, a, b, concordant)) == (a, b, pytest.approx(p, rel=1e-4))


def test_holm() -> None:
    """Holm's procedure by hand: 0.01 * 4, 0.02 * 3, then never less than the one before."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_fewest_discordant() -> None:
    """One test: 2 / 2^6 = 0.03 is the first below 0.05; 19 tests: 19 * 2 / 2^10 = 0.037."""
    assert fewest_discordant(1) == 6 and fewest_discordant(19) == 10
    below, at = (mcnemar(*answers(9, d, 0, 9))[2] for d in (5, 6))
    assert at < 0.05 <= below


def test_the_interval_of_a_mean() -> None:
    """Mean 2, standard deviation 1, n = 3: 2 -+ 4.3027 / sqrt(3), Student's t with 2 degrees of freedom."""
    assert mean_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - 2.48414, 2 + 2.48414), abs=1e-4)
    assert mean_interval([0.5, 0.5]) == (0.5, 0.5)


def test_the_f_test() -> None:
    """Tabulated: 5 % of F(2, 10) are above 4.1028."""
    assert variance_ratio(4.1028, 1.0, 2, 10) == pytest.approx(0.05, abs=1e-4)
    assert variance_ratio(1.0, 0.0, 2, 10) == 0.0 and variance_ratio(0.0, 0.0, 2, 10) == 1.0
