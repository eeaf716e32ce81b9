"""The command line's `nnlab prune`."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from nnlab.cells import prune as pruning
from nnlab.cells.prune import REASONS, Unneeded
from nnlab.config import home
from nnlab.sweeps.console import OUT, say
from nnlab.tracking import published

SHOWN = 50  # rows of the table, the largest first


@click.command("prune")
@click.option("--yes", is_flag=True, help="remove them; without it they are only listed")
@click.option("--reason", "reasons", multiple=True, type=click.Choice(REASONS), default=REASONS,
              help="only what is not needed for this reason; may be given again")  # fmt: skip
def prune(yes: bool, reasons: Sequence[str]) -> None:
    """List the records and reports that nothing needs any more, and with --yes remove them.

    \b
    old code     trained by other code than today's
    superseded   a finished record trained the same for more iterations
    failed       what a failed cell left
    unfinished   what a cell left whose training was cut off

    A sweep goes as a whole, with its report, or stays as a whole. What is in use stays, and records that
    are not published, that an experiment's verdict names, or that have a rerun. MLflow keeps its runs with
    all their files, so `nnlab rerun` and `nnlab report` still work on them; `mlflow gc` removes the files
    of runs that were deleted there.

    \b
    nnlab prune
    nnlab prune --reason "old code" --yes
    """
    found = pruning.find(home(), reasons, partial(published, home()))
    if found.unpublished:
        one = found.unpublished == 1
        records, them = ("1 record stays", "it") if one else (f"{found.unpublished} records stay", "them")
        say(f"{records} because no store has {them}; `nnlab sync` publishes {them}")
    if not found.unneeded:
        say(f"{home()}: everything is needed")
        return
    _show(found.unneeded)
    if not yes:
        say("nothing is removed; `nnlab prune --yes` removes all of this")
        return
    removed = [one for one in found.unneeded if pruning.remove(one)]
    say(f"removed {len(removed)} of {len(found.unneeded)}, {decimal(_total(removed))}")


def _show(unneeded: Sequence[Unneeded]) -> None:
    """Print the largest things with their reasons, and the sums by reason."""
    table = Table(title="not needed any more", title_justify="left")
    for name in ("what", "reason", "more"):
        table.add_column(name, overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    for one in sorted(unneeded, key=lambda one: -one.size)[:SHOWN]:
        table.add_row(_name(one.path), one.why.reason, Text(one.why.words), decimal(one.size))
    OUT.print(table)
    if len(unneeded) > SHOWN:
        say(f"and {len(unneeded) - SHOWN} smaller ones")
    by_reason: dict[str, list[Unneeded]] = defaultdict(list)
    for one in unneeded:
        by_reason[one.why.reason].append(one)
    for reason, found in by_reason.items():
        say(f"  {reason:12} {len(found)}, {decimal(_total(found))}")
    say(f"  {'together':12} {len(unneeded)}, {decimal(_total(unneeded))}")


def _name(path: Path) -> str:
    return str(path.relative_to(home()))


def _total(found: Sequence[Unneeded]) -> int:
    return sum(one.size for one in found)
