"""Importance: shares of made sweeps whose variance components are known."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sweeps import MAJORITY, swept

from nnlab.cells.findings import Importance, importance
from nnlab.cells.ranking import Result

METRIC = "train/accuracy"
SIGNS = {"a": [-1, 1], "b": [-1, 1], "c": [-1, 1]}


def explained(results: list[Result], keys: str = "abc", metric: str = METRIC) -> Importance:
    found = importance(results, list(keys), metric)
    assert found is not None
    parts = [share.value for share in found.keys.values()]
    assert min(*parts, found.interactions.value, found.noise or 0.0) >= 0.0
    assert sum(parts) + found.interactions.value + (found.noise or 0.0) == pytest.approx(1.0)
    assert sum(found.percents.values()) == 100
    assert all(abs(found.percents[name] - 100 * value) < 1.0 for name, value in found.parts.items())
    return found


def shares(found: Importance) -> dict[str, float]:
    return {key: share.value for key, share in found.keys.items()}


def test_an_additive_grid() -> None:
    """y = 3a + b + 0c on {-1, 1}^3: the shares are 9/10, 1/10 and 0, the largest first."""
    found = explained(swept(SIGNS, lambda p: ("learnt", 3.0 * p["a"] + p["b"])))
    assert shares(found) == pytest.approx({"a": 0.9, "b": 0.1, "c": 0.0}) and list(found.keys) == [
        "a",
        "b",
        "c",
    ]
    assert found.interactions.value == pytest.approx(0.0) and found.noise is None and found.balanced


def test_what_only_an_interaction_explains() -> None:
    found = explained(swept(SIGNS, lambda p: ("learnt", float(p["a"] * p["b"]))))
    assert shares(found) == pytest.approx({"a": 0.0, "b": 0.0, "c": 0.0})
    assert found.interactions.value == pytest.approx(1.0)


def test_the_noise_is_the_variance_within_equal_configurations() -> None:
    """Variance 4 by a, 1 by a and b together, and 1 by two seeds that are -1 and 1 everywhere."""
    grid = SIGNS | {"seed": [-1, 1]}
    found = explained(swept(grid, lambda p: ("learnt", 2.0 * p["a"] + p["a"] * p["b"] + p["seed"])))
    assert shares(found)["a"] == pytest.approx(4 / 6)
    assert (found.interactions.value, found.noise) == pytest.approx((1 / 6, 1 / 6))
    assert found.keys["a"].beyond_noise and not found.keys["c"].beyond_noise
    assert found.sentence() == (
        "What matters most for the training accuracy is a: alone it explains 67 % of the variance, "
        "interactions of keys 17 %, the noise of seeds 16 %."
    ), "of 66.7, 16.7 and 16.7 %, which would round to 101"


def test_drawn_noise_is_found_within_tolerance() -> None:
    """Components 0.04 by depth (levels -0.2 and 0.2), 0.01 by seeds: four fifths and one fifth."""
    random = np.random.RandomState(3)
    grid = {"model.depth": [1, 2], "init.scale": [0.1, 1.0, 10.0], "seed": list(range(50))}
    results = swept(grid, lambda p: ("learnt", 0.4 * p["model.depth"] + 0.1 * random.randn()))
    found = explained(results, ["model.depth", "init.scale"])  # type: ignore[arg-type]
    assert shares(found)["model.depth"] == pytest.approx(0.8, abs=0.05)
    assert found.noise == pytest.approx(0.2, abs=0.05)
    assert found.keys["model.depth"].beyond_noise and not found.interactions.beyond_noise


def test_noise_alone_passes_for_a_key_no_more_often_than_it_should() -> None:
    """At 5 %: of 300 keys without an effect about 15, and 28 with a chance below 1 in 1000."""
    random = np.random.RandomState(0)
    seen = 0
    for _ in range(100):
        results = swept(SIGNS | {"seed": [1, 2, 3]}, lambda _: ("learnt", random.randn()))
        seen += sum(share.beyond_noise for share in explained(results).keys.values())
    assert 4 <= seen <= 28


def test_a_partial_grid_is_said_and_divided_as_the_average_over_orders() -> None:
    """Three of four combinations of a and b, y = a: b is correlated with a, and by hand gets 1/8."""
    results = swept(
        {"a": [-1, 1], "b": [-1, 1]}, lambda p: ("", 0.0) if p["a"] > p["b"] else ("learnt", 1.0 * p["a"])
    )
    found = explained(results, "ab")
    # R^2 of b alone is the squared correlation 1/4; after a it adds 0, so on average 1/8
    assert shares(found) == pytest.approx({"a": 7 / 8, "b": 1 / 8})
    assert not found.balanced and (found.configurations, found.combinations) == (3, 4)
    assert found.sentence().startswith("In this partial grid, what matters most")


def test_unequal_numbers_of_seeds_are_a_partial_grid_too() -> None:
    results = swept(SIGNS | {"seed": [1, 2]}, lambda p: ("learnt", 1.0 * p["a"] + 0.1 * p["seed"]))
    assert explained(results).balanced and not explained(results[1:]).balanced


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_shares_add_up_on_any_part_of_a_grid(data: st.DataObject) -> None:
    """``explained`` checks that they are not negative and add up to 1."""
    grid = {"a": [1, 2, 3], "b": ["x", "y"], "c": [[20, 7], [], None], "seed": [1, 2]}
    kept = data.draw(st.sets(st.integers(0, 35), min_size=3))
    random = np.random.RandomState(data.draw(st.integers(0, 99)))
    results = [run for i, run in enumerate(swept(grid, lambda _: ("learnt", random.rand()))) if i in kept]
    if importance(results, "abc", METRIC) is not None:
        explained(results)


def test_in_a_full_grid_every_order_gives_the_same() -> None:
    """So drawn orders, as they are taken for six keys and more, are exact there."""
    grid: dict[str, list[Any]] = {key: [0, 1] for key in "abcdefg"}
    results = swept(grid, lambda p: ("learnt", sum(2.0**-i * p[key] for i, key in enumerate("abcdefg"))))
    found = explained(results, "abcdefg")
    sizes = {key: 4.0**-i for i, key in enumerate("abcdefg")}
    assert shares(found) == pytest.approx({key: size / sum(sizes.values()) for key, size in sizes.items()})


def test_a_diverged_net_counts_as_a_constant_answer_and_a_failed_one_is_left_out() -> None:
    ends = {1: ("learnt", 0.9), 2: ("diverged", 0.0), 3: ("stuck", 0.0)}
    results = swept({"a": [1, 2, 3], "b": [1, 2]}, lambda p: ends[p["a"]])
    assert {run.counted[METRIC] for run in results if run.status == "diverged"} == {MAJORITY}
    assert shares(explained(results, "ab"))["a"] == pytest.approx(1.0)


def test_one_key() -> None:
    results = swept({"a": [1, 2], "seed": [0, 1]}, lambda p: ("learnt", 2.0 * p["a"] + p["seed"]))
    found = explained(results, "a")
    assert shares(found)["a"] == pytest.approx(0.8)
    assert found.noise == pytest.approx(0.2) and found.interactions.value == pytest.approx(0.0)
    assert "beyond the noise of seeds" in found.sentence(), "F(1, 2) = 8 is not enough"


def test_nothing_to_explain() -> None:
    assert importance(swept(SIGNS, lambda _: ("learnt", 0.9)), list("abc"), METRIC) is None
    assert importance([], list("abc"), METRIC) is None, "everything failed"
    assert (
        importance(swept({"seed": [1, 2]}, lambda p: ("learnt", 0.1 * p["seed"])), ["seed"], METRIC) is None
    )


def test_many_numbers_are_taken_in_ranges() -> None:
    """A random search: each of 200 rates once. The noise is unknown, and one rate does not explain all."""
    random = np.random.RandomState(1)
    rates = (10 ** random.uniform(-4, 0, 200)).tolist()
    found = explained(swept({"optimizer.lr": rates}, lambda _: ("learnt", random.rand())), ["optimizer.lr"])  # type: ignore[arg-type]
    assert found.noise is None and shares(found)["optimizer.lr"] < 0.25


def test_folds_are_noise_too() -> None:
    grid = {"a": [1, 2], "seed": [1, 2], "data.fold": [0, 1]}
    results = swept(grid, lambda p: ("learnt", 9.0 * p["a"] + p["seed"] + p["data.fold"]))
    assert explained(results, "a").sentence() == (
        "a explains 98 % of the variance of the training accuracy, the noise of seeds and folds 2 %."
    )
