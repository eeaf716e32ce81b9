"""The overrides of a command line, and the flags that show the configuration instead of running it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from omegaconf import DictConfig, OmegaConf

from nnlab.config.compose import composed, without_hydra
from nnlab.config.overrides import option_folder
from nnlab.errors import UserError

F = TypeVar("F", bound=Callable[..., None])

OVERRIDES: dict[str, Any] = {  # for commands that take overrides, with flags anywhere between them
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "help_option_names": ["-h", "--help"],
}
GONE = {  # flags of Hydra's own command line that nnlab does not have
    "--multirun": "`nnlab sweep` trains several",
    "-m": "`nnlab sweep` trains several",
    "--run": "`nnlab train` trains one cell",
    "-r": "`nnlab train` trains one cell",
    "--info": "`--cfg all` shows what was composed",
    "-i": "`--cfg all` shows what was composed",
    "--hydra-help": "`--help` shows what there is",
    "--shell-completion": "`nnlab train --cfg job` lists the keys",
    "--experimental-rerun": "it reads a pickle, which may run code; use `nnlab rerun`",
    "--config-name": "`--config-dir` adds a folder of options",
    "--config-path": "`--config-dir` adds a folder of options",
}


def overrides_of(context: click.Context) -> list[str]:
    """The overrides on the command line; a UserError for a flag that does not exist."""
    for text in context.args:
        flag = text.partition("=")[0]
        if flag.startswith("-"):
            remedy = GONE.get(flag, f"see `{context.command_path} --help`")
            raise UserError(f"{flag}: there is no such flag; {remedy}")
    return list(context.args)


def configuration_flags(command: F) -> F:
    """Give a command the flags ``cfg``, ``resolve``, ``package`` and ``config_dir``."""
    flags = [
        click.option("--cfg", "-c", type=click.Choice(["job", "hydra", "all"]),
                     help="Show the configuration instead of running it."),
        click.option("--resolve", is_flag=True, help="With --cfg: put values in the place of references."),
        click.option("--package", "-p", metavar="KEY", help="With --cfg: show this part alone."),
        click.option("--config-dir", metavar="DIR", help="Look for config groups in DIR too.",
                     type=click.Path(path_type=Path, exists=True, file_okay=False)),
    ]  # fmt: skip
    for flag in reversed(flags):
        command = flag(command)
    return command


def read(context: click.Context, config_dir: Path | None) -> list[str]:
    """The overrides, with the folder of ``--config-dir`` among them."""
    folder = [] if config_dir is None else [option_folder(config_dir)]
    return folder + overrides_of(context)


def show(overrides: Sequence[str], cfg: str | None, resolve: bool, package: str | None) -> bool:
    """Print the configuration if ``--cfg`` is given; returns False if it is not."""
    if cfg is None:
        for given, flag in ((resolve, "--resolve"), (package, "--package")):
            if given:
                raise UserError(f"{flag}: goes with --cfg, such as --cfg job")
        return False
    config = composed(overrides)
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
