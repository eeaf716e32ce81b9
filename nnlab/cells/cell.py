"""A cell: a configuration in which everything is decided, and its identity."""

from dataclasses import dataclass
from pathlib import Path

from nnlab.cells.build import layer_sizes
from nnlab.cells.choose_solver import choose_solver
from nnlab.cells.load import dataset
from nnlab.config import Config, canonical, copied, hidden_sizes
from nnlab.data import Dataset, Part
from nnlab.errors import UserError
from nnlab.nn import OPTIMIZERS
from nnlab.records import SCORES, fingerprint, record


@dataclass(frozen=True)
class Cell:
    """A resolved configuration and its identity."""

    config: Config
    fingerprint: str
    figure: str = SCORES[0]  # what its nets are ranked by
    data_digest: str = ""  # of its data; not in earlier plans

    def folder(self, home: Path) -> Path:
        """Where its record is, or will be."""
        return record.folder(home, self.fingerprint)


def resolve(cfg: Config, data: Dataset | None = None) -> Cell:
    """Decide what depends on the data (layers, solver) and name the cell; UserError if they don't fit.

    ``data`` are those of the configuration, where they are at hand.
    """
    data = dataset(cfg) if data is None else data
    _check_outputs(cfg, data)
    cfg = copied(cfg)
    if cfg.data.folds is not None and cfg.data.fold is None:
        cfg.data.fold = 0
    hidden = hidden_sizes(cfg.model)
    cfg.model.depth = len(hidden) + 1
    cfg.model.width = hidden[0] if len(set(hidden)) == 1 else None
    if cfg.optimizer.batch_size is not None and cfg.optimizer.batch_size >= data.m:
        cfg.optimizer.batch_size = None
    if data.train.streamed:
        _check_streamed(cfg, data)
    if cfg.trainer.solver == "auto":
        cfg.trainer.solver, _ = solver(cfg, data)
    name = fingerprint(canonical(cfg), data.digest)
    return Cell(cfg, name, SCORES[data.train.regression], data.digest)


def explain_solver(cell: Cell) -> str:
    """How the first layer of a cell is trained and why, as a sentence."""
    data, taken = dataset(cell.config), cell.config.trainer.solver
    choice, why = solver(cell.config, data)
    examples = "images" if data.train.x.ndim == 4 else "examples"
    how = {
        "gram": f"W1 is held as coefficients over the {data.m} training {examples} (solver gram)",
        "primal": "W1 itself is trained (solver primal)",
    }[taken]
    return f"{how}: {why}" if taken == choice else f"{how}, as asked"


def solver(cfg: Config, data: Dataset) -> tuple[str, str]:
    """The solver that ``auto`` takes, and why."""
    optimizer = cfg.optimizer
    if not OPTIMIZERS[optimizer.name].linear:
        return "primal", f"the steps of {optimizer.name} are no combinations of the training data"
    if data.train.streamed:
        return "primal", "the training data are streamed from disk"
    n_0, n_1, *_ = layer_sizes(cfg, data)
    m = len(data.train.whole.y) if isinstance(data.train, Part) else data.m  # the same for all folds
    return choose_solver((n_0, n_1, m), optimizer.batch_size, cfg.data.memory_mb, optimizer.l2)


def _check_outputs(cfg: Config, data: Dataset) -> None:
    """The net's outputs must be able to say what the data's labels or targets say."""
    output = cfg.model.output
    if data.train.regression and output != "identity":
        raise UserError(
            f"model.output: {output} answers with classes, {data.train.path} has real targets; "
            "give model.output=identity model.loss=squared_error"
        )
    if len(data.classes) > 2 and output == "sigmoid":
        raise UserError(
            f"model.output: sigmoid tells 2 classes apart, {data.train.path} has "
            f"{len(data.classes)}; give model.output=softmax"
        )


def _check_streamed(cfg: Config, data: Dataset) -> None:
    """A set that stays on disk is trained by minibatches, with W1 itself."""
    too_large = f"data.memory_mb: {cfg.data.memory_mb} MB do not hold {data.train.path} as float64"
    if cfg.optimizer.batch_size is None:
        raise UserError(
            f"{too_large}; give an optimizer.batch_size below {data.m} to stream it, "
            "or raise data.memory_mb"
        )
    if cfg.trainer.solver == "gram":
        raise UserError(
            f"{too_large}, as trainer.solver=gram needs it; give primal, or raise data.memory_mb"
        )
