"""What the claims on the course's own topics leave open, and the functions that they compute with."""

import doctest
import math
from pathlib import Path

import numpy as np
import pytest
from course_stories import STORIES
from numpy.typing import NDArray
from stories import Made, net

from docs.examples import blocks
from nnlab.config.paths import EXPERIMENTS
from nnlab.data import SplitName, hdf5
from nnlab.experiments import Run, layers
from nnlab.experiments.comparison import Interval
from nnlab.sweeps.experiment_data import load_code


@pytest.mark.parametrize("page", ["keepdims", "one_over_m"])
def test_a_page_to_run_shows_what_python_prints(page: str) -> None:
    text = (EXPERIMENTS / page / "README.md").read_text()
    typed = "\n".join(block.text for block in blocks(text) if block.language == "pycon")
    test = doctest.DocTestParser().get_doctest(typed, {}, page, None, 0)
    assert len(test.examples) >= 20
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


def few(runs: list[Run], seeds: int) -> list[Run]:
    """Without most seeds no interval is narrow enough."""
    return [run for run in runs if run["seed"] <= seeds]


@pytest.mark.parametrize("name", ["why_relu", "scale_of_inputs", "learned_features"])
def test_too_few_seeds_leave_it_open(made: Made, name: str) -> None:
    analysis = load_code(EXPERIMENTS / name, "analysis")
    assert analysis.analyse(few(STORIES[name](made, analysis, True), 4)).verdict == "inconclusive"


def test_a_change_near_the_margin_leaves_unrolling_open(made: Made) -> None:
    analysis = load_code(EXPERIMENTS / "unrolling", "analysis")
    runs = STORIES["unrolling"](made, analysis, True)
    analysis.difference = lambda a, b: Interval(0.02, 0.005, 0.035)
    assert analysis.analyse(runs).verdict == "inconclusive"


def test_a_best_rate_at_the_edge_leaves_scale_of_inputs_open(made: Made) -> None:
    analysis = load_code(EXPERIMENTS / "scale_of_inputs", "analysis")
    runs = [run for run in STORIES["scale_of_inputs"](made, analysis, True) if run["optimizer.lr"] <= 0.2]
    assert analysis.analyse(runs).verdict == "inconclusive"


def test_the_forms_of_the_gradient() -> None:
    """At z = 0, y = 1 both are -1/2; at z = 40, y = 0 the long one is no number, and A - Y is 1."""
    analysis = load_code(EXPERIMENTS / "stable_gradient", "analysis")
    for form in (analysis.long_form, analysis.short_form):
        assert float(form(np.array([0.0]), 1)[0]) == -0.5
    assert not np.isfinite(analysis.long_form(np.array([40.0]), 0)[0])
    assert analysis.short_form(np.array([40.0]), 0)[0] == 1.0
    long, short = analysis.on_paper(40, 0)
    assert abs(long - short) < 1e-20 and float(short) == pytest.approx(1.0)


def test_the_layers_are_those_of_the_net(made: Made) -> None:
    run = made({"model.depth": 3, "model.activation": "tanh"}, weights=net(4, 3, 2, 1))
    A1, A2, Z3 = layers(run)
    (W1, b1), (W2, b2), (W3, b3) = run.weights
    X = run.dataset.train.x.T
    np.testing.assert_allclose(A1, np.tanh(W1 @ X + b1))
    np.testing.assert_allclose(A2, np.tanh(W2 @ A1 + b2))
    np.testing.assert_allclose(Z3, W3 @ A2 + b3)


@pytest.mark.slow
def test_the_measures_of_first_layer_weights() -> None:
    """Noise: no correlation, spread 64/sqrt(6). A row of 32 pixels: sqrt(32^2/12)."""
    analysis = load_code(EXPERIMENTS / "learned_features", "analysis")
    noise = np.random.RandomState(0).randn(64, 64, 3)
    assert abs(analysis.smoothness(noise)) < 0.03
    assert analysis.spread(noise) == pytest.approx(64 / math.sqrt(6), rel=0.03)
    line = np.zeros((64, 64, 3))
    line[5, 10:42] = 1.0
    assert analysis.spread(line) == pytest.approx(math.sqrt((32**2 - 1) / 12))
    ramp = np.linspace(0.0, 1.0, 64)[:, np.newaxis, np.newaxis] * np.ones((64, 64, 3))
    assert analysis.smoothness(ramp) > 0.99
    one = np.eye(12288)[:3]
    assert analysis.look(one[:1] + one[1:2], one[1:]).alike == pytest.approx(0.5)


def test_a_shuffle_moves_numbers_and_keeps_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_code(EXPERIMENTS / "unrolling", "data")
    monkeypatch.setattr(data, "COUNTS", {"train": 6, "test": 4})
    data.draw(tmp_path)

    def read(name: str, split: SplitName) -> NDArray[np.int64]:
        x = np.asarray(hdf5.read(tmp_path / f"{name}_{split}.h5", split, 64).x)
        return x.reshape(len(x), -1).astype(np.int64)

    splits: tuple[SplitName, ...] = ("train", "test")
    for split in splits:
        as_is, shuffled, own = (read(name, split) for name in ("as_is", "shuffled", "own"))
        assert (as_is @ as_is.T == shuffled @ shuffled.T).all() and (as_is != shuffled).any()
        assert (np.sort(own) == np.sort(as_is)).all()
        assert (own @ own.T != as_is @ as_is.T).any()


def test_centred_inputs_have_no_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load_code(EXPERIMENTS / "scale_of_inputs", "data")
    monkeypatch.setattr(data, "COUNTS", {"train": 6, "test": 4})
    data.draw(tmp_path)
    raw, by_255, centred = (
        np.asarray(hdf5.read(tmp_path / f"{name}_train.h5", "train", 64).x)
        for name in ("raw", "by_255", "centred")
    )
    np.testing.assert_allclose(raw, 255.0 * by_255)
    assert 100 < raw.max() <= 255 and raw.shape == (6, 768)
    np.testing.assert_allclose(centred.mean(axis=0), 0.0, atol=1e-12)
