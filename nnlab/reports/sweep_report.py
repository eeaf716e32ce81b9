"""The report: one page of HTML on a sweep, from its tracking store. It needs no network."""

import tempfile
import time
from pathlib import Path

from nnlab.config import Config
from nnlab.reports.facts import facts
from nnlab.reports.html import fragment, render
from nnlab.reports.panels import all_panels
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking import Reader, Sweep, shown


def path_of(home: Path, sweep_id: str) -> Path:
    """Where the report of a sweep is written."""
    return home / "reports" / sweep_id / "report.html"


def write(page: str, path: Path) -> None:
    """Write a page to a file, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, "utf-8")


def attach(reader: Reader, sweep_id: str, home: Path, cfg: Config) -> Path:
    """Write the page of a sweep and add it to its parent run's artifacts; returns its path."""
    sweep, path = reader.sweep(sweep_id), path_of(home, sweep_id)
    write(build(reader, sweep, home, cfg), path)
    reader.attach(sweep.parent, path)
    return path


def build(reader: Reader, sweep: Sweep, home: Path, cfg: Config | None = None) -> str:
    """The page of a sweep as HTML. ``cfg`` names its data; without, they are looked for in ``home``."""
    with tempfile.TemporaryDirectory() as scratch:
        return _page(SweepResults(sweep, reader, home, cfg, Path(scratch)))


def _page(results: SweepResults) -> str:
    sweep = results.sweep
    data_sets = {shown(run.params.get("data.name")) for run in sweep.cells}
    panels = [panel for panel in all_panels() if panel.applies(results)]
    figures = {panel.id: panel.draw(results) for panel in panels}
    bodies = {
        panel.id: fragment(
            panel.html, id=panel.id, sweep=sweep, figures=figures[panel.id], **panel.content(results)
        )
        for panel in panels
    }
    return render(
        "report.html",
        figures,
        title=" × ".join(key.rpartition(".")[2] for key in sweep.keys) or sweep.parent.name,
        date=time.strftime("%Y-%m-%d", time.localtime(sweep.parent.ended or sweep.parent.started)),
        data_name=", ".join(sorted(data_sets)) or "no data",
        sweep=sweep,
        experiment=results.reader.experiment,
        server=results.server,
        facts=facts(results),
        panels=panels,
        bodies=bodies,
    )
