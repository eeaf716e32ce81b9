"""The command line's `nnlab train`."""

import click

from nnlab.cli.configured import OVERRIDES, ConfiguredCommand, configured


@click.command("train", cls=ConfiguredCommand, context_settings=OVERRIDES)
@configured
def train(overrides: list[str]) -> None:
    """Train one cell: nnlab train model=deep seed=1.

    Each argument gives one key its value. A finished cell is not trained again. `nnlab train --cfg job`
    shows all values.

    \b
    nnlab train model=deep data=catvnoncat
    nnlab train optimizer=adam init=he model.hidden=[20,7] trainer=quick
    nnlab train trainer.iterations=500 tracking=none
    """
    from nnlab.sweeps.train_one import train_one

    train_one(overrides)
