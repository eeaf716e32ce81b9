"""The command line's `nnlab report`."""

from pathlib import Path

import click

from nnlab.cli.path import GivenPath
from nnlab.sweeps.console import say


@click.command("report")
@click.argument("sweep", required=False, metavar="[SWEEP or RUN]")
@click.option("--output", type=GivenPath(dir_okay=False), help="the file to write")
@click.option(
    "--map", "picture", type=GivenPath(dir_okay=False), help="write the map alone: PNG, SVG or PDF"
)
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the sweep")
def report(sweep: str | None, output: Path | None, picture: Path | None, experiment: str) -> None:
    """Write one HTML page on a sweep or a single run: maps, why nets fail, curves, the best.

    SWEEP is a sweep's id or its beginning, or its parent run's id or name; the latest sweep by
    default. RUN is the id, its beginning or the name of a single run. All is read from the tracking
    store. The page needs no network.

    \b
    nnlab report
    nnlab report c5ad94f1 --output talk.html
    nnlab report --map map.png
    MLFLOW_TRACKING_URI=http://127.0.0.1:5000 nnlab report
    """
    from nnlab.reports import map_picture, sweep_report  # loads plotly

    if picture is not None:
        say(f"{map_picture.make(sweep, experiment, picture)}")
    if picture is None or output is not None:
        say(f"{sweep_report.make(sweep, experiment, output)}")
