"""One cell: from a configuration to a record."""

import time
import traceback
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nnlab.cells import pictures as plots
from nnlab.cells.cache import features, gram_of, validation_products
from nnlab.cells.choose_solver import choose_solver
from nnlab.cells.evaluation import Evaluation, final_figures, unseen
from nnlab.cells.ranking import SCORES
from nnlab.cells.workload import training_size
from nnlab.config.canonical import canonical
from nnlab.config.paths import home
from nnlab.config.schema import Config, hidden_sizes, training_dict
from nnlab.data import holdout, sandbox
from nnlab.data.dataset import Dataset, Part
from nnlab.errors import UserError
from nnlab.nn.activations import activation
from nnlab.nn.diagnostics import layer_statistics
from nnlab.nn.first_layer import FirstLayer, GramLayer, PrimalLayer
from nnlab.nn.inference import Parameters
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import classes
from nnlab.nn.network import Network
from nnlab.nn.optimizers import OPTIMIZERS, init
from nnlab.nn.training import Callback, Schedule, Step, train
from nnlab.records import provenance, record
from nnlab.threads import limited

Array = NDArray[np.floating]
PROGRESS_AFTER = 5.0  # seconds until a cell leaves word of its costs so far
# examples of the default painted set, as many as the course's
PAINTED: dict[Literal["train", "test"], int] = {"train": 209, "test": 50}


@dataclass(frozen=True)
class Cell:
    """A resolved configuration and its identity."""

    config: Config
    fingerprint: str
    figure: str = SCORES[0]  # what its nets are ranked by

    def folder(self, home: Path) -> Path:
        """Where its record stands, or will."""
        return record.folder(home, self.fingerprint)


# -- data, shared by all cells of a process --------------------------------------------------------


def dataset(cfg: Config) -> Dataset:
    """The data of a configuration, with what it holds out of the training examples apart.

    They are read once a process; the painted set is made on first use.
    """
    if cfg.data.name == "painted":
        paint_default(Path(cfg.data.train), Path(cfg.data.test))
    whole = _load(cfg.data.train, cfg.data.test, cfg.data.memory_mb, home() / "data" / "tried")
    return _held_out(whole, cfg.data.validation, cfg.data.folds, cfg.data.fold or 0)


def paint_default(train: Path, test: Path) -> None:
    """Make the two files of the default painted set unless they are there."""
    for (split, count), path in zip(PAINTED.items(), (train, test), strict=True):
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            from nnlab.data.painted import generator as painted  # takes its time, and few commands paint

            painted.write(path, split, count, seed=0)


_load = lru_cache(maxsize=2)(sandbox.load)


@lru_cache(maxsize=2)
def _held_out(whole: Dataset, validation: float, folds: int | None, fold: int) -> Dataset:
    if folds is not None:
        return holdout.fold(whole, folds, fold)
    return holdout.share(whole, validation) if validation else whole


# -- resolution ----------------------------------------------------------------------------------


def resolve(cfg: Config) -> Cell:
    """Fill in what the data decide (layers, solver) and name the cell; UserError if they don't fit."""
    data = dataset(cfg)
    cfg = deepcopy(cfg)
    if cfg.data.folds is not None and cfg.data.fold is None:
        cfg.data.fold = 0
    model, optimizer, trainer = cfg.model, cfg.optimizer, cfg.trainer
    if data.train.regression and model.output != "identity":
        raise UserError(
            f"model.output: {model.output} answers with classes, {cfg.data.train} has real targets; "
            "give model.output=identity model.loss=squared_error"
        )
    if len(data.classes) > 2 and model.output == "sigmoid":
        raise UserError(
            f"model.output: sigmoid tells 2 classes apart, {cfg.data.train} has "
            f"{len(data.classes)}; give model.output=softmax"
        )
    hidden = hidden_sizes(model)
    model.depth = len(hidden) + 1
    model.width = hidden[0] if len(set(hidden)) == 1 else None
    if optimizer.batch_size is not None and optimizer.batch_size >= data.m:
        optimizer.batch_size = None
    if data.train.streamed:
        _refuse_unstreamable(cfg, data.m)
    if trainer.solver == "auto":
        trainer.solver, _ = solver(cfg)
    return Cell(cfg, record.fingerprint(canonical(cfg), data.digest), SCORES[data.train.regression])


