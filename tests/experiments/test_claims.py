"""The experiments: their analyses on hand-made runs, their sweeps for three steps, the framework."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from harness import assert_refused, done, empty_store, living_in, markers, nnlab, runs, small_set
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.types import HydraContext, RunMode

from nnlab.cells.plan import Plan
from nnlab.cells.run_cell import run_cell
from nnlab.config.compose import Config, compose
from nnlab.config.experiments import register
from nnlab.config.paths import CONF, EXPERIMENTS, ROOT
from nnlab.data import hdf5
from nnlab.data.painted import generator as painted
from nnlab.errors import UserError
from nnlab.experiments import claim as experiment
from nnlab.experiments.claim import Experiment, Run
from nnlab.records.lock import cell_lock
from nnlab.sweeps.experiment_data import draw_data
from nnlab.sweeps.grid import Grid, plan_cells, read_grid

ALL = experiment.find()
SWEPT = [each for each in ALL if each.sweeps]


# -- hand-made runs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration on a tiny set of 30 + 12 points in 4 dimensions."""
    return compose(small_set(tmp_path_factory.mktemp("experiments"), n=4))


@pytest.fixture
def made(base: Config) -> Callable[..., Run]:
    """made({"model.depth": 2}, costs=..., metrics=..., weights=[(W1, b1), ...], test=..., y=...)"""

    def made(
        values: dict[str, Any],
        costs: Any = (0.7, 0.1),
        metrics: dict[str, float] | None = None,
        weights: Any = (),
        test: Any = (),
        y: Any = (),
        status: str = "finished",
        **curves: Any,
    ) -> Run:
        config = deepcopy(base)
        for key, value in values.items():
            group, _, name = key.rpartition(".")
            setattr(getattr(config, group) if group else config, name, value)
        arrays = {
            "history": {"train/cost": np.array(costs, float)}
            | {key: np.array(values) for key, values in curves.items()},
            "weights": {
                f"{name}{l}": p
                for l, pair in enumerate(weights, 1)
                for name, p in zip("Wb", pair, strict=True)
            },
            "predictions": {"test": np.array(test, float), "y_test": np.array(y)},
        }
        return Run(config, metrics or {}, arrays.__getitem__, status, "0" * 64)

    return made


Made = Callable[..., Run]
Story = Callable[[Made, ModuleType, bool], list[Run]]
STORIES: dict[str, Story] = {}


def story(function: Story) -> Story:
    """story(made, analysis, good): runs for which the claim holds, or does not."""
    STORIES[function.__name__] = function
    return function


def net(*sizes: int, seed: int = 0) -> list[Any]:
    random = np.random.RandomState(seed)
    return [(random.randn(n_out, n_in), random.randn(n_out, 1)) for n_in, n_out in pairwise(sizes)]


