"""A record's files as the artifacts of its run."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def log_files(repository: Any, paths: Iterable[Path]) -> None:
    """Add files to MLflow's repository of a run's artifacts; in a folder of this machine as hard links.

    A link takes no room. It is safe because neither nnlab nor MLflow writes into a file that is there: both
    write another one, which takes its name.
    """
    folder = getattr(repository, "artifact_dir", None)  # None: the artifacts are on a server
    for path in paths:
        if folder is None or not _linked(path, Path(folder) / path.name):
            repository.log_artifact(str(path))


def _linked(path: Path, target: Path) -> bool:
    """Put a hard link to ``path`` in the place of ``target``; False where the file system has none."""
    part = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        os.link(path, part)
        part.replace(target)
    except OSError:
        return False
    finally:
        part.unlink(missing_ok=True)  # where ``target`` was the same file already
    return True
