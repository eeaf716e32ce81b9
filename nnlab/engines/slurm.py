"""The engine `slurm`: a job for each batch, by submitit.

A job writes its events into a folder that it shares with the driver, each file in one piece. It ends if its
driver shows no sign of life there.
"""

import os
import pickle
import shutil
import subprocess
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from nnlab import files, signals
from nnlab.config import EngineConfig, home
from nnlab.engines.events import Batch, Event, Lost, Unfinished
from nnlab.engines.extra import imported
from nnlab.engines.worker import work_elsewhere
from nnlab.errors import Failed, UserError
from nnlab.nn import Step
from nnlab.threads import cores

LOOK_EVERY = 0.2  # seconds between two looks into the folder
ASK_EVERY = 5.0  # seconds between two questions which jobs there are; with each the driver shows life
CHECK_EVERY = 1.0  # seconds between two looks of a job for its driver
LONGEST = 24 * 60  # minutes of a job, unless SBATCH_TIMELIMIT says otherwise
GRACE = 5.0  # seconds that cancelled jobs are waited for
SILENCE = 60.0  # seconds without a sign of life after which a job ends
SIGN = "driver"  # the file that a living driver touches


class DriverGone(BaseException):
    """Ends a training whose driver is gone; no Exception, which would be a failure of the cell."""


class Job:
    """A job of Slurm, and what has come of its batch."""

    def __init__(self, executor: Any, batch: Batch, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder, self._read, self._missing, self._gone = folder, 0, 0, False
        self._left = Unfinished(batch)
        self.submitted = executor.submit(write_events, batch, folder)
        self.id: str = self.submitted.job_id

    def events(self) -> list[Event]:
        """What it has written since the last call."""
        found: list[Event] = []
        while (path := self._folder / str(self._read)).exists():
            event: Event = pickle.loads(path.read_bytes())
            path.unlink()
            self._read += 1
            found.append(event)
            self._left.hear(event)
        return found

    def losses(self) -> list[Lost]:
        """What was lost with it, if it is missing for the second time: its last files may come late."""
        self._missing += 1
        if self._missing < 2:
            return []
        self._gone = True
        return self._left.lost(f"job {self.id} is gone; its output is in {self.submitted.paths.stderr}")

    @property
    def over(self) -> bool:
        """Have all its cells ended, or were lost?"""
        return self._gone or not self._left


class Slurm:
    """At most as many jobs at a time as there are to be workers."""

    nodes = 1  # Slurm chooses them

    def __init__(self, submitit: Any, config: EngineConfig, workers: int) -> None:
        self.workers = workers
        self._folder = home() / "slurm" / time.strftime(f"%Y%m%d-%H%M%S-{os.getpid()}")
        self._executor = submitit.AutoExecutor(self._folder / "jobs", cluster=config.cluster or "slurm")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._executor.update_parameters(
            name="nnlab", cpus_per_task=1, timeout_min=LONGEST,
            slurm_additional_parameters={"no_requeue": True},  # the driver tries again
        )  # fmt: skip
        self._failed = submitit.core.utils.FailedJobError
        self._jobs: list[Job] = []
        self._events: deque[Event] = deque()
        self._submitted, self._losses, self._asked = 0, 0, 0.0

    def submit(self, batch: Batch) -> None:
        """Have a batch trained."""
        self._show_life()
        self._submitted += 1
        try:
            with signals.starting_workers():
                folder = self._folder / "events" / str(self._submitted)
                self._jobs.append(Job(self._executor, batch, folder))
        except (self._failed, subprocess.CalledProcessError, OSError) as error:
            raise Failed(f"engine=slurm: sbatch refused a job: {_last_line(error)}") from None

    def next_event(self, seconds: float) -> Event | None:
        """The next event of any cell; None if there is none for so many seconds."""
        end = time.monotonic() + seconds
        while not self._events:
            for job in self._jobs:
                self._events += job.events()
            self._look_for_jobs()
            self._jobs = [job for job in self._jobs if not job.over]
            if not self._events:
                if time.monotonic() > end:
                    return None
                time.sleep(LOOK_EVERY)
        return self._events.popleft()

    def close(self) -> None:
        """Cancel the jobs that are queued or run; only what a lost job printed is kept."""
        (self._folder / SIGN).unlink(missing_ok=True)
        for job in self._jobs:
            self._cancel(job)
        until = time.monotonic() + GRACE
        while any(self._lives()) and time.monotonic() < until:
            time.sleep(LOOK_EVERY)
        if not self._losses:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _look_for_jobs(self) -> None:
        """From time to time find out which jobs have ended without a word."""
        if time.monotonic() - self._asked < ASK_EVERY:
            return
        self._asked = time.monotonic()
        self._show_life()
        for job, lives in zip(self._jobs, self._lives(), strict=True):
            if not lives and not job.over:
                losses = job.losses()
                self._losses += len(losses)
                self._events += losses

    def _lives(self) -> list[bool]:
        """Which jobs are queued or run. Slurm's accounting, which not every cluster has, is not asked."""
        queue = subprocess.run(
            ["squeue", "--noheader", "--format=%A", f"--user={os.getuid()}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        there = queue.stdout.split()
        return [queue.returncode != 0 or job.id in there for job in self._jobs]

    def _cancel(self, job: Job) -> None:
        job.submitted.cancel(check=False)

    def _show_life(self) -> None:
        (self._folder / SIGN).touch()


class Here(Slurm):
    """Processes of this machine in the place of jobs: the number of a process is its job's."""

    def _lives(self) -> list[bool]:
        return [not job.submitted.done() for job in self._jobs]

    def _cancel(self, job: Job) -> None:
        """Kill it with what it has started."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(job.id))
            for one in [*process.children(recursive=True), process]:
                one.kill()


def write_events(batch: Batch, folder: Path) -> None:
    """What a job does: train the cells and write each event into a file, numbered from 0."""
    written, sign = 0, Sign(folder.parents[1] / SIGN)

    def send(event: Event) -> None:
        nonlocal written
        sign.check()
        files.write(folder / str(written), pickle.dumps(event))
        written += 1

    with suppress(DriverGone):
        work_elsewhere(batch, send, sign.look)


class Sign:
    """The file that a living driver touches. The clocks of two machines are not compared."""

    def __init__(self, path: Path) -> None:
        self._path, self._touched, self._seen = path, 0.0, time.monotonic()
        self._next = 0.0

    def look(self, step: Step) -> None:
        """Look from time to time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + CHECK_EVERY
            self.check()

    def check(self) -> None:
        """Raise DriverGone if the driver has been silent for long, or its folder is gone."""
        try:
            touched = self._path.stat().st_mtime
        except FileNotFoundError:
            raise DriverGone from None
        if touched != self._touched:
            self._touched, self._seen = touched, time.monotonic()
        elif time.monotonic() - self._seen > SILENCE:
            raise DriverGone


def _last_line(error: Exception) -> str:
    """What sbatch said last."""
    said = getattr(error, "stderr", None) or str(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return (text.strip().splitlines() or [type(error).__name__])[-1]


def start(config: EngineConfig) -> Slurm:
    """Check what Slurm cannot tell: how many jobs may be in its queue at a time."""
    submitit = imported("submitit", "slurm")
    workers = config.workers or (cores() if config.cluster == "local" else None)
    if workers is None:
        raise UserError(
            "engine.workers: engine=slurm needs the number of jobs at a time; give one such as 16"
        )
    try:
        return (Here if config.cluster == "local" else Slurm)(submitit, config, workers)
    except RuntimeError as error:  # there is no srun here
        raise UserError(f"engine=slurm: {error}; run nnlab where jobs are submitted") from None