def solver(cfg: Config) -> tuple[str, str]:
    """The solver that ``auto`` takes for a configuration, and why."""
    data, optimizer = dataset(cfg), cfg.optimizer
    if not OPTIMIZERS[optimizer.name].linear:
        return "primal", f"{optimizer.name} is not linear in the gradients"
    if data.train.streamed:
        return "primal", "the images are streamed from disk"
    n_1 = [*hidden_sizes(cfg.model), _outputs(cfg, data)][0]
    m = len(data.train.whole.y) if isinstance(data.train, Part) else data.m  # the same for all folds
    return choose_solver(
        data.n_0, n_1, m, optimizer.batch_size, cfg.trainer.iterations, cfg.data.memory_mb, optimizer.l2
    )


def explain_solver(cell: Cell) -> str:
    """The solver of a cell and why it was taken."""
    taken = cell.config.trainer.solver
    choice, why = solver(cell.config)
    return f"{taken}: {why if taken == choice else 'as asked'}"


def _refuse_unstreamable(cfg: Config, m: int) -> None:
    """A set that stays on disk is trained by minibatches, with W1 itself."""
    too_large = f"data.memory_mb: {cfg.data.memory_mb} MB do not hold {cfg.data.train} as float64"
    if cfg.optimizer.batch_size is None:
        raise UserError(
            f"{too_large}; give an optimizer.batch_size below {m} to stream it, or raise data.memory_mb"
        )
    if cfg.trainer.solver == "gram":
        raise UserError(
            f"{too_large}, as trainer.solver=gram needs it; give primal, or raise data.memory_mb"
        )


def _outputs(cfg: Config, data: Dataset) -> int:
    """n_L: one output for each target; for two classes one, except with softmax."""
    if data.train.regression:
        return int(data.train.y.shape[1])
    return 1 if cfg.model.output != "softmax" and len(data.classes) == 2 else len(data.classes)


# -- training ------------------------------------------------------------------------------------


def attempt(cell: Cell, home: Path, callbacks: Sequence[Callback] = ()) -> None:
    """Train a cell; if that fails, leave a note of it in place of the record."""
    started = time.time()
    try:
        record.discard(cell.folder(home))
        run_cell(cell, home, callbacks)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if isinstance(error, MemoryError):
            text += "; make model.depth, model.width or trainer.iterations smaller"
        record.write_failure(cell.folder(home), text, traceback.format_exc(), started, time.time())


def run_cell(cell: Cell, home: Path, callbacks: Sequence[Callback] = ()) -> record.Record:
    """Train a cell and write its record. The caller holds the cell's claim."""
    with limited(cell.config.trainer.threads), np.errstate(all="ignore"):
        return _run_cell(cell, home, callbacks)


