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
    if good:  # as if no small net with one hidden layer computed parity
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
    analysis.on_drawn_images = lambda: (good, 70.0, {1: 0.9})
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
