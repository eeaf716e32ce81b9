"""The report: one HTML page on a sweep, read from the tracking store, that needs no network."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnlab.cells.ranking import NUISANCE, Configuration
from nnlab.config.schema import Config
from nnlab.errors import UserError
from nnlab.records.record import MARKER
from nnlab.reports import predictions as answers
from nnlab.reports import significance as statistics
from nnlab.reports import tables, views
from nnlab.reports.html import render
from nnlab.reports.predictions import Answers
from nnlab.tracking import location as store
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import Run, Sweep, shown

COMPARED = 20  # best configurations whose answers are fetched and compared
MOST_LOST = 40  # rows of what failed


def path_of(home: Path, sweep_id: str) -> Path:
    """Where the report of a sweep is written."""
    return home / "reports" / sweep_id / "report.html"


def write(page: str, path: Path) -> None:
    """Write a page to a file, in whatever folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, "utf-8")


def attach(reader: Reader, sweep_id: str, home: Path, cfg: Config) -> Path:
    """Write the page of a sweep and add it to its parent run's artifacts; returns its path."""
    sweep, path = reader.sweep(sweep_id), path_of(home, sweep_id)
    write(build(reader, sweep, home, cfg), path)
    reader.attach(sweep.parent, path)
    return path


def build(reader: Reader, sweep: Sweep, home: Path, cfg: Config | None = None) -> str:
    """The page of a sweep as HTML; ``cfg`` names its data here, else they are looked for in ``home``."""
    compared = sweep.ranked[:COMPARED]
    lost = tables.lost(sweep)[:MOST_LOST]
    drawn = views.drawn(sweep)
    curved = {run.id: run for run in (*(r for c in drawn for r in c.runs), *lost) if run.done}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        arrays = reader.arrays(list(curved.values()), "history", scratch)
        histories = {run_id: history["train/cost"] for run_id, history in arrays.items()}
        asked = [] if sweep.regression else [c.middle for c in compared]
        predictions = reader.arrays(asked, "predictions", scratch)
        nets = {run_id: answers.of(content) for run_id, content in predictions.items()}
        made_with = _made_with(reader, compared, scratch)
    rows = tables.best_rows(reader, compared, nets)
    panels, maps = views.trainability(sweep)
    figures: dict[str, views.Choices] = {
        "map": maps,
        "curves": views.learning(sweep, histories),
        "pairs": views.heatmaps(sweep),
        "all": views.parallel(sweep),
        "weight": views.importance(sweep),
        "spread": views.gap(sweep),
        "price": views.cost(sweep),
    }
    return render(
        "report.html",
        figures,
        sweep=sweep,
        experiment=reader.experiment,
        server=reader.uri if store.is_server(reader.uri) else "",
        made_with=made_with,
        configurations=len(sweep.ranked),
        untested=len(sweep.ranked) - len(rows),
        tested=(tested := sum(row["tested"] for row in rows)),
        discordant=statistics.fewest_discordant(tested),
        regression=sweep.regression,
        drawn=len(drawn),
        panels=panels,
        map_averaged=[key for key in sweep.keys if key not in views.axes(sweep)],
        rows=rows,
        repeated=any(row["runs"] > 1 for row in rows),
        cell_figures=tables.figures(sweep),
        lost=[tables.lost_row(reader, run, histories) for run in lost],
        more_lost=len(tables.lost(sweep)) - len(lost),
        cells=[
            tables.cell_row(reader, sweep, run) for run in sorted(sweep.cells, key=lambda run: run.name)
        ],
        **_head(sweep, rows),
        **_confused(compared, nets, home, cfg),
    )


def _head(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Title, date, and the few facts on top."""
    states = Counter(run.state for run in sweep.cells)
    counted = ", ".join(f"{n} {state}" for state, n in states.most_common())
    learnt = states["finished"]
    facts = [("cells that learnt", f"{learnt} of {len(sweep.cells)}", counted)]
    if rows:
        facts += _best_facts(sweep, rows)
        ranked = [c for c in sweep.done if sweep.select_by in c.metrics]
        shares = statistics.importance(
            [c.params for c in ranked], sweep.keys, [c.metrics[sweep.select_by] for c in ranked]
        )
        chosen = [key for key in shares if key not in NUISANCE]
        if key := max(chosen, key=lambda key: shares[key][1], default=None):
            facts.append(
                (
                    "the key that matters most",
                    key,
                    f"{100 * shares[key][1]:.0f} % of the variance, with its interactions",
                )
            )
    return {
        "title": " × ".join(key.rpartition(".")[2] for key in sweep.keys) or sweep.parent.name,
        "date": time.strftime("%Y-%m-%d", time.localtime(sweep.parent.ended or sweep.parent.started)),
        "data_name": ", ".join(sorted({shown(run.params.get("data.name")) for run in sweep.cells}))
        or "no data",
        "facts": facts,
        "on_test": bool(rows) and sweep.select_by.startswith("test/"),
        "majority": next(
            (r.metrics["train/majority"] for r in sweep.done if "train/majority" in r.metrics), None
        ),
    }


def _best_facts(sweep: Sweep, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """The best configuration, and how many cannot be told from it where that was tested."""
    best = rows[0]
    head = f"best {sweep.select_by}", best["mean"]
    if sweep.regression:
        return [(*head, best["name"])]
    more = f"{best['name']}, right on test {best['right']}, 95 % interval {best['interval']}"
    tied = sum(row["tied"] for row in rows)
    return [(*head, more), ("cannot be told from it", str(tied), f"of {len(rows) - 1} compared")]


def _confused(
    compared: Sequence[Configuration[Run]], nets: Mapping[str, Answers], home: Path, cfg: Config | None
) -> dict[str, Any]:
    """The images that the compared nets got wrong, with pictures where the data are here."""
    learnt = [c.middle for c in compared if c.middle.state == "finished" and c.middle.id in nets]
    if not learnt:
        return {"wrong": [], "no_pictures": ""}
    first = learnt[0]
    digest = first.tags.get("nnlab.data_digest")
    same = [nets[run.id] for run in learnt if run.tags.get("nnlab.data_digest") == digest]
    try:
        data = answers.images(first, cfg or answers.local_config(first, home))
    except UserError as error:
        return {"wrong": answers.confused(same, None), "no_pictures": str(error)}
    return {"wrong": answers.confused(same, data), "no_pictures": ""}


def _made_with(reader: Reader, compared: Sequence[Configuration[Run]], scratch: Path) -> str:
    """Commit, versions and machine of the best run, from its record's marker."""
    if not compared:
        return ""
    best = compared[0].middle
    marker = json.loads(reader.download(best, MARKER, scratch / "marker").read_text("utf-8"))
    made = marker["provenance"]
    commit = f"commit {made['commit'][:12]}" if made["commit"] else "no commit"
    changed = " with uncommitted changes" if made["dirty"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    return (
        f"The best run: {commit}{changed}; {versions}; {made['cpu']}, {made['system']}; "
        f"data {marker['data_digest'][:12]}, numeric code {marker['code_digest'][:12]}."
    )
