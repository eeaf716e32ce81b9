"""nnlab's own training, as a cell calls it, and its matrix products alone."""

import time
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from experiments.speed.work import cell
from nnlab.cells import Evaluation, Start, build_network, dataset, progress_writer
from nnlab.nn import (
    LOSSES,
    Callback,
    GramLayer,
    Network,
    Rows,
    Schedule,
    Tape,
    activation,
    draw,
    gram,
    init,
    propagate,
    targets,
    train,
)


class Loop:
    """The training loop alone; the net is made and K is built before."""

    def __init__(self, net: str, *overrides: str) -> None:
        self.cfg = cell(net, *overrides).config
        self.data = dataset(self.cfg)
        self.callbacks: list[Callback] = []

    def start(self) -> None:
        """Make the net, before its first step."""
        self.network, _ = build_network(self.cfg, self.data)
        self.Y = targets(
            self.data.train.y, self.network.n[self.network.L], self.network.theta.dtype
        )  # (1, m)

    def run(self, iterations: int) -> np.ndarray:
        """Train; the costs (iterations,), fewer if it diverges."""
        o, network = self.cfg.optimizer, self.network
        state = init(o.name, network.theta, o.lr, o.decay, vars(o))
        schedule = Schedule(iterations, l2=o.l2, pause_every=self.cfg.trainer.eval_every)
        return train(network, self.Y, LOSSES["sigmoid", "cross_entropy"], state, schedule, self.callbacks)


class LoopWithK(Loop):
    """The loop, including the time to draw the weights and to build K and the net."""

    def start(self) -> None:
        """Only read the images."""
        self.images = self.data.train.features()

    def run(self, iterations: int) -> np.ndarray:
        """Make weights, K and net, then train."""
        images, cfg = self.images, self.cfg
        sizes = [images.shape[1], *(cfg.model.hidden or ()), 1]
        W1, *upper = draw(cfg.init.scheme, cfg.init.scale, sizes, cfg.seed)
        first = GramLayer(images, gram(images), W1, decays=False)
        self.network = Network(first, upper, activation(cfg.model.activation, vars(cfg.model)))
        self.Y = targets(self.data.train.y, 1, images.dtype)
        return super().run(iterations)


class LastLayer(Loop):
    """The loop; it returns the weights of the last layer, on which all other layers have an effect."""

    def run(self, iterations: int) -> np.ndarray:
        """Train; [W_L b_L] (n_{L-1} + 1,)."""
        super().run(iterations)
        P, _ = self.network.blocks[-1]
        return P.ravel()


class Evaluated(Loop):
    """The loop with the callbacks of a cell; the seconds of the evaluations themselves are subtracted."""

    def start(self) -> None:
        """Make new callbacks too."""
        super().start()
        rows: dict[str, Rows] = {name: split.features() for name, split in self.data.splits.items()}
        begin = Start(self.network, 0.0, self.Y, rows, None)
        self._evaluation = Evaluation(self.cfg, self.data, begin)
        self.callbacks = [self._evaluation, progress_writer(Path(mkdtemp()), time.time())]

    @property
    def excluded(self) -> float:
        """Seconds spent evaluating."""
        return self._evaluation.seconds


class Floor(Loop):
    """Only the matrix products of a step, in the arrays of the loop itself."""

    def run(self, iterations: int) -> np.ndarray:
        """Multiply; it returns no costs."""
        loss, tape = LOSSES["sigmoid", "cross_entropy"], Tape()
        batch = self.network.whole(self.Y, loss)
        propagate(np, self.network, loss, batch)  # fills all arrays with the values of a real step
        propagate(tape, self.network, loss, batch)
        products = [c for c in tape.calls() if getattr(c, "func", c).__name__ in ("matmul", "dot")]
        for _ in range(iterations):
            for product in products:
                product()
        return np.empty(0)
