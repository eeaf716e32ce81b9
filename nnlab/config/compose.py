"""The configuration: its typed schema, and one checked Config out of overrides.

Values stand in ``conf/``, types here, ranges in ``ranges``. A Config made here is trusted inside.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from nnlab.config import constraints as ranges
from nnlab.config.paths import CONF, home, named_data
from nnlab.errors import UserError


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


@dataclass
class ModelConfig:
    """Which net. ``hidden``, the list of hidden layer sizes, wins over depth and width."""

    depth: int = MISSING
    width: int | None = MISSING
    hidden: list[int] | None = None
    activation: str = MISSING
    leak: float = MISSING
    output: str = MISSING
    loss: str = MISSING


@dataclass
class InitConfig:
    """The initial weights' distribution, and the factor on its standard deviation."""

    scheme: str = MISSING
    scale: float = MISSING


@dataclass
class OptimizerConfig:
    """The update rule; a null batch_size is the full batch."""

    name: str = MISSING
    lr: float = MISSING
    momentum: float = MISSING
    beta1: float = MISSING
    beta2: float = MISSING
    epsilon: float = MISSING
    l2: float = MISSING
    batch_size: int | None = None


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
    """How a sweep runs; ``plan`` is how the driver tells a launched job its plan file."""

    force: bool = MISSING
    jobs: int | None = None
    plan: str | None = None
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


DATA_SETS = tuple(sorted(path.stem for path in (CONF / "data").glob("*.yaml")))
TRAINING = ("data", "model", "init", "optimizer", "trainer", "seed")  # what a cell consists of


def quoted(text: str) -> str:
    """A text as the value of a Hydra override, whatever letters it has."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def register() -> None:
    """Make the schema and the resolvers known to Hydra and OmegaConf."""
    store = ConfigStore.instance()
    store.store(name="schema", node=Config, provider="nnlab")
    sweeper = {"_target_": "hydra_plugins.nnlab_sweeper.NnlabSweeper", "params": None}
    store.store(group="hydra/sweeper", name="nnlab", node=sweeper, provider="nnlab")
    OmegaConf.register_new_resolver("nnlab_home", lambda: str(home()), replace=True)
    OmegaConf.register_new_resolver("nnlab_data", named_data, replace=True)


register()


def compose(overrides: Sequence[str]) -> Config:
    """The Config of these Hydra overrides, as ``nnlab train`` would see it."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = typed(hydra_compose("config", list(overrides)))
    reject_hidden_conflict(cfg, overrides)
    return cfg


def typed(composed: DictConfig) -> Config:
    """A composed config as a Config with every value in its range."""
    cfg = convert(composed)
    check(cfg)
    return cfg


def check(cfg: Config) -> None:
    """Raise a UserError for a value out of range, or for values that cannot go together."""
    ranges.check(flatten(dataclasses.asdict(cfg)))


def convert(composed: DictConfig) -> Config:
    """A composed config as a Config with absolute paths; UserError names a key that is no key."""
    composed = composed.copy()
    OmegaConf.set_struct(composed, False)
    composed.pop("hydra", None)
    given = OmegaConf.to_container(composed)
    assert isinstance(given, dict)
    _refuse_unknown({str(group): value for group, value in given.items()})
    try:
        cfg = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Config), composed))
    except MissingMandatoryValue as error:
        key = error.full_key or "a key"
        raise UserError(f"{key}: a value is needed; give one with {key}=...") from None
    assert isinstance(cfg, Config)
    cfg.data.train, cfg.data.test = (str(Path(p).absolute()) for p in (cfg.data.train, cfg.data.test))
    return cfg


def from_dict(values: dict[str, Any]) -> Config:
    """The Config whose ``dataclasses.asdict`` these values are, as a plan keeps them."""
    _refuse_unknown(values)
    groups = {f.name: f.type for f in dataclasses.fields(Config)}
    built = {key: _build(groups[key], value) for key, value in values.items()}
    return Config(**built)


def _build(kind: Any, value: Any) -> Any:
    return kind(**value) if isinstance(value, dict) else value


def training_dict(cfg: Config) -> dict[str, Any]:
    """The keys that define a cell, as plain nested dicts: what a record keeps as its config."""
    values = dataclasses.asdict(cfg)
    training = {key: values[key] for key in TRAINING}
    for only_for_fetching in ("url", "sha256"):
        del training["data"][only_for_fetching]
    return training


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"model": {"depth": 3}} -> {"model.depth": 3}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _refuse_unknown(values: dict[str, Any]) -> None:
    for key in flatten(values):
        if key not in KEYS and not key.startswith(("sweep.grid.", "data.sha256.")):
            raise unknown_key(key)


def unknown_key(key: str) -> UserError:
    """The error for a key that no schema has, with the nearest one that exists."""
    groups = [f.name for f in dataclasses.fields(Config)]
    if key in groups:
        return UserError(f"{key}: cannot be left out; give one of its options, {key}=NAME")
    near = get_close_matches(key, [*groups, *KEYS], n=1) or [k for k in KEYS if k.endswith(f".{key}")]
    remedy = f"did you mean {near[0]}?" if near else "`nnlab train --cfg job` lists them all"
    return UserError(f"{key}: there is no such key; {remedy}")


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


KEYS = _keys(Config)


def reject_hidden_conflict(cfg: Config, overrides: Iterable[str]) -> None:
    """A list of hidden layers and a depth or width asked for beside it contradict each other.

    ``overrides`` are what was given: Hydra's texts, or their keys alone.
    """
    given = {text.partition("=")[0].lstrip("+~") for text in overrides}
    asked = sorted({"model.depth", "model.width"} & given)
    if cfg.model.hidden is not None and asked:
        raise UserError(
            f"{asked[0]}: model.hidden={cfg.model.hidden} is in force and fixes the layers; "
            f"add model.hidden=null to use {' and '.join(asked)}"
        )
