"""A path on the command line."""

from pathlib import Path
from typing import Any

import click

from nnlab.config import given


class GivenPath(click.Path):
    """Click's path, with the home folder for `~`, which a shell leaves in `--output=~/page.html`."""

    def __init__(self, *, exists: bool = False, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(exists=exists, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; UserError for a home folder that does not exist."""
        return super().convert(given(value), param, ctx)
