"""The origin of a record's numbers: the state of the code, versions, BLAS and the machine."""

import os
import platform
import socket
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from nnlab.config import INSTALLED, ROOT
from nnlab.errors import Failed
from nnlab.records import git
from nnlab.records.code_digest import numeric_files

PACKAGES = ("nnlab", "numpy", "h5py", "hydra-core", "mlflow")
PLAIN = (
    "--binary", "--no-relative", "--no-color", "--no-ext-diff", "--no-textconv",
    "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip


class Checkout(NamedTuple):
    """The program's own repository, as far as git tells it."""

    commit: str | None
    dirty: bool | None
    reason: str  # why the two are unknown
    untracked: list[str]  # modules of the program that git does not know
    diff: bytes  # what differs from the commit, those files included


@cache
def gather() -> dict[str, Any]:
    """All of it, gathered once in each process."""
    code = checkout()
    return {
        "commit": code.commit,
        "dirty": code.dirty,
        "reason": code.reason,
        "untracked": code.untracked,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "blas": [
            {key: info.get(key) for key in ("internal_api", "version", "architecture")} for info in _blas()
        ],
        "host": socket.gethostname(),
        "machine": platform.machine(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
    }


def environment(provenance: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the bits of a training depend on beside its cell, of a record or of this process."""
    known = gather() if provenance is None else provenance
    return {"numpy": known["versions"]["numpy"], "blas": blas_of(known)}


def blas_of(provenance: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The BLAS of a record. Early ones may list further libraries: OpenMP, and the BLAS of SciPy."""
    return [info for info in provenance.get("blas", ()) if info.get("internal_api") != "openmp"][:1]


@cache
def checkout(root: Path = ROOT) -> Checkout:
    """The commit of the program in ``root`` and what differs from it, or why git does not tell it."""
    reason = git.no_repository(root)
    try:
        if not reason:
            untracked = _untracked(root)
            diff = git.answer(root, "diff", *PLAIN, "HEAD")
            for name in untracked:
                diff += git.answer(root, "diff", *PLAIN, "--no-index", "/dev/null", name, differs=True)
            commit = git.answer(root, "rev-parse", "HEAD").decode().strip()
            return Checkout(commit, bool(diff), "", untracked, diff)
    except Failed as refusal:
        reason = str(refusal)
    return Checkout(None, None, reason, [], b"")


def _untracked(root: Path) -> list[str]:
    """The package's modules that git does not know, and any such numeric module even if git ignores it."""
    listed = git.answer(root, "ls-files", "-z", "--others", "--exclude-standard", "--", "nnlab/*.py")
    numeric = {str(path.relative_to(root)) for path in numeric_files(root / "nnlab")}
    tracked = git.answer(root, "ls-files", "-z", "--", *numeric)
    return sorted(set(_names(listed)) | numeric - set(_names(tracked)))


def _names(listed: bytes) -> list[str]:
    return os.fsdecode(listed).split("\0")[:-1]


def remarks() -> list[str]:
    """What a user should know about the origin of the code before a training, a line each."""
    code, lines = checkout(), []
    if code.reason and not INSTALLED and git.NO_REPOSITORY not in code.reason:
        lines.append(f"the records will name no commit: {code.reason}")
    if code.untracked:
        names = ", ".join(code.untracked[:3]) + (", ..." if len(code.untracked) > 3 else "")
        lines.append(f"code that git does not know takes part: {names} (the records' dirty.diff holds it)")
    return lines


def _blas() -> list[dict[str, Any]]:
    """The library that NumPy computes with. A process may hold a second one, SciPy's, in any order."""
    found = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]
    package = Path(np.__file__).resolve().parent
    homes = package, package.parent / "numpy.libs"
    own = [info for info in found if any(Path(info["filepath"]).is_relative_to(home) for home in homes)]
    return (own or found)[:1]  # a wheel of NumPy has its own; others share the system's


def _cpu() -> str:
    """The processor's model name. psutil does not tell it, so Linux's own list is read."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if "model name" in line), "")
