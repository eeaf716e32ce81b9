"""Kills, interrupts and crowds: real processes, real signals; nothing is lost and nothing done twice."""

import itertools
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import (
    cell,
    command,
    done,
    empty_store,
    environment,
    histories,
    lines,
    living_in,
    markers,
    nnlab,
    runs,
    small_set,
    wait_for,
    working_folder,
)

from nnlab import record

CELLS = "tags.`nnlab.kind` = 'cell'"
SWEEPS = "tags.`nnlab.kind` = 'sweep'"
KILLS = 50
VARYING = {
    "mlflow.parentRunId",
    "nnlab.record",
    "nnlab.driver",
    "nnlab.heartbeat",
    "mlflow.artifactLocation",
}


class Driver:
    """`nnlab ...` in a process group of its own, with all that comes of it."""

    def __init__(self, home: Path, *arguments: str, **env: str) -> None:
        self.output = home.parent / f"{home.name}-output.txt"
        with self.output.open("a") as file:
            self.process = subprocess.Popen(
                command(*arguments), env=environment(home, **env), cwd=working_folder(home),
                stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def group(self) -> list[int]:
        """The living processes of the group, the driver first."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            except OSError:  # it ended
                continue
            if int(group) == self.process.pid and state not in "ZX":
                found.append(int(stat.parent.name))
        return sorted(found)

    def end(self, seconds: float = 180) -> int:
        """Wait for the driver; the pipes are files, so that nobody else is waited for."""
        return self.process.wait(seconds)

    def text(self) -> str:
        return self.output.read_text()


# -- what two homes must have in common ------------------------------------------------------------


def store_of(home: Path, uri: str | None = None) -> list[dict[str, Any]]:
    """All runs of the store, without times and ids, in a fixed order."""
    parents = {run.info.run_id: run.info.run_name for run in runs(home, SWEEPS, uri)}
    found = []
    for run in runs(home, "", uri):
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
                    key: [(step, value) for step, value, _ in history]
                    for key, history in histories(home, run, uri).items()
                    if not key.startswith("time/")
                },
            }
        )
    return sorted(found, key=lambda run: (run["name"], run["tags"].get("nnlab.fingerprint", "")))


def records_of(home: Path) -> dict[str, Any]:
    """All records, every file of them verified, without times."""
    found = {}
    for folder in sorted(path.parent for path in (home / "runs").glob(f"*/{record.MARKER}")):
        rec = record.verified(folder)
        arrays = {
            f"{name}/{key}": array.tobytes()
            for name in record.ARRAYS
            for key, array in rec.arrays(name).items()
        }
        figures = {key: value for key, value in rec.metrics.items() if not key.startswith("time/")}
        found[folder.name] = (rec.fingerprint, rec.status, rec.config, figures, sorted(rec.files), arrays)
    return found


def inodes(home: Path) -> dict[str, tuple[int, float]]:
    """Marker and start of each finished record: training it again would change both."""
    found = {}
    for path in (home / "runs").glob(f"*/{record.MARKER}"):
        try:
            found[path.parent.name] = (path.stat().st_ino, record.read(path.parent).started)
        except FileNotFoundError:
            continue
    return found


def assert_same(home: Path, undisturbed: Path) -> None:
    """Records and store of two homes say the same."""
    assert records_of(home) == records_of(undisturbed)
    ours, theirs = store_of(home), store_of(undisturbed)
    assert [run["name"] for run in ours] == [run["name"] for run in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        differing = {key: (mine[key], other[key]) for key in mine if mine[key] != other[key]}
        assert not differing, f"{mine['name']}: {differing}"
    assert not [run for run in ours if run["status"] == "RUNNING"]


# -- kill -9 ---------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing_and_train_nothing_twice(tmp_path: Path) -> None:
    """SIGKILL of the driver, of a worker, of all of them, at random moments of sweeps that go on.

    A sweep that comes to its end while kills are left is followed by one over other seeds.
    """
    rng = random.Random(2024)
    data = small_set(tmp_path / "set", m_train=60, n=8)
    home, undisturbed = (empty_store(tmp_path / name) for name in ("home", "undisturbed"))
    grid = ["model.depth=2,3", "model.width=3,4,5,6", "trainer.iterations=1500,12000"]
    fixed = [*data, "trainer.eval_every=500", "hydra.launcher.n_jobs=2"]
    kills = {"driver": 0, "worker": 0, "group": 0}
    finished: dict[str, tuple[int, float]] = {}
    commands = []
    drivers = 0
    for seed in itertools.count(1):
        if sum(kills.values()) >= KILLS:
            break
        commands.append(["sweep", *fixed, *grid, f"seed={seed}"])
        while True:
            driver = Driver(home, *commands[-1])
            drivers += 1
            born = time.monotonic()
            while driver.process.poll() is None and sum(kills.values()) < KILLS:
                pause = rng.choice([rng.uniform(0.0, 0.6), rng.uniform(0.2, 1.5), rng.uniform(1.0, 4.0)])
                if time.monotonic() - born < 1.0:
                    pause += rng.choice([0.0, 0.5, 1.0, 1.0])
                time.sleep(pause)
                now = inodes(home)
                assert {name: now.get(name) for name in finished} == finished
                finished = now
                members = driver.group()
                workers = [pid for pid in members if pid != driver.process.pid and is_worker(pid)]
                victim = rng.choice(["driver", "worker", "worker", "worker", "group"])
                if driver.process.poll() is not None or (victim == "worker" and not workers):
                    continue
                try:
                    if victim == "group":
                        os.killpg(driver.process.pid, signal.SIGKILL)
                    else:
                        os.kill(
                            driver.process.pid if victim == "driver" else rng.choice(workers),
                            signal.SIGKILL,
                        )
                except ProcessLookupError:
                    continue
                kills[victim] += 1
            code = driver.end()
            assert code in (0, 1, -signal.SIGKILL), driver.text()
            if code == 0:
                break
    traces = driver.text().split("Traceback (most recent call last)")[1:]
    assert not [trace for trace in traces if "nnlab/" in trace.split("Error: ")[0]], driver.text()
    now = inodes(home)
    assert {name: now.get(name) for name in finished} == finished, "what had finished was not trained again"
    print(f"kills: {kills}, drivers: {drivers}, cells: {len(now)}")
    for arguments in commands:
        done(nnlab(*arguments, home=undisturbed))
    assert sum(kills.values()) == KILLS and min(kills.values()) >= 5
    assert_same(home, undisturbed)


def is_worker(pid: int) -> bool:
    """Is it one of the launcher's own, and not its resource tracker or a helper of the driver?"""
    try:
        return b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
