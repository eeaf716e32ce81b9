"""Runs made by hand for the claims on single units; with ``good=None`` a claim stays open."""

from types import ModuleType

import numpy as np
from race_stories import story
from stories import Made, net

from nnlab.experiments import Run


@story
def dead_relu(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Refuted, dead units wake; left open, half of the leaky nets survive no larger rate."""
    found = []
    for i, lr in enumerate((0.01, 0.1, 1.0)):
        for steps in (10, 100, 1000):
            for seed in range(1, 11):
                W1, W2 = analysis.draw("lecun", 1.0, [4, 8, 1], seed)
                b1 = np.zeros((8, 1))
                b1[: 4 * i] = 100.0 if good is False and steps == 1000 else -100.0
                keys = {"optimizer.lr": lr, "seed": seed, "trainer.iterations": steps, "model.depth": 2}
                weights = [(W1, b1), (W2, np.zeros((1, 1)))]
                relu, leaky = i == 0, i == 0 or (i == 1 and (good is not None or seed % 2 == 0))
                for kind, learns in (("relu", relu), ("leaky_relu", leaky)):
                    metrics = {"train/accuracy": 1.0 if learns else 0.5}
                    found.append(made(keys | {"model.activation": kind}, metrics=metrics, weights=weights))
    return found


@story
def saturation(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    large = 2.0 if good is False else 0.1
    table = {(a, 1.0): f for a, f in (("sigmoid", 0.25), ("tanh", 0.9), ("relu", 0.7))}
    table |= {("relu", 1.4142): 0.95, ("sigmoid", 10.0): large, ("tanh", 10.0): large}
    analysis.factors = lambda runs: (table, True)
    learning = analysis.Interval(-0.2, -0.3, 0.1 if good is None else -0.1)
    analysis.saturated_learning = lambda runs: learning
    return []


@story
def local_minima(made: Made, analysis: ModuleType, good: bool | None) -> list[Run]:
    """Refuted, the costs differ by a factor of 10; left open, those of one seed in ten do."""
    found = []
    for seed in range(1, 21):
        W1_0, W2_0 = analysis.draw("lecun", 1.0, [400, 3, 1], seed)
        (W1, b1), (W2, b2) = net(400, 3, 1, seed=seed)
        weights = [(W1_0 + W1, b1), (W2_0 + W2, b2)]
        high = seed % 2 == 0 if good is False else seed <= 2 and good is None
        said = np.random.RandomState(seed).rand(1, 40)
        metrics = {"train/accuracy": 1.0, "test/accuracy": 0.7, "layer_1/gradient_norm": 0.1}
        costs = (0.7, 0.1 if high else 0.01)
        found.append(made({"seed": seed}, costs, metrics, weights, test=said, y=np.arange(40) % 2))
    return found
