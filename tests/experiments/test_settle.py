"""How many seeds would settle what is open."""

import numpy as np
import pytest

from nnlab.experiments import Race, Tuned, gains_settled_by, races_settled_by
from nnlab.experiments.comparison import Interval
from nnlab.experiments.settle import POWER, seeds_for


def way(values: list[float], at_edge: tuple[str, ...] = ()) -> Tuned:
    return Tuned({"optimizer.lr": 0.1}, at_edge, [], np.array(values))


def test_the_seeds_shrink_an_interval_to_the_nearer_bound() -> None:
    """Twice too wide: four times the seeds, and the power on top; 0.2 from 0.1 needs none more."""
    assert seeds_for(Interval(1.0, -1.0, 9.0), 10, 0.0, 0.5) == pytest.approx(40 * POWER**2)
    assert seeds_for(Interval(-1.0, -9.0, 2.0), 10, 0.0, 1.0) == pytest.approx(10 * 1.5**2 * POWER**2)
    assert seeds_for(Interval(0.0, -np.inf, np.inf), 5, 0.0, 1.0) == np.inf


def test_so_many_seeds_do_settle_it() -> None:
    """Drawn samples of the number that is named lie above 0 in about 80 of 100 tests."""
    random, middle, spread, seeds = np.random.RandomState(0), 0.3, 1.0, 16
    half = 1.96 * spread / seeds**0.5
    count = int(np.ceil(seeds_for(Interval(middle, middle - half, middle + half), seeds, 0.0, 0.01)))
    assert count > seeds
    means = random.normal(middle, spread / count**0.5, 4000)
    assert np.mean(means - 1.96 * spread / count**0.5 > 0.0) == pytest.approx(0.8, abs=0.02)


def test_only_what_is_open_is_named() -> None:
    text = gains_settled_by({"gap": Interval(0.02, 0.01, 0.03), "gain": Interval(0.002, -0.02, 0.02)}, 10)
    assert "(gain)" in text and "gap" not in text and "instead of 10" in text
    assert gains_settled_by({"gap": Interval(0.02, 0.01, 0.03)}, 10) == ""


def test_a_race_that_is_open_names_its_seeds_and_one_at_the_edge_its_grid() -> None:
    slow, fast = way([90, 110, 105, 95, 120, 102, 99, 130]), way([100.0] * 8)
    text = races_settled_by({"depth 2": (Race({"a": slow, "b": fast}), "a", "b")})
    assert "(depth 2)" in text and "seeds instead of 8" in text
    few = races_settled_by({"depth 2": (Race({"a": way([90, 110]), "b": way([100, 100])}), "a", "b")})
    assert few == "2 seeds are too few for an interval, so this stays open: depth 2."
    edge = Race({"a": way([90, 110], ("optimizer.lr",)), "b": way([100, 100])})
    assert "(lr of a, depth 2)" in races_settled_by({"depth 2": (edge, "a", "b")})
    clear = Race({"a": way([200.0] * 8), "b": fast})
    assert races_settled_by({"depth 2": (clear, "a", "b")}) == ""
