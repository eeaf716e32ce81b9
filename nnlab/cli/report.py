"""The command line's `nnlab report`."""

from pathlib import Path

import click

from nnlab.config import home
from nnlab.sweeps.console import say
from nnlab.tracking import Reader, connected


@click.command("report")
@click.argument("sweep", required=False)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="the file to write")
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the sweep")
def report(sweep: str | None, output: Path | None, experiment: str) -> None:
    """Write one HTML page on a sweep: maps, curves, the best cells, what failed.

    SWEEP is a sweep's id or its beginning, or its parent run's id or name; the latest sweep by
    default. All is read from the tracking store. The page needs no network.

    \b
    nnlab report
    nnlab report c5ad94f1 --output talk.html
    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 nnlab report
    """
    from nnlab.reports import sweep_report

    with connected(home(), experiment) as store:
        reader = Reader(store)
        found = reader.sweep(sweep)
        page = sweep_report.build(reader, found, home())
    path = output or sweep_report.path_of(home(), found.id)
    sweep_report.write(page, path)
    say(f"{path.resolve()}")
