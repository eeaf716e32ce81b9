"""Ranking with diverged nets: they count as a constant answer, and are never the best."""

import pytest

from nnlab.cells.ranking import Result, rank


def result(name: str, seed: int, accuracy: float | None, cost: float = 1.0) -> Result:
    """A result; without an accuracy it diverged. The most common class has a share of 0.6."""
    metrics = {"train/majority": 0.7, "test/majority": 0.6}
    if accuracy is not None:
        metrics |= {"test/accuracy": accuracy, "test/cost": cost}
    status = "diverged" if accuracy is None else "finished"
    return Result(f"{name}{seed}", f"{name} #{seed}", status, {"name": name, "seed": seed}, metrics)


def test_a_diverged_net_counts_in_the_mean_as_a_constant_answer() -> None:
    cells = [result("a", 1, 0.9), result("a", 2, None), result("b", 1, 0.7), result("b", 2, 0.7)]
    first, second = rank(cells, "test/accuracy")
    assert (first.name, second.name) == ("a", "b") and first.diverged == 1
    assert first.mean("test/accuracy") == pytest.approx(0.75)


def test_of_equal_means_the_one_with_a_diverged_net_comes_after() -> None:
    cells = [result("a", 1, 0.6), result("a", 2, None), result("b", 1, 0.6), result("b", 2, 0.6)]
    assert [c.name for c in rank(cells, "test/accuracy")] == ["b", "a"]


def test_a_configuration_that_only_diverged_comes_last() -> None:
    """Also where a trained one is worse than a constant answer."""
    cells = [result("a", 1, None), result("b", 1, 0.3)]
    assert [c.name for c in rank(cells, "test/accuracy")] == ["b", "a"]


def test_the_middle_run_did_not_diverge() -> None:
    (one,) = rank([result("a", 1, None), result("a", 2, 0.5), result("a", 3, None)], "test/accuracy")
    assert one.middle.id == "a2"
    (lost,) = rank([result("a", 1, None)], "test/accuracy")
    assert lost.middle.id == "a1"
