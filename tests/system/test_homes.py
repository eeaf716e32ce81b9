"""A home that is renamed, copied, read-only or without its store, through the real command line."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import (
    assert_refused,
    command,
    done,
    environment,
    nnlab,
    runs,
    small_set,
    start,
    wait_for,
    working_folder,
)
from PIL import Image

from nnlab.records import record

pytestmark = pytest.mark.slow

QUICK = ["trainer.iterations=20", "hydra/launcher=basic"]
PORT = 5071


def data_in(home: Path) -> list[str]:
    return ["data=hdf5", *(f"data.{split}='{home}/sets/{split}.h5'" for split in ("train", "test"))]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with its data inside, a sweep of two cells over them, and a training of painted pictures."""
    home = tmp_path_factory.mktemp("moved") / "my home #1"
    small_set(home / "sets")
    done(nnlab("sweep", *data_in(home), "seed=1,2", *QUICK, home=home))
    done(nnlab("train", "model=logistic", *QUICK, home=home))
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of it, while the original is out of the way and its path is watched."""
    away = original.rename(original.with_name("away"))
    shutil.copytree(away, tmp_path / "renamed")
    try:
        yield tmp_path / "renamed"
        assert not original.exists(), "the old path was made again"
    finally:
        shutil.rmtree(original, ignore_errors=True)
        away.rename(original)


def names(home: Path) -> list[str]:
    found = runs(home, "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` = 'finished'")
    return sorted(run.info.run_name for run in found)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_command_answers_from_a_renamed_home(home: Path, tmp_path: Path) -> None:
    first, second, painted = sorted(names(home), key=lambda name: ("logistic" in name, name))
    assert str(home) in done(nnlab("report", home=home)).stdout
    assert "curves: " in done(nnlab("compare", first, second, home=home)).stdout
    again = done(nnlab("rerun", first, home=home))
    assert "identical, bit for bit" in again.stdout
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "black.png")
    assert (
        "what the net saw: "
        in done(nnlab("predict", painted, str(tmp_path / "black.png"), home=home)).stdout
    )
    assert "identical, bit for bit" in done(nnlab("rerun", painted, home=home)).stdout
    assert "every record is published" in done(nnlab("sync", home=home)).stdout


def test_a_copy_does_not_write_into_its_original(original: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    before = files(original)
    done(nnlab("sweep", *data_in(copy), "seed=1,2,3", *QUICK, home=copy))
    assert files(original) == before
    assert {
        Path(run.data.tags["nnlab.record"]).parents[1] for run in runs(copy, "tags.`nnlab.kind` = 'cell'")
    } == {copy}


def test_a_lost_store_is_published_again(home: Path) -> None:
    for path in home.glob("mlflow.db*"):
        path.unlink()
    shutil.rmtree(home / "mlartifacts")
    for arguments in (
        ["report"],
        ["report", "0" * 12],
        ["rerun", "no such run"],
        ["predict", "no such run", "x.png"],
    ):
        assert_refused(nnlab(*arguments, home=home), f"{home} has results", "`nnlab sync` publishes them")
    done(nnlab("sync", home=home))
    done(nnlab("report", home=home))
    refused = nnlab("rerun", "no such run", home=home)
    assert_refused(refused, "no run of")
    assert "sync" not in refused.stderr, "all is published"


def test_sync_of_a_renamed_home_finds_the_data_of_its_report(home: Path) -> None:
    """The plan names the painted pictures at the old place; they are neither read nor painted there."""
    shutil.rmtree(home / "mlartifacts")
    (home / "mlflow.db").unlink()
    assert "every record is published" in done(nnlab("sync", home=home)).stdout


@contextmanager
def served(home: Path, **env: str) -> Iterator[str]:
    """The address of `nnlab ui`, while it runs."""
    server = start("ui", "--port", str(PORT), home=home, **env)
    address = f"http://127.0.0.1:{PORT}"

    def answers() -> bool:
        try:
            return bool(urllib.request.urlopen(f"{address}/health", timeout=2).status == 200)
        except OSError:
            return False

    try:
        wait_for(answers, 120)
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=30)


def asked(address: str, question: str, **body: Any) -> Any:
    content = json.dumps(body).encode()
    request = urllib.request.Request(
        f"{address}/api/2.0/mlflow/{question}", content, {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request, timeout=30))


def test_the_ui_shows_the_artifacts_of_a_renamed_home(home: Path) -> None:
    with served(home) as address:
        found = asked(address, "runs/search", experiment_ids=["1"])["runs"]
        assert len(found) == 4
        for run in found:
            shown = f"{address}/get-artifact?path={record.MARKER}&run_uuid={run['info']['run_id']}"
            if any(tag == {"key": "nnlab.kind", "value": "cell"} for tag in run["data"]["tags"]):
                marker = json.load(urllib.request.urlopen(shown, timeout=30))
                assert (home / "runs" / marker["fingerprint"][:16]).is_dir()


def test_the_ui_serves_the_store_of_a_relative_address(tmp_path: Path) -> None:
    home, env = tmp_path / "home", {"MLFLOW_TRACKING_URI": "sqlite:///mine.db"}
    done(nnlab("train", *small_set(tmp_path / "set"), *QUICK, home=home, **env))
    with served(home, **env) as address:
        names = {e["name"] for e in asked(address, "experiments/search", max_results=9)["experiments"]}
    assert "nnlab" in names
    assert not (home / "mlflow.db").exists() and (working_folder(home) / "mine.db").exists()


def test_a_tilde_everywhere(tmp_path: Path) -> None:
    small_set(tmp_path / "me" / "sets")
    data = ["data=hdf5", "data.train=~/sets/train.h5", "data.test='~/sets/test.h5'"]
    env = {"HOME": str(tmp_path / "me"), "MLFLOW_TRACKING_URI": "sqlite:///~/x.db", "NNLAB_HOME": "~/lab"}
    done(nnlab("sweep", *data, "seed=1,2", *QUICK, home=tmp_path / "home", **env))
    done(nnlab("report", "--output=~/page.html", home=tmp_path / "home", **env))
    made = {path.name for path in (tmp_path / "me").iterdir()}
    assert {"lab", "x.db", "page.html", "sets"} <= made
    (folder, *_) = (tmp_path / "me" / "lab" / "runs").iterdir()
    done(nnlab("rerun", f"~/lab/runs/{folder.name}", home=tmp_path / "home", **env))
    done(nnlab("data", "check", "~/sets/train.h5", home=tmp_path / "home", **env))
    assert not any(working_folder(tmp_path / "home").iterdir()), "nothing is made in the current folder"


@pytest.fixture
def read_only(home: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs nnlab with a home that cannot be written: for root on a medium mounted so."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    wrapped = ["unshare", "--mount", "sh", "-c", mount, str(home)]
    if os.geteuid():  # root could write in spite of permissions
        unable = 'chmod -R a-w "$0"; "$@"; ended=$?; chmod -R u+w "$0"; exit $ended'
        wrapped = ["sh", "-c", unable, str(home)]
    if subprocess.run([*wrapped, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no medium can be mounted here")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*wrapped, *command(*arguments)], env=environment(home), cwd=working_folder(home),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    return run


def test_a_home_on_a_read_only_medium_is_read(
    home: Path, tmp_path: Path, read_only: Callable[..., "subprocess.CompletedProcess[str]"]
) -> None:
    first, second, painted = sorted(names(home), key=lambda name: ("logistic" in name, name))
    before = files(home)
    assert_refused(
        read_only("report"), f"{home}: cannot be written; name a file for the page with --output"
    )
    page = tmp_path / "page.html"
    assert str(page) in done(read_only("report", f"--output={page}")).stdout
    compared = done(read_only("compare", first, second))
    assert "cannot be written; --output names a file" in compared.stderr
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "black.png")
    assert "cannot be written" in done(read_only("predict", painted, str(tmp_path / "black.png"))).stderr
    assert_refused(read_only("train", "seed=9", *QUICK), str(home))
    shutil.rmtree(home / "runs")  # the artifacts are found where the home is now
    done(read_only("report", f"--output={page}"))
    assert {p: c for p, c in before.items() if "runs" not in p.parts} == files(home)
