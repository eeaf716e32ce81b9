"""Runs made by hand for the claims on rates, scales and depths; with ``good=None`` a claim stays open."""

from types import ModuleType

import numpy as np
from race_stories import story
from stories import Made, net

from nnlab.experiments import Run


@story
def learning_rate(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Left open, one of two seeds diverges."""
    falling, rising = np.linspace(0.7, 0.69, 30), 0.7 + np.arange(30.0) % 7
    found = []
    for lr in (1e-5, 1e-4, 100.0, 1000.0):
        for seed in (1, 2):
            lost = lr > 1 and (seed == 1 if good is None else good)
            keys = {"optimizer.lr": lr, "trainer.iterations": 30, "seed": seed, "model.depth": 1}
            found.append(
                made(keys, rising if lr > 1 else falling, status="diverged" if lost else "finished")
            )
    return found


@story
def init_scale(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Refuted, 0.01 trains all depths; left open, half of the nets at the edge train depth 32."""
    found = []
    for activation, edge in (("tanh", 0.177), ("relu", 0.25)):
        for depth in (2, 8, 32):
            for std in (0.01, 0.1, 0.177, 0.25, 0.35):
                for seed in range(1, 9):
                    trains = depth == 2 or std == edge or (good is False and std == 0.01)
                    half = good is None and (std, depth) == (edge, 32)
                    reached = trains and (seed > 4 if half else (std, seed) != (edge, 1))
                    keys = {"model.activation": activation, "model.depth": depth, "init.scale": std}
                    metrics = {"train/accuracy": 1.0 if reached else 0.5}
                    found.append(made(keys | {"model.width": 32, "seed": seed}, metrics=metrics))
    return found


@story
def edge_of_chaos(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Left open, two of five seeds train no net."""
    found = []
    for scale in (0.7071, 0.922, 1.4142, 2.0, 2.8284, 4.0):
        reach = 6.0 * analysis.fixed_point("tanh", round(scale**2, 2)).xi
        for depth in (5, 10, 20, 40, 80):
            for seed in range(1, 6):
                trained = depth <= (20 / scale if good is False else reach)
                trained &= good is not None or seed > 1
                keys = {"model.activation": "tanh", "init.scale": scale, "model.depth": depth, "seed": seed}
                found.append(made(keys, metrics={"train/accuracy": 1.0 if trained else 0.6}))
    return found


@story
def zero_init(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Refuted, two units from zeros differ; left open, a cost rises on its way."""
    found = []
    for activation in ("sigmoid", "tanh"):
        (W1, b1), (W2, b2) = net(4, 3, 1)
        same = np.zeros_like(W1), np.zeros_like(b1)
        if good is False:
            same[0][1, 2] = 1e-300
        keys = {"model.activation": activation, "trainer.iterations": 10}
        found.append(made(keys | {"init.scheme": "zeros"}, (0.7, 0.69), weights=[same, (W2, b2)]))
        costs = (0.7, 0.9, 0.2) if good is None else (0.7, 0.2)
        found.append(made(keys | {"init.scheme": "normal"}, costs, weights=[(W1, b1), (W2, b2)]))
    return found
