"""Runs made by hand for the claims on the course's own topics; see stories.py."""

from types import ModuleType
from typing import Any

import numpy as np
from stories import STORIES, Made, net, story

from nnlab.experiments import Run

__all__ = ["STORIES"]


@story
def unrolling(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    analysis.products = lambda run: np.eye(3)
    y, found = np.arange(400) % 2, []
    for name, wrong in (("as_is", 0.2), ("shuffled", 0.2 if good else 0.35), ("own", 0.5)):
        for depth in (1, 3):
            for seed in range(1, 9):
                miss = np.random.RandomState(seed).permutation(400) < 400 * wrong
                keys = {"data.train": f"/data/{name}_train.h5", "model.depth": depth, "seed": seed}
                found.append(made(keys, test=[np.where(miss, 1 - y, y)], y=y))
    return found


@story
def stable_gradient(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    if not good:  # as if the long form were exact
        analysis.long_form = analysis.short_form
    weights = net(4, 1)
    return [
        made({"model.depth": 1, "optimizer.lr": lr}, weights=[(scale * W, b) for W, b in weights])
        for lr, scale in ((0.01, 0.1), (1.0, 1000.0))
    ]


@story
def why_relu(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    analysis.zeros = lambda run: 0.5
    y, found = np.arange(200) % 2, []
    for activation in ("sigmoid", "tanh", "relu"):
        ahead = (activation == "relu") == good
        for lr in (0.1, 0.2, 0.3):
            for scale in (1.0, 2.0, 4.0):
                for seed in range(1, 7):
                    best = lr == 0.2 and scale == 2.0
                    costs = np.linspace(0.7, 0.0, (100 if ahead else 300) if best else 400)
                    miss = (np.arange(200) + seed) % 100 < (10 if ahead else 30)
                    keys = {"model.activation": activation, "optimizer.lr": lr, "init.scale": scale}
                    metrics = {"train/accuracy": 1.0, "time/train_s": len(costs) / 1000}
                    said = np.where(miss, 1 - y, y)
                    keys |= {"seed": seed, "trainer.iterations": 400}
                    found.append(made(keys, costs, metrics, test=[said], y=y))
    return found


@story
def scale_of_inputs(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    steps = {"raw": 300, "by_255": 100 if good else 300, "centred": 50}
    found = []
    for kind, fast in steps.items():
        for lr in (0.1, 0.2, 0.3):
            for scale in (1.0, 2.0, 4.0):
                for seed in range(1, 7):
                    best = lr == 0.2 and scale == 2.0
                    keys: dict[str, Any] = {"data.train": f"/data/{kind}_train.h5", "seed": seed}
                    keys |= {"optimizer.lr": lr, "init.scale": scale, "trainer.iterations": 400}
                    found.append(made(keys, np.linspace(0.7, 0.0, fast if best else 400)))
    analysis.stretch = lambda run: 0.9
    return found


@story
def learned_features(made: Made, analysis: ModuleType, good: bool) -> list[Run]:
    """Small smooth spots at a place of their own, or noise."""
    random, found = np.random.RandomState(0), []
    spot = np.zeros((64, 64, 3))
    rows, columns = np.mgrid[:64, :64]
    spot[:] = np.exp(-((rows - 20.0) ** 2 + (columns - 40.0) ** 2) / 50.0)[:, :, np.newaxis]
    spot = spot.ravel() / np.linalg.norm(spot)
    analysis.principal = lambda run: spot[np.newaxis]
    for activation in ("tanh", "relu"):
        for width in (2, 3):
            for seed in range(1, 7):
                noise = random.randn(width, 12288) / 111.0
                W1 = spot + 0.01 * noise if good else noise
                keys: dict[str, Any] = {"data.train": "/data/m_450.h5", "model.activation": activation}
                keys |= {"model.width": width, "init.scale": 1.0, "seed": seed}
                upper = (np.ones((1, width)), np.zeros((1, 1)))
                weights = [(W1, np.zeros((width, 1))), upper]
                found.append(made(keys, metrics={"train/accuracy": 1.0}, weights=weights))
    return found
