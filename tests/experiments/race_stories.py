"""Runs made by hand for claims that compare ways to train; with ``good=None`` they leave a claim open."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from stories import STORIES, Made

from nnlab.experiments import Run

OpenStory = Callable[[Made, ModuleType, bool | None], list[Run]]
OPEN: dict[str, OpenStory] = {}


def story(function: OpenStory) -> OpenStory:
    """story(made, analysis, good): runs that confirm the claim, refute it, or (None) leave it open."""
    OPEN[function.__name__] = STORIES[function.__name__] = function
    return function


def raced(
    made: Made, rates: Sequence[float], taken: dict[str, int], keys: Callable[[str], dict[str, Any]]
) -> list[Run]:
    """Runs of 12 seeds of each way: at the middle rate the cost is 0 after so many steps, else 1000."""
    found = []
    for way, steps in taken.items():
        for lr in rates:
            for seed in range(1, 13):
                count = steps + seed if lr == rates[len(rates) // 2] else 1000
                values = {"optimizer.lr": lr, "seed": seed, "trainer.iterations": 1000} | keys(way)
                metrics = {"time/train_s": count / 1000}
                found.append(made(values, np.linspace(0.7, 0.0, count), metrics))
    return found


@story
def momentum(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    fast = 100 if good else 400
    rates = (0.1, 0.2) if good is None else (0.1, 0.2, 0.3)  # with two, the best is at the edge
    return raced(made, rates, {"gd": 400, "momentum": fast}, lambda way: {"optimizer.name": way})


@story
def adam_and_rmsprop(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    taken = {"gd": 400, "adam": 100, "rmsprop": 100 if good else 420}
    rates = (0.1, 0.2) if good is None else (0.1, 0.2, 0.3)
    return raced(made, rates, taken, lambda way: {"optimizer.name": way})


@story
def minibatches(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    taken = {"64": 300 if good else 960, "": 400 if good else 20}
    rates = (0.1, 0.2) if good is None else (0.1, 0.2, 0.3)
    return raced(made, rates, taken, lambda way: {"optimizer.batch_size": int(way) if way else None})


@story
def regularization(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """With L2 400 or no pictures more are right; left open, the best lambda is the largest."""
    y, found = np.arange(2000) % 2, []
    best = 30.0 if good is None else 3.0
    for l2 in (0.0, 1.0, 3.0, 30.0):
        for lr in (0.1, 0.2, 0.3):
            for seed in range(1, 11):
                wrong = 600 - 400 * (l2 == best and good is not False) - 100 * (lr == 0.2) - (l2 == best)
                said = np.where((7 * np.arange(2000) + seed) % 2000 < wrong, 1 - y, y)
                keys = {"optimizer.l2": l2, "optimizer.lr": lr, "seed": seed}
                found.append(made(keys, metrics={"train/accuracy": 1.0}, test=[said], y=y))
    return found


@story
def tanh_over_sigmoid(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    taken = {"sigmoid": 400, "tanh": 100 if good else 500}
    rates = (0.1, 0.2) if good is None else (0.1, 0.2, 0.3)
    return raced(
        made, rates, taken, lambda way: {"model.activation": way, "model.depth": 3, "init.scale": 0.6}
    )


@story
def cross_entropy(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Left open, every second seed is slower with the squared error."""
    found = []
    for depth in (1, 3):
        for loss in ("cross_entropy", "squared_error"):
            for lr in (0.1, 0.2, 0.3):
                for seed in range(1, 13):
                    slow = seed // 2 % 2 == 1 if good is None else good
                    first = 10 + 20 * ((loss == "squared_error") == slow) + seed + 20 * (lr != 0.2)
                    keys = {"model.depth": depth, "model.loss": loss, "seed": seed, "optimizer.lr": lr}
                    steps = np.arange(0, 101)
                    curves = {"steps": steps, "train/accuracy": np.where(steps >= first, 1.0, 0.5)}
                    weights = [(5.0 * np.ones((1, 4)), np.zeros((1, 1)))]
                    found.append(made(keys | {"trainer.iterations": 100}, weights=weights, **curves))
    return found
