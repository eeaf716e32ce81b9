"""The log of the home's own store: where it is used, and that it is gone afterwards."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from harness import load_mlflow

from nnlab.tracking import location, write_ahead
from nnlab.tracking.store import Store, reaching

load_mlflow()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An opened store of a new home."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with reaching():
        yield opened(tmp_path / "home")


def opened(home: Path) -> Store:
    home.mkdir()
    return Store(home, "nnlab")


def mode(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def beside(database: Path) -> set[str]:
    """The files that SQLite has beside a store."""
    return {path.name.removeprefix(database.name) for path in database.parent.glob(f"{database.name}-*")}


@pytest.mark.slow
def test_a_store_is_one_file_again_afterwards(store: Store) -> None:
    database = store.home / "mlflow.db"
    assert mode(database) == "delete"
    write_ahead.begin(store)
    run = store.client.create_run(store.experiment_id)
    assert (mode(database), beside(database)) == ("wal", {"-wal", "-shm"})
    write_ahead.end(store)
    assert (mode(database), beside(database)) == ("delete", set())
    store.log(run.info.run_id, tags={"more": "is written"})
    assert store.has(run.info.run_id)


@pytest.mark.slow
def test_every_commit_waits_for_the_disk(store: Store) -> None:
    write_ahead.begin(store)
    with closing(sqlite3.connect(store.home / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), (
            "FULL: a power cut loses nothing"
        )


@pytest.mark.slow
def test_a_store_that_another_process_has_open_keeps_its_log(store: Store) -> None:
    database = store.home / "mlflow.db"
    write_ahead.begin(store)
    store.client.create_run(store.experiment_id)
    with closing(sqlite3.connect(database)) as other:
        assert other.execute("SELECT count(*) FROM runs").fetchone() == (1,)
        write_ahead.end(store)
        assert mode(database) == "wal"
    write_ahead.end(store)
    assert (mode(database), beside(database)) == ("delete", set())


@pytest.mark.slow
def test_a_copy_beside_its_log_has_everything(store: Store, tmp_path: Path) -> None:
    write_ahead.begin(store)
    run = store.client.create_run(store.experiment_id)
    shutil.copytree(store.home, tmp_path / "copy")  # as after a kill
    copy = Store(tmp_path / "copy", "nnlab")
    assert copy.has(run.info.run_id)
    assert copy.client.get_run(run.info.run_id).info.artifact_uri.startswith(location.artifacts(copy.home))
    write_ahead.end(copy)
    assert beside(copy.home / "mlflow.db") == set()


@pytest.mark.slow
def test_other_stores_keep_their_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    with reaching():
        write_ahead.begin(opened(tmp_path / "home"))
    assert mode(tmp_path / "elsewhere.db") == "delete"


@pytest.mark.slow
def test_a_disk_that_other_machines_may_share_is_written_as_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_ahead, "LOCAL", {"none of them"})
    write_ahead.begin(store)
    assert mode(store.home / "mlflow.db") == "delete"


READ = """
import sys
from pathlib import Path
from nnlab.tracking import moved_home
from nnlab.tracking.store import connected
with connected(Path(sys.argv[1]), "nnlab", reading=True) as store:
    print(len(store.search("")), store.artifacts(store.search("")[0].info.artifact_uri).artifact_dir)
"""


@pytest.mark.slow
def test_a_store_with_its_log_is_read_where_nothing_can_be_written(store: Store, tmp_path: Path) -> None:
    database = store.home / "mlflow.db"
    write_ahead.begin(store)
    store.client.create_run(store.experiment_id)
    killed, clean = tmp_path / "killed #1", tmp_path / "closed by others #1"
    shutil.copytree(store.home, killed)
    store.disconnect()  # as when the UI, which had it open to the end, closes it: the mode stays
    assert beside(database) == set()
    shutil.copytree(store.home, clean)
    assert mode(clean / "mlflow.db") == "wal"
    done = read_only(killed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ") and str(killed) in done.stdout
    refused = read_only(clean)
    assert f"{clean}/mlflow.db: SQLite must write beside it to read it" in refused.stderr


def read_only(home: Path) -> "subprocess.CompletedProcess[str]":
    """Reads a home that cannot be written: for root on a medium mounted so."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    wrapped = ["unshare", "--mount", "sh", "-c", mount, str(home)]
    if os.geteuid():  # root could write in spite of permissions
        wrapped = ["sh", "-c", 'chmod -R a-w "$0"; "$@"; e=$?; chmod -R u+w "$0"; exit $e', str(home)]
    if subprocess.run([*wrapped, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no medium can be mounted here")
    read = [*wrapped, sys.executable, "-c", READ, str(home)]
    return subprocess.run(read, capture_output=True, text=True, check=False)
