"""The program as it was: a recorded commit in a temporary git worktree, with its uncommitted changes.

A commit that this repository has is code that its user let in. A diff is different: it comes with the
record, and to apply it means to run what the record's author wrote. So it is applied only to a record of
this home, or where the user says that he trusts it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nnlab.config import ROOT
from nnlab.errors import Failed, UserError, printable
from nnlab.records import git, record
from nnlab.records.record import Record

# the launcher that an older program names in its defaults may not be installed any more
IN_ONE_PROCESS = "hydra/launcher=basic"


@contextmanager
def recorded_program(rec: Record, trust_diff: bool) -> Iterator[Path]:
    """A folder with the checkout that made a record; it is removed after the block in any case.

    UserError if there is no checkout, if the commit is not in it, or if the diff is not trusted or does
    not apply.
    """
    commit = _commit(rec)
    diff = _diff(rec, trust_diff) if rec.provenance.get("dirty") else b""
    with TemporaryDirectory(prefix="nnlab-") as scratch:
        tree = Path(scratch) / "tree"
        try:
            added = git.ask(ROOT, "worktree", "add", "--detach", "--quiet", str(tree), commit)
            if added.returncode:
                raise Failed(f"git worktree add: {_last_line(added.stderr)}")
            if diff:
                _apply(diff, tree, commit)
            yield tree
        finally:
            git.ask(ROOT, "worktree", "remove", "--force", "--force", str(tree))
            shutil.rmtree(tree, ignore_errors=True)
            git.ask(ROOT, "worktree", "prune")


def train(tree: Path, overrides: Sequence[str], target: Path) -> Record:
    """Train one cell with the program in ``tree``; its record goes into the new folder ``target``."""
    with TemporaryDirectory(prefix="nnlab-") as home:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        ended = subprocess.run(
            [sys.executable, "-m", "nnlab", "train", *overrides, IN_ONE_PROCESS],
            cwd=tree,
            env=kept | {"NNLAB_HOME": home, "PYTHONPATH": str(tree)},
            capture_output=True,
            check=False,
        )
        found = [path.parent for path in Path(home, "runs").glob(f"*/{record.MARKER}")]
        if ended.returncode or len(found) != 1:
            raise Failed(f"the program of that commit ended with: {_last_line(ended.stderr)}")
        target.mkdir(parents=True)
        return record.read(Path(shutil.move(found[0], target)))


def _commit(rec: Record) -> str:
    """The record's commit, a hash that this repository has."""
    if reason := git.no_repository(ROOT):
        raise UserError(f"--at-commit needs a checkout with the run's commit in it: {reason}")
    commit = str(rec.provenance.get("commit"))
    if not re.fullmatch("[0-9a-f]{40}", commit):
        why = printable(str(rec.provenance.get("reason") or "git was not asked"))
        raise UserError(
            f"run {rec.fingerprint[:16]}: names no commit that made it ({why}); rerun without --at-commit"
        )
    if git.ask(ROOT, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        raise UserError(f"commit {commit[:12]}: not in {ROOT}; fetch it (git fetch), or clone in full")
    return commit


def _diff(rec: Record, trusted: bool) -> bytes:
    """The uncommitted changes, as they were recorded."""
    path = rec.folder / "dirty.diff"
    if not trusted:
        raise UserError(
            f"run {rec.fingerprint[:16]}: had uncommitted changes; its dirty.diff is code from elsewhere.\n"
            "Read it among the run's artifacts, then say --trust-diff to have it applied and run"
        )
    try:
        diff = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            f"{path}: is missing, though the run had uncommitted changes; look at the commit by hand"
        ) from None
    if hashlib.sha256(diff).hexdigest() != rec.files.get(path.name):
        raise UserError(f"{path}: is not what was recorded (sha256); look at the commit by hand")
    return diff


def _apply(diff: bytes, tree: Path, commit: str) -> None:
    applied = git.ask(tree, "apply", "--whitespace=nowarn", "-", stdin=diff)
    if applied.returncode:
        raise UserError(
            f"dirty.diff: does not apply to commit {commit[:12]} ({_last_line(applied.stderr)}); "
            "look at the commit by hand"
        )


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing said"