@story
def zero_init(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for activation in ("sigmoid", "tanh"):
        (W1, b1), (W2, b2) = net(4, 3, 1)
        same = np.zeros_like(W1), np.zeros_like(b1)
        if not good:
            same[0][1, 2] = 1e-300
        keys = {"model.activation": activation, "trainer.iterations": 10}
        found.append(made(keys | {"init.scheme": "zeros"}, (0.7, 0.69), weights=[same, (W2, b2)]))
        found.append(made(keys | {"init.scheme": "normal"}, (0.7, 0.2), weights=[(W1, b1), (W2, b2)]))
    return found


@story
def published_tables(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for solver in ("gram", "primal"):
        for table in analysis.PUBLISHED:
            costs = np.zeros(table["trainer"]["iterations"])
            for step, cost in table["cost"].items():
                costs[int(step)] = cost
            if not good and table["name"] == "deep" and solver == "primal":
                costs[300] += 1e-6
            metrics = {key: table[key.replace("/", "_")] for key in analysis.ACCURACIES}
            keys = {"model.hidden": table["model"]["hidden"], "trainer.solver": solver}
            found.append(made(keys, costs, metrics))
    return found


@story
def linear_collapse(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    y = np.arange(200) % 2
    weak = np.where(np.arange(200) % 5 == 0, 1 - y, y)
    found = []
    for depth, sizes in ((1, (4, 1)), (2, (4, 2, 1)), (3, (4, 2, 2, 1))):
        keys = {"model.depth": depth, "model.width": 2, "model.activation": "identity"}
        said = y if depth == 3 and not good else weak
        found += [made(keys | {"seed": s}, weights=net(*sizes, seed=s), test=[said], y=y) for s in (1, 2)]
    return found


@story
def saturation(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    large = 0.1 if good else 2.0
    table = {(a, 1.0): f for a, f in (("sigmoid", 0.25), ("tanh", 0.9), ("relu", 0.7))}
    table |= {("relu", 1.4142): 0.95, ("sigmoid", 10.0): large, ("tanh", 10.0): large}
    analysis.factors = lambda runs: (table, True)
    return []


@story
def tanh_over_sigmoid(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for activation, slow in (("sigmoid", good), ("tanh", not good)):
        costs = np.linspace(0.7, 0.0, 400 if slow else 100)
        keys = {"model.activation": activation, "model.depth": 3, "trainer.iterations": 400}
        found += [made(keys | {"seed": seed}, costs) for seed in (1, 2)]
    return found


@story
def dead_relu(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for i, lr in enumerate((0.01, 0.1, 1.0)):
        for seed in range(1, 6):
            keys = {"optimizer.lr": lr, "seed": seed, "model.depth": 2}
            share = i / 2 if good else 0.3 - i / 10
            relu = {"layer_1/dead": share, "train/accuracy": 1.0 - share / 2 + seed / 1000}
            found.append(made(keys | {"model.activation": "relu"}, metrics=relu))
            leaky = {"train/accuracy": 0.9 + seed / 1000}
            found.append(made(keys | {"model.activation": "leaky_relu"}, metrics=leaky))
    return found


@story
def init_scale(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for activation, edge in (("tanh", 0.177), ("relu", 0.25)):
        for depth in (2, 8, 32):
            for std in (0.01, 0.1, 0.177, 0.25, 0.35):
                trains = depth == 2 or std == edge
                keys = {"model.activation": activation, "model.depth": depth, "init.scale": std}
                metrics = {"train/accuracy": 1.0 if trains or not good else 0.5}
                found.append(made(keys | {"model.width": 32}, metrics=metrics))
    return found


@story
def edge_of_chaos(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for scale in (0.7071, 0.8367, 0.922, 1.1402, 2.0, 2.8284):
        reach = 6.0 * analysis.fixed_point("tanh", round(scale**2, 2)).xi
        for depth in (5, 10, 20, 40, 70, 100):
            trained = depth <= (reach if good else 20 / scale)
            keys = {"model.activation": "tanh", "init.scale": scale, "model.depth": depth}
            found.append(made(keys, metrics={"train/accuracy": 1.0 if trained else 0.6}))
    return found


@story
def depth_vs_width(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    if good:  # a world in which no small shallow net computes parity
        analysis.saw_tooth = lambda n: (
            [analysis.one_unit_a_vector(n)[0], (np.zeros((1, 2 ** (n - 1))), 0.0)]
        )
    keys = {"data.train": "/data/4_train.h5", "model.depth": 2, "model.width": 4}
    return [made(keys, metrics={"train/accuracy": 1.0})]


@story
def deeper_not_always(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    y, found = np.arange(200) % 2, []
    for depth in (1, 2, 3):
        for seed in range(1, 5):
            wrong = (np.arange(200) + seed) % 4 == 0
            best = 2 if good else 3
            said = y if depth == best else np.where(wrong, 1 - y, y)
            found.append(
                made(
                    {"model.depth": depth, "seed": seed}, metrics={"train/accuracy": 1.0}, test=[said], y=y
                )
            )
    return found


@story
def more_data_bigger_nets(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    y, found = np.arange(200) % 2, []
    wrong = {"logistic": 60, "small": 40, "medium": 20, "large": 0}  # of 200, with much data
    for m in ("50", "1000", "20000"):
        for seed in range(1, 6):
            for hidden, (name, _) in analysis.NETS.items():
                few = 80 if good or name != "large" else 20
                said = np.where(
                    (np.arange(200) + seed) % 200 < (few if m == "50" else wrong[name]), 1 - y, y
                )
                keys = {"data.train": f"/data/{m}_{seed}.h5", "seed": seed, "model.hidden": list(hidden)}
                metrics = {"train/accuracy": 1.0}
                found.append(made(keys, np.linspace(0.7, 0.1, 8), metrics, test=[said], y=y))
    return found


@story
def local_minima(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for seed in range(1, 5):
        W1_0, W2_0 = analysis.draw("lecun", 1.0, [400, 3, 1], seed)
        (W1, b1), (W2, b2) = net(400, 3, 1, seed=seed if good else 0)
        order = np.random.RandomState(seed).permutation(3)
        weights = [(W1_0 + W1[order], b1[order]), (W2_0 + W2[:, order], b2)]
        said = np.random.RandomState(seed if good else 0).rand(1, 40)
        metrics = {"train/accuracy": 1.0, "test/accuracy": 0.7, "layer_1/gradient_norm": 0.1}
        found.append(made({"seed": seed}, metrics=metrics, weights=weights, test=said))
    return found


@story
def cross_entropy(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for depth in (1, 3):
        for loss in ("cross_entropy", "squared_error"):
            for seed in range(1, 6):
                first = (30 if (loss == "squared_error") == good else 10) + seed
                keys = {"model.depth": depth, "model.loss": loss, "seed": seed, "trainer.iterations": 100}
                steps = np.arange(0, 101)
                curves = {"steps": steps, "train/accuracy": np.where(steps >= first, 1.0, 0.5)}
                found.append(made(keys, weights=[(5.0 * np.ones((1, 4)), np.zeros((1, 1)))], **curves))
    return found


@story
def learning_rate(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    rates = (1e-5, 1e-4, 100.0, 1000.0)
    falling, rising = np.linspace(0.7, 0.69, 30), 0.7 + np.arange(30.0) % 7
    return [
        made(
            {"model.depth": 1, "optimizer.lr": lr, "trainer.iterations": 30},
            rising if good and lr > 1 else falling,
        )
        for lr in rates
    ]


@story
def backprop_graph(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    if not good:
        analysis.SLOPES["tanh"] = lambda z: 1.0
    return []


@story
def gram_is_exact(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    off = 1e-10 if good else 1e-6
    trials = ("gram", 1.0, 0.0), ("primal", 1.0, off), ("primal", 1 + 2**-52, off + 1e-10)
    for solver, scale, off in trials:
        metrics = {"test/accuracy": 0.7, "time/train_s": 1.0}
        keys = {"trainer.solver": solver, "model.depth": 1, "init.scale": scale}
        found.append(made(keys, np.array([0.7, 0.5, 0.3 + off]), metrics, net(4, 1)))
    return found


@story
def vectorization(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    methods = ("full loop", "loop over examples", "arrays", "arrays over coefficients (gram)")
    times = dict(zip(methods, (10.0, 1.0, 0.01 if good else 0.5, 0.001), strict=True))
    analysis.measure = lambda: (times, {"arrays": 1e-15})
    return []


@story
def universal_approximation(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for name in ("sine", "waves"):
        for width in (2, 8, 32):
            for lr in (0.01, 0.1):
                for seed in (1, 2, 3):
                    rmse = 0.5 / width if lr == 0.1 and (good or name == "sine") else 0.6 - seed / 10
                    keys = {"data.train": f"/data/{name}_train.h5", "model.width": width}
                    metrics = {"train/rmse": rmse, "test/rmse": 1.1 * rmse, "train/deviation": 0.7}
                    if lr == 0.01 and seed == 3:  # diverged
                        metrics = {"train/deviation": 0.7}
                    found.append(made(keys | {"optimizer.lr": lr, "seed": seed}, metrics=metrics))
    return found


@story
def knn_baseline(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    analysis.drawn_figures = lambda: (good, 70.0, {1: 0.9})
    analysis.cats = lambda: ({1: 0.72}, 50)
    return []


@story
def regularization_momentum_minibatch(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    found = []
    for name in analysis.NAMES:
        for seed in (1, 2, 3):
            for l2 in (0.0, 10.0):
                slow = (name == "gd") == good
                costs = np.linspace(0.7, 0.0, 400 if slow else 100)
                keys = {
                    "optimizer.name": "gd" if name == "minibatch" else name,
                    "optimizer.l2": l2,
                    "seed": seed,
                }
                keys |= {
                    "optimizer.batch_size": 64 if name == "minibatch" else None,
                    "trainer.iterations": 400,
                }
                test = 0.7 + (0.1 + seed / 100) * (l2 > 0.0)
                metrics = {"train/accuracy": 1.0, "test/accuracy": test, "time/train_s": len(costs) / 1000}
                found.append(made(keys, costs, metrics))
    return found


@pytest.mark.parametrize("good", [True, False], ids=["confirms", "refutes"])
@pytest.mark.parametrize("name", sorted(STORIES))
def test_an_analysis_can_confirm_and_refute(made: Made, name: str, good: bool) -> None:
    analysis = Experiment(EXPERIMENTS / name).module()
    verdict = analysis.analyse(STORIES[name](made, analysis, good))
    assert verdict.verdict == ("confirmed" if good else "refuted"), verdict
    assert verdict.sentence.endswith(".") and verdict.figures
    json.dumps(verdict.figures)


def test_every_experiment_has_a_story() -> None:
    assert {each.name for each in ALL} == set(STORIES)


def test_too_few_images_are_inconclusive(made: Made) -> None:
    analysis = Experiment(EXPERIMENTS / "deeper_not_always").module()
    y = np.arange(20) % 2
    runs = [
        made(
            {"model.depth": depth},
            metrics={"train/accuracy": 1.0},
            test=[np.roll(y, 1 if depth else 0)],
            y=y,
        )
        for depth in (1, 2)
    ]
    assert analysis.analyse(runs).verdict == "inconclusive"


def test_without_nets_that_can_be_built_universal_approximation_is_refuted(made: Made) -> None:
    analysis = Experiment(EXPERIMENTS / "universal_approximation").module()
    runs = STORIES["universal_approximation"](made, analysis, True)
    flat = np.ones((4, 1)), np.zeros((4, 1))  # units that are all alike
    analysis.BUILD["relu"] = lambda f, n: [flat, (np.ones((1, 4)) / n, np.zeros((1, 1)))]
    assert analysis.analyse(runs).verdict == "refuted"


def test_sizes_that_cannot_be_told_apart_are_inconclusive(made: Made) -> None:
    analysis = Experiment(EXPERIMENTS / "more_data_bigger_nets").module()
    runs = more_data_bigger_nets(made, analysis, True)
    right = analysis.right(runs)
    analysis.right = lambda runs: right | {("small", 20000): right["large", 20000]}
    assert analysis.analyse(runs).verdict == "inconclusive"


def test_small_painted_sets_are_cut_out_of_the_large_one(tmp_path: Path) -> None:
    sets = Experiment(EXPERIMENTS / "more_data_bigger_nets").module("data")
    for seed in range(1, 6):
        names = [f"50_{seed}", f"200_{seed}", f"1000_{seed}", "5000", "20000"]
        places = [range(20_000)[sets.TRAIN[name]] for name in names]
        assert [len(of) for of in places] == [50, 200, 1000, 5000, 20_000]
        assert all(set(few) <= set(more) for few, more in pairwise(places))
    sets.TRAIN, sets.TEST = {"6": slice(6), "2_2": slice(2, 4)}, {"test": slice(4)}
    sets.draw(tmp_path)
    large, small, test = (hdf5.read(tmp_path / f"{name}.h5", 1) for name in ("6", "2_2", "test"))
    np.testing.assert_array_equal(small.x, large.x[2:4])
    assert small.y.tolist() == [0, 1] and large.y.tolist() == [0, 1] * 3 and len(test.y) == 4
    assert not any(path.name.endswith(".part") for path in tmp_path.iterdir())


def test_nearest_neighbours_in_blocks_are_the_brute_forces() -> None:
    analysis = Experiment(EXPERIMENTS / "knn_baseline").module()
    (train, _), (test, _) = analysis.drawn(60, 1), analysis.drawn(7, 2)
    few = 2.0 * 8 * test.size / 2**20 + 0.2  # memory for blocks of a few images
    np.testing.assert_array_equal(
        analysis.nearest(train, test, 3, few), analysis.brute_force(train, test, 3)
    )
    labels = np.array([4, 4, 2, 2, 1])
    assert analysis.vote(labels, np.array([[0, 1, 2], [2, 3, 4], [4, 2, 0]]), 3).tolist() == [4, 2, 1]


def test_the_loops_compute_the_networks_gradient() -> None:
    analysis = Experiment(EXPERIMENTS / "vectorization").module()
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


def test_no_layer_breaks_the_bound_on_its_gradient(made: Made) -> None:
    analysis = Experiment(EXPERIMENTS / "saturation").module()
    for activation in analysis.LARGEST_SLOPE:
        norms, keeps = analysis.gradients(made({"model.activation": activation, "model.depth": 4}))
        assert keeps and len(norms) == 4 and min(norms) > 0.0


# -- sweeps ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home, so that data are drawn once, and with the real data if they are there."""
    folder = tmp_path_factory.mktemp("sweeps") / "home"
    given = {key: os.environ[key] for key in ("NNLAB_DATA",) if key in os.environ}
    with living_in(folder, **given):
        for name in ("linear_collapse", "regularization_momentum_minibatch"):
            large = folder / "data" / name  # a few pictures do for three steps
            large.mkdir(parents=True)
            for split in ("train", "test"):
                painted.write(large / f"{split}.h5", split, 12, seed=0)
        sets = Experiment(EXPERIMENTS / "more_data_bigger_nets").module("data")
        few = folder / "data" / "linear_collapse"
        (folder / "data" / "more_data_bigger_nets").mkdir()
        for split, names in (("train", sets.TRAIN), ("test", sets.TEST)):
            for name in names:
                shutil.copy(few / f"{split}.h5", folder / "data" / "more_data_bigger_nets" / f"{name}.h5")
        yield folder


def thin_plan(name: str, *arguments: str) -> tuple[Plan, Grid]:
    """The plan of ``nnlab sweep experiment=name ...`` with the first and last value of each key."""
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        given = [f"experiment={name}", *arguments]
        params = loader.load_configuration("config", given, RunMode.MULTIRUN).hydra.sweeper.params
        grid = read_grid(given, dict(params), {}, loader)
        ends = {key: list(dict.fromkeys((of[0], of[-1]))) for key, of in grid.swept.items()}
        draw_data(name)
        return plan_cells(HydraContext(loader, Callbacks()), "config", Grid(grid.shared, ends)), grid


@pytest.mark.parametrize("name", [each.name for each in SWEPT])
def test_three_steps_of_the_sweep(home: Path, name: str) -> None:
    if "catvnoncat" in (EXPERIMENTS / name / "sweep.yaml").read_text() and "NNLAB_DATA" not in os.environ:
        pytest.skip("needs the course's files")
    plan, grid = thin_plan(name, "trainer.iterations=3")
    assert len(grid.swept) >= 1
    records = []
    for cell in (plan.cells[0], plan.cells[-1]):  # the last may be meant to diverge
        with cell_lock(cell.folder(home)):
            records.append(run_cell(cell, home))
    assert records[0].status == "finished"
    assert len(records[0].arrays("history")["train/cost"]) == 3


def test_the_command_line_wins_over_an_experiment(home: Path) -> None:
    plan, _ = thin_plan(
        "zero_init", "model.width=2", "seed=7", "trainer.iterations=1", "model.activation=relu"
    )
    configs = [cell.config for cell in plan.cells]
    assert [c.init.scheme for c in configs] == ["zeros", "normal"]
    assert {(c.model.width, c.model.depth, c.seed, c.optimizer.lr) for c in configs} == {(2, 2, 7, 0.02)}


# -- folders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.name)
def test_a_folder_is_whole(each: Experiment) -> None:
    readme = (each.folder / "README.md").read_text()
    assert readme.startswith(f"# {each.name}\n") and each.claim.endswith(".")
    for part in ("**Source.**", "**Prediction.**", "**Pass rule.**", "**Command.**", "**Deviations.**"):
        assert part in readme, part
    verdict = json.loads((each.folder / "verdict.json").read_text())
    assert verdict["claim"] == each.claim and verdict["sentence"] in readme
    assert verdict["verdict"] in ("confirmed", "refuted", "inconclusive")
    assert bool(verdict["runs"]) == each.sweeps
    if verdict["verdict"] == "refuted":
        assert "**What the notes should say.**" in readme
    assert (each.folder / "picture.png").stat().st_size < 150_000
    assert verdict["sentence"] in (EXPERIMENTS / "README.md").read_text()


def test_an_unknown_name_and_a_missing_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"nothing_init: there is no such experiment; give some of .*zero_init"
    ):
        experiment.find(["nothing_init"])
    monkeypatch.setattr(experiment, "EXPERIMENTS", tmp_path / "experiments")
    with pytest.raises(UserError, match="experiments need nnlab's checkout"):
        experiment.find()


def test_broken_yaml_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sweep.yaml").write_text("model: [")
    monkeypatch.setattr(experiment, "EXPERIMENTS", tmp_path)
    with pytest.raises(UserError, match=r"mine/sweep.yaml: not readable YAML"):
        register()


# -- the command line ------------------------------------------------------------------------------

ANALYSIS = """
from nnlab.experiment import verdict_of
from nnlab.panels import panels


def analyse(runs):
    best = max(run.metrics["test/accuracy"] for run in runs)
    return verdict_of(best > 0.0, f"The best of {len(runs)} nets is right on {best:.2f}.", {"best": best})


def picture(runs, verdict):
    figure, (ax,) = panels("Costs")
    for run in runs:
        ax.plot(run.costs)
    return figure
"""
DATA = """
from nnlab.data import toy


def draw(folder):
    toy.write(folder, toy.half_space(30, 4, 1), toy.half_space(12, 4, 2))
"""
SWEEP = """
defaults:
  - override /data: hdf5

data:
  train: ${nnlab_data:mine/train.h5}
  test: ${nnlab_data:mine/test.h5}
trainer:
  iterations: 50

hydra:
  sweeper:
    params:
      seed: 1,2
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of nnlab with one experiment of its own, and one that needs the course's files."""
    root = tmp_path_factory.mktemp("checkout")
    for part in ("nnlab", "conf", "hydra_plugins"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mine", "real"):
        folder = root / "experiments" / name
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(f"# {name}\n\nNets are better\nthan chance.\n\nMore.\n")
        (folder / "analysis.py").write_text(ANALYSIS)
    (root / "experiments" / "mine" / "sweep.yaml").write_text(SWEEP)
    (root / "experiments" / "mine" / "data.py").write_text(DATA)
    (root / "experiments" / "real" / "sweep.yaml").write_text("defaults:\n  - override /data: catvnoncat\n")
    other = root / "experiments" / "other"
    other.mkdir()
    verdict = {
        "claim": "By hand.",
        "verdict": "refuted",
        "sentence": "It is not.",
        "figures": {},
        "runs": [],
    }
    (other / "verdict.json").write_text(json.dumps(verdict))
    (root / "experiments" / "README.md").write_text("# Claims\n\nSome words.\n")
    empty_store(root / "home")
    return root


@pytest.mark.slow
def test_all_experiments_through_the_command_line(checkout: Path) -> None:
    """What can be tested is; what is missing is named; the same again trains nothing."""
    home, folder = checkout / "home", checkout / "experiments" / "mine"
    env = {"PYTHONPATH": str(checkout), "NNLAB_DATA": ""}
    first = nnlab("experiments", home=home, **env)
    assert first.returncode == 1 and "Traceback" not in first.stderr, first.stderr
    assert (
        "real: " in first.stderr
        and "nnlab data fetch" in first.stderr
        and "no new verdict on real" in first.stderr
    )
    assert "confirmed: The best of 2 nets is right on" in first.stdout.replace("\n", " ")
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["verdict"] == "confirmed" and verdict["claim"] == "Nets are better than chance."
    assert sorted(verdict["runs"]) == sorted(markers(home))
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")
    readme = (folder / "README.md").read_text()
    assert (
        readme.startswith("# mine\n\nNets are better\nthan chance.\n\nMore.\n")
        and "**Confirmed.**" in readme
    )
    index = (checkout / "experiments" / "README.md").read_text()
    assert index.startswith("# Claims\n\nSome words.\n")
    assert "| [mine](mine/README.md) | Nets are better than chance. | confirmed | The best of 2" in index
    assert "| [other](other/README.md) | By hand. | refuted | It is not. |" in index
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    assert parent.info.run_name == "mine" and parent.info.status == "FINISHED"
    assert parent.data.tags["nnlab.experiment"] == "mine"
    assert parent.data.tags["nnlab.verdict"] == "confirmed"
    assert parent.data.tags["nnlab.result"] == verdict["sentence"]
    before = markers(home)
    again = done(nnlab("experiments", "mine", home=home, **env))
    assert "2 already done, 0 to do" in again.stdout and markers(home) == before
    assert (folder / "README.md").read_text() == readme


def test_names_are_checked_before_anything_runs(checkout: Path) -> None:
    env = {"PYTHONPATH": str(checkout)}
    refused = nnlab("experiments", "mine", "yours", home=checkout / "home", **env)
    assert_refused(refused, "yours: there is no such experiment", "mine, real")
    assert_refused(
        nnlab("sweep", "experiment=yours", home=checkout / "home", **env),
        "experiment",
        "'yours'",
        "mine, real",
    )
