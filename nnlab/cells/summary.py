"""The summary of a plan: counts, a row for each cell, the best cells; as a table, Markdown and CSV."""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from nnlab.cells.cell import Cell
from nnlab.cells.findings import COMPARED, Predictions, compare_with_best, headline, varied_keys
from nnlab.cells.plan import Plan
from nnlab.cells.ranking import Configuration, Result, cost_beside, rank, sort_key
from nnlab.config import flatten, training_dict
from nnlab.errors import UserError
from nnlab.records import counted_cells, notes, record, state

HEADINGS = {
    "validation/accuracy": "val acc",
    "test/accuracy": "test acc",
    "train/accuracy": "train acc",
    "validation/rmse": "val rmse",
    "test/rmse": "test rmse",
    "train/rmse": "train rmse",
    "test/cost": "test cost",
    "time/train_s": "seconds",
}
SELECTED = {
    "test": "Ranked by {} on the test set, so the best value is a selected one and too optimistic; "
    "data.validation=0.2 or data.folds=5 hold examples out to select by.",
    "validation": "Ranked by {} on held-out training examples; the test set took no part.",
}
DIVERGED = " In a mean, a diverged run counts as a constant answer."


@dataclass(frozen=True)
class Summary:
    """The results of a plan's cells."""

    plan: Plan
    rows: list[dict[str, Any]]  # one for each cell, in the plan's order
    configurations: list[Configuration[Result]]  # those with a finished cell, the best mean first
    headline: list[str]  # what they say, in sentences
    ended: float | None  # when the last cell was done, seconds since 1970

    @property
    def counts(self) -> dict[str, int]:
        """Cells by status: cells, finished, diverged, failed, missing."""
        by_status = Counter(row["status"] for row in self.rows)
        statuses = ("finished", "diverged", "failed", "missing")
        return {"cells": len(self.rows)} | {status: by_status[status] for status in statuses}

    @property
    def states(self) -> dict[str, int]:
        """Cells by state: learnt, stuck, diverged, failed."""
        by_state = Counter(row["state"] for row in self.rows)
        return {state: by_state[state] for state in ("learnt", "stuck", "diverged", "failed")}

    @property
    def ranked(self) -> list[dict[str, Any]]:
        """The rows of finished cells: by their configuration's rank, then their own metric and cost."""
        places = {run.id: place for place, c in enumerate(self.configurations) for run in c.runs}
        metric = self.plan.select_by
        cost = cost_beside(metric)
        known = [row for row in self.rows if "" not in (row[metric], row[cost])]
        finished = [row for row in known if row["status"] == "finished"]
        return sorted(
            finished, key=lambda row: (places[row["fingerprint"]], sort_key(metric, row[metric]), row[cost])
        )

    @property
    def best(self) -> dict[str, Any] | None:
        """The first of ``ranked``, the best cell of the best configuration; None if none finished."""
        return self.ranked[0] if self.ranked else None

    def counted(self) -> str:
        """`108 cells: 78 learnt, 27 stuck, 3 diverged`."""
        return counted_cells(row["state"] for row in self.rows)

    def table(self, most: int = 10) -> Table:
        """The best configurations for the terminal."""
        what = self.plan.select_by.replace("/", " ")
        cells, several = self.counts["cells"], len(self.configurations)
        among = f"{several} configurations by mean" if _repeated(self.configurations) else f"{cells} by"
        (heading, *headings), shown = best_rows(self.configurations, self.plan.select_by, most)
        table = Table(
            title=f"best {len(shown)} of {among} {what}",
            caption=self.how_ranked(),
        )
        table.add_column(heading)
        for heading in headings:
            table.add_column(heading, justify="right")
        for name, *values in shown:
            table.add_row(escape(name), *values)
        return table

    def how_ranked(self) -> str:
        """What the cells are ranked by, and what that means for the best value."""
        split, _, score = self.plan.select_by.partition("/")
        mixed = any(c.diverged for c in self.configurations)
        return SELECTED[split].format(score) + DIVERGED * mixed

    def csv(self) -> str:
        """All rows as a CSV table."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(self.rows[0]))
        writer.writeheader()
        writer.writerows(self.rows)
        return buffer.getvalue()

    def markdown(self, most: int = 10) -> str:
        """The description that the MLflow UI shows on the parent run."""
        swept = ", ".join(f"`{key}`" for key in self.plan.keys) or "nothing"
        headings, rows = best_rows(self.configurations, self.plan.select_by, most)
        lines = [
            *(f"- {_escaped(sentence)}" for sentence in self.headline),
            *([""] if self.headline else []),
            f"**{self.counted()}.** Swept: {swept}.",
            "",
            f"| {' | '.join(headings)} |",
            "|---" * len(headings) + "|",
            *map(_markdown_row, rows),
            "",
            f"{self.how_ranked()} All cells are in `results.csv`, figures in `report.html`.",
        ]
        return "\n".join(lines)


def best_rows(
    configurations: Sequence[Configuration[Any]], select_by: str, most: int
) -> tuple[list[str], list[list[str]]]:
    """Headings, and a row of texts for each of the best; of means if a configuration has several runs."""
    metrics, repeated = shown_metrics(select_by), _repeated(configurations)
    headings = ["configuration", "runs"] if repeated else ["run"]
    rows = [
        [
            c.name if repeated else c.runs[0].name,
            *([str(len(c.runs))] if repeated else []),
            *(f"{c.mean(key):.4g}" for key in metrics),
        ]
        for c in configurations[:most]
    ]
    return headings + [HEADINGS[key] for key in metrics], rows


def _repeated(configurations: Sequence[Configuration[Any]]) -> bool:
    return any(len(c.runs) > 1 for c in configurations)


def summarize(plan: Plan, home: Path) -> Summary:
    """The summary of a plan from the records of its cells."""
    pairs = [(cell, record.found(cell.folder(home))) for cell in plan.cells]
    results, rows = [], []
    for cell, rec in pairs:
        values = flatten(training_dict(cell.config))
        rows.append(_row(plan, cell, values, rec, home))
        results.append(_result(cell, values, rows[-1], rec))
    ranked = rank([result for result, (_, rec) in zip(results, pairs, strict=True) if rec], plan.select_by)
    trained = [c for c in ranked if c.diverged < len(c.runs)]
    predictions = _predictions([c.middle for c in trained[:COMPARED]], home)
    keys = varied_keys([result.params for result in results], plan.keys)
    said = headline(results, keys, trained, compare_with_best(trained[:COMPARED], predictions))
    ended = max((rec.ended for _, rec in pairs if rec), default=None)
    return Summary(plan, rows, trained, said, ended)


def _predictions(runs: Sequence[Result], home: Path) -> dict[str, Predictions]:
    """What classifiers predicted for the test images, by the results' ids; damaged files are left out."""
    found = {}
    for run in runs:
        with suppress(UserError):
            rec = record.read(record.folder(home, run.id))
            if not rec.regression:
                found[run.id] = Predictions.of_record(rec.arrays("predictions"))
    return found


