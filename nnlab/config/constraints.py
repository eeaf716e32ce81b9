"""Ranges: which value each key may have, and which values cannot go together."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nnlab.errors import UserError
from nnlab.nn.activations import ACTIVATIONS
from nnlab.nn.initializers import INITIALIZERS
from nnlab.nn.losses import LOSSES, OUTPUTS
from nnlab.nn.optimizers import OPTIMIZERS

Range = tuple[Callable[[Any], bool], str]  # the test, and what the value should be


def _one_of(names: Iterable[str]) -> Range:
    names = tuple(names)
    return names.__contains__, "one of " + ", ".join(names)


def _integer(low: int) -> Range:
    return lambda value: value >= low, f"an integer of at least {low}"


def _optional(check: Range) -> Range:
    return lambda value: value is None or check[0](value), f"null or {check[1]}"


POSITIVE: Range = (lambda value: 0.0 < value < math.inf, "a finite number above 0")
NOT_NEGATIVE: Range = (lambda value: 0.0 <= value < math.inf, "a finite number, 0 or above")
FRACTION: Range = (lambda value: 0.0 <= value < 1.0, "a number from 0 up to but not 1")

RANGES: dict[str, Range] = {
    "data.memory_mb": _integer(1),
    "data.validation": FRACTION,
    "data.folds": _optional(_integer(2)),
    "data.fold": _optional(_integer(0)),
    "model.depth": _integer(1),
    "model.width": _optional(_integer(1)),
    "model.hidden": (
        lambda value: value is None or all(n >= 1 for n in value),
        "null or a list of layer sizes of at least 1",
    ),
    "model.activation": _one_of(ACTIVATIONS),
    "model.leak": (lambda value: 0.0 < value <= 1.0, "a number above 0, at most 1"),
    "model.output": _one_of(OUTPUTS),
    "model.loss": _one_of(dict.fromkeys(loss for _, loss in LOSSES)),
    "init.scheme": _one_of(INITIALIZERS),
    "init.scale": NOT_NEGATIVE,
    "optimizer.name": _one_of(OPTIMIZERS),
    "optimizer.lr": POSITIVE,
    "optimizer.momentum": FRACTION,
    "optimizer.beta1": FRACTION,
    "optimizer.beta2": FRACTION,
    "optimizer.epsilon": POSITIVE,
    "optimizer.l2": NOT_NEGATIVE,
    "optimizer.batch_size": _optional(_integer(1)),
    "optimizer.decay": NOT_NEGATIVE,
    "trainer.iterations": _integer(1),
    "trainer.solver": _one_of(("auto", "primal", "gram")),
    "trainer.dtype": _one_of(("float64", "float32")),
    "trainer.threads": _integer(1),
    "trainer.eval_every": _optional(_integer(1)),
    "seed": (lambda value: 0 <= value < 2**32, "an integer from 0 to 2^32 - 1"),
    "data.train": (str.isprintable, "a path without control characters"),
    "data.test": (str.isprintable, "a path without control characters"),
    "tracking.experiment": (
        lambda value: bool(value.strip()) and value.isprintable() and len(value) <= 250,
        "a name of at most 250 printable letters",
    ),
    "tracking.max_points": _integer(2),
    "sweep.jobs": _optional(_integer(1)),
}


def check(values: Mapping[str, Any]) -> None:
    """Raise a UserError for the first value (by dotted key) out of range or out of place."""
    for key, (holds, wanted) in RANGES.items():
        if not holds(values[key]):
            raise UserError(f"{key}: {values[key]!r} is not allowed; give {wanted}")
    _check_folds(values["data.validation"], values["data.folds"], values["data.fold"])
    if (values["model.output"], values["model.loss"]) not in LOSSES:
        raise UserError(
            f"model.loss: {values['model.loss']} has no meaning for "
            f"model.output={values['model.output']}; give model.loss=squared_error"
        )
    optimizer = values["optimizer.name"]
    if values["trainer.solver"] == "gram" and not OPTIMIZERS[optimizer].linear:
        raise UserError(
            f"trainer.solver: gram cannot hold the steps of optimizer.name={optimizer}, which "
            "leave the span of the images; give trainer.solver=primal or auto"
        )
    if values["model.hidden"] is None and values["model.depth"] > 1 and not values["model.width"]:
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
