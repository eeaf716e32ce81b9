"""The analyses on runs made by hand, and the functions that they compute with."""

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import course_stories  # noqa: F401  (these modules enter their stories into the tables)
import map_stories  # noqa: F401
import numpy as np
import pytest
import size_stories  # noqa: F401
import unit_stories  # noqa: F401
from race_stories import OPEN
from stories import STORIES, Made

from nnlab.config.paths import EXPERIMENTS
from nnlab.data import hdf5
from nnlab.experiments import find, paint
from nnlab.sweeps.experiment_data import load_code

SETTLED = {
    "adam_and_rmsprop",
    "cross_entropy",
    "minibatches",
    "momentum",
    "regularization",
    "tanh_over_sigmoid",
}


def marked(names: Iterable[str]) -> list[Any]:
    """These claims; those whose analysis reads many cells are slow."""
    many = {"deeper_not_always", "more_data_bigger_nets", "universal_approximation"}
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in many)) for name in sorted(names)]


@pytest.mark.parametrize("good", [True, False], ids=["confirms", "refutes"])
@pytest.mark.parametrize("name", marked(STORIES))
def test_an_analysis_can_confirm_and_refute(made: Made, name: str, good: bool) -> None:
    analysis = load_code(EXPERIMENTS / name, "analysis")
    verdict = analysis.analyse(STORIES[name](made, analysis, good))
    assert verdict.verdict == ("confirmed" if good else "refuted"), verdict
    assert verdict.sentence.endswith(".") and verdict.numbers
    json.dumps(verdict.numbers)


@pytest.mark.parametrize("name", marked(OPEN))
def test_an_analysis_can_leave_a_claim_open(made: Made, name: str) -> None:
    analysis = load_code(EXPERIMENTS / name, "analysis")
    verdict = analysis.analyse(OPEN[name](made, analysis, None))
    assert verdict.verdict == "inconclusive"
    if name in SETTLED:
        assert "wider grid" in verdict.sentence or "takes about" in verdict.sentence


def test_scales_are_left_open_if_no_net_of_a_depth_trains(made: Made) -> None:
    analysis = load_code(EXPERIMENTS / "init_scale", "analysis")
    runs = STORIES["init_scale"](made, analysis, True)
    lost = [
        replace(run, metrics={"train/accuracy": 0.5}) if run["model.depth"] == 32 else run for run in runs
    ]
    assert analysis.analyse(runs).verdict == "confirmed"
    assert analysis.analyse(lost).verdict == "inconclusive"


def test_the_neighbours_are_left_open_without_the_course_files(made: Made) -> None:
    analysis = load_code(EXPERIMENTS / "knn_baseline", "analysis")
    for good, word in ((True, "inconclusive"), (False, "refuted")):
        runs = STORIES["knn_baseline"](made, analysis, good)
        analysis.cats = lambda: None
        assert analysis.analyse(runs).verdict == word


def test_nets_that_never_reach_the_cost_are_not_told_as_steps(made: Made) -> None:
    """RMSprop ends above the cost in all nets; Adam takes 100 steps, gradient descent 400."""
    analysis = load_code(EXPERIMENTS / "adam_and_rmsprop", "analysis")
    runs = STORIES["adam_and_rmsprop"](made, analysis, True)
    stuck = [made({"optimizer.name": "rmsprop", "optimizer.lr": run["optimizer.lr"], "seed": run["seed"],
                   "trainer.iterations": 1000}, np.full(1000, 0.6), {"time/train_s": 1.0})
             for run in runs if run["optimizer.name"] == "rmsprop"]  # fmt: skip
    verdict = analysis.analyse([run for run in runs if run["optimizer.name"] != "rmsprop"] + stuck)
    assert "with RMSprop 12 of 12 nets do not reach it within 1000 steps" in verdict.sentence
    assert (
        "RMSprop takes at least" in verdict.sentence
        and "times the steps of RMSprop" not in verdict.sentence
    )
    assert verdict.numbers["rmsprop: nets that do not reach 0.2"] == "12 of 12"


def test_every_experiment_has_a_story() -> None:
    assert {each.name for each in find()} == set(STORIES)


def test_small_painted_sets_are_parts_of_the_large_one(tmp_path: Path) -> None:
    sets = load_code(EXPERIMENTS / "more_data_bigger_nets", "data")
    for seed in range(1, 6):
        names = [f"50_{seed}", f"200_{seed}", f"1000_{seed}", "5000"]
        places = [range(5000)[sets.TRAIN[name]] for name in names]
        assert [len(of) for of in places] == [50, 200, 1000, 5000]
        assert all(set(few) <= set(more) for few, more in pairwise(places))
    sets.TRAIN = {"6": slice(6), "2_2": slice(2, 4)}
    sets.paint = lambda folder, counts, side: paint(folder, {"train": counts["train"], "test": 4}, side)
    sets.draw(tmp_path)
    large, small, test = (
        hdf5.read(tmp_path / f"{name}.h5", "test" if name == "test" else "train", 1)
        for name in ("6", "2_2", "test")
    )
    np.testing.assert_array_equal(small.x, large.x[2:4])
    assert small.y.tolist() == large.y[2:4].tolist() and len(test.y) == 4 and large.x.shape == (6, 768)
    assert not any(path.name.endswith(".part") for path in tmp_path.iterdir())


def test_blocks_find_the_same_neighbours_as_the_brute_force() -> None:
    analysis = load_code(EXPERIMENTS / "knn_baseline", "analysis")
    (train, _), (test, _) = analysis.drawn(60, 1), analysis.drawn(7, 2)
    few = 2.0 * 8 * test.size / 2**20 + 0.2  # enough memory for blocks of a few images
    np.testing.assert_array_equal(
        analysis.nearest(train, test, 3, few), analysis.brute_force(train, test, 3)
    )
    labels = np.array([4, 4, 2, 2, 1])
    assert analysis.vote(labels, np.array([[0, 1, 2], [2, 3, 4], [4, 2, 0]]), 3).tolist() == [4, 2, 1]


def test_the_loops_compute_the_gradient_of_the_network() -> None:
    analysis = load_code(EXPERIMENTS / "vectorization", "analysis")
    random = np.random.RandomState(0)
    X, y, W1, W2 = (
        random.randn(5, 4),
        random.randint(2, size=5).astype(float),
        random.randn(3, 4),
        random.randn(1, 3),
    )
    loops, vectors = analysis.full_loop(X, y, W1, W2), analysis.example_loop(X, y, W1, W2)
    network = analysis.arrays(analysis.PrimalLayer(X, W1), W2, y)()
    for a, b, c in zip(loops, vectors, analysis._split(network.blocks[0][1], network), strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-12)
        np.testing.assert_allclose(b, c, rtol=1e-12)


def test_every_layer_keeps_the_bound_on_its_gradient(made: Made) -> None:
    analysis = load_code(EXPERIMENTS / "saturation", "analysis")
    for activation in analysis.LARGEST_SLOPE:
        norms, keeps = analysis.gradients(made({"model.activation": activation, "model.depth": 4}))
        assert keeps and len(norms) == 4 and min(norms) > 0.0
