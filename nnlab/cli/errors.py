"""Errors of a command: what nnlab, click, Hydra or the system find wrong, as one or two lines."""

import sys
import traceback

import click

from nnlab import config
from nnlab.errors import Failed
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
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "nnlab"
        return f"{error.format_message()} See `{command} --help`"
    return config.explain(error)
