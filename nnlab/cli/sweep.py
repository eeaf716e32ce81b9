"""The command line's `nnlab sweep`."""

from pathlib import Path

import click

from nnlab.cli.overrides import OVERRIDES, configuration_flags, read, show
from nnlab.sweeps.run import run


@click.command("sweep", context_settings=OVERRIDES)
@configuration_flags
@click.pass_context
def sweep(
    context: click.Context, cfg: str | None, resolve: bool, package: str | None, config_dir: Path | None
) -> None:
    """Train a grid of cells: nnlab sweep model.depth=1,2,4 seed=1,2.

    The cells are all combinations of the values. Finished cells are not trained again. `nnlab train
    --cfg job` prints every key with its value.

    \b
    nnlab sweep
    nnlab sweep model.width=4,8,16 seed='range(1,4)' hydra.launcher.n_jobs=2
    nnlab sweep experiment=zero_init
    """
    overrides = read(context, config_dir)
    if not show(overrides, cfg, resolve, package):
        run(overrides)
