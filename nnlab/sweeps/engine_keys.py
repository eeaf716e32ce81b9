"""The engine that a command asks for, by its keys of today and by their old names."""

import dataclasses

from omegaconf import DictConfig

from nnlab.config import Config, EngineConfig
from nnlab.errors import UserError

OWNERS = {"address": ("ray", "dask"), "cluster": ("slurm",)}  # keys that only some engines read
LAUNCHER = {"basic": "inline", "joblib": "local"}  # values of hydra/launcher, and what they mean


def chosen(config: DictConfig, cfg: Config) -> EngineConfig:
    """The engine that a composed config names; UserError if two of its keys are at odds.

    ``cfg`` is the checked configuration of any of its cells.
    """
    name, workers = _name(config, cfg.engine.name), _workers(config, cfg)
    engine = dataclasses.replace(cfg.engine, name=name, workers=workers)
    if engine.name == "inline" and engine.workers not in (None, 1):
        raise UserError(
            f"engine.workers: {engine.workers} workers, but engine=inline is one process; give one"
        )
    for key, owners in OWNERS.items():
        if getattr(engine, key) is not None and name not in owners:
            raise UserError(
                f"engine.{key}: has no effect with engine={name}; it is for {' and '.join(owners)}"
            )
    if name == "ray" and engine.address is not None and "://" in engine.address:
        raise UserError(
            f"engine.address: {engine.address} is no address of a cluster's head; run the sweep on a "
            "machine of the cluster and give HOST:PORT, as `ray start --head` printed it"
        )
    return engine


def _name(config: DictConfig, name: str) -> str:
    """The name of the engine; ``hydra/launcher`` says it too."""
    launcher = config.hydra.runtime.choices["hydra/launcher"]
    if launcher not in LAUNCHER:
        raise UserError(
            f"hydra/launcher: {launcher} loses all cells when one of its workers dies; give engine=NAME"
        )
    meant = LAUNCHER[launcher]
    given = [*config.hydra.overrides.task, *config.hydra.overrides.hydra]
    named = any(text.startswith(("engine=", "engine.name=")) for text in given)
    launched = launcher == "basic" or any(text.startswith("hydra/launcher=") for text in given)
    if named and launched and meant != name:
        raise UserError(
            f"engine: {name}, but hydra/launcher={launcher} means engine={meant}; give one of the two"
        )
    return meant if launched else name


def _workers(config: DictConfig, cfg: Config) -> int | None:
    """How many workers are asked for; None for as many as there are cores."""
    n_jobs = config.hydra.launcher.get("n_jobs", -1)
    if not isinstance(n_jobs, int) or (n_jobs < 1 and n_jobs != -1):
        raise UserError(
            f"hydra.launcher.n_jobs: {n_jobs!r} is not allowed; give 1 or more, or -1 for all cores"
        )
    asked = {
        "engine.workers": cfg.engine.workers,
        "sweep.jobs": cfg.sweep.jobs,
        "hydra.launcher.n_jobs": None if n_jobs == -1 else n_jobs,
    }
    given = {key: number for key, number in asked.items() if number is not None}
    if len(set(given.values())) > 1:
        (key, number), (other, another), *_ = given.items()
        raise UserError(f"{key}: {number} workers, but {other}={another}; give one of the two")
    return next(iter(given.values()), None)
