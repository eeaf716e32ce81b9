"""Composition: one checked Config from overrides. This module makes all calls that compose with Hydra.

Values are in ``conf/``, types in ``schema``, ranges in ``constraints``. A Config made here is already
checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue

from nnlab.config.constraints import check, reject_hidden_conflict
from nnlab.config.experiments import register_experiments
from nnlab.config.overrides import check_overrides
from nnlab.config.paths import CONF, EXPERIMENTS, home, named_data
from nnlab.config.schema import Config, refuse_unknown
from nnlab.errors import UserError
from nnlab.nn import INITIALIZERS, OPTIMIZERS

DATA_SETS = tuple(sorted(path.stem for path in (CONF / "data").glob("*.yaml")))


@dataclass
class JoblibConfig:
    """`hydra/launcher=joblib`: processes on this machine, -1 for one on each core."""

    n_jobs: int = -1


def register() -> None:
    """Make schema, groups and resolvers known to Hydra and OmegaConf.

    Each optimizer and each initializer of ``nnlab.nn`` is an option of its group, with a rate or scale that
    suits it.
    """
    store = ConfigStore.instance()
    store.store(name="schema", node=Config, provider="nnlab")
    store.store(group="hydra/launcher", name="joblib", node=JoblibConfig, provider="nnlab")
    for name, optimizer in OPTIMIZERS.items():
        options = {key: option.default for key, option in optimizer.options.items()}
        node = {"name": name, "lr": optimizer.lr, **options}
        store.store(group="optimizer", name=name, node=node, provider="nnlab")
    for name in INITIALIZERS:
        store.store(group="init", name=name, node={"scheme": name, "scale": 1.0}, provider="nnlab")
    OmegaConf.register_new_resolver("nnlab_home", lambda: str(home()), replace=True)
    OmegaConf.register_new_resolver("nnlab_data", named_data, replace=True)


register()


def compose(overrides: Sequence[str]) -> Config:
    """The Config of these Hydra overrides, as ``nnlab train`` would see it."""
    cfg = typed(composed(overrides))
    reject_hidden_conflict(cfg, overrides)
    return cfg


def composed(overrides: Sequence[str]) -> DictConfig:
    """What Hydra makes of these overrides, its own settings under ``hydra``; values are unchecked."""
    if any("experiment" in text.partition("=")[0] for text in overrides):
        register_experiments(EXPERIMENTS)
    check_overrides(overrides)
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        return hydra.compose("config", list(overrides), return_hydra_config=True)


def typed(config: DictConfig) -> Config:
    """A composed config as a Config with every value in its range."""
    cfg = convert(config)
    check(cfg)
    return cfg


def without_hydra(config: DictConfig) -> DictConfig:
    """A copy of a composed config without Hydra's own settings."""
    return OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])


def convert(config: DictConfig) -> Config:
    """A composed config as a Config with absolute paths; a UserError names a key that does not exist."""
    config = without_hydra(config)
    OmegaConf.set_struct(config, False)
    given = OmegaConf.to_container(config)
    assert isinstance(given, dict)
    refuse_unknown({str(group): value for group, value in given.items()})
    try:
        cfg = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(Config), config))
    except MissingMandatoryValue as error:
        key = error.full_key or "a key"
        raise UserError(f"{key}: a value is needed; give one with {key}=...") from None
    assert isinstance(cfg, Config)
    cfg.data.train, cfg.data.test = (str(Path(p).absolute()) for p in (cfg.data.train, cfg.data.test))
    return cfg
