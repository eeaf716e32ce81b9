"""From a configuration and its data to everything that a training starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnlab.cells.cache import features, gram_of, validation_products
from nnlab.config import hidden_sizes
from nnlab.nn import FirstLayer, GramLayer, Network, PrimalLayer, Rows, State, activation, draw, init

if TYPE_CHECKING:
    from nnlab.config import Config, OptimizerConfig
    from nnlab.data import Dataset
    from nnlab.nn import Array


@dataclass(frozen=True)
class Start:
    """The net before its first step, and the data in the form in which it takes them."""

    network: Network
    gram_seconds: float  # that building K took
    Y: Array  # (n_L, m), the targets of the training examples
    rows: dict[str, Rows]  # features (m, n_0) of each split, by its name
    products: Array | None  # of the held-out and the training images; see ``validation_products``


def build(cfg: Config, data: Dataset) -> Start:
    """Make all that a training starts from, once."""
    network, gram_seconds = build_network(cfg, data)
    Y = data.train.targets(network.n[network.L], network.theta.dtype)
    rows = {name: features(split, cfg.trainer.dtype) for name, split in data.splits.items()}
    return Start(network, gram_seconds, Y, rows, validation_products(data, cfg.trainer))


def build_network(cfg: Config, data: Dataset) -> tuple[Network, float]:
    """The net before its first step, and the seconds that building K took."""
    images = features(data.train, cfg.trainer.dtype)  # (m, n_0)
    drawn = draw(cfg.init.scheme, cfg.init.scale, layer_sizes(cfg, data), cfg.seed)
    W1, *upper = (W.astype(cfg.trainer.dtype, copy=False) for W in drawn)
    first: FirstLayer
    seconds = 0.0
    if cfg.trainer.solver == "gram":
        K, seconds = gram_of(data, cfg.trainer)
        first = GramLayer(images[:], K, W1, decays=cfg.optimizer.l2 > 0.0)
    else:
        first = PrimalLayer(images, W1)
    return Network(first, upper, activation(cfg.model.activation, vars(cfg.model))), seconds


def layer_sizes(cfg: Config, data: Dataset) -> list[int]:
    """[n_0, n_1, ..., n_L]: one output for each target; one for two classes, except with softmax."""
    if data.train.regression:
        n_L = int(data.train.y.shape[1])
    else:
        n_L = 1 if cfg.model.output != "softmax" and len(data.classes) == 2 else len(data.classes)
    return [data.n_0, *hidden_sizes(cfg.model), n_L]


def optimizer_state(options: OptimizerConfig, network: Network) -> State:
    """The optimizer's state before the first step."""
    return init(options.name, network.theta, options.lr, options.decay, vars(options))
