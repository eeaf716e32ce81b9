"""The summary of a plan: counts, a row for each cell, the best cells; as a table, Markdown and CSV."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from nnlab.cells.cell import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.ranking import Configuration, Result, cost_beside, rank, sort_key
from nnlab.config import flatten, training_dict
from nnlab.errors import UserError
from nnlab.records import notes, record

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


@dataclass(frozen=True)
class Summary:
    """The results of a plan's cells."""

    plan: Plan
    rows: list[dict[str, Any]]  # one for each cell, in the plan's order
    configurations: list[Configuration[Result]]  # those with a finished cell, the best mean first
    ended: float | None  # when the last cell was done, seconds since 1970

    @property
    def counts(self) -> dict[str, int]:
        """Cells by status: cells, finished, diverged, failed, missing."""
        by_status = Counter(row["status"] for row in self.rows)
        statuses = ("finished", "diverged", "failed", "missing")
        return {"cells": len(self.rows)} | {status: by_status[status] for status in statuses}

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
        """`108 cells: 105 finished, 3 diverged`."""
        parts = [f"{n} {what}" for what, n in self.counts.items() if n and what != "cells"]
        cells = self.counts["cells"]
        return f"{cells} cell{'s' if cells > 1 else ''}: {', '.join(parts)}"

    def table(self, most: int = 10) -> Table:
        """The best configurations for the terminal."""
        heading, *headings = self._headings()
        what = self.plan.select_by.replace("/", " ")
        cells, several = self.counts["cells"], len(self.configurations)
        among = f"{several} configurations by mean" if self._repeated else f"{cells} by"
        shown = self._table_rows(most)
        table = Table(
            title=f"best {len(shown)} of {among} {what}",
            caption=how_ranked(self.plan),
        )
        table.add_column(heading)
        for heading in headings:
            table.add_column(heading, justify="right")
        for name, *values in shown:
            table.add_row(escape(name), *values)
        return table

    @property
    def _repeated(self) -> bool:
        """Does a configuration have several runs, so that the tables show means?"""
        return any(len(c.runs) > 1 for c in self.configurations)

    def _headings(self) -> list[str]:
        headings = [HEADINGS[key] for key in shown_metrics(self.plan)]
        return ["configuration", "runs", *headings] if self._repeated else ["run", *headings]

    def _table_rows(self, most: int) -> list[list[str]]:
        """A row of texts under the headings for each of the best configurations."""
        return [
            [
                c.name if self._repeated else c.runs[0].name,
                *([str(len(c.runs))] if self._repeated else []),
                *(f"{c.mean(key):.4g}" for key in shown_metrics(self.plan)),
            ]
            for c in self.configurations[:most]
        ]

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
        lines = [
            f"**{self.counted()}.** Swept: {swept}.",
            "",
            f"| {' | '.join(self._headings())} |",
            "|---" * len(self._headings()) + "|",
            *(_markdown_row(row) for row in self._table_rows(most)),
            "",
            f"{how_ranked(self.plan)} All cells are in `results.csv`, figures in `report.html`.",
        ]
        return "\n".join(lines)


def summarize(plan: Plan, home: Path) -> Summary:
    """The summary of a plan from the records of its cells."""
    pairs = [(cell, _read(cell.folder(home))) for cell in plan.cells]
    rows = [_row(plan, cell, rec, home) for cell, rec in pairs]
    results = [_result(plan, cell, rec) for cell, rec in pairs if rec]
    ranked = [c for c in rank(results, plan.select_by) if any(run.status == "finished" for run in c.runs)]
    return Summary(plan, rows, ranked, max((rec.ended for _, rec in pairs if rec), default=None))


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def how_ranked(plan: Plan) -> str:
    """What the cells are ranked by, and what that means for the best value."""
    split, _, score = plan.select_by.partition("/")
    return SELECTED[split].format(score)


def shown_metrics(plan: Plan) -> tuple[str, ...]:
    """The metrics that the tables show."""
    _, _, score = plan.select_by.partition("/")
    shown = (plan.select_by, f"test/{score}", f"train/{score}", "test/cost", "time/train_s")
    return tuple(dict.fromkeys(shown))


def _kept(plan: Plan) -> tuple[str, ...]:
    """The metrics in a row: those shown, and the cost that decides between equal scores."""
    return tuple(dict.fromkeys((*shown_metrics(plan), cost_beside(plan.select_by))))


def _result(plan: Plan, cell: Cell, rec: record.Record) -> Result:
    params = flatten(training_dict(cell.config))
    return Result(cell.fingerprint, plan.name(cell), rec.status, params, rec.metrics)


def _read(folder: Path) -> record.Record | None:
    """The record; None if there is none, or a damaged one, which the publisher reports."""
    try:
        return record.read(folder)
    except UserError:
        return None


def _row(plan: Plan, cell: Cell, rec: record.Record | None, home: Path) -> dict[str, Any]:
    values = flatten(training_dict(cell.config))
    row: dict[str, Any] = {"name": plan.name(cell), "status": "missing"}
    row |= {key: values[key] for key in plan.keys if key in values} | dict.fromkeys(_kept(plan), "")
    if rec is not None:
        row |= {key: rec.metrics.get(key, "") for key in _kept(plan)} | {"status": rec.status}
    elif notes.read_failure(cell.folder(home)) is not None:
        row["status"] = "failed"
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
