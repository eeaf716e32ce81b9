"""What a net is worth: costs and accuracies of both splits, at the end and along the way.

Images are taken a few hundred at a time and always the same ones together, so a set that is streamed
from disk gives the same bits as one in memory.
"""

import time

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nnlab.config import Config
from nnlab.data.hdf5 import Dataset
from nnlab.diagnostics import layer_statistics
from nnlab.first_layer import Inputs, Rows, pieces
from nnlab.forward import Net, Parameters, forward
from nnlab.losses import LOSSES, OUTPUTS
from nnlab.metrics import accuracy, targets
from nnlab.network import Network
from nnlab.training import Step

Array = NDArray[np.floating]


def final_figures(
    cfg: Config, data: Dataset, parameters: Parameters, train: Rows, test: Rows
) -> tuple[dict[str, float], Array]:
    """Costs (without L2) and accuracies of both splits, and the test outputs A_L (n_L, m_test)."""
    net = Net(parameters, cfg.model.activation, cfg.model.leak, cfg.model.output)
    with threadpool_limits(1):  # whatever trainer.threads: as `predict` and the served model
        _, A_train = _forward(net, train)
        Z_test, A_test = _forward(net, test)
    loss = LOSSES[cfg.model.output, cfg.model.loss]
    figures = {
        "train/accuracy": accuracy(A_train, data.train.y),
        "test/accuracy": accuracy(A_test, data.test.y),
        "test/cost": float(loss.cost(Z_test, targets(data.test.y, len(Z_test), Z_test.dtype))),
    }
    return figures, A_test


def _forward(net: Net, rows: Rows) -> tuple[Array, Array]:
    """Z_L and A_L (n_L, m) of all rows, in parts that fit into memory."""
    Z, A = zip(*(forward(net, rows[places]) for places in pieces(len(rows))), strict=True)
    return np.hstack(Z), np.hstack(A)


class Evaluation:
    """A callback: accuracies, test cost and layer statistics at every multiple of eval_every."""

    def __init__(self, cfg: Config, data: Dataset, Y: Array, test: Rows) -> None:
        self._cfg, self._data, self._Y, self._test = cfg, data, Y, test
        self._kept: list[Inputs] = []  # of the test images, where they are in memory
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
        loss, output = LOSSES[cfg.model.output, cfg.model.loss], OUTPUTS[cfg.model.output]
        figures = layer_statistics(network, self._Y, loss, cfg.model.activation)
        Z_train = network.forward_train()[:, : data.m]  # (n_L, m)
        Z_test = self._forward_test(network)
        figures["train/accuracy"] = accuracy(output(Z_train), data.train.y)
        figures["test/accuracy"] = accuracy(output(Z_test), data.test.y)
        figures["test/cost"] = float(loss.cost(Z_test, targets(data.test.y, len(Z_test), Z_test.dtype)))
        return figures

    def _forward_test(self, network: Network) -> Array:
        inputs = self._kept or (network.first.inputs(self._test[p]) for p in pieces(len(self._test)))
        if not self._data.test.streamed:
            inputs = self._kept = list(inputs)
        return np.hstack([network.forward(part) for part in inputs])  # (n_L, m_test)

    def curves(self) -> dict[str, NDArray[np.float64]]:
        """Each figure as (points,) with its ``steps``; nothing if nothing was asked for."""
        if not self._steps:
            return {}
        names = self._figures[0]
        return {"steps": np.array(self._steps)} | {
            name: np.array([figures[name] for figures in self._figures]) for name in names
        }
