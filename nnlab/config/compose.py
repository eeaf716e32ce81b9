"""Composition: one checked Config from overrides. This module makes all calls that compose with Hydra.

Values are in ``conf/``, types in ``schema``, ranges in ``constraints``. A Config made here is already
checked.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import OverrideType
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from nnlab.config import own_store
from nnlab.config.constraints import check, reject_hidden_conflict
from nnlab.config.data_files import check_files
from nnlab.config.experiments import register_experiments
from nnlab.config.overrides import check_overrides, parsed, primary
from nnlab.config.paths import CONF, EXPERIMENTS, home, named_data
from nnlab.config.schema import Config, is_key, refuse_unknown
from nnlab.errors import UserError
from nnlab.nn import INITIALIZERS, OPTIMIZERS

_COMPOSING = Lock()


@dataclass
class JoblibConfig:
    """`hydra/launcher=joblib`: processes on this machine, -1 for one on each core."""

    n_jobs: int = -1


def register() -> None:
    """Make schema, groups and resolvers known.

    Each optimizer and each initializer of ``nnlab.nn`` is an option of its group, with a rate or scale that
    suits it.
    """
    own_store.add("schema", Config)
    own_store.add("joblib", JoblibConfig, "hydra/launcher")
    for name, optimizer in OPTIMIZERS.items():
        options = {key: option.default for key, option in optimizer.options.items()}
        own_store.add(name, {"name": name, "lr": optimizer.lr, **options}, "optimizer")
    for name in INITIALIZERS:
        own_store.add(name, {"scheme": name, "scale": 1.0}, "init")
    OmegaConf.register_new_resolver("nnlab_home", lambda: str(home()), replace=True)
    OmegaConf.register_new_resolver("nnlab_data", named_data, replace=True)


register()


def compose(overrides: Sequence[str]) -> Config:
    """The Config of these Hydra overrides, as ``nnlab train`` would see it."""
    cfg = typed(composed(overrides))
    reject_hidden_conflict(cfg, overrides)
    return cfg


def composed(overrides: Sequence[str]) -> DictConfig:
    """As ``composed_by_hydra``, but the same options are composed once for all values of other keys.

    Hydra takes 0.2 s, and a command reads records that differ in such values only. Of Hydra's own settings
    those that are written out of all overrides (``hydra.job.override_dirname``) are of the options alone.
    """
    values = [text for text in overrides if _is_value(text)]
    options = tuple(text for text in overrides if not _is_value(text))
    if not CONF.is_dir() or any(text.startswith("hydra") or "experiment" in text for text in options):
        return composed_by_hydra(overrides)  # not of the project's own files alone
    check_overrides(overrides)
    config = _of_options(
        options, tuple(path.stat().st_mtime_ns for path in sorted(CONF.rglob("*.yaml")))
    ).copy()
    try:
        for override in map(parsed, values):
            OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
    except OmegaConfBaseException:
        return composed_by_hydra(overrides)  # it says what is wrong
    OmegaConf.set_readonly(config.hydra, False)
    config.hydra.overrides.task = list(overrides)
    return config


def _is_value(text: str) -> bool:
    """Does an override change the value of a key, and choose no option?"""
    override = parsed(text)
    return override.type is OverrideType.CHANGE and is_key(override.key_or_group)


@lru_cache(maxsize=16)
def _of_options(options: tuple[str, ...], versions: tuple[int, ...]) -> DictConfig:
    """The composition of these options out of files of these times; not to be changed."""
    return composed_by_hydra(options)


def composed_by_hydra(overrides: Sequence[str]) -> DictConfig:
    """What Hydra makes of these overrides, its own settings under ``hydra``; values are unchecked."""
    if not CONF.is_dir():
        raise UserError(
            f"{CONF}: there is no such folder, so this nnlab is not whole; "
            "get it anew (git clone, make setup)"
        )
    find_experiments(overrides)
    check_overrides(overrides)
    folder, name, texts = primary(overrides)
    with _hydra_alone(), hydra.initialize_config_dir(str(folder.absolute()), version_base="1.3"):
        return hydra.compose(name, texts, return_hydra_config=True)


@contextmanager
def _hydra_alone() -> Iterator[None]:
    """Hydra composes by globals: one thread at a time; a program that uses Hydra itself keeps its own."""
    with _COMPOSING:
        others = GlobalHydra.instance().hydra
        GlobalHydra.instance().clear()
        try:
            with own_store.entered():
                yield
        finally:
            GlobalHydra.instance().hydra = others


def find_experiments(overrides: Sequence[str]) -> None:
    """Make the experiments known to Hydra if an override names one; to read them all takes a moment."""
    if any("experiment" in text.partition("=")[0] for text in overrides):
        register_experiments(EXPERIMENTS)


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
    check_files(cfg.data)
    return cfg
