"""Runs git: without hooks, without ``GIT_*`` variables, and only on the project's own repository."""

import os
import subprocess
from functools import cache
from pathlib import Path

from nnlab.errors import Failed

SECONDS = 120  # a git that has not answered by then counts as failed
NO_REPOSITORY = "not a git repository (or any"  # git's words; another end names a broken repository
MISSING = 127  # the shell's return code for a command that does not exist


def ask(folder: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder; a return code other than 0 means that it failed or that git is not installed.

    Hooks are code of the repository, and ``GIT_*`` variables name another repository: neither counts here.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command, input=stdin, env=environment | {"LC_ALL": "C"}, capture_output=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return subprocess.CompletedProcess(command, MISSING, b"", str(error).encode())


def answer(folder: Path, *arguments: str, differs: bool = False) -> bytes:
    """Git's answer, a diff's too if it ``differs``; Failed with what git said where it refuses."""
    done = ask(folder, *arguments)
    if done.returncode > differs:
        raise Failed(said(done))
    return done.stdout


def said(done: "subprocess.CompletedProcess[bytes]") -> str:
    """The first line of what git complains about."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return f"git says: {lines[0]}" if lines else "git said nothing"


@cache
def no_repository(root: Path) -> str:
    """Why git knows nothing of the project in ``root``; empty if it stands in a repository of its own.

    A repository around the project, or one that does not hold its files, is somebody else's.
    """
    found = ask(root, "rev-parse", "--show-toplevel")
    if found.returncode == MISSING:
        return f"git cannot be run ({said(found)})"
    if found.returncode:
        return said(found)
    top = Path(os.fsdecode(found.stdout.rstrip(b"\n"))).resolve()
    if top != root.resolve():
        return f"{root} lies inside another repository, {top}"
    if ask(root, "rev-parse", "--verify", "HEAD").returncode:
        return f"{root} has no commit yet"
    if ask(root, "cat-file", "-e", "HEAD:nnlab/__init__.py").returncode:
        return f"the repository {root} does not hold nnlab's files"
    return ""
