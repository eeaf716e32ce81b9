"""The schema: every key of a configuration with its type and its meaning; a configuration as plain values.

The options of the activations and optimizers are not written here: the tables of ``nnlab.nn`` have them.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from omegaconf import MISSING

from nnlab.config.copies import plain
from nnlab.config.own_options import entry, with_options
from nnlab.config.search_keys import SearchConfig
from nnlab.errors import UserError
from nnlab.nn import ACTIVATIONS, OPTIMIZERS


@dataclass
class DataConfig:
    """Which images, how many of them are held out, and how much memory they may take."""

    name: str = entry("name of the set in run names", MISSING)
    train: str | None = entry("HDF5 file of the training set, of data=hdf5", None)
    test: str | None = entry("HDF5 file of the test set, of data=hdf5", None)
    file: str | None = entry("one HDF5 file with both sets, of data=hdf5", None)
    memory_mb: int = entry("a set that takes more megabytes as float64 is streamed", MISSING)
    url: str | None = entry("where `nnlab data fetch` downloads from", None)
    sha256: dict[str, str] | None = entry("the downloaded files and their sha256", None)
    validation: float = entry("share of the training examples that is held out", 0.0)
    folds: int | None = entry("hold out one of so many parts of the training examples instead", None)
    fold: int | None = entry("which part, counted from 0; null is each in turn", None)


@with_options(ACTIVATIONS)
@dataclass
class ModelConfig:
    """Which net. ``hidden``, the list of hidden layer sizes, wins over depth and width."""

    depth: int = entry("layers with weights; 1 is logistic regression", MISSING)
    width: int | None = entry("units in every hidden layer", MISSING)
    hidden: list[int] | None = entry("sizes of the hidden layers instead, such as [20,7,5]", None)
    activation: str = entry("function of the hidden layers", MISSING)
    output: str = entry("function of the last layer", MISSING)
    loss: str = entry("what the training makes small", MISSING)


@dataclass
class InitConfig:
    """The initial weights' distribution, and the factor on its standard deviation."""

    scheme: str = entry("distribution of the initial weights", MISSING)
    scale: float = entry("factor on its standard deviation", MISSING)


@with_options(OPTIMIZERS)
@dataclass
class OptimizerConfig:
    """The update rule."""

    name: str = entry("update rule; optimizer=NAME also brings a rate that suits it", MISSING)
    lr: float = entry("learning rate", MISSING)
    l2: float = entry("lambda of lambda/(2m) * sum of squared weights", MISSING)
    batch_size: int | None = entry("examples in a step; null is all of them", None)
    decay: float = entry("the rate of an epoch is lr / (1 + decay * epoch)", 0.0)


@dataclass
class TrainerConfig:
    """How long and with which arithmetic."""

    iterations: int = entry("steps, each an update of all weights", MISSING)
    solver: str = entry("W1 itself (primal) or coefficients over the images (gram)", MISSING)
    dtype: str = entry("precision of the arithmetic", MISSING)
    threads: int = entry("threads of one training; other numbers round differently", MISSING)
    eval_every: int | None = entry("steps between two evaluations on the way", None)


@dataclass
class TrackingConfig:
    """What of a record goes to MLflow."""

    experiment: str = entry("experiment in MLflow", MISSING)
    max_points: int = entry("points of each curve in MLflow; the record has all", MISSING)
    register: str | None = entry("name in MLflow's model registry for the best net", None)
    artifacts: str | None = entry(
        "whose files MLflow gets; null is all, and best in sweeps of over 5000 cells", None
    )
    publish: bool = entry("false leaves records alone, until `nnlab sync`", True)


@dataclass
class RecordsConfig:
    """What a record keeps."""

    weights: str | None = entry(
        "what is kept of W1; null is full, and dual in a sweep of more than 1000 cells", None
    )
    state: bool | None = entry("keep what longer trainings go on from; null is with gram alone", None)


@dataclass
class EngineConfig:
    """Where the cells of a sweep are trained."""

    name: str = entry("what runs the workers", "local")
    workers: int | None = entry("how many; null is one for each core", None)
    batch_seconds: float = entry("a worker gets cells for about so long at a time", 5.0)
    address: str | None = entry("of a cluster that runs already; null starts one here (ray, dask)", None)
    cluster: str | None = entry("local has processes of this machine in the place of jobs (slurm)", None)


@dataclass
class SweepConfig:
    """How a sweep runs, and the grid of a sweep that names none."""

    force: bool = entry("train finished cells again", MISSING)
    jobs: int | None = entry("the old name of engine.workers", None)
    grid: dict[str, str] = entry("values of a sweep that names none", MISSING)


@dataclass
class Config:
    """Everything."""

    data: DataConfig = MISSING
    model: ModelConfig = MISSING
    init: InitConfig = MISSING
    optimizer: OptimizerConfig = MISSING
    trainer: TrainerConfig = MISSING
    seed: int = entry("the source of everything random", MISSING)
    tracking: TrackingConfig = MISSING
    sweep: SweepConfig = MISSING
    engine: EngineConfig = dataclasses.field(default_factory=EngineConfig)  # not in earlier plans
    records: RecordsConfig = dataclasses.field(default_factory=RecordsConfig)  # as little
    search: SearchConfig = dataclasses.field(default_factory=SearchConfig)  # as little


TRAINING = ("data", "model", "init", "optimizer", "trainer", "seed")  # the keys that make a cell
SECTIONS = {f.name: f.type for f in dataclasses.fields(Config)}  # the top level: a section, or a value
GROUPS = (*TRAINING[:-1], "tracking", "engine", "search")  # sections that are config groups
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
OTHER_NAMES = {  # what other programs, and the course's, call a key
    **dict.fromkeys(("learning_rate", "rate", "alpha"), "optimizer.lr"),
    **dict.fromkeys(("num_iterations", "steps", "epochs"), "trainer.iterations"),
    **dict.fromkeys(("weight_decay", "lambda", "lambd"), "optimizer.l2"),
    **dict.fromkeys(("mini_batch_size", "minibatch"), "optimizer.batch_size"),
    **dict.fromkeys(("layers", "num_layers"), "model.depth"),
    **dict.fromkeys(("units", "hidden_units"), "model.width"),
}
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
    last = key.rpartition(".")[2]
    ending = [known for known in KEYS if known.endswith(f".{last}")]
    near = ending if len(ending) == 1 else get_close_matches(key, [*SECTIONS, *KEYS], n=1) or ending
    near = [OTHER_NAMES[last]] if last in OTHER_NAMES else near
    remedy = f"did you mean {near[0]}?" if near else "`nnlab train --cfg job` lists them all"
    return UserError(f"{key}: there is no such key; {remedy}")


# -- a configuration as plain values -------------------------------------------------------------


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"model": {"depth": 3}} -> {"model.depth": 3}."""
    flat: dict[str, Any] = {}
    _flatten(values, prefix, flat)
    return flat


def _flatten(values: Mapping[str, Any], prefix: str, flat: dict[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}{key}.", flat)
        else:
            flat[prefix + key] = value


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
    training = {key: plain(getattr(cfg, key)) for key in TRAINING}
    for only_for_fetching in ("url", "sha256"):
        del training["data"][only_for_fetching]
    return training