_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def _escaped(text: str) -> str:
    """A text for Markdown, none of whose signs means anything there."""
    return _SPECIAL.sub(r"\\\1", text)


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def shown_metrics(select_by: str) -> tuple[str, ...]:
    """The metrics that the tables show."""
    _, _, score = select_by.partition("/")
    shown = (select_by, f"test/{score}", f"train/{score}", "test/cost", "time/train_s")
    return tuple(dict.fromkeys(shown))


def _kept(plan: Plan) -> tuple[str, ...]:
    """The metrics in a row: those shown, and the cost that decides between equal scores."""
    return tuple(dict.fromkeys((*shown_metrics(plan.select_by), cost_beside(plan.select_by))))


def _result(
    cell: Cell, values: dict[str, Any], row: Mapping[str, Any], rec: record.Record | None
) -> Result:
    return Result(cell.fingerprint, row["name"], row["status"], values, rec.metrics if rec else {})


def _row(
    plan: Plan, cell: Cell, values: Mapping[str, Any], rec: record.Record | None, home: Path
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": plan.name(cell), "status": "missing", "state": "missing"}
    row |= {key: values[key] for key in plan.keys if key in values} | dict.fromkeys(_kept(plan), "")
    if rec is not None:
        row |= {key: rec.metrics.get(key, "") for key in _kept(plan)}
        row |= {"status": rec.status, "state": state(rec.status, rec.metrics)}
    elif notes.read_failure(cell.folder(home)) is not None:
        row |= {"status": "failed", "state": "failed"}
    return row | {"fingerprint": cell.fingerprint}


def failures(plan: Plan, home: Path) -> Sequence[tuple[str, str]]:
    """Name and error of each failed cell."""
    found = []
    for cell in plan.cells:
        folder = cell.folder(home)
        note = None if record.exists(folder) else notes.read_failure(folder)
        if note is not None:
            found.append((plan.name(cell), str(note["error"])))
    return found
