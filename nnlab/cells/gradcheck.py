"""`nnlab gradcheck`: backprop against central differences for any configuration."""

from copy import deepcopy

from nnlab.cells.build import build_network
from nnlab.cells.cell import resolve
from nnlab.cells.load import dataset
from nnlab.config import Config
from nnlab.nn import LOSSES, Block, check


def gradcheck(cfg: Config) -> list[Block]:
    """Compare a sample of each W_l and b_l near the initial parameters, in float64, with W1 in full."""
    cfg = deepcopy(cfg)
    cfg.trainer.dtype, cfg.trainer.solver = "float64", "primal"
    cfg = resolve(cfg).config
    data = dataset(cfg)
    network, _ = build_network(cfg, data)
    Y = data.train.targets(network.n[network.L], network.theta.dtype)  # (n_L, m)
    return check(network, Y, LOSSES[cfg.model.output, cfg.model.loss], cfg.optimizer.l2, cfg.seed)
