"""The command line's `nnlab gradcheck`."""

import click

from nnlab.cells import gradcheck as checks
from nnlab.cli.overrides import OVERRIDES, overrides_of
from nnlab.config.compose import compose
from nnlab.errors import Failed
from nnlab.sweeps.console import say


@click.command("gradcheck", context_settings=OVERRIDES)
@click.pass_context
def gradcheck(context: click.Context) -> None:
    """Compare backprop with central differences: nnlab gradcheck model=deep."""
    blocks = checks.gradcheck(compose(overrides_of(context)))
    for block in blocks:
        say(block.text())
    if wrong := sum(len(block.differing) for block in blocks):
        raise Failed(f"{wrong} derivatives differ; see the pairs above")
