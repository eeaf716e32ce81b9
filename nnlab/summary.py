"""What came of a plan: a row per cell, counts, the best cell, as a table, Markdown and plain rows."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from nnlab import record
from nnlab.config import flatten, training_dict
from nnlab.errors import UserError
from nnlab.plan import Plan
from nnlab.run import Cell

FIGURES = ("test/accuracy", "train/accuracy", "test/cost", "time/train_s")


@dataclass(frozen=True)
class Summary:
    """Rows in the plan's order; ``best`` has the highest test accuracy, then the lowest test cost."""

    plan: Plan
    rows: list[dict[str, Any]]
    ended: float | None  # when the last cell was done, seconds since 1970

    @property
    def counts(self) -> dict[str, int]:
        """Cells by status: cells, finished, diverged, failed, missing."""
        by_status = Counter(row["status"] for row in self.rows)
        statuses = ("finished", "diverged", "failed", "missing")
        return {"cells": len(self.rows)} | {status: by_status[status] for status in statuses}

    @property
    def ranked(self) -> list[dict[str, Any]]:
        """The finished cells, best first."""
        finished = [row for row in self.rows if row["status"] == "finished"]
        return sorted(finished, key=lambda row: (-row["test/accuracy"], row["test/cost"]))

    @property
    def best(self) -> dict[str, Any] | None:
        """The first of ``ranked``."""
        return self.ranked[0] if self.ranked else None

    def counted(self) -> str:
        """`108 cells: 105 finished, 3 diverged`."""
        parts = [f"{n} {what}" for what, n in self.counts.items() if n and what != "cells"]
        cells = self.counts["cells"]
        return f"{cells} cell{'s' if cells > 1 else ''}: {', '.join(parts)}"

    def table(self, most: int = 10) -> Table:
        """The best cells for the terminal."""
        shown = self.ranked[:most]
        table = Table(title=f"best {len(shown)} of {self.counts['cells']} by test accuracy")
        table.add_column("run")
        for heading in ("test acc", "train acc", "test cost", "seconds"):
            table.add_column(heading, justify="right")
        for row in shown:
            table.add_row(escape(row["name"]), *(f"{row[key]:.4g}" for key in FIGURES))
        return table

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
            "| run | test acc | train acc | test cost | seconds |",
            "|---|---|---|---|---|",
        ]
        for row in self.ranked[:most]:
            lines.append(
                f"| {row['name'].replace('|', chr(92) + '|')} | "
                + " | ".join(f"{row[k]:.4g}" for k in FIGURES)
                + " |"
            )
        lines += [
            "",
            "Ranked by accuracy on the test set, so the best figure is a selected one and too bright."
            " All cells are in `results.csv`, figures in `report.html`.",
        ]
        return "\n".join(lines)


def summarize(plan: Plan, home: Path) -> Summary:
    """Read what the record store has of this plan's cells."""
    folders = [cell.folder(home) for cell in plan.cells]
    records = [_read(folder) for folder in folders]
    rows = [_row(plan, cell, rec, home) for cell, rec in zip(plan.cells, records, strict=True)]
    return Summary(plan, rows, max((rec.ended for rec in records if rec), default=None))


def _read(folder: Path) -> record.Record | None:
    """The record, None where there is none or a damaged one: who publishes it says so."""
    try:
        return record.read(folder)
    except UserError:
        return None


def _row(plan: Plan, cell: Cell, rec: record.Record | None, home: Path) -> dict[str, Any]:
    values = flatten(training_dict(cell.config))
    row: dict[str, Any] = {"name": plan.name(cell), "status": "missing"}
    row |= {key: values[key] for key in plan.keys if key in values} | dict.fromkeys(FIGURES, "")
    if rec is not None:
        row |= {key: rec.metrics.get(key, "") for key in FIGURES} | {"status": rec.status}
    elif record.read_failure(cell.folder(home)) is not None:
        row["status"] = "failed"
    return row | {"fingerprint": cell.fingerprint}


def failures(plan: Plan, home: Path) -> Sequence[tuple[str, str]]:
    """Name and error of each failed cell."""
    found = []
    for cell in plan.cells:
        folder = cell.folder(home)
        note = None if record.exists(folder) else record.read_failure(folder)
        if note is not None:
            found.append((plan.name(cell), str(note["error"])))
    return found
