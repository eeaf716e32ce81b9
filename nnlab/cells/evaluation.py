"""What a net is worth: costs and accuracies (of a regression, errors) of every split, at the end and on
the way.

Images are taken a few hundred at a time and always the same ones together, so a set that is streamed
from disk gives the same bits as one in memory.
"""

import time
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from nnlab.config.schema import Config
from nnlab.data.dataset import Dataset, Split
from nnlab.nn.activations import activation
from nnlab.nn.diagnostics import layer_statistics
from nnlab.nn.first_layer import FirstLayer
from nnlab.nn.inference import Net, Parameters, forward
from nnlab.nn.inputs import Inputs, Rows, pieces
from nnlab.nn.losses import LOSSES, Loss, output
from nnlab.nn.metrics import accuracy, rmse
from nnlab.nn.network import Network
from nnlab.nn.training import Step
from nnlab.threads import limited

Array = NDArray[np.floating]


def final_figures(
    cfg: Config, data: Dataset, parameters: Parameters, rows: Mapping[str, Rows]
) -> tuple[dict[str, float], dict[str, Array]]:
    """Worths of the splits, costs (without L2) of those not trained on, and outputs A_L (n_L, m)."""
    net = Net(parameters, activation(cfg.model.activation, vars(cfg.model)), cfg.model.output)
    with limited(1):  # whatever trainer.threads: as `predict` and the served model
        outputs = {name: _forward(net, rows[name]) for name in data.splits}
    figures = _worth("train", data.train, outputs["train"][1])
    for name, split in unseen(data).items():
        figures |= _figures(name, split, *outputs[name], LOSSES[cfg.model.output, cfg.model.loss])
    return figures, {name: A_L for name, (_, A_L) in outputs.items()}


def unseen(data: Dataset) -> dict[str, Split]:
    """The splits that a net is not trained on, by name."""
    return {name: split for name, split in data.splits.items() if name != "train"}


def _figures(name: str, split: Split, Z_L: Array, A_L: Array, loss: Loss) -> dict[str, float]:
    Y = split.targets(len(Z_L), Z_L.dtype)
    return _worth(name, split, A_L) | {f"{name}/cost": float(loss.cost(Z_L, Y))}


def _worth(name: str, split: Split, A_L: Array) -> dict[str, float]:
    """``accuracy``; of a regression ``rmse``, the root of the mean of (A_L - Y)^2 over its elements."""
    if not split.regression:
        return {f"{name}/accuracy": accuracy(A_L, split.y)}
    return {f"{name}/rmse": rmse(A_L, split.targets(len(A_L), A_L.dtype))}


def _forward(net: Net, rows: Rows) -> tuple[Array, Array]:
    """Z_L and A_L (n_L, m) of all rows, in parts that fit into memory."""
    Z, A = zip(*(forward(net, rows[places]) for places in pieces(len(rows))), strict=True)
    return np.hstack(Z), np.hstack(A)


class Evaluation:
    """A callback: accuracies or errors, costs and layer statistics at every multiple of eval_every."""

    def __init__(
        self, cfg: Config, data: Dataset, Y: Array, rows: Mapping[str, Rows], products: Array | None
    ) -> None:
        """``products`` are those of validation and training images, where they are known."""
        self._cfg, self._data, self._Y, self._rows = cfg, data, Y, rows
        self._products = {} if products is None else {"validation": products}
        self._kept: dict[str, list[Inputs]] = {}  # of splits in memory
        self._steps: list[int] = []
        self._figures: list[dict[str, float]] = []
        self.seconds = 0.0

    def __call__(self, step: Step) -> None:
        """Evaluate the net as it stands before update ``step.step``."""
        every = self._cfg.trainer.eval_every
        if every is None or step.step % every:
            return
        start = time.perf_counter()
        self._steps.append(step.step)
        self._figures.append(self._evaluate(step.network))
        self.seconds += time.perf_counter() - start

    def _evaluate(self, network: Network) -> dict[str, float]:
        cfg, data = self._cfg, self._data
        loss, kind = LOSSES[cfg.model.output, cfg.model.loss], cfg.model.output
        figures = layer_statistics(network, self._Y, loss)
        Z_train = network.forward_train()[:, : data.m]  # (n_L, m)
        figures |= _worth("train", data.train, output(kind, Z_train))
        for name, split in unseen(data).items():
            Z_L = np.hstack([network.forward(part) for part in self._inputs(name, network.first)])
            figures |= _figures(name, split, Z_L, output(kind, Z_L), loss)  # Z_L (n_L, m)
        return figures

    def _inputs(self, name: str, first: FirstLayer) -> Iterable[Inputs]:
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

    def curves(self) -> dict[str, NDArray[np.float64]]:
        """Each figure as (points,) with its ``steps``; nothing if nothing was asked for."""
        if not self._steps:
            return {}
        names = self._figures[0]
        return {"steps": np.array(self._steps)} | {
            name: np.array([figures[name] for figures in self._figures]) for name in names
        }
