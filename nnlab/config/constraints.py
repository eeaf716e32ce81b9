"""Ranges: which value each key may have, and which values cannot go together."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from nnlab.config.copies import as_dict
from nnlab.config.data_files import FILES
from nnlab.config.groups import ENGINES, SEARCHES
from nnlab.config.objectives import OBJECTIVES
from nnlab.config.own_options import Owner, options_of
from nnlab.config.schema import Config, flatten
from nnlab.errors import UserError
from nnlab.nn import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, OUTPUTS


class Range(NamedTuple):
    """Which values a key may have."""

    holds: Callable[[Any], bool]
    wanted: str  # the values in words
    names: tuple[str, ...] = ()  # all of them, if they are names


def _one_of(names: Iterable[str]) -> Range:
    names = tuple(names)
    return Range(names.__contains__, "one of " + ", ".join(names), names)


def _integer(low: int) -> Range:
    return Range(lambda value: value >= low, f"an integer of at least {low}")


def _optional(check: Range) -> Range:
    return Range(lambda value: value is None or check.holds(value), f"null or {check.wanted}")


def _options(section: str, table: Mapping[str, Owner]) -> dict[str, Range]:
    """The ranges of a table's options; where two own an option, the first one's."""
    found = options_of(table).items()
    return {f"{section}.{name}": Range(option.holds, option.wanted) for name, option in found}


POSITIVE = Range(lambda value: 0.0 < value < math.inf, "a finite number above 0")
NOT_NEGATIVE = Range(lambda value: 0.0 <= value < math.inf, "a finite number, 0 or above")
SEED = Range(lambda value: 0 <= value < 2**32, "an integer from 0 to 2^32 - 1")
FRACTION = Range(lambda value: 0.0 <= value < 1.0, "a number from 0 up to but not 1")

RANGES: dict[str, Range] = {
    "data.name": Range(lambda value: isinstance(value, str), "text"),
    "data.memory_mb": _integer(1),
    "data.validation": FRACTION,
    "data.folds": _optional(_integer(2)),
    "data.fold": _optional(_integer(0)),
    "model.depth": _integer(1),
    "model.width": _optional(_integer(1)),
    "model.hidden": Range(
        lambda value: value is None or all(isinstance(n, int) and n >= 1 for n in value),
        "null or a list of layer sizes of at least 1",
    ),
    "model.activation": _one_of(ACTIVATIONS),
    **_options("model", ACTIVATIONS),
    "model.output": _one_of(OUTPUTS),
    "model.loss": _one_of(dict.fromkeys(loss for _, loss in LOSSES)),
    "init.scheme": _one_of(INITIALIZERS),
    "init.scale": NOT_NEGATIVE,
    "optimizer.name": _one_of(OPTIMIZERS),
    "optimizer.lr": POSITIVE,
    **_options("optimizer", OPTIMIZERS),
    "optimizer.l2": NOT_NEGATIVE,
    "optimizer.batch_size": _optional(_integer(1)),
    "optimizer.decay": NOT_NEGATIVE,
    "trainer.iterations": _integer(1),
    "trainer.solver": _one_of(("auto", "primal", "gram")),
    "trainer.dtype": _one_of(("float64", "float32")),
    "trainer.threads": _integer(1),
    "trainer.eval_every": _optional(_integer(1)),
    "seed": SEED,
    **dict.fromkeys(FILES, _optional(Range(str.isprintable, "a path without control characters"))),
    "tracking.experiment": Range(
        lambda value: bool(value.strip()) and value.isprintable() and len(value) <= 250,
        "a name of at most 250 printable letters",
    ),
    "tracking.max_points": _integer(2),
    "tracking.artifacts": _optional(_one_of(("all", "best"))),
    "tracking.register": _optional(
        Range(
            lambda value: (
                bool(value.strip(" ."))
                and value == value.strip()
                and value.isprintable()
                and not set("/:'") & set(value)
                and len(value) <= 250
            ),
            "a name of at most 250 letters, without / : ' and without a blank at an end",
        )
    ),
    "records.weights": _optional(_one_of(("full", "dual", "none"))),
    "engine.name": _one_of(ENGINES),
    "engine.workers": _optional(_integer(1)),
    "engine.batch_seconds": POSITIVE,
    "engine.cluster": _optional(_one_of(("slurm", "local"))),
    "search.name": _one_of(SEARCHES),
    "search.trials": _optional(_integer(1)),
    "search.batch": _integer(1),
    "search.seed": SEED,
    "search.objectives": Range(
        lambda value: value is None or (value and set(value) <= set(OBJECTIVES)),
        "null or a list of " + ", ".join(OBJECTIVES),
    ),
    "search.rungs": Range(
        lambda value: value is None or (value and value[0] >= 1 and sorted(set(value)) == value),
        "null or a list of numbers of steps, each above the one before, such as [100,300,900]",
    ),
    "search.eta": _integer(2),
    "search.along": Range(lambda value: value is None or bool(value), "null or a key"),
    "search.tolerance": Range(lambda value: 0.0 < value <= 0.5, "a share from above 0 to 0.5"),
    "sweep.jobs": _optional(_integer(1)),
}


def check(cfg: Config) -> None:
    """Raise a UserError for the first value out of range, or for values that cannot go together."""
    values = flatten(as_dict(cfg))
    for key, allowed in RANGES.items():
        if not allowed.holds(values[key]):
            raise UserError(f"{key}: {values[key]!r} is not allowed; give {allowed.wanted}")
    _check_folds(cfg.data.validation, cfg.data.folds, cfg.data.fold)
    _check_loss(cfg.model.output, cfg.model.loss)
    _check_solver(cfg.trainer.solver, cfg.optimizer.name)
    if cfg.records.state and cfg.records.weights == "none":
        raise UserError(
            "records.state: the state has all parameters, and records.weights=none keeps none; "
            "give records.weights=dual"
        )
    if cfg.tracking.register is not None and not cfg.tracking.publish:
        raise UserError(
            f"tracking.register: {cfg.tracking.register} would be in MLflow, and with tracking=none "
            "nothing goes there; leave one of them out"
        )
    if cfg.model.hidden is None and cfg.model.depth > 1 and not cfg.model.width:
        raise UserError("model.width: null leaves the hidden layers without a size; give a number")


def _check_folds(validation: float, folds: int | None, fold: int | None) -> None:
    if validation and folds is not None:
        raise UserError(
            f"data.validation: {validation:g} and data.folds={folds} are two ways to hold examples out; "
            "give data.validation=0 or data.folds=null"
        )
    if fold is not None and folds is None:
        raise UserError(f"data.fold: {fold} of how many? Give data.folds too, such as data.folds=5")
    if fold is not None and folds is not None and fold >= folds:
        raise UserError(f"data.fold: {fold} is none of {folds} folds; give 0 to {folds - 1}")


def _check_loss(output: str, loss: str) -> None:
    if (output, loss) not in LOSSES:
        raise UserError(
            f"model.loss: {loss} has no meaning for model.output={output}; give model.loss=squared_error"
        )


def _check_solver(solver: str, optimizer: str) -> None:
    if solver == "gram" and not OPTIMIZERS[optimizer].linear:
        raise UserError(
            f"trainer.solver: gram cannot hold the steps of optimizer.name={optimizer}, which "
            "leave the span of the images; give trainer.solver=primal or auto"
        )


def reject_hidden_conflict(cfg: Config, overrides: Iterable[str]) -> None:
    """A list of hidden layers, and a depth or width beside it: the two contradict each other.

    ``overrides`` are the overrides that were given, as texts, or their keys alone.
    """
    given = {text.partition("=")[0].lstrip("+~") for text in overrides}
    asked = sorted({"model.depth", "model.width"} & given)
    if cfg.model.hidden is not None and asked:
        raise UserError(
            f"{asked[0]}: model.hidden={cfg.model.hidden} is in force and fixes the layers; "
            f"add model.hidden=null to use {' and '.join(asked)}"
        )
