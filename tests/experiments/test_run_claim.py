"""`nnlab experiments` as a user starts it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from harness import assert_refused, done, empty_store, markers, nnlab, runs

from nnlab.config.paths import ROOT

ANALYSIS = """
from nnlab.experiments import verdict_of
from nnlab.experiments.figures import panels


def analyse(runs):
    best = max(run.metrics["test/accuracy"] for run in runs)
    return verdict_of(best > 0.0, f"The best of {len(runs)} nets is right on {best:.2f}.", {"best": best})


def picture(runs, verdict):
    figure, (ax,) = panels("Costs")
    for run in runs:
        ax.plot(run.costs)
    return figure
"""
WATCH = """
from time import perf_counter

from nnlab.experiments import verdict_of
from nnlab.experiments.figures import panels


def analyse(runs):
    now = perf_counter()
    return verdict_of(True, f"It is {now} s.", {"now": now})


def picture(runs, verdict):
    return panels(verdict.sentence)[0]
"""
DATA = """
from nnlab.data import synthetic as toy


def draw(folder):
    toy.write(folder, toy.half_space(30, 4, 1), toy.half_space(12, 4, 2))
"""
SWEEP = """
defaults:
  - override /data: hdf5

data:
  train: ${nnlab_data:mine/train.h5}
  test: ${nnlab_data:mine/test.h5}
trainer:
  iterations: 50

hydra:
  sweeper:
    params:
      seed: 1,2
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of nnlab with a new experiment, and one that needs the course's files."""
    root = tmp_path_factory.mktemp("checkout")
    for part in ("nnlab", "conf"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mine", "real"):
        folder = root / "experiments" / name
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(f"# {name}\n\nNets are better\nthan chance.\n\nMore.\n")
        (folder / "analysis.py").write_text(ANALYSIS)
    (root / "experiments" / "mine" / "sweep.yaml").write_text(SWEEP)
    (root / "experiments" / "mine" / "data.py").write_text(DATA)
    (root / "experiments" / "real" / "sweep.yaml").write_text("defaults:\n  - override /data: catvnoncat\n")
    for name, command in (("watch", "nnlab experiments watch"), ("long", "nnlab experiments --full long")):
        folder = root / "experiments" / name
        folder.mkdir()
        (folder / "README.md").write_text(f"# {name}\n\nTime goes on.\n\n**Command.** `{command}`\n")
        (folder / "analysis.py").write_text(WATCH)
    (root / "experiments" / "course.yaml").write_text("Week 1:\n  mine: first\n")
    other = root / "experiments" / "other"
    other.mkdir()
    verdict = {
        "claim": "By hand.",
        "verdict": "refuted",
        "sentence": "It is not.",
        "figures": {},
        "runs": [],
    }
    (other / "verdict.json").write_text(json.dumps(verdict))
    (root / "experiments" / "README.md").write_text("# Claims\n\nSome words.\n")
    empty_store(root / "home")
    return root


@pytest.mark.slow
def test_all_experiments_through_the_command_line(checkout: Path) -> None:
    """It tests the claims whose data are there, names the others, and a second time trains nothing."""
    home, folder = checkout / "home", checkout / "experiments" / "mine"
    env = {"PYTHONPATH": str(checkout), "NNLAB_DATA": ""}
    first = nnlab("experiments", home=home, **env)
    assert first.returncode == 1 and "Traceback" not in first.stderr, first.stderr
    assert (
        "real: " in first.stderr
        and "nnlab data fetch" in first.stderr
        and "no new verdict on real" in first.stderr
    )
    assert "confirmed: The best of 2 nets is right on" in first.stdout.replace("\n", " ")
    verdict = json.loads((folder / "verdict.json").read_text())
    assert verdict["verdict"] == "confirmed" and verdict["claim"] == "Nets are better than chance."
    assert sorted(verdict["runs"]) == sorted(markers(home))
    assert (folder / "picture.png").read_bytes().startswith(b"\x89PNG")
    readme = (folder / "README.md").read_text()
    assert (
        readme.startswith("# mine\n\nNets are better\nthan chance.\n\nMore.\n")
        and "**Confirmed.**" in readme
    )
    index = (checkout / "experiments" / "README.md").read_text()
    assert index.startswith("# Claims\n\nSome words.\n")
    assert "(mine/README.md)** Nets are better than chance.<br>**Confirmed.** The best of 2" in index
    assert "(other/README.md)** By hand.<br>**Refuted.** It is not. |" in index
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    assert parent.info.run_name == "mine" and parent.info.status == "FINISHED"
    assert parent.data.tags["nnlab.experiment"] == "mine"
    assert parent.data.tags["nnlab.verdict"] == "confirmed"
    assert parent.data.tags["nnlab.result"] == verdict["sentence"]
    before = markers(home)
    again = done(nnlab("experiments", "mine", home=home, **env))
    assert "2 already done, 0 to do" in again.stdout and markers(home) == before
    assert (folder / "README.md").read_text() == readme


def tree(checkout: Path) -> list[str]:
    """What git finds changed since the last look."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(
            ["git", *who, *arguments], cwd=checkout, check=True, capture_output=True, text=True
        ).stdout

    git("init", "--quiet")
    git("add", "experiments")
    changed = git("status", "--porcelain", "--untracked-files=no").split()[1::2]
    git("commit", "--quiet", "--allow-empty", "-m", "look")
    return changed


@pytest.mark.slow
def test_the_tree_stays_clean_where_nothing_changed(checkout: Path) -> None:
    """Its times differ, but the same code gives the same verdict; other code writes it anew."""
    env = {"PYTHONPATH": str(checkout)}

    def watched() -> list[str]:
        done(nnlab("experiments", "watch", home=checkout / "home", **env))
        return tree(checkout)

    assert "experiments/watch/verdict.json" in watched()
    assert watched() == []
    analysis = checkout / "experiments" / "watch" / "analysis.py"
    analysis.write_text(WATCH + "# a remark\n")
    assert watched() == ["experiments/watch/analysis.py"]
    analysis.write_text(WATCH.replace("It is", "It is now"))
    assert {*watched()} == {
        f"experiments/{name}"
        for name in (
            "README.md", "watch/README.md", "watch/analysis.py", "watch/picture.png", "watch/verdict.json"
        )
    }  # fmt: skip


@pytest.mark.slow
def test_a_claim_that_takes_long_is_left_out_unless_asked_for(checkout: Path) -> None:
    env, written = {"PYTHONPATH": str(checkout)}, checkout / "experiments" / "long" / "verdict.json"
    short = done(nnlab("experiments", "long", home=checkout / "home", **env))
    assert "takes long: long (add --full)" in short.stdout + short.stderr and not written.exists()
    done(nnlab("experiments", "--full", "long", home=checkout / "home", **env))
    assert written.is_file()


def test_names_are_checked_before_anything_is_trained(checkout: Path) -> None:
    env = {"PYTHONPATH": str(checkout)}
    refused = nnlab("experiments", "mine", "yours", home=checkout / "home", **env)
    assert_refused(refused, "yours: there is no such experiment", "long, mine, real, watch")
    assert_refused(
        nnlab("sweep", "experiment=yours", home=checkout / "home", **env),
        "experiment",
        "'yours'",
        "mine, real",
    )
