"""Launchers: they run the workers of a sweep, in new processes or in this one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from omegaconf import DictConfig

from nnlab.errors import UserError
from nnlab.sweeps.worker import work
from nnlab.threads import cores


@dataclass(frozen=True)
class Launcher:
    """``launch(plan_file, count)`` trains the cells of a plan file with ``count`` workers."""

    launch: Callable[[Path, int], None]
    workers: int


def in_processes(plan_file: Path, count: int) -> None:
    """Train the cells of the plan file in ``count`` processes.

    joblib would run a single job in this process, where a cell that kills its worker ends the sweep. So
    at least two processes are started.
    """
    Parallel(n_jobs=max(2, count), prefer="processes", batch_size=1)(
        delayed(work)(plan_file) for _ in range(count)
    )


def in_this_process(plan_file: Path, count: int) -> None:
    """Train the cells of the plan file in this process."""
    work(plan_file)


def chosen(config: DictConfig) -> Launcher:
    """The launcher that a composed config names; ``sweep.jobs`` wins over the launcher's number."""
    name = config.hydra.runtime.choices["hydra/launcher"]
    if name == "basic":
        return Launcher(in_this_process, 1)
    if name != "joblib":
        raise UserError(
            f"hydra/launcher: {name} loses all cells when one of its workers dies; give joblib or basic"
        )
    return Launcher(in_processes, config.sweep.jobs or _processes(config.hydra.launcher.n_jobs))


def _processes(n_jobs: Any) -> int:
    if n_jobs == -1:
        return cores()
    if not isinstance(n_jobs, int) or n_jobs < 1:
        raise UserError(
            f"hydra.launcher.n_jobs: {n_jobs!r} is not allowed; give 1 or more, or -1 for all cores"
        )
    return n_jobs
