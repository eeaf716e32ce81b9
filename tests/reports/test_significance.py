"""Intervals, paired tests and variance shares against values from textbooks or worked by hand."""

import itertools

import numpy as np
import pytest

from nnlab.reports.significance import fewest_discordant, holm, importance, interval, mcnemar


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


def test_importance_of_an_additive_grid() -> None:
    """y = 3a + b + 0c on {-1, 1}^3: the shares are 9/10, 1/10 and 0, without interactions."""
    rows = [dict(zip("abc", values, strict=True)) for values in itertools.product((-1, 1), repeat=3)]
    shares = importance(rows, list("abc"), [3.0 * row["a"] + row["b"] for row in rows])
    for key, share in {"a": 0.9, "b": 0.1, "c": 0.0}.items():
        assert shares[key] == pytest.approx((share, share))


def test_importance_sees_what_only_an_interaction_explains() -> None:
    rows = [{"a": a, "b": b} for a in (-1, 1) for b in (-1, 1)]
    shares = importance(rows, ["a", "b"], [float(row["a"] * row["b"]) for row in rows])
    assert shares == {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    assert importance(rows, ["a"], [1.0] * 4) == {"a": (0.0, 0.0)}
    lists = [{"h": [20, 7]}, {"h": []}]
    assert importance(lists, ["h"], [0.0, 1.0]) == {"h": (1.0, 1.0)}
