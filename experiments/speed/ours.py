"""nnlab's own training, as ``train_cell`` calls it, and the least that its arithmetic can take."""

import time
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from experiments.speed.work import cell
from nnlab.cells.build import Start, build_network
from nnlab.cells.evaluation import Evaluation
from nnlab.cells.load import dataset
from nnlab.cells.run_cell import progress_writer
from nnlab.data.holdout import splits
from nnlab.nn.first_layer import GramLayer, Rows, gram
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import targets
from nnlab.nn.network import Network
from nnlab.nn.operations import run
from nnlab.nn.optimizers import OPTIMIZERS, init
from nnlab.nn.training import Callback, train


class Loop:
    """``nnlab.training.train``: the loop alone, with the net made and K built before."""

    def __init__(self, net: str, *overrides: str) -> None:
        self.cfg = cell(net, *overrides).config
        self.data = dataset(self.cfg)
        self.callbacks: list[Callback] = []

    def start(self) -> None:
        """The net before its first step."""
        self.network, _ = build_network(self.cfg, self.data)
        self.Y = targets(self.data.train.y, self.network.sizes[-1], self.network.theta.dtype)  # (1, m)

    def run(self, iterations: int) -> np.ndarray:
        """Train it; the costs (iterations,), fewer where it diverges."""
        o = self.cfg.optimizer
        return train(
            self.network, self.Y, LOSSES["sigmoid", "cross_entropy"], OPTIMIZERS[o.name],
            init(o.name, self.network.theta, o.lr),
            iterations=iterations, l2=o.l2, pause_every=self.cfg.trainer.eval_every,
            callbacks=self.callbacks,
        )  # fmt: skip


class LoopWithK(Loop):
    """The loop, with drawing the weights, building K and the net counted in."""

    def start(self) -> None:
        """Nothing is ready but the images."""
        self.images = self.data.train.features()

    def run(self, iterations: int) -> np.ndarray:
        """Make everything, then train."""
        images, cfg = self.images, self.cfg
        sizes = [images.shape[1], *(cfg.model.hidden or ()), 1]
        W1, *upper = draw(cfg.init.scheme, cfg.init.scale, sizes, cfg.seed)
        first = GramLayer(images, gram(images), W1, decays=False)
        self.network = Network(first, upper, cfg.model.activation, cfg.model.leak)
        self.Y = targets(self.data.train.y, 1, images.dtype)
        return super().run(iterations)


class LastLayer(Loop):
    """The loop, seen by the layer that all others shape."""

    def run(self, iterations: int) -> np.ndarray:
        """Train; [W_L b_L] (n_{L-1} + 1,) stands for the net."""
        super().run(iterations)
        P, _ = self.network.blocks[-1]
        return P.ravel()


class Evaluated(Loop):
    """The loop with all that a cell does along the way; the evaluations' own seconds are taken off."""

    def start(self) -> None:
        """Fresh callbacks too."""
        super().start()
        rows: dict[str, Rows] = {name: split.features() for name, split in splits(self.data).items()}
        begin = Start(self.network, 0.0, self.Y, rows, None)
        self._evaluation = Evaluation(self.cfg, self.data, begin)
        self.callbacks = [self._evaluation, progress_writer(Path(mkdtemp()), time.time())]

    @property
    def excluded(self) -> float:
        """Seconds spent evaluating."""
        return self._evaluation.seconds


class Floor(Loop):
    """The matrix products of a step and nothing else, in the arrays of the loop itself."""

    def run(self, iterations: int) -> np.ndarray:
        """Multiply; there are no costs."""
        batch = self.network.whole(self.Y, LOSSES["sigmoid", "cross_entropy"].delta)
        self.network.propagate(batch)  # real numbers in all arrays
        products = [o for o in batch.runs[0] if getattr(o, "func", o).__name__ in ("matmul", "dot")]
        for _ in range(iterations):
            run(products)
        return np.empty(0)
