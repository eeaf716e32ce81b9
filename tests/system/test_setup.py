"""The set-up: what it installs is pinned, and once it is cached it needs no network."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from nnlab.config import ROOT

LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
INSTALLED = {"dev", "docs", "heic", "notebook"}  # the lock holds no peers of the benchmark


def pinned() -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))


def test_the_lock_has_all_that_is_asked_for_with_hashes_and_no_address() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    asked += [each for extra in sorted(INSTALLED & set(extras)) for each in extras[extra]]
    names = {re.split(r"[<>=\[ ]", each)[0].lower() for each in asked}
    assert names <= pinned() and len(names) > 30
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in entry, entry
    assert "://" not in LOCK and "index" not in LOCK.split()


@pytest.mark.slow
def test_a_second_set_up_needs_no_network(tmp_path: Path) -> None:
    """Of a fresh copy of the checkout, from the cache that the first one left."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    (uv,) = re.findall(r"^uv==(\S+)", LOCK, re.MULTILINE)
    if not list(cache.glob(f"nnlab/wheels/uv-{uv}-*")):
        pytest.skip("`make setup` has not filled the cache")
    for name in ("requirements.lock", "pyproject.toml", "Makefile", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, tmp_path)
    for name in ("nnlab", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "PYTHON"))}
    offline = kept | {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    made = subprocess.run(
        ["make", "setup"], cwd=tmp_path, env=offline, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0 and "pip installs" not in made.stdout, made.stdout + made.stderr
    listed = [tmp_path / ".venv/bin/uv", "pip", "freeze", "--python", tmp_path / ".venv/bin/python"]
    frozen = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.splitlines()
    others = [line for line in frozen if f"\n{line} " not in f"\n{LOCK}"]
    assert len(frozen) > 100 and all(line.startswith(("pip==", "-e file:")) for line in others), others