def _run_cell(cell: Cell, home: Path, callbacks: Sequence[Callback]) -> record.Record:
    started = time.time()
    cfg, data, target = cell.config, dataset(cell.config), cell.folder(home)
    loss = LOSSES[cfg.model.output, cfg.model.loss]
    network, gram_seconds = build_network(cfg, data)
    Y = data.train.targets(network.n[network.L], network.theta.dtype)  # (n_L, m)
    rows = {name: features(split, cfg.trainer.dtype) for name, split in data.splits.items()}
    evaluation = Evaluation(cfg, data, Y, rows, validation_products(data, cfg.trainer))
    progress = _progress_writer(target, started)
    o = cfg.optimizer
    state = init(o.name, network.theta, o.lr, o.decay, vars(o))
    schedule = Schedule(cfg.trainer.iterations, o.batch_size, cfg.seed, o.l2, cfg.trainer.eval_every)
    start = time.perf_counter()
    costs = train(network, Y, loss, state, schedule, [evaluation, progress, *callbacks])
    train_seconds = time.perf_counter() - start - evaluation.seconds
    parameters = network.parameters()
    figures, answers = final_figures(cfg, data, parameters, rows)
    figures |= layer_statistics(network, Y, loss)
    figures |= training_size(cfg, [data.n_0, *network.n.values()], data.train)
    figures["time/train_s"] = train_seconds + gram_seconds
    ends = [costs[-1], *(figures[f"{name}/cost"] for name in unseen(data))]
    finished = record.Record(
        folder=target,
        fingerprint=cell.fingerprint,
        status="finished" if np.isfinite(ends).all() else "diverged",
        config=training_dict(cfg),
        metrics={key: value for key, value in figures.items() if np.isfinite(value)},
        data_digest=data.digest,
        code_digest=record.code_digest(),
        started=started,
        ended=time.time(),
        provenance=provenance.gather(),
        shape=list(data.train.x.shape[1:]),
        classes=list(data.classes),
    )
    arrays: dict[str, dict[str, NDArray[Any]]] = {
        "history": {"train/cost": costs, **evaluation.curves()},
        "weights": {
            f"{n}{l}": p for l, pair in enumerate(parameters, 1) for n, p in zip("Wb", pair, strict=True)
        },
        "predictions": _predictions(data, answers),
    }
    return record.write(finished, arrays, _pictures(data, parameters, answers["test"]))


def _predictions(data: Dataset, answers: dict[str, Array]) -> dict[str, NDArray[Any]]:
    """Outputs and labels of what was not trained on, and where held-out examples stand in their file."""
    kept: dict[str, NDArray[Any]] = {"test": answers["test"], "y_test": data.test.y}
    if isinstance(data.validation, Part):
        kept |= {"validation": answers["validation"], "y_validation": data.validation.y}
        kept["validation_places"] = data.validation.places
    return kept


def build_network(cfg: Config, data: Dataset) -> tuple[Network, float]:
    """The net before its first step, and the seconds that building K took."""
    images = features(data.train, cfg.trainer.dtype)  # (m, n_0)
    sizes = [data.n_0, *hidden_sizes(cfg.model), _outputs(cfg, data)]
    drawn = draw(cfg.init.scheme, cfg.init.scale, sizes, cfg.seed)
    W1, *upper = (W.astype(cfg.trainer.dtype, copy=False) for W in drawn)
    first: FirstLayer
    seconds = 0.0
    if cfg.trainer.solver == "gram":
        K, seconds = gram_of(data, cfg.trainer)
        first = GramLayer(images[:], K, W1, decays=cfg.optimizer.l2 > 0.0)
    else:
        first = PrimalLayer(images, W1)
    return Network(first, upper, activation(cfg.model.activation, vars(cfg.model))), seconds


def _progress_writer(target: Path, started: float) -> Callable[[Step], None]:
    """A callback that leaves the costs so far on disk, once a second when a cell is a long one."""
    last = started + PROGRESS_AFTER - 1.0

    def write(step: Step) -> None:
        nonlocal last
        now = time.time()
        if now - last >= 1.0:
            record.write_progress(target, started, step.costs)
            last = now

    return write


def _pictures(data: Dataset, parameters: Parameters, A_test: Array) -> dict[str, object]:
    """The first layer's weights and the misclassified test images, where the data are colour images."""
    shape = data.train.x.shape[1:]
    if len(shape) != 3 or shape[2] != 3:
        return {}
    pictures: dict[str, object] = {"first_layer": plots.first_layer(parameters[0][0], shape)}
    if not data.train.regression:
        wrong = plots.misclassified(data.test.x, data.test.y, classes(A_test), data.classes)
        pictures["misclassified"] = wrong
    return pictures
