"""The addresses in a store follow its home: renamed, copied, killed while they are written, read-only."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import client, empty_store, load_mlflow

from nnlab.tracking import moved_home

load_mlflow()

KIND = {"mlflow.experimentKind": "custom_model_development"}  # as of an experiment that nnlab makes
KILL = """
import os, signal, sys
from pathlib import Path
from nnlab.tracking import moved_home
replace, count = moved_home._replace, 0
def dying(*arguments):
    global count
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    replace(*arguments)
moved_home._replace = dying
moved_home.follow(f"sqlite:///{sys.argv[1]}/mlflow.db", Path(sys.argv[1]))
"""
FOLLOW = """
import sys
from pathlib import Path
from nnlab.tracking import moved_home
moved_home.follow(f"sqlite:///{sys.argv[1]}/mlflow.db", Path(sys.argv[1]))
"""


def follow(home: Path) -> Any:
    return moved_home.follow(f"sqlite:///{home}/mlflow.db", home)


def logged(home: Path, experiment: str, name: str = "record", uri: str | None = None) -> str:
    """A run with an artifact and a model, as the publisher of a home makes it."""
    store = client(home, uri)
    tags = {"nnlab.kind": "cell", "nnlab.record": f"{home}/runs/{name}"}
    run_id = str(store.create_run(experiment, tags=tags).info.run_id)
    store.log_text(run_id, f"costs of {name}", "history.txt")
    store.create_logged_model(experiment, name, run_id)
    return run_id


def made_by_nnlab(home: Path, name: str = "nnlab", uri: str | None = None) -> str:
    address = (home / "mlartifacts").as_uri()
    return str(client(home, uri).create_experiment(name, address, KIND))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose name needs quoting in an address, with a run in a store of version 0.1's kind."""
    folder = empty_store(tmp_path / "my home #1")
    logged(folder, made_by_nnlab(folder))
    return folder


def rows(home: Path) -> list[str]:
    """Every address and path in the store."""
    queries = [f"select {column} from {table}" for table, column in moved_home.ADDRESSES]
    queries.append("select value from tags where key = 'nnlab.record'")
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        return [str(value) for query in queries for (value,) in store.execute(query)]


def assert_at_home(home: Path) -> None:
    places = ((home / "mlartifacts").as_uri(), f"{home}/runs/")
    assert [row for row in rows(home) if not row.startswith(places)] == []


@contextmanager
def unchanged(*folders: Path) -> Iterator[None]:
    """No file of these folders is made or changed in the block."""

    def files() -> dict[Path, bytes]:
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in found}

    before = files()
    yield
    assert files() == before


def texts(home: Path) -> set[str]:
    """The artifact of each run, read through MLflow."""
    store = client(home)
    found = store.search_runs([e.experiment_id for e in store.search_experiments()])
    return {Path(store.download_artifacts(run.info.run_id, "history.txt")).read_text() for run in found}


def test_a_renamed_home_has_its_artifacts(home: Path, tmp_path: Path) -> None:
    home = home.rename(tmp_path / "renamed: #2 ü")
    follow(home)
    assert_at_home(home)
    (run,) = client(home).search_runs(["1"])
    assert run.info.artifact_uri == (home / "mlartifacts" / run.info.run_id / "artifacts").as_uri()
    assert texts(home) == {"costs of record"}


def test_a_copy_leaves_its_original_alone(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    with unchanged(home):
        follow(copy)
        assert_at_home(copy)
        logged(copy, "1", "another")
    shutil.rmtree(home)
    assert texts(copy) == {"costs of record", "costs of another"}


def test_it_is_written_once_and_again_at_the_next_move(home: Path, tmp_path: Path) -> None:
    follow(home)  # Default is where MLflow put it
    assert_at_home(home)
    for place in ("second", "third"):
        home = home.rename(tmp_path / place)
        follow(home)
        assert_at_home(home)
        with unchanged(home):
            follow(home)
    assert texts(home) == {"costs of record"}


def test_addresses_elsewhere_stay(home: Path, tmp_path: Path) -> None:
    disk = (tmp_path / "disk" / "mlartifacts").as_uri()  # the same name as in a home
    store = client(home)
    logged(home, store.create_experiment("big", disk, KIND))
    bucket = store.create_run(store.create_experiment("bucket", "s3://bucket/mlartifacts"))
    near = (tmp_path / "my home #1" / "mlartifacts-2").as_uri()
    store.create_experiment("near", near)
    home = home.rename(tmp_path / "renamed")
    follow(home)
    places = {e.name: e.artifact_location for e in client(home).search_experiments()}
    assert (places["big"], places["near"]) == (disk, near)
    assert places["nnlab"] == (home / "mlartifacts").as_uri()
    assert client(home).get_run(bucket.info.run_id).info.artifact_uri.startswith("s3://bucket/mlartifacts/")
    addresses = [run.info.artifact_uri for run in client(home).search_runs(["2"])]
    assert all(address.startswith(disk) for address in addresses) and addresses


def test_a_home_that_an_older_version_moved(home: Path, tmp_path: Path) -> None:
    """It published into the old place; from now on the home is one again."""
    moved = home.rename(tmp_path / "renamed")
    logged(moved, "1", "later")
    assert home.exists()
    follow(moved)
    assert_at_home(moved)
    with unchanged(home):
        logged(moved, "1", "now")


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(n, marks=() if n == 2 else pytest.mark.slow)
        for n in range(len(moved_home.ADDRESSES) + 1)
    ],
)
def test_a_kill_leaves_the_old_addresses(calls: int, home: Path, tmp_path: Path) -> None:
    before = rows(home)
    home = home.rename(tmp_path / "renamed")
    killed = subprocess.run([sys.executable, "-c", KILL, str(home), str(calls)], check=False)
    assert killed.returncode == -9
    assert rows(home) == before
    follow(home)
    assert_at_home(home)


@pytest.mark.slow
def test_several_processes_open_it_at_once(home: Path, tmp_path: Path) -> None:
    home = home.rename(tmp_path / "renamed")
    opening = [subprocess.Popen([sys.executable, "-c", FOLLOW, str(home)]) for _ in range(3)]
    assert [process.wait() for process in opening] == [0, 0, 0]
    assert_at_home(home)


def test_a_store_outside_of_the_home_follows_what_is_gone(tmp_path: Path) -> None:
    uri = f"sqlite:///{empty_store(tmp_path / 'shared')}/mlflow.db"
    homes = [tmp_path / "a", tmp_path / "b"]
    for home in homes:
        logged(home, made_by_nnlab(home, home.name, uri), uri=uri)
    shutil.copytree(homes[0], tmp_path / "copy")
    with unchanged(tmp_path / "shared"):
        moved_home.follow(uri, tmp_path / "copy")  # the original is there, and may be the one that is meant
    renamed = homes[0].rename(tmp_path / "renamed")
    moved_home.follow(uri, renamed)
    places = {e.name: e.artifact_location for e in client(homes[0], uri).search_experiments()}
    assert places["a"] == (renamed / "mlartifacts").as_uri()
    assert places["b"] == (homes[1] / "mlartifacts").as_uri()


def test_an_address_of_a_store_that_cannot_be_written() -> None:
    places = {"file:///a/mlartifacts": "file:///b/mlartifacts"}
    assert (
        moved_home.moved("file:///a/mlartifacts/1/artifacts", places) == "file:///b/mlartifacts/1/artifacts"
    )
    assert moved_home.moved("file:///a/mlartifacts-2/1", places) == "file:///a/mlartifacts-2/1"
