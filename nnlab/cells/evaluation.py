"""How good a net is: costs and accuracies (of a regression, errors) of every split, at the end and on
the way.

Images are taken a few hundred at a time and always the same ones together, so a set that is streamed
from disk gives the same bits as one in memory.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nnlab.cells.snapshot import COSTS
from nnlab.nn import (
    LOSSES,
    FirstLayer,
    Inputs,
    Loss,
    Net,
    Parameters,
    Rows,
    accuracy,
    activation,
    forward,
    layer_statistics,
    output,
    pieces,
    rmse,
)
from nnlab.threads import limited

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nnlab.cells.build import Start
    from nnlab.config import Config
    from nnlab.data import Dataset, Split
    from nnlab.nn import Array, Network, Step


def final_metrics(
    cfg: Config, data: Dataset, parameters: Parameters, rows: Mapping[str, Rows]
) -> tuple[dict[str, float], dict[str, Array]]:
    """Score of each split, cost (without L2) of those not trained on, and outputs A_L (n_L, m)."""
    net = Net(parameters, activation(cfg.model.activation, vars(cfg.model)), cfg.model.output)
    with limited(1):  # as in `predict` and in the served model, for every value of trainer.threads
        outputs = {name: _forward(net, rows[name]) for name in data.splits}
    metrics = _score("train", data.train, outputs["train"][1])
    for name, split in unseen(data).items():
        metrics |= _metrics(name, split, *outputs[name], LOSSES[cfg.model.output, cfg.model.loss])
    return metrics, {name: A_L for name, (_, A_L) in outputs.items()}


def unseen(data: Dataset) -> dict[str, Split]:
    """The splits that a net is not trained on, by name."""
    return {name: split for name, split in data.splits.items() if name != "train"}


def _metrics(name: str, split: Split, Z_L: Array, A_L: Array, loss: Loss) -> dict[str, float]:
    Y = split.targets(len(Z_L), Z_L.dtype)
    return _score(name, split, A_L) | {f"{name}/cost": float(loss.cost(Z_L, Y))}


def _score(name: str, split: Split, A_L: Array) -> dict[str, float]:
    """``accuracy``, or ``rmse`` of a regression."""
    if not split.regression:
        return {f"{name}/accuracy": accuracy(A_L, split.y)}
    return {f"{name}/rmse": rmse(A_L, split.targets(len(A_L), A_L.dtype))}


def _forward(net: Net, rows: Rows) -> tuple[Array, Array]:
    """Z_L and A_L (n_L, m) of all rows, in parts that fit into memory."""
    Z, A = zip(*(forward(net, rows[places]) for places in pieces(len(rows))), strict=True)
    return np.hstack(Z), np.hstack(A)


class Evaluation:
    """A callback: accuracies or errors, costs and layer statistics at every multiple of eval_every."""

    def __init__(self, cfg: Config, data: Dataset, begin: Start) -> None:
        self._cfg, self._data, self._Y, self._rows = cfg, data, begin.Y, begin.rows
        self._products = {} if begin.products is None else {"validation": begin.products}
        self._kept: dict[str, list[Inputs]] = {}  # of splits in memory
        self._steps: list[int] = []
        self._metrics: list[dict[str, float]] = []
        self.seconds = 0.0

    def __call__(self, step: Step) -> None:
        """Evaluate the net before update ``step.step``."""
        every = self._cfg.trainer.eval_every
        if every is None or step.step % every or step.step in self._steps[-1:]:
            return
        start = time.perf_counter()
        self._steps.append(step.step)
        self._metrics.append(self._evaluate(step.network))
        self.seconds += time.perf_counter() - start

    def _evaluate(self, network: Network) -> dict[str, float]:
        cfg, data = self._cfg, self._data
        loss, kind = LOSSES[cfg.model.output, cfg.model.loss], cfg.model.output
        metrics = layer_statistics(network, self._Y, loss)
        Z_train = network.forward_train()[:, : data.m]  # (n_L, m)
        metrics |= _score("train", data.train, output(kind, Z_train))
        for name, split in unseen(data).items():
            Z_L = np.hstack([network.forward(part) for part in self._inputs(name, network.first)])
            metrics |= _metrics(name, split, Z_L, output(kind, Z_L), loss)  # Z_L (n_L, m)
        return metrics

    def _inputs(self, name: str, first: FirstLayer) -> Iterable[Inputs]:
        """The examples of a split as the first layer takes them; kept where the split is in memory."""
        if name in self._kept:
            return self._kept[name]
        rows, products = self._rows[name], self._products.get(name)
        inputs = (
            first.inputs(rows[p], None if products is None else products[p]) for p in pieces(len(rows))
        )
        if self._data.splits[name].streamed:
            return inputs
        self._kept[name] = list(inputs)
        return self._kept[name]

    def resume(self, history: Mapping[str, NDArray[Any]]) -> None:
        """Take over the ``curves`` of the steps before."""
        curves = {name: list(map(float, values)) for name, values in history.items() if name != COSTS}
        self._steps = list(map(int, curves.pop("steps", [])))
        self._metrics = [
            dict(zip(curves, values, strict=True)) for values in zip(*curves.values(), strict=True)
        ]

    def curves(self) -> dict[str, NDArray[np.float64]]:
        """Each metric as (points,) beside its ``steps``; nothing where eval_every is null."""
        if not self._steps:
            return {}
        names = self._metrics[0]
        return {"steps": np.array(self._steps)} | {
            name: np.array([metrics[name] for metrics in self._metrics]) for name in names
        }
