"""Where a record's numbers come from: code state, versions, BLAS, machine."""

import os
import platform
import socket
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import threadpoolctl


@cache
def gather() -> dict[str, Any]:
    """All of it, gathered once a process."""
    packages = ("nnlab", "numpy", "h5py", "hydra-core", "mlflow")
    return {
        "commit": _git("rev-parse", "HEAD").strip() or None,
        "dirty": bool(_git("status", "--porcelain", "--untracked-files=no").strip()),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in packages}},
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
    """What the working tree has changed since the commit."""
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")
    return _git("diff", "--binary", "--no-relative", *plain, "HEAD")


def _git(*arguments: str) -> str:
    """What git says of the checkout, or nothing where there is no git or no checkout."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).resolve().parent,
            capture_output=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")  # with its ends of lines as they are


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
