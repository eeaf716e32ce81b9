"""Sweeps of 1000 and of 10,000 cells through the whole path: what they take, and how it grows.

The cells are small (50 steps), so what is measured is the way beside the training: planning, records,
MLflow, report.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from experiments.speed.cells import command, environment
from experiments.speed.row import Row
from experiments.speed.workers import cores
from nnlab.records import record

COUNTS = (1000, 10_000)
ALONE = 400  # cells that are trained without MLflow
STEPS, SEEDS = 50, 20
LONG, WATCHED = 10**7, 20.0  # steps of a cell during which the driver waits; seconds in which it is watched
GROWTH = 11.0  # at most, for ten times the cells
COLUMNS = {  # of a point, and their targets for 10,000 cells
    "wall s": ("the whole path", None),
    "processor s": ("processor of driver and workers", None),
    "disk MB": ("disk", 2000.0),
    "inodes": ("files and folders", None),
    "again s": ("the same command again", 10.0),
    "sorted s": ("a sorted table in MLflow", 2.0),
    "report s": ("`nnlab report`", 30.0),
}


def measure(quick: bool) -> dict[str, Any]:
    """A point for each number of cells, the training alone, and the driver while it waits."""
    few, many = (100, 400) if quick else COUNTS
    with TemporaryDirectory() as folder:
        home, alone = Path(folder), min(ALONE, few)
        _swept(home, alone, "tracking=none")
        seconds = _training(home) / alone / len(cores())
    points = {str(count): _point(count) for count in (few, many)}
    return {"alone s": seconds, "waiting": _waiting(many), "points": points}


def rows(found: Mapping[str, Any]) -> Iterator[Row]:
    """Each column of 10,000 cells, and how it grows from 1000."""
    few, many = (found.get("points", {}).get(str(count)) for count in COUNTS)
    if few is None or many is None:  # a quick measurement has others
        yield Row("10,000 cells through the whole path", "", target=GROWTH)
        return
    alone, wall, waiting = found["alone s"] * COUNTS[1], many["wall s"], found["waiting"]
    what = "10,000 cells of 50 steps: beside their training alone, split over the cores"
    yield Row(what, f"{wall:.0f} s", f"{alone:.0f} s", wall / alone, 1.5)
    what = "10,000 cells: the driver while it waits, of a core"
    yield Row(what, f"{100 * waiting:.1f} %", "", 100 * waiting, 10.0, "%")
    for column, (what, target) in COLUMNS.items():
        unit = column.partition(" ")[2]
        value, growth = many[column], many[column] / few[column]
        yield Row(
            f"10,000 cells: {what}", f"{value:.3g} {unit}".rstrip(), "", value, target, unit or "of them"
        )
        yield Row(
            f"{what}: growth",
            f"{growth:.1f}",
            f"{few[column]:.3g} {unit} for 1000",
            growth,
            GROWTH,
            "times",
        )


def _point(count: int) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        seconds, processor = _swept(home, count)
        files = [path.lstat() for path in home.rglob("*")]
        point = {
            "wall s": seconds,
            "processor s": processor,
            "disk MB": sum({f.st_ino: f.st_blocks * 512 for f in files}.values()) / 1e6,
            "inodes": len({f.st_ino for f in files}),
            "again s": _swept(home, count)[0],
            "sorted s": _sorted(home),
            "report s": _timed([*command("report")[:3], "report"], home),
        }
    print(f"  {count} cells: {point}", flush=True)
    return point


def _words(count: int, steps: int = STEPS) -> list[str]:
    rates = ",".join(f"{0.001 * 1.002**k:.8f}" for k in range(count // SEEDS))
    grid = [f"seed=range({SEEDS})", f"optimizer.lr={rates}", f"trainer.iterations={steps}"]
    return command("sweep", *grid, "records.weights=dual")


def _swept(home: Path, count: int, *more: str) -> tuple[float, float]:
    """The seconds of the sweep, by the clock and of all its processors."""
    before = os.times()
    seconds = _timed([*_words(count), *more], home)
    after = os.times()
    used = (after.children_user, after.children_system), (before.children_user, before.children_system)
    return seconds, sum(used[0]) - sum(used[1])


def _timed(words: Sequence[str], home: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(words, env=environment(home), cwd=home, check=True, capture_output=True)
    return time.perf_counter() - begin


def _training(home: Path) -> float:
    """The seconds of all cells in their workers."""
    records = [record.read(path.parent) for path in home.glob("runs/*/record.json")]
    return sum(rec.ended - rec.started for rec in records)


def _waiting(count: int) -> float:
    """The share of a core that the driver of so many cells takes while its workers train long ones."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        with subprocess.Popen(
            _words(count, LONG), env=environment(home), cwd=home, stdout=subprocess.DEVNULL
        ) as process:
            while not (home / "mlflow.db").exists() or not any(home.glob("runs/*/progress.npz")):
                time.sleep(0.5)
            time.sleep(WATCHED / 2)  # until the publisher has seen the store
            driver = psutil.Process(process.pid)
            before = driver.cpu_times()
            time.sleep(WATCHED)
            after = driver.cpu_times()
            process.send_signal(signal.SIGINT)
        return float(after.user + after.system - before.user - before.system) / WATCHED


def _sorted(home: Path) -> float:
    """The seconds of MLflow's search for the 100 best runs, which the UI's table asks for."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{home}/mlflow.db")
    (experiment,) = [e.experiment_id for e in client.search_experiments() if e.name == "nnlab"]
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        client.search_runs([experiment], order_by=["metrics.`test/accuracy` DESC"], max_results=100)
        seconds.append(time.perf_counter() - begin)
    return median(seconds)
