"""`nnlab prune` on the command line, with a real store: what it lists, removes, and what still works."""

import json
import re
from pathlib import Path

import pytest
from harness import done, empty_store, markers, nnlab, runs, small_set

SWEEPS, CELLS = "tags.`nnlab.kind` = 'sweep'", "tags.`nnlab.kind` = 'cell'"


def files(home: Path) -> dict[str, int]:
    """Every file of a home but its store, with its size."""
    found = (path for path in home.rglob("*") if path.is_file() and not path.name.startswith("mlflow.db"))
    return {str(path.relative_to(home)): path.stat().st_size for path in found}


@pytest.mark.slow
def test_a_sweep_of_other_code_is_listed_then_removed_and_still_in_mlflow(tmp_path: Path) -> None:
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    done(nnlab("sweep", *data, "trainer.iterations=20", "seed=1,2", "hydra/launcher=basic", home=home))
    old = set(markers(home))
    for name in old:  # as if the code had changed since
        path = home / "runs" / name / "record.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"code_digest": "0" * 64}))
    for iterations in (10, 30):
        done(nnlab("train", *data, f"trainer.iterations={iterations}", "seed=7", home=home))
    failed = nnlab("train", *data, "model.width=100000000000", "trainer.solver=primal", home=home)
    assert failed.returncode == 1

    before = files(home)
    listed = done(nnlab("prune", home=home, COLUMNS="200")).stdout
    assert files(home) == before, "nothing is removed"
    assert "trained by other code (000000000000)" in listed
    assert "trained the same for 30 iterations" in listed
    assert re.search(r"old code +4, ", listed), "two records, their plan and report"
    assert re.search(r"superseded +2, ", listed) and re.search(r"failed +2, .*\n.*together +8, ", listed)
    assert "`nnlab prune --yes` removes all of this" in listed

    some = done(nnlab("prune", "--reason", "old code", "--yes", home=home)).stdout
    assert "removed 4 of 4" in some and not old & set(markers(home)) and len(markers(home)) == 2
    done(nnlab("prune", "--yes", home=home))
    assert len(list((home / "runs").iterdir())) == 1 and len(list((home / "plans").iterdir())) == 2
    assert "everything is needed" in done(nnlab("prune", home=home)).stdout

    (parent,) = runs(home, SWEEPS)
    again = done(nnlab("sync", home=home))
    assert "every record is published" in again.stdout
    (same,) = runs(home, SWEEPS)
    assert (same.info.status, same.data.tags) == (parent.info.status, parent.data.tags)
    (run, _) = runs(home, f"{CELLS} and tags.`nnlab.sweep` = '{parent.data.tags['nnlab.sweep']}'")
    paths = [text for text in data if text.startswith("data.t")]
    assert "identical, bit for bit" in done(nnlab("rerun", run.info.run_id, *paths, home=home)).stdout
    assert "report.html" in done(nnlab("report", home=home)).stdout


@pytest.mark.slow
def test_records_that_are_not_published_stay(tmp_path: Path) -> None:
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for iterations in (10, 30):
        done(nnlab("train", *data, f"trainer.iterations={iterations}", home=home, **away))
    refused = nnlab("prune", "--yes", home=home, **away)
    assert refused.returncode == 1 and "MLflow" in refused.stderr and "Traceback" not in refused.stderr
    assert len(markers(home)) == 2
    empty_store(home)
    said = done(nnlab("prune", "--yes", home=home)).stdout
    assert "1 record stays because no store has it; `nnlab sync` publishes it" in said
    assert len(markers(home)) == 2
    done(nnlab("sync", home=home))
    done(nnlab("prune", "--yes", home=home))
    assert len(markers(home)) == 1


def test_an_empty_home_needs_nothing_removed(tmp_path: Path) -> None:
    assert "everything is needed" in done(nnlab("prune", "--yes", home=tmp_path / "home")).stdout
