"""For each claim: runs made by hand that confirm it, or refute it."""

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from nnlab.experiments import Run

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
def depth_vs_width(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    if good:  # as if no small net with one hidden layer computed parity
        analysis.saw_tooth = lambda n: (
            [analysis.one_unit_a_vector(n)[0], (np.zeros((1, 2 ** (n - 1))), 0.0)]
        )
    keys = {"data.train": "/data/4_train.h5", "model.depth": 2, "model.width": 4}
    return [made(keys, metrics={"train/accuracy": 1.0})]


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
def knn_baseline(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    analysis.on_drawn_images = lambda: (good, 70.0, {1: 0.9})
    analysis.cats = lambda: ({1: 0.72}, 50)
    return []
