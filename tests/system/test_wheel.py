"""The wheel: built from this checkout, installed into an empty environment, used in an empty folder.

The environment finds the packages that nnlab needs where this one has them, so the test needs no network.
"""

import hashlib
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from harness import cell, done

from nnlab.config import ROOT

pytestmark = pytest.mark.slow

QUICK = ("trainer.iterations=5", "hydra/launcher=basic")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done(subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False))
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has only the wheel; it sees the packages of this one, but not its nnlab."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    install = [*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    done(subprocess.run(install, capture_output=True, text=True, check=False))
    (packages(folder) / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def packages(environment: Path) -> Path:
    (found,) = environment.glob("lib/python*/site-packages")
    return found


def run(environment: Path, folder: Path, *arguments: str) -> str:
    """What nnlab of the environment prints in a folder."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("MLFLOW_", "HYDRA_", "NNLAB_", "PYTHON"))
    }
    folder.mkdir(exist_ok=True)
    command = [str(environment / "bin" / "nnlab"), *arguments]
    ran = subprocess.run(
        command, cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=250
    )
    return done(ran).stdout + ran.stderr


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_it_has_all_data_and_one_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"nnlab"}
    for folder in ("conf", "experiments"):
        tracked = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        there = {name.removeprefix("nnlab/share/") for name in names if f"nnlab/share/{folder}/" in name}
        assert {name for name in tracked if not name.endswith(".png")} <= there
        assert not any(name.endswith((".png", ".pyc")) for name in there)


def test_a_sweep_and_an_experiment_in_an_empty_folder(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current folder is the home, and the records are those of the checkout, by name."""
    folder, shipped = tmp_path / "mine", packages(environment) / "nnlab"
    before = contents(shipped)
    assert "0 already done, 2 to do" in run(environment, folder, "sweep", *QUICK, "model.depth=1,2")
    run(environment, folder, "sweep", *QUICK, "experiment=zero_init")
    written = {path.parent.name for path in folder.glob("runs/*/record.json")}
    assert (folder / "mlflow.db").is_file() and (folder / "data").is_dir()
    assert len(list(folder.glob("reports/*/report.html"))) == 2
    monkeypatch.setenv("NNLAB_HOME", str(folder))
    monkeypatch.delenv("NNLAB_DATA", raising=False)
    assert {cell(*QUICK, f"model.depth={depth}").fingerprint[:16] for depth in (1, 2)} < written
    assert contents(shipped) == before, "an installed package is not written to"
    assert run(environment, folder, "prune").startswith(str(folder))


def test_verdicts_are_written_into_the_current_folder(environment: Path, tmp_path: Path) -> None:
    folder, shipped = tmp_path / "mine", packages(environment) / "nnlab"
    before = contents(shipped)
    assert "experiments/README.md" in run(environment, folder, "experiments", "backprop_graph")
    here = folder / "experiments"
    assert {path.name for path in (here / "backprop_graph").iterdir()} == {
        "README.md", "picture.png", "verdict.json",
    }  # fmt: skip
    assert "\n**Confirmed.**" in (here / "backprop_graph" / "README.md").read_text()
    index = (here / "README.md").read_text()
    assert "[backprop_graph](backprop_graph/README.md)" in index and "zero_init](" not in index
    assert contents(shipped) == before, "an installed package is not written to"


def test_nothing_of_a_repository_around_it_is_said_or_recorded(environment: Path, tmp_path: Path) -> None:
    """Also where the environment stands inside a repository of the user's own."""
    subprocess.run(["git", "init", "--quiet", str(environment)], check=True)
    ran = run(environment, tmp_path / "mine", "train", *QUICK)
    assert "no commit" not in ran
    (record,) = (tmp_path / "mine").glob("runs/*/record.json")
    assert '"commit": null' in record.read_text()
