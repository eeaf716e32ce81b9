"""The progress of a sweep: what is counted, the best so far, what a terminal and a file get."""

import io
from pathlib import Path

import pytest
from harness import cell, small_set, trained, wait_for
from rich.console import Console

from nnlab.cells import plan as plans
from nnlab.config import EngineConfig
from nnlab.engines import start
from nnlab.records import notes
from nnlab.sweeps import console, progress
from nnlab.sweeps.progress import Tally

NET = ["model.depth=2", "model.width=3", "trainer.iterations=400"]
REGRESSION = ["model.output=identity", "model.loss=squared_error"]
CHOICES = ("optimizer.lr=0.3", "init.scheme=zeros", "optimizer.lr=1e9", "optimizer.lr=0.2")


@pytest.fixture
def plan(tmp_path: Path, home: Path) -> plans.Plan:
    base = [*small_set(tmp_path), *NET, *REGRESSION]
    return plans.make("sweep", [cell(*base, choice) for choice in CHOICES], ["optimizer.lr", "init.scheme"])


def test_cells_are_counted_by_how_they_end(tmp_path: Path, home: Path, plan: plans.Plan) -> None:
    base = [*small_set(tmp_path), *NET, *REGRESSION]
    tally = Tally(plan, len(plan.cells))
    assert (tally.done, tally.text()) == (0, "")
    trained(home, *base, CHOICES[2])
    tally.add(plan.cells[2])
    assert (tally.done, tally.text()) == (1, "1 diverged"), "a diverged net is never the best"
    _, learnt = trained(home, *base, CHOICES[0])
    trained(home, *base, CHOICES[1])
    failed = plan.cells[3].folder(home)
    failed.mkdir(parents=True)
    notes.write_failure(failed, "MemoryError", "Traceback ...", 1.0, 2.0)
    for number in (0, 1, 3):
        tally.add(plan.cells[number])
    assert tally.done == 4
    counts, _, best = tally.text().partition("; ")
    assert counts == "1 learnt, 1 stuck, 1 diverged, 1 failed"
    value = f"{learnt.metrics['test/accuracy']:.4g}"
    assert best == f"best test accuracy {value} ({plan.name(plan.cells[0])})"


def test_a_damaged_record_does_not_end_the_progress(tmp_path: Path, home: Path, plan: plans.Plan) -> None:
    _, rec = trained(home, *small_set(tmp_path), *NET, *REGRESSION, CHOICES[0])
    (rec.folder / "record.json").write_text("{")
    tally = Tally(plan, len(plan.cells))
    tally.add(plan.cells[0])
    assert (tally.done, tally.text()) == (1, "1 damaged")


@pytest.mark.slow
def test_without_a_terminal_a_line_comes_now_and_then(
    tmp_path: Path, home: Path, plan: plans.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    for module in (progress, console):
        monkeypatch.setattr(module, "ERROR", Console(file=stream, width=80))
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    with progress.progress(plan, list(plan.cells), start(EngineConfig("local", workers=3))) as tally:
        trained(home, *small_set(tmp_path), *NET, *REGRESSION, CHOICES[0])
        tally.add(plan.cells[0])
        text = wait_for(lambda: "1 of 4 cells, 3 workers" in stream.getvalue() and stream.getvalue(), 10)
    assert "1 learnt; best test accuracy" in text
    assert "━" not in text, "no bar"
