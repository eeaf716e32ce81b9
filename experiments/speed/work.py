"""The work of every peer: the same net, on the same images, from the same weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnlab.cells import Cell, dataset, resolve
from nnlab.config import named_data
from nnlab.config.compose import compose
from nnlab.nn import Array, draw, targets

ITERATIONS = 2500
TOLERANCE = 1e-6  # a time counts only if the costs agree to this
NETS = {
    "two_layer": ["model=two_layer", "init.scheme=normal", "init.scale=0.01"],
    "deep": ["model=deep"],
}
LAYERS = {"two_layer": (12288, 7, 1), "deep": (12288, 20, 7, 5, 1)}


def data_name() -> str:
    """The course's photographs if their files are there, else the painted set of the same size."""
    there = Path(named_data("catvnoncat/train_catvnoncat.h5")).is_file()
    return "catvnoncat" if there else "painted"


def cell(net: str, *overrides: str) -> Cell:
    """The resolved cell of a net, as ``nnlab train`` would get it."""
    return resolve(compose([f"data={data_name()}", *NETS[net], *overrides]))


@dataclass(frozen=True)
class Problem:
    """The input of a peer: arrays in float64, which it may copy into any layout."""

    images: Array  # (m, n_0)
    Y: Array  # (1, m)
    weights: Sequence[Array]  # [W1, ..., WL], W_l (n_l, n_{l-1}); the biases start at 0
    lr: float


def problem(net: str, seed: int = 1) -> Problem:
    """The full-batch training of a net by gradient descent."""
    cfg = cell(net, f"seed={seed}").config
    data = dataset(cfg)
    weights = draw(cfg.init.scheme, cfg.init.scale, LAYERS[net], cfg.seed)
    return Problem(
        data.train.features(), targets(data.train.y, 1, np.dtype("float64")), weights, cfg.optimizer.lr
    )
