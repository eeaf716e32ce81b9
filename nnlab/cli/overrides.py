"""The overrides of a command line, and what shows the configuration instead of running it."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from omegaconf import DictConfig, OmegaConf

from nnlab.config import quoted
from nnlab.config.compose import composed_by_hydra, without_hydra
from nnlab.config.typed_overrides import typed_overrides
from nnlab.errors import UserError


def overrides_of(context: click.Context) -> list[str]:
    """The overrides on the command line, without `~`.

    UserError for a flag that does not exist, or a stray space.
    """
    return typed_overrides(context.args, context.command_path)


def override(key: str, path: Path) -> str:
    """An override for the shell, with quotes only if the path needs them."""
    plain = re.fullmatch(r"[\w./-]+", str(path), re.ASCII)
    return shlex.quote(f"{key}={path if plain else quoted(str(path))}")


def read(context: click.Context, config_dir: Path | None, config_name: str | None) -> list[str]:
    """The overrides, with those that ``--config-dir`` and ``--config-name`` stand for."""
    return typed_overrides(context.args, context.command_path, config_dir, config_name)


def show(overrides: Sequence[str], cfg: str | None, resolve: bool, package: str | None) -> bool:
    """Print the configuration if ``--cfg`` is given; returns False if it is not."""
    if cfg is None:
        for given, flag in ((resolve, "--resolve"), (package, "--package")):
            if given:
                raise UserError(f"{flag}: goes with --cfg, such as --cfg job")
        return False
    config = composed_by_hydra(overrides)
    OmegaConf.set_readonly(config.hydra, False)
    node: Any = _part(config, cfg)
    if package not in (None, "_global_"):
        node = OmegaConf.select(node, package)
        if node is None:
            raise UserError(f"--package {package}: there is no such key; leave it away to see all")
    if not OmegaConf.is_config(node):
        print(node)
        return True
    if resolve:
        OmegaConf.resolve(node)
    heading = "" if package is None else f"# @package {package}\n"
    print(heading + OmegaConf.to_yaml(node), end="")
    return True


def _part(config: DictConfig, cfg: str) -> DictConfig:
    if cfg == "all":
        return config
    return without_hydra(config) if cfg == "job" else OmegaConf.masked_copy(config, "hydra")
