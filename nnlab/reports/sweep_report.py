"""The report: one page of HTML on a sweep, from its tracking store. It needs no network."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from nnlab.config import Config, given, home
from nnlab.errors import UserError
from nnlab.files import writable
from nnlab.reports.drawn import drawn
from nnlab.reports.facts import facts, failures
from nnlab.reports.html import render
from nnlab.reports.page_path import path_of
from nnlab.reports.panels import all_panels
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import NotFound, Reader, Sweep, connected, shown


def write(page: str, path: Path) -> None:
    """Write a page to a file, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, "utf-8")


def make(sweep: str | None, experiment: str, output: str | Path | None) -> Path:
    """Write the page of a sweep or a run, by default of the latest sweep; returns its path.

    It goes into ``output``, or among the home's reports. UserError if there is no such sweep or run, or if
    the home cannot be written and there is no ``output``.
    """
    if output is None and not writable(home() / "reports"):
        raise UserError(f"{home()}: cannot be written; name a file for the page with --output")
    with connected(home(), experiment, reading=True) as store:
        reader = Reader(store)
        found = find(reader, sweep)
        page = build(reader, found, home())
    path = path_of(home(), found.id) if output is None else given(output)
    write(page, path)
    return path.resolve()


def attach(reader: Reader, sweep_id: str, home: Path, cfg: Config | None) -> Path:
    """Write the page of a sweep and add it to its parent run's artifacts; returns its path."""
    sweep, path = reader.sweep(sweep_id), path_of(home, sweep_id)
    write(build(reader, sweep, home, cfg), path)
    reader.attach(sweep.parent, path)
    return path


def find(reader: Reader, text: str | None) -> Sweep:
    """A sweep, or a single run as a sweep of its own; UserError if there is none."""
    try:
        return reader.sweep(text)
    except UserError as not_a_sweep:
        if not text:
            raise
        try:
            run = reader.cell(text)
        except NotFound:
            raise not_a_sweep from None
    return Sweep(replace(run, tags={**run.tags, "nnlab.sweep": run.id[:12]}), (run,))


def build(reader: Reader, sweep: Sweep, home: Path, cfg: Config | None = None) -> str:
    """The page of a sweep as HTML. ``cfg`` names its data; without, they are looked for in ``home``."""
    with tempfile.TemporaryDirectory() as scratch:
        return _page(SweepResults(sweep, reader, home, cfg, Path(scratch)))


def _page(results: SweepResults) -> str:
    sweep = results.sweep
    data_sets = {shown(run.params.get("data.name")) for run in sweep.cells}
    panels, figures = drawn(all_panels(), results)
    return render(
        "report.html",
        figures,
        title=" × ".join(key.rpartition(".")[2] for key in sweep.keys) or sweep.parent.name,
        date=time.strftime("%Y-%m-%d", time.localtime(sweep.parent.ended or sweep.parent.started)),
        data_name=", ".join(sorted(data_sets)) or "no data",
        sweep=sweep,
        experiment=results.reader.experiment,
        server=results.server,
        headline=results.headline,
        facts=facts(results),
        failures=failures(results),
        trained=results.trained,
        panels=panels,
    )
