"""The summary of a plan: its counts, its best cell, its table."""

import csv
import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import cell, living_in, small_set, trained
from rich.console import Console

from nnlab.cells import plan as plans
from nnlab.cells.summary import Summary, failures, shown_metrics, summarize
from nnlab.records import notes, record


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, plans.Plan]]:
    """Three finished cells, a diverged one, a failed one and one that was not trained."""
    folder = tmp_path_factory.mktemp("summary")
    with living_in(folder / "home") as home:
        base = [
            *small_set(folder), "model.output=identity", "model.loss=squared_error",
            "trainer.iterations=400", "model.depth=2", "model.width=3",
        ]  # fmt: skip
        rates = ("0.1", "0.001", "0.3", "1e9", "0.2", "0.4")
        cells = [cell(*base, f"optimizer.lr={rate}") for rate in rates]
        for rate in rates[:4]:
            trained(home, *base, f"optimizer.lr={rate}")
        failed = cells[4].folder(home)
        failed.mkdir(parents=True)
        notes.write_failure(failed, "MemoryError: too big", "Traceback ...", 1.0, 2.0)
        yield home, plans.make("sweep", cells, ["optimizer.lr"])


@pytest.fixture
def summary(living: tuple[Path, plans.Plan]) -> Summary:
    home, plan = living
    return summarize(plan, home)


def test_every_cell_is_counted_by_its_status(summary: Summary) -> None:
    assert summary.counts == {"cells": 6, "finished": 3, "diverged": 1, "failed": 1, "missing": 1}
    assert summary.counted() == "6 cells: 3 learnt, 1 diverged, 1 failed, 1 missing"


def test_rows_have_the_plans_order_and_the_keys_that_vary(summary: Summary) -> None:
    assert [row["optimizer.lr"] for row in summary.rows] == [0.1, 0.001, 0.3, 1e9, 0.2, 0.4]
    statuses = ["finished", "finished", "finished", "diverged", "failed", "missing"]
    assert [row["status"] for row in summary.rows] == statuses
    assert [row["state"] for row in summary.rows] == ["learnt"] * 3 + statuses[3:]
    assert all(list(row) == list(summary.rows[0]) for row in summary.rows), "one table, one header"


def test_the_best_cell_has_the_highest_accuracy_then_the_lowest_cost(summary: Summary) -> None:
    ranked = summary.ranked
    keys = [(-row["test/accuracy"], row["test/cost"]) for row in ranked]
    assert len(ranked) == 3 and keys == sorted(keys)
    assert summary.best == ranked[0]


def test_metrics_are_those_of_the_record(summary: Summary, living: tuple[Path, plans.Plan]) -> None:
    home, plan = living
    rec = record.read(plan.cells[0].folder(home))
    shown = shown_metrics(plan.select_by)
    assert {key: summary.rows[0][key] for key in shown} == {key: rec.metrics[key] for key in shown}


def test_the_description_says_that_the_best_is_selected_on_the_test_set(summary: Summary) -> None:
    text = summary.markdown()
    assert "**6 cells: 3 learnt, 1 diverged, 1 failed, 1 missing.**" in text
    assert "`optimizer.lr`" in text and "selected" in text
    table = [line for line in text.splitlines() if line.startswith("| lr")]
    assert len(table) == 3 and summary.ranked[0]["name"] in table[0]
    assert len([line for line in summary.markdown(most=2).splitlines() if line.startswith("| lr")]) == 2


def test_the_terminal_table_shows_the_best_first(summary: Summary) -> None:
    console = Console(width=100, file=io.StringIO())
    console.print(summary.table(most=2))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "best 2 of 6" in text
    assert text.index(summary.ranked[0]["name"]) < text.index(summary.ranked[1]["name"])


def test_failures_are_named_with_their_error(living: tuple[Path, plans.Plan]) -> None:
    home, plan = living
    assert failures(plan, home) == [(plan.name(plan.cells[4]), "MemoryError: too big")]


def test_nothing_trained_has_no_best(living: tuple[Path, plans.Plan], tmp_path: Path) -> None:
    _, plan = living
    nothing = summarize(plan, tmp_path)
    assert nothing.best is None and nothing.ranked == []
    assert nothing.counted() == "6 cells: 6 missing"
    assert nothing.headline == [] and nothing.markdown().startswith("**6 cells: 6 missing.**")


def test_the_sentences_open_the_description_and_are_text_there(summary: Summary) -> None:
    """Without Markdown's signs: `model.activation` may be leaky_relu."""
    text = dataclasses.replace(summary, headline=["Only *leaky_relu* | <b> learnt."]).markdown()
    assert text.startswith("- Only \\*leaky\\_relu\\* \\| \\<b\\> learnt.\n\n**6 cells")


def test_the_rows_as_csv(summary: Summary) -> None:
    rows = list(csv.DictReader(io.StringIO(summary.csv())))
    assert [row["status"] for row in rows] == [row["status"] for row in summary.rows]
    assert float(rows[0]["test/cost"]) == summary.rows[0]["test/cost"]
    assert rows[5]["test/cost"] == ""
