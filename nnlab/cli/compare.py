"""The command line's `nnlab compare`."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from nnlab.cli.path import GivenPath
from nnlab.config import home
from nnlab.errors import UserError
from nnlab.files import writable
from nnlab.sweeps.console import OUT, complain, say
from nnlab.tracking import find_record


@click.command("compare")
@click.argument("runs", nargs=-1, required=True)
@click.option("--output", type=GivenPath(dir_okay=False), help="the page to write")
@click.option("--experiment", default="nnlab", show_default=True, help="where to look for the runs")
def compare(runs: tuple[str, ...], output: Path | None, experiment: str) -> None:
    """Say what differs between recorded runs, and draw their curves.

    Each of RUNS is a record's folder, the beginning of its fingerprint, or an MLflow run: its id,
    the id's beginning, or its name.

    \b
    nnlab compare "relu 3x16 s1 #1" "tanh 3x16 s1 #1"
    nnlab compare runs/8050851c29dc0b77 7b1e5469 --output two.html
    """
    if len(runs) < 2:
        raise UserError("RUNS: two or more are needed; see `nnlab compare --help`")
    with tempfile.TemporaryDirectory() as scratch:
        records = [find_record(text, home(), experiment, Path(scratch))[0] for text in runs]
        from nnlab.reports import run_comparison

        found = run_comparison.compare(records)
        name = "-".join(rec.fingerprint[:6] for rec in records[:6])
        path = output or home() / "reports" / f"compare-{name}.html"
        drawn = output is not None or writable(path)
        if drawn:
            run_comparison.write(found, records, path)
    if found.differences:
        _show("what differs", ["", *found.names], found.differences)
    _show("what came out", ["", *found.names], found.outcomes)
    if found.pairs:
        _show("McNemar's exact test on the same test images", run_comparison.PAIRS, found.pairs)
    for note in found.notes:
        say(note)
    if drawn:
        say(f"curves: {path.resolve()}")
    else:
        complain(f"{home()}: cannot be written; --output names a file for the curves")


def _show(title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for cell in heading:
        table.add_column(Text(cell))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    OUT.print(table)
