"""A git repository of a test, whatever the checkout of nnlab is."""

import os
import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    """What git prints in this folder, without the variables that lead it to another repository."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    names = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-c", "init.defaultBranch=main", *arguments]
    run = subprocess.run(command, cwd=folder, env=kept | names, check=True, capture_output=True, text=True)
    return run.stdout.strip()
