"""`tracking=none`: records alone, without MLflow; `nnlab sync` publishes them later."""

from pathlib import Path

import pytest
from harness import done, living_in, markers, nnlab, runs, small_set

from nnlab.cells import plan as plans

QUICK = ["trainer.iterations=30", "hydra/launcher=basic"]
STORE = {"mlflow.db", "mlflow.db.lock", "mlartifacts", "published", "reports"}


@pytest.mark.slow
def test_nothing_is_published_until_sync(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data = small_set(tmp_path)
    asked = [*data, *QUICK, "tracking=none", "tracking.experiment=later"]
    swept = nnlab("sweep", *asked, "model.depth=1,2", home=home, PYTHONPROFILEIMPORTTIME="1")
    one = nnlab("train", *asked, "model.depth=3", home=home, PYTHONPROFILEIMPORTTIME="1")
    for ended in (swept, one):
        assert ended.returncode == 0, ended.stderr
        loaded = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
        assert "nnlab.tracking" in loaded and "mlflow" not in loaded
        assert "nothing is published (tracking=none); `nnlab sync` publishes the records" in ended.stdout
        assert "MLflow" not in ended.stdout and "http" not in ended.stdout
    assert len(markers(home)) == 3
    assert not STORE & {path.name for path in home.iterdir()}

    again = done(nnlab("rerun", f"runs/{min(markers(home))}", "tracking=none", home=home, cwd=home))
    assert "this rerun is not published (tracking=none)" in again.stdout
    with living_in(home):
        (sweep,) = [plan for plan in plans.load_all(home)[0] if plan.kind == "sweep"]
    verified = done(nnlab("rerun", "--sweep", sweep.id, "tracking=none", home=home))
    assert "2 of 2 cells came out the same" in verified.stdout
    assert "the outcome is not written into MLflow (tracking=none)" in verified.stderr
    assert not STORE & {path.name for path in home.iterdir()}

    before = markers(home)
    assert "every record is published" in done(nnlab("sync", home=home)).stdout
    assert markers(home) == before, "nothing is trained again"
    assert len(runs(home, experiment="later")) == 4 and runs(home) == [], (
        "two cells, their sweep, one train"
    )
    assert (home / "reports" / sweep.id / "report.html").is_file()


@pytest.mark.slow
def test_the_same_command_without_it_publishes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = ["train", *small_set(tmp_path), *QUICK, "optimizer.lr=0.1"]
    alone = done(nnlab(*command, "tracking=none", home=home)).stdout
    name = "lr0.1 it30 relu 3x16 s1 #1"  # what was asked for leads
    assert f"{name}: finished after 30 steps" in alone
    before = markers(home)
    again = done(nnlab(*command, home=home))
    assert "already recorded" in again.stdout and "MLflow run" in again.stdout
    assert markers(home) == before and [run.info.run_name for run in runs(home)] == [name]
    done(nnlab("rerun", "lr0.1 it30 relu 3x16 s1 #1", home=home))
    assert [run.info.run_name for run in runs(home)] == [name, name]
