"""Runs and sweeps as text for a terminal, and as HTML for a notebook."""

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from nnlab.cells.summary import HEADINGS, SELECTED, best_rows
from nnlab.config import flatten, training_dict
from nnlab.config.compose import compose
from nnlab.records import counted_cells
from nnlab.tracking import Run, Sweep, shown

BEST = 10  # configurations of a sweep in its table
SCORES = ("test/accuracy", "test/rmse", "train/accuracy", "train/rmse")  # the first that a run has is shown


def run_text(run: Run) -> str:
    """`Run(relu 4x20 s0.1 #3: learnt, test/accuracy 0.72)`."""
    score = next((f", {key} {run.metrics[key]:.3g}" for key in SCORES if key in run.metrics), "")
    return f"Run({run.name}: {run.state}{score})"


def sweep_text(sweep: Sweep) -> str:
    """`Sweep(c5ad94f1e0b2: depth × seed, 6 cells: 5 learnt, 1 stuck)`."""
    return f"Sweep({sweep.id}: {sweep.parent.name}, {_counted(sweep)})"


def run_html(run: Run) -> str:
    """Name and state, the metrics, and the configuration beside the defaults: what differs first."""
    defaults, values = _defaults(), run.params
    differing = [key for key in values if key in defaults and values[key] != defaults[key]]
    others = [[key, shown(value)] for key, value in values.items() if key not in differing]
    metrics = [[HEADINGS[key], f"{run.metrics[key]:.4g}"] for key in HEADINGS if key in run.metrics]
    compared = [[key, shown(values[key]), shown(defaults[key])] for key in differing]
    return "".join(
        [
            _title(run.name, run.error or run.state, run.id),
            _table(["metric", "value"], metrics),
            _table(["key", "value", "default"], compared),
            f"<details><summary>{len(others)} keys as the defaults have them</summary>",
            _table(["key", "value"], others),
            "</details>",
        ]
    )


def sweep_html(sweep: Sweep) -> str:
    """How its nets ended, and the best configurations."""
    split, _, score = sweep.select_by.partition("/")
    trained = [c for c in sweep.ranked if c.diverged < len(c.runs)][:BEST]
    headings, rows = best_rows(trained, sweep.select_by, BEST)
    ranked = SELECTED[split].format(score) if rows else ""
    title = _title(sweep.parent.name, _counted(sweep), sweep.id)
    return f'{title}{_table(headings, rows)}<div style="opacity:.75">{escape(ranked)}</div>'


def _counted(sweep: Sweep) -> str:
    return counted_cells(cell.state for cell in sweep.cells)


@cache
def _defaults() -> dict[str, Any]:
    """The values of a training that gives no override."""
    return flatten(training_dict(compose([])))


def _title(name: str, ended: str, id: str) -> str:
    return f"<div><b>{escape(name)}</b>: {escape(ended)} <code>{escape(id)}</code></div>"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns but the first are aligned at the right; nothing without rows."""
    body = "".join(_row("td", row) for row in rows)
    return f"<table><thead>{_row('th', headings)}</thead><tbody>{body}</tbody></table>" if rows else ""


def _row(kind: str, texts: Sequence[str]) -> str:
    sides = ["left", *["right"] * (len(texts) - 1)]
    cells = [
        f'<{kind} style="text-align:{side}">{escape(text)}</{kind}>'
        for side, text in zip(sides, texts, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"
