"""`nnlab rerun --at-commit`: the recorded program trains in a worktree, which is removed afterwards."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from harness import assert_refused, done, empty_store, nnlab, small_set
from repository import git

from nnlab.errors import UserError
from nnlab.records import provenance, record
from nnlab.records.record import Record
from nnlab.reruns import checkout
from nnlab.reruns.checkout import recorded_program

ROOT = Path(__file__).parents[2]


def trees(repository: Path) -> list[str]:
    return git(repository, "worktree", "list").splitlines()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose file says `one` at the first commit and `two` at the second."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "nnlab").mkdir()
    (folder / "nnlab/__init__.py").touch()
    git(folder, "init", "--quiet")
    for text in ("one", "two"):
        (folder / "file.txt").write_text(f"{text}\n")
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", text)
    monkeypatch.setattr(checkout, "ROOT", folder.resolve())
    return folder


def recorded(folder: Path, commit: str | None, diff: bytes | None = None) -> Record:
    """A record made by that commit, with these uncommitted changes."""
    folder.mkdir(exist_ok=True)
    files = {}
    if diff is not None:
        (folder / "dirty.diff").write_bytes(diff)
        files["dirty.diff"] = hashlib.sha256(diff).hexdigest()
    provenance = {"commit": commit, "dirty": diff is not None}
    return Record(folder, "f" * 64, "finished", {}, {}, "", "", 0.0, 0.0, provenance, files)


def diff_to(repository: Path, text: str) -> bytes:
    """The diff of an uncommitted change to the second commit."""
    (repository / "file.txt").write_text(f"{text}\n")
    diff = git(repository, "diff", "HEAD") + "\n"
    git(repository, "checkout", "--quiet", "file.txt")
    return diff.encode()


def test_the_commit_is_checked_out_beside_and_gone_afterwards(repository: Path, tmp_path: Path) -> None:
    first = git(repository, "rev-parse", "HEAD~1")
    (repository / "file.txt").write_text("being worked on\n")
    with recorded_program(recorded(tmp_path / "rec", first), trust_diff=False) as tree:
        assert (tree / "file.txt").read_text() == "one\n"
        assert len(trees(repository)) == 2
    assert not tree.exists() and len(trees(repository)) == 1
    assert (repository / "file.txt").read_text() == "being worked on\n"


def test_uncommitted_changes_are_applied_if_they_are_trusted(repository: Path, tmp_path: Path) -> None:
    head, diff = git(repository, "rev-parse", "HEAD"), diff_to(repository, "three")
    rec = recorded(tmp_path / "rec", head, diff)
    with recorded_program(rec, trust_diff=True) as tree:
        assert (tree / "file.txt").read_text() == "three\n"
    with pytest.raises(UserError, match="--trust-diff"), recorded_program(rec, trust_diff=False):
        pass
    assert len(trees(repository)) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_worktree_is_always_removed(
    repository: Path, tmp_path: Path, error: type[BaseException]
) -> None:
    rec = recorded(tmp_path / "rec", git(repository, "rev-parse", "HEAD"))
    with pytest.raises(error), recorded_program(rec, trust_diff=False) as tree:
        (tree / "file.txt").chmod(0o400)
        raise error
    assert not tree.exists() and len(trees(repository)) == 1


def test_no_hook_runs(repository: Path, tmp_path: Path) -> None:
    hook = repository / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    with recorded_program(recorded(tmp_path / "rec", git(repository, "rev-parse", "HEAD")), False):
        pass
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("commit", "word"),
    [
        (None, "names no commit"),
        ("HEAD", "names no commit"),
        ("--upload-pack=touch", "names no commit"),
        ("0" * 40, "not in"),
    ],
)
def test_an_unknown_commit_is_refused(
    repository: Path, tmp_path: Path, commit: str | None, word: str
) -> None:
    with pytest.raises(UserError, match=word), recorded_program(recorded(tmp_path / "rec", commit), True):
        pass


def test_a_tree_is_not_a_commit(repository: Path, tmp_path: Path) -> None:
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    with pytest.raises(UserError, match="not in"), recorded_program(recorded(tmp_path / "r", tree), True):
        pass


def test_at_commit_needs_a_checkout(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    plain = tmp_path / "plain"
    plain.mkdir()
    inner = repository / "inner"  # a folder in another repository is not a checkout of nnlab
    inner.mkdir()
    for root, reason in ((plain, "not a git repository"), (inner, "inside another repository")):
        monkeypatch.setattr(checkout, "ROOT", root.resolve())
        with (
            pytest.raises(UserError, match=reason),
            recorded_program(recorded(tmp_path / "r", head), True),
        ):
            pass


def test_only_a_folder_without_git_is_passed_over_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, broken = tmp_path / "plain", tmp_path / "broken"
    for folder in (plain, broken):
        folder.mkdir()
    (broken / ".git").write_text("gitdir: /absent/repository\n")  # of a worktree whose repository moved
    for root, lines in ((plain, 0), (broken, 1)):
        found = provenance.checkout(root)
        monkeypatch.setattr(provenance, "checkout", lambda found=found: found)
        assert len(provenance.remarks()) == lines, found.reason
        monkeypatch.undo()


def test_a_changed_diff_is_refused(repository: Path, tmp_path: Path) -> None:
    head, diff = git(repository, "rev-parse", "HEAD"), diff_to(repository, "three")
    cases = {
        "sha256": lambda folder: (folder / "dirty.diff").write_bytes(diff.replace(b"three", b"four")),
        "is missing": lambda folder: (folder / "dirty.diff").unlink(),
    }
    for word, spoil in cases.items():
        rec = recorded(tmp_path / "rec", head, diff)
        spoil(rec.folder)
        with pytest.raises(UserError, match=word), recorded_program(rec, trust_diff=True):
            pass
    other = recorded(tmp_path / "rec", git(repository, "rev-parse", "HEAD~1"), diff)
    outside = diff.replace(b"file.txt", b"../file.txt")
    for rec in (other, recorded(tmp_path / "rec2", head, outside)):
        with pytest.raises(UserError, match="does not apply"), recorded_program(rec, trust_diff=True):
            pass
    assert len(trees(repository)) == 1


# -- the whole command -----------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This program in a new repository."""
    folder = tmp_path / "clone"
    for part in ("nnlab", "conf"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".gitignore").write_text("__pycache__\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "the program")
    return folder


@pytest.mark.slow
def test_an_old_result_is_told_from_a_changed_program(clone: Path, tmp_path: Path) -> None:
    home, program = empty_store(tmp_path / "home"), {"PYTHONPATH": str(clone)}
    data = small_set(tmp_path / "set")
    optimizers = clone / "nnlab/nn/optimizers.py"
    as_committed = optimizers.read_text()

    def change(factor: str) -> None:
        step = "    xp.subtract(theta, g, out=theta)\n"  # the first is that of gradient descent
        changed = as_committed.replace(step, f"    xp.multiply(g, {factor}, out=g)\n{step}", 1)
        assert changed != as_committed
        optimizers.write_text(changed)

    change("1.5")  # the run is made with uncommitted changes
    done(nnlab("train", *data, "model.depth=2", "trainer.iterations=30", home=home, **program))
    (marker,) = (home / "runs").glob(f"*/{record.MARKER}")
    rec = record.read(marker.parent)
    assert rec.provenance["dirty"] and rec.provenance["commit"] == git(clone, "rev-parse", "HEAD")
    change("0.5")  # and the program goes on to change
    git(clone, "commit", "--quiet", "-am", "another rate")
    today = nnlab("rerun", str(rec.folder), home=home, **program)
    assert today.returncode == 1 and "code (numeric modules)" in today.stdout
    then = done(nnlab("rerun", str(rec.folder), "--at-commit", home=home, **program))
    assert "identical, bit for bit" in then.stdout and "with its uncommitted changes" in then.stdout
    made = Path(then.stdout.partition("  record          ")[2].splitlines()[0])
    np.testing.assert_array_equal(record.read(made).arrays("weights")["W1"], rec.arrays("weights")["W1"])
    assert len(trees(clone)) == 1 and not git(clone, "status", "--porcelain")
    copied = shutil.copytree(rec.folder, tmp_path / "from elsewhere")
    again = ["rerun", str(copied), *data[1:], "--at-commit"]  # a stranger's paths are not taken
    assert_refused(nnlab(*again, home=home, **program), "--trust-diff", "dirty.diff")
    trusted = nnlab(*again, "--trust-diff", home=home, **program)
    assert "identical, bit for bit" in done(trusted).stdout
    by_run = nnlab("rerun", "tanh", "--at-commit", home=home, **program)
    assert_refused(by_run, "tanh")


@pytest.mark.slow
def test_changes_that_git_was_told_to_overlook_are_noticed(clone: Path, tmp_path: Path) -> None:
    """They are in no diff, so the commit is another program, even if it gives the same bits."""
    home, program = empty_store(tmp_path / "home"), {"PYTHONPATH": str(clone)}
    data = small_set(tmp_path / "set")
    losses = clone / "nnlab/nn/losses.py"
    git(clone, "update-index", "--assume-unchanged", "nnlab/nn/losses.py")
    losses.write_text(losses.read_text() + "\nUNUSED = 1\n")
    done(nnlab("train", *data, "trainer.iterations=5", home=home, **program))
    (marker,) = (home / "runs").glob(f"*/{record.MARKER}")
    again = nnlab("rerun", str(marker.parent), "--at-commit", home=home, **program)
    assert_refused(again, "is not the program that made it")
