"""The mean-field theory against what is known of it."""

from math import inf, isclose

import numpy as np
import pytest
from scipy.optimize import brentq

from nnlab.nn.mean_field import depth_scale, fixed_point


def test_tanh_without_biases_is_critical_at_one() -> None:
    for sigma_w2 in (0.3, 0.9):
        point = fixed_point("tanh", sigma_w2)
        assert point.q == 0.0 and point.c == 1.0 and isclose(point.chi_1, sigma_w2)
    assert fixed_point("tanh", 1.0).xi == inf
    assert fixed_point("tanh", 1.5).chi_1 > 1.0 and fixed_point("tanh", 1.5).c == 0.0


def test_the_edge_with_biases_is_the_published_one() -> None:
    """Schoenholz et al. 2017: sigma_w^2 = 1.76 for sigma_b^2 = 0.05."""
    edge = brentq(lambda sigma_w2: fixed_point("tanh", sigma_w2, 0.05).chi_1 - 1.0, 1.0, 3.0)
    assert edge == pytest.approx(1.76, abs=0.005)
    assert fixed_point("tanh", 1.5, 0.05).c == 1.0
    chaos = fixed_point("tanh", 4.0, 0.05)
    assert 0.0 < chaos.c < 1.0 and 1.0 < chaos.xi < 20.0


@pytest.mark.slow
def test_the_fixed_point_is_what_a_wide_random_net_does() -> None:
    """Two inputs through 30 layers of 1000 units: the variance and the correlation of their signals."""
    random, n, sigma_w2 = np.random.RandomState(0), 1000, 4.0
    A = random.randn(n, 2)
    A[:, 1] = 0.9 * A[:, 0] + np.sqrt(1.0 - 0.81) * A[:, 1]
    for _ in range(30):
        Z = np.sqrt(sigma_w2 / n) * random.randn(n, n) @ A + np.sqrt(0.1) * random.randn(n, 1)
        A = np.tanh(Z)
    point = fixed_point("tanh", sigma_w2, 0.1)
    q = (Z**2).mean(axis=0)
    assert q == pytest.approx(point.q, rel=0.1)
    assert float((Z[:, 0] * Z[:, 1]).mean() / np.sqrt(q[0] * q[1])) == pytest.approx(point.c, abs=0.08)


def test_depth_scale() -> None:
    assert depth_scale(1.0) == inf
    assert depth_scale(np.exp(-0.1)) == pytest.approx(10.0) == depth_scale(np.exp(0.1))
