"""Helpers of tests that kill or interrupt: drivers in own process groups, a real server, comparisons."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from harness import command, environment, histories, runs, wait_for, working_folder

from nnlab.records import record

CELLS = "tags.`nnlab.kind` = 'cell'"
SWEEPS = "tags.`nnlab.kind` = 'sweep'"
VARYING = {
    "mlflow.parentRunId", "nnlab.record", "nnlab.driver", "nnlab.heartbeat", "nnlab.sweep",
    "nnlab.continued_from",  # which shorter record was there first
}  # fmt: skip
ENDED = {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}


DRIVERS: list["Driver"] = []


@pytest.fixture(autouse=True)
def no_strays() -> Iterator[None]:
    """Kill the processes that a failed test has left running."""
    yield
    while DRIVERS:
        driver = DRIVERS.pop()
        for process in driver.group():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        driver.process.wait(30)


def is_worker(pid: int) -> bool:
    """Is it a worker of the engine `local`? Its resource tracker and the driver's helpers are not."""
    try:
        return b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


class Driver:
    """`nnlab ...` in a new session and process group, with all its child processes.

    ``within`` is a command that runs the rest of its line somewhere else.
    """

    def __init__(
        self,
        home: Path,
        *arguments: str,
        output: str = "output.txt",
        within: Sequence[str] = (),
        **env: str,
    ) -> None:
        DRIVERS.append(self)
        self.output = home.parent / f"{home.name}-{output}"
        with self.output.open("a") as file:
            self.process = subprocess.Popen(
                [*within, *command(*arguments)], env=environment(home, **env), cwd=working_folder(home),
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def group(self) -> list[int]:
        """The ids of the session's running processes, in ascending order: the driver first."""
        found = []
        for process in psutil.process_iter(["status"]):
            with suppress(ProcessLookupError):  # it ended meanwhile
                if os.getsid(process.pid) == self.process.pid and process.info["status"] not in ENDED:
                    found.append(process.pid)
        return sorted(found)

    def end(self, seconds: float = 180) -> int:
        """Wait for the driver alone: its output goes to a file, so its children are not waited for."""
        return self.process.wait(seconds)

    def text(self) -> str:
        return self.output.read_text()


# -- comparing two homes ---------------------------------------------------------------------------


def store_of(home: Path, uri: str | None = None, experiment: str = "nnlab") -> list[dict[str, Any]]:
    """All runs of an experiment, without times and ids, in a fixed order.

    A sweep counts its cells each time it ends, so a curve of a parent has a point more for each command.
    """
    parents = {run.info.run_id: run.info.run_name for run in runs(home, SWEEPS, uri, experiment)}
    found = []
    for run in runs(home, "", uri, experiment):
        tags = {key: value for key, value in run.data.tags.items() if key not in VARYING}
        tags.pop("mlflow.note.content", None)  # its table has seconds
        found.append(
            {
                "name": run.info.run_name,
                "status": run.info.status,
                "parent": parents.get(run.data.tags.get("mlflow.parentRunId", "")),
                "tags": tags,
                "params": run.data.params,
                "curves": {
                    key: [(step, value) for step, value, _ in sorted(history, key=itemgetter(0, 2))][
                        -1 if run.info.run_id in parents else 0 :
                    ]
                    for key, history in histories(home, run, uri).items()
                    if not key.startswith("time/")
                },
            }
        )
    return sorted(found, key=lambda run: (run["name"], run["tags"].get("nnlab.fingerprint", "")))


def records_of(home: Path) -> dict[str, Any]:
    """All records without times; every file of them is verified."""
    found = {}
    for folder in sorted(path.parent for path in (home / "runs").glob(f"*/{record.MARKER}")):
        rec = record.verified(folder)
        arrays = {
            f"{name}/{key}": array.tobytes()
            for name in record.ARRAYS
            for key, array in rec.arrays(name).items()
        }
        metrics = {key: value for key, value in rec.metrics.items() if not key.startswith("time/")}
        found[folder.name] = (
            rec.fingerprint,
            rec.status,
            rec.config,
            metrics,
            sorted(set(rec.files) - {"dirty.diff"}),
            arrays,
        )
    return found


def inodes(home: Path) -> dict[str, tuple[int, float]]:
    """The marker's inode and the start of each finished record: training again would change both."""
    found = {}
    for path in (home / "runs").glob(f"*/{record.MARKER}"):
        try:
            found[path.parent.name] = (path.stat().st_ino, record.read(path.parent).started)
        except FileNotFoundError:
            continue
    return found


def assert_same(home: Path, undisturbed: Path, uri: str | None = None, experiment: str = "nnlab") -> None:
    """Records and stores of two homes are the same."""
    assert records_of(home) == records_of(undisturbed)
    ours, theirs = store_of(home, uri, experiment), store_of(undisturbed)
    assert [run["name"] for run in ours] == [run["name"] for run in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        differing = {key: (mine[key], other[key]) for key in mine if mine[key] != other[key]}
        assert not differing, f"{mine['name']}: {differing}"
    assert not [run for run in ours if run["status"] == "RUNNING"]


def busy() -> float:
    """The factor by which a busy machine may slow a test down."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


# -- a server --------------------------------------------------------------------------------------


def free_port() -> int:
    """A port of the loopback interface on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A real `mlflow server` on the loopback interface with a store in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers, which takes 15 to 50 s."""
        command = [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", *self.options(),
        ]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment(self.folder, **self.variables()),
                cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_for(self.answers, 180)

    def options(self) -> list[str]:
        """Where it keeps runs and artifacts."""
        return [
            "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db",
            "--artifacts-destination", str(self.folder / "artifacts"),
        ]  # fmt: skip

    def variables(self) -> dict[str, str]:
        """Its environment variables."""
        return {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.uri}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        if number == signal.SIGKILL:
            self.process.wait(30)
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGKILL)
