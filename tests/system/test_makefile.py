"""The Makefile's set-up: `.venv` is used where it was made, and made anew elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nnlab.config import ROOT

INSTALL = "--constraint requirements.lock"  # part of the command that installs


def planned(folder: Path) -> str:
    """What `make setup` would do."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--dry-run", "setup"], cwd=folder, env=kept, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose set-up is done."""
    folder = tmp_path / "a b"
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("requirements.lock", "pyproject.toml", "Makefile"):
        shutil.copy2(ROOT / name, folder)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    (folder / ".venv/ready").write_text(f"{folder}\n")
    return folder


def test_a_finished_set_up_has_nothing_to_do(checkout: Path) -> None:
    assert INSTALL not in planned(checkout)


@pytest.mark.parametrize("way", [shutil.move, shutil.copytree])
def test_a_moved_or_copied_checkout_is_set_up_anew(checkout: Path, tmp_path: Path, way: object) -> None:
    assert callable(way)
    way(checkout, tmp_path / "b", **({"symlinks": True} if way is shutil.copytree else {}))
    plan = planned(tmp_path / "b")
    assert "rm -rf .venv" in plan and plan.index("rm -rf .venv") < plan.index(INSTALL)


def test_a_python_that_is_gone_is_replaced(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv/bin/python").unlink()
    (checkout / ".venv/bin/python").symlink_to(tmp_path / "nowhere")
    assert "rm -rf .venv" in planned(checkout)


def test_an_environment_that_make_did_not_make_is_not_removed(checkout: Path) -> None:
    (checkout / ".venv/ready").unlink()
    plan = planned(checkout)
    assert INSTALL in plan and "rm -rf .venv" not in plan


def test_another_lock_is_installed_into_the_environment_that_there_is(checkout: Path) -> None:
    os.utime(checkout / ".venv/ready", (1, 1))
    plan = planned(checkout)
    assert INSTALL in plan and "rm -rf .venv" not in plan
