"""Runs made by hand, on which the analyses are tested."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from harness import small_set

from nnlab.config.compose import compose
from nnlab.config.schema import Config
from nnlab.experiments import Run


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
