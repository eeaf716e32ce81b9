"""The command line's `nnlab sweep`."""

import click

from nnlab.cli.configured import OVERRIDES, ConfiguredCommand, configured


@click.command("sweep", cls=ConfiguredCommand, context_settings=OVERRIDES)
@configured
def sweep(overrides: list[str]) -> None:
    """Train a grid of cells: nnlab sweep model.depth=1,2,4 seed=1,2.

    A key with several values is swept: 1,2,4 or 'range(1,5)', and groups too, optimizer=gd,adam. The
    cells are all combinations of the values; without any, the grid of sweep.grid is trained. The same
    command again trains only what is not finished. `nnlab sweep --cfg job` shows all values.

    \b
    nnlab sweep
    nnlab sweep model.width=4,8,16 seed='range(1,4)' engine.workers=2
    nnlab sweep experiment=zero_init
    nnlab sweep trainer=quick tracking=none
    nnlab sweep search=tpe search.trials=40 optimizer.lr='interval(0.001,1)'
    """
    from nnlab.sweeps.run import run

    run(overrides)
