"""The schema: every key of a configuration with its type, and a configuration as plain values.

The options of the activations and optimizers are not written here: the tables of ``nnlab.nn`` have them.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from omegaconf import MISSING

from nnlab.errors import UserError
from nnlab.nn import ACTIVATIONS, OPTIMIZERS, Option

T = TypeVar("T")


class Owner(Protocol):
    """An activation or an optimizer: it owns the options that only it reads."""

    @property
    def options(self) -> Mapping[str, Option]:
        """By name."""


def options_of(table: Mapping[str, Owner]) -> dict[str, Option]:
    """All options of a table; the first owner of a name says what it is."""
    found: dict[str, Option] = {}
    for owner in table.values():
        found |= {name: option for name, option in owner.options.items() if name not in found}
    return found


def _with_options(table: Mapping[str, Owner]) -> Callable[[type[T]], type[T]]:
    """A class decorator: adds one float field for each option of the table.

    ValueError for an option with the name of a key that the section has for all, such as ``decay``.
    """

    def add(schema: type[T]) -> type[T]:
        taken = schema.__annotations__.keys() & options_of(table).keys()
        if taken:
            raise ValueError(
                f"{schema.__name__} has {', '.join(sorted(taken))} already; name the option anew"
            )
        fields = [
            (name, float, dataclasses.field(default=option.default, metadata={"meaning": option.meaning}))
            for name, option in options_of(table).items()
        ]
        made: type[T] = dataclasses.make_dataclass(schema.__name__, fields, bases=(schema,))
        made.__module__, made.__doc__ = schema.__module__, schema.__doc__
        return made

    return add


@dataclass
class DataConfig:
    """Which images: two HDF5 files, how much of them may be held in memory, where to fetch them.

    ``validation`` is a share of the training examples that is held out, ``fold`` one of ``folds``
    parts of them instead, counted from 0.
    """

    name: str = MISSING
    train: str = MISSING
    test: str = MISSING
    memory_mb: int = MISSING
    url: str | None = None
    sha256: dict[str, str] | None = None
    validation: float = 0.0
    folds: int | None = None
    fold: int | None = None


@_with_options(ACTIVATIONS)
@dataclass
class ModelConfig:
    """Which net. ``hidden``, the list of hidden layer sizes, wins over depth and width."""

    depth: int = MISSING
    width: int | None = MISSING
    hidden: list[int] | None = None
    activation: str = MISSING
    output: str = MISSING
    loss: str = MISSING


@dataclass
class InitConfig:
    """The initial weights' distribution, and the factor on its standard deviation."""

    scheme: str = MISSING
    scale: float = MISSING


@_with_options(OPTIMIZERS)
@dataclass
class OptimizerConfig:
    """The update rule. A null batch_size is the full batch; ``decay`` lowers the rate of epoch e to
    lr / (1 + decay e)."""

    name: str = MISSING
    lr: float = MISSING
    l2: float = MISSING
    batch_size: int | None = None
    decay: float = 0.0


@dataclass
class TrainerConfig:
    """How long and with which arithmetic; eval_every asks for accuracies along the way."""

    iterations: int = MISSING
    solver: str = MISSING
    dtype: str = MISSING
    threads: int = MISSING
    eval_every: int | None = None


@dataclass
class TrackingConfig:
    """What of a record goes to MLflow."""

    experiment: str = MISSING
    max_points: int = MISSING


@dataclass
class SweepConfig:
    """How a sweep runs, and the grid of a sweep that names none."""

    force: bool = MISSING
    jobs: int | None = None
    grid: dict[str, str] = MISSING


@dataclass
class Config:
    """Everything."""

    data: DataConfig = MISSING
    model: ModelConfig = MISSING
    init: InitConfig = MISSING
    optimizer: OptimizerConfig = MISSING
    trainer: TrainerConfig = MISSING
    seed: int = MISSING
    tracking: TrackingConfig = MISSING
    sweep: SweepConfig = MISSING


TRAINING = ("data", "model", "init", "optimizer", "trainer", "seed")  # the keys that make a cell
SECTIONS = {f.name: f.type for f in dataclasses.fields(Config)}  # the top level: a section, or a value
GROUPS = ("data", "model", "init", "optimizer")  # sections that are config groups: data=hdf5
TABLES = ("sweep.grid", "data.sha256")  # keys whose values are tables with names of any kind
DROPPED = ("sweep.plan",)  # keys of earlier versions, which plans written by them still have


def _keys(schema: type, prefix: str = "") -> list[str]:
    """The dotted keys of a schema's values."""
    keys = []
    for field in dataclasses.fields(schema):
        name, kind = f"{prefix}{field.name}", field.type
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            keys += _keys(kind, f"{name}.")
        else:
            keys.append(name)
    return keys


def _fields(schema: Any) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a section; none of a plain value such as the seed."""
    return dataclasses.fields(schema) if dataclasses.is_dataclass(schema) else ()


KEYS = _keys(Config)
DEFAULTS = {  # of the keys that make a cell, as far as the schema says them
    f"{section}.{field.name}": field.default
    for section in TRAINING
    for field in _fields(SECTIONS[section])
    if field.default not in (MISSING, dataclasses.MISSING)
}


def is_key(key: str) -> bool:
    """Does the schema have this dotted key, or one within it?"""
    return key in KEYS or key.startswith(tuple(f"{table}." for table in TABLES))


def unknown_key(key: str) -> UserError:
    """The error for a key that the schema does not have, with the nearest one that it has."""
    if key in GROUPS:
        return UserError(f"{key}: cannot be left out; give one of its options, {key}=NAME")
    if key in SECTIONS:
        return UserError(f"{key}: cannot be left out; leave away what removes it")
    near = get_close_matches(key, [*SECTIONS, *KEYS], n=1) or [k for k in KEYS if k.endswith(f".{key}")]
    remedy = f"did you mean {near[0]}?" if near else "`nnlab train --cfg job` lists them all"
    return UserError(f"{key}: there is no such key; {remedy}")


# -- a configuration as plain values -------------------------------------------------------------


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"model": {"depth": 3}} -> {"model.depth": 3}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def refuse_unknown(values: Mapping[str, Any]) -> None:
    """Raise a UserError that names the first key that the schema does not have."""
    for key in flatten(values):
        if not is_key(key):
            raise unknown_key(key)


def from_dict(values: Mapping[str, Any]) -> Config:
    """The Config whose ``dataclasses.asdict`` these values are; keys of earlier versions are left out."""
    kept = {
        name: {key: v for key, v in value.items() if f"{name}.{key}" not in DROPPED}
        if isinstance(value, dict)
        else value
        for name, value in values.items()
    }
    refuse_unknown(kept)
    return Config(**{name: _build(SECTIONS[name], value) for name, value in kept.items()})


def _build(kind: Any, value: Any) -> Any:
    return kind(**value) if isinstance(value, dict) else value


def training_dict(cfg: Config) -> dict[str, Any]:
    """The keys that define a cell, as plain nested dicts: what a record keeps as its config."""
    values = dataclasses.asdict(cfg)
    training = {key: values[key] for key in TRAINING}
    for only_for_fetching in ("url", "sha256"):
        del training["data"][only_for_fetching]
    return training
