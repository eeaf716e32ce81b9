"""Two ways compared: the choice of a setting, intervals, and pictures shrunk."""

from collections.abc import Callable

import numpy as np
import pytest

from nnlab.experiments import (
    Run,
    all_of,
    any_of,
    difference,
    is_more,
    median_interval,
    race,
    steps_to,
    tuned,
)
from nnlab.experiments.comparison import Interval
from nnlab.experiments.pictures import shrunk

Made = Callable[..., Run]


def test_seeds_have_no_say_in_the_setting_at_which_they_are_judged(made: Made) -> None:
    """At 0.1 the odd seeds are fast, at 0.3 the even ones: each half chooses what harms the other half."""
    runs = [
        made({"optimizer.lr": lr, "seed": seed}, metrics={"taken": taken})
        for lr, fast in ((0.1, 1), (0.2, None), (0.3, 0))
        for seed in range(1, 7)
        for taken in [50.0 if fast is None else 10.0 if seed % 2 == fast else 100.0]
    ]
    found = tuned(runs, ["optimizer.lr"], lambda run: run.metrics["taken"])
    assert found.values.tolist() == [100.0] * 6
    assert [run["optimizer.lr"] for run in found.runs] == [0.3, 0.1] * 3
    assert found.at_edge == ["optimizer.lr"] and found.setting == {"optimizer.lr": 0.2}


def test_a_best_rate_at_the_edge_leaves_a_race_open(made: Made) -> None:
    def runs(best: float, fast: int) -> list[Run]:
        return [
            made({"optimizer.lr": lr, "seed": s}, np.linspace(1.0, 0.0, fast if lr == best else 100))
            for lr in (0.1, 0.2, 0.3)
            for s in range(1, 9)
        ]

    def taken(run: Run) -> float:
        return steps_to(run, 0.5)

    sides = {"slow": runs(0.2, 80), "fast": runs(0.2, 20), "edge": runs(0.3, 20)}
    found = race(sides, ["optimizer.lr"], taken)
    assert found.is_slower("slow", "fast") is True
    assert found.is_slower("fast", "slow") is False
    assert found.is_slower("slow", "edge") is None
    assert "grid's edge: optimizer.lr" in found.numbers("steps")["edge: best setting"]


def test_the_interval_of_a_median_is_exact() -> None:
    """Of 10 seeds the second and the ninth value (binomial tables: 97.9%); of 5 there is none."""
    assert median_interval(np.arange(1.0, 11.0)) == (5.5, 2.0, 9.0)
    assert median_interval(np.arange(1.0, 6.0)) == (3.0, -np.inf, np.inf)


def test_words_of_an_interval() -> None:
    assert is_more(Interval(1.5, 1.01, 2.0)) is True
    assert is_more(Interval(1.0, 0.9, 1.09)) is False
    assert is_more(Interval(1.1, 0.9, 1.3)) is None
    assert all_of([True, None, True]) is None and all_of([None, False]) is False and all_of([True]) is True
    assert any_of([False, None]) is None and any_of([None, True]) is True and any_of([False]) is False


@pytest.mark.slow
def test_the_interval_of_a_difference_covers_the_truth() -> None:
    random, covered = np.random.RandomState(0), 0
    for _ in range(40):
        a, b = random.rand(12, 300) < 0.8, random.rand(12, 300) < 0.7
        _, low, high = difference(a.astype(float), b.astype(float))
        covered += low <= 0.1 <= high
    assert 34 <= covered <= 40


def test_steps_to_a_target(made: Made) -> None:
    run = made({"trainer.iterations": 5}, [0.9, 0.1, 0.9, 0.3, 0.2])
    assert steps_to(run, 0.3) == 1 and steps_to(run, 0.05) == 5
    assert steps_to(run, 0.3, window=2) == 4  # the mean of the steps 3 and 4


def test_a_shrunk_picture_has_the_means_of_its_squares() -> None:
    x = np.zeros((1, 64, 64, 3), np.uint8)
    x[0, :4, 4:8, 1] = 255
    features = shrunk(x, 16).reshape(16, 16, 3)
    assert features[0, 1, 1] == pytest.approx(1.0) and features.sum() == pytest.approx(1.0)
