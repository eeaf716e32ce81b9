"""The command line's `nnlab gradcheck`."""

import click

from nnlab.cells import gradcheck as checks
from nnlab.cells import remarks
from nnlab.cli.configured import OVERRIDES
from nnlab.cli.overrides import overrides_of
from nnlab.config.compose import compose
from nnlab.errors import Failed
from nnlab.sweeps.console import say, warn


@click.command("gradcheck", context_settings=OVERRIDES)
@click.pass_context
def gradcheck(context: click.Context) -> None:
    """Compare backprop with central differences: nnlab gradcheck model=deep."""
    cfg = compose(overrides_of(context))
    warn(remarks(cfg))
    blocks = checks.gradcheck(cfg)
    for block in blocks:
        say(block.text())
    if wrong := sum(len(block.differing) for block in blocks):
        raise Failed(f"{wrong} derivatives differ; see the pairs above")
