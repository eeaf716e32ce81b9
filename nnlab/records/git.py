"""Runs git: without hooks, without ``GIT_*`` variables, and without exceptions."""

import os
import subprocess
from pathlib import Path

SECONDS = 120  # a git that has not answered by then counts as failed


def ask(folder: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder; a return code other than 0 means that it failed or that git is not installed.

    Hooks are code of the repository, and ``GIT_*`` variables name another repository: neither counts here.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            command, input=stdin, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return subprocess.CompletedProcess(command, 127, b"", str(error).encode())
