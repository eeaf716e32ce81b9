"""Errors of a command: what nnlab, click, Hydra or the system find wrong, as one or two lines."""

import errno
import sys
import traceback

import click

from nnlab.config import home, unknown_key
from nnlab.errors import Failed, UserError
from nnlab.sweeps.console import complain


def fail(error: Exception, debug: bool) -> None:
    """Say in a line or two what went wrong, and exit: 1 for what failed, 2 for a mistake.

    Any other error is raised again: it is a mistake in the program.
    """
    text = explain(error)
    if text is None:
        raise error
    if debug:
        traceback.print_exception(error)
    complain(f"nnlab: {text}")
    sys.exit(1 if isinstance(error, Failed) else 2)


def explain(error: Exception) -> str | None:
    """The line or two for an error that a user can cause; None for another one."""
    if isinstance(error, UserError | Failed):
        return str(error)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "nnlab"
        return f"{error.format_message()} See `{command} --help`"
    return _of_hydra(error) or _of_system(error)


def _of_hydra(error: Exception) -> str | None:
    """The message for an error of Hydra or OmegaConf, made from the attributes of the error."""
    from hydra.errors import HydraException, MissingConfigException, OverrideParseException
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

    if not isinstance(error, HydraException | OmegaConfBaseException):
        return None
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"{group}: there is no option {name!r}; give one of {', '.join(error.options)}"
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    key = deepest.full_key if isinstance(deepest, OmegaConfBaseException) else None
    if key and isinstance(deepest, ConfigAttributeError | ConfigKeyError):
        return str(unknown_key(key))
    reason = str(deepest).strip().splitlines()[0].rstrip(".")
    where = f"{key}: " if key and key not in reason else ""
    return f"{where}{reason}; `nnlab train --cfg job` shows keys and values"


def _unreadable(override: str) -> str:
    name, given, value = override.partition("=")
    if not given:
        return f"{name}: is not an override; give key=value, such as seed=2"
    return f"{name}: {value} cannot be read; a text goes in quotes of its own, \"{name}='...'\""


def _of_system(error: Exception) -> str | None:
    """A full disk, or a file that cannot be read or written."""
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{home()}: {error.strerror}; make room and run the same command again"
    if error.filename is None:
        return None
    return f"{error.filename}: {error.strerror}; check the path and its permissions"
