"""Runs deleted on a real MLflow server, for good by `mlflow gc`, and a renamed experiment."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from disturbed import Server
from harness import client, done, empty_store, environment, nnlab, runs, small_set

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("outage")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(empty_store(tmp_path / "server"))
    made.start()
    yield made
    made.stop()


def test_a_server_that_is_cleaned_up(tmp_path: Path, server: Server) -> None:
    home, store = tmp_path / "home", {"MLFLOW_TRACKING_URI": server.uri}
    command = [
        "sweep",
        *small_set(tmp_path / "set"),
        "seed=1,2",
        "trainer.iterations=20",
        "hydra/launcher=basic",
    ]
    done(nnlab(*command, home=home, **store))
    mlflow = client(home, server.uri)
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'", server.uri)
    gone = runs(home, "params.seed = '1'", server.uri)[0].info.run_id
    for run_id in (parent.info.run_id, gone):
        mlflow.delete_run(run_id)
    collect = [sys.executable, "-m", "mlflow", "gc", "--run-ids", gone, "--tracking-uri", server.uri,
               "--backend-store-uri", f"sqlite:///{server.folder}/mlflow.db"]  # fmt: skip
    subprocess.run(collect, env=environment(home), check=True, capture_output=True, timeout=120)
    number = mlflow.get_experiment_by_name("nnlab").experiment_id
    mlflow.rename_experiment(number, "cats 2026")
    said = done(nnlab("sync", home=home, **store)).stdout
    assert "2 runs that were deleted in MLflow stay deleted" in said
    assert len(mlflow.search_runs([number])) == 1 and not runs(home, "", server.uri)
    done(nnlab("sync", "--restore", home=home, **store))
    found = {run.info.run_id: run for run in mlflow.search_runs([number])}
    assert len(found) == 3 and parent.info.run_id in found and gone not in found
    cells = [run for run in found.values() if run.data.tags["nnlab.kind"] == "cell"]
    assert {run.data.tags["mlflow.parentRunId"] for run in cells} == {parent.info.run_id}
    assert "every record is published" in done(nnlab("sync", home=home, **store)).stdout
    done(nnlab(*command, "seed=3", home=home, **store))
    assert len(runs(home, "", server.uri)) == 2, "a new sweep goes to the experiment that is named"
