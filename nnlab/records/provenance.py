"""The origin of a record's numbers: the state of the code, versions, BLAS and the machine."""

import os
import platform
import socket
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import threadpoolctl

from nnlab.records import git

PACKAGES = ("nnlab", "numpy", "h5py", "hydra-core", "mlflow")


@cache
def gather() -> dict[str, Any]:
    """All of it, gathered once in each process."""
    return {
        "commit": _git("rev-parse", "HEAD").strip() or None,
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no").strip()),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "blas": [
            {key: info.get(key) for key in ("internal_api", "version", "architecture")}
            for info in threadpoolctl.threadpool_info()
        ],
        "host": socket.gethostname(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
    }


@cache
def dirty_diff() -> str:
    """What the files under git's control have changed since the commit."""
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
    return _git("diff", "--binary", "--no-relative", *plain, "HEAD")


def _git(*arguments: str) -> str:
    """Git's answer about this program's folder, or an empty answer without git or without a repository."""
    answer = git.ask(Path(__file__).resolve().parent, *arguments)
    return "" if answer.returncode else answer.stdout.decode(errors="replace")  # line ends as they are


def _cpu() -> str:
    """The processor's model name. psutil does not tell it, so Linux's own list is read."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
