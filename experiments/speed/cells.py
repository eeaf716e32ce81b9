"""Many cells at once: `nnlab sweep` as a user starts it, and the same cells only trained."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from experiments.speed import harness, ours
from experiments.speed.work import ITERATIONS, NETS, cell
from experiments.speed.workers import Worker, cores
from nnlab.cells import plan as plans
from nnlab.records import record

CELLS, PLANNED = 256, 513


def command(verb: str, *overrides: str) -> list[str]:
    """The command line of nnlab for the deep net and the data of this benchmark."""
    data = cell("deep").config.data
    paths = ["data=hdf5", f"data.train={data.train}", f"data.test={data.test}"]
    return [sys.executable, "-m", "nnlab", verb, *paths, *NETS["deep"], *overrides]


def environment(home: Path) -> dict[str, str]:
    """The environment of this process without MLflow's variables, with ``home`` as NNLAB_HOME."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return kept | {"NNLAB_HOME": str(home)}


def measure(quick: bool) -> dict[str, Any]:
    """Measure the sweep, the training alone (before and after it), and the single parts of a cell."""
    count = 16 if quick else CELLS
    with TemporaryDirectory() as folder:
        home = Path(folder)
        pure = [_pure(count)]
        swept = _sweep(home, count)
        pure.append(_pure(count))
        published = _ask(harness.publishing, home, count=min(count, 64))
    return {
        "cells": count,
        "cores": len(cores()),
        "sweep": swept,
        "pure": pure,
        "pure mean": mean(pure),
        "published": published,
        "harness": _ask(harness.working, count=8 if quick else 24),
        "planning": _ask(harness.planning, count=63 if quick else PLANNED),
        "train": [_train(seed) for seed in range(1 if quick else 3)],
    }


def _ask(make: Callable[..., Any], *arguments: Any, count: int) -> Any:
    """The answer of a task that runs in its own process."""
    worker = Worker(make, *arguments, core=cores()[0])
    answer = worker.ask(count)
    worker.close()
    if not isinstance(answer, dict | list | float):
        raise RuntimeError(answer.text)
    return answer


# -- the sweep -----------------------------------------------------------------------------------


def _sweep(home: Path, count: int) -> dict[str, float]:
    """Seconds of the whole command, seconds until its first cell began, and until it opened the store."""
    log, began, opened = home / "log", time.time(), 0.0
    overrides = (f"seed=range(1,{count + 1})", f"trainer.iterations={ITERATIONS}")
    with log.open("w") as out:
        process = subprocess.Popen(
            command("sweep", *overrides), env=environment(home), stdout=out, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            time.sleep(0.02)
            if not opened and (home / "mlflow.db").exists():
                opened = time.time() - began
    wall = time.time() - began
    if process.returncode:
        raise RuntimeError(log.read_text()[-2000:])
    (plan,), _ = plans.load_all(home)
    records = [record.read(each.folder(home)) for each in plan.cells]
    first = min(each.started for each in records) - began
    return {"seconds": wall, "first cell": first, "store opened": opened}


class _Training:
    """A task: makes the net of each seed and times its training loop."""

    def __init__(self, seeds: list[int]) -> None:
        self._seeds = seeds

    def __call__(self) -> float:
        seconds = 0.0
        for seed in self._seeds:
            loop = ours.Loop("deep", f"seed={seed}")
            loop.start()
            begin = time.perf_counter()
            loop.run(ITERATIONS)
            seconds += time.perf_counter() - begin
        return seconds


def _pure(count: int) -> float:
    """Seconds to only train the cells, split over all cores: the time of the slowest core."""
    workers = [
        Worker(_Training, list(range(1 + place, count + 1, len(cores()))), core=core)
        for place, core in enumerate(cores())
    ]
    for worker in workers:
        worker.send()
    seconds = [worker.receive() for worker in workers]
    for worker in workers:
        worker.close()
    return float(max(seconds))


# -- one cell ------------------------------------------------------------------------------------


def _train(seed: int) -> dict[str, float]:
    """`nnlab train` on a terminal: seconds to its first output, to its result, to its end."""
    with TemporaryDirectory() as folder:
        ours_end, its_end = os.openpty()
        began = time.perf_counter()
        process = subprocess.Popen(
            command("train", f"seed={seed}"), env=environment(Path(folder)), stdout=its_end, stderr=its_end
        )
        os.close(its_end)
        seen = b""
        times: dict[str, float] = {}
        while chunk := _read(ours_end):
            seen += chunk
            times.setdefault("first output", time.perf_counter() - began)
            if b"test accuracy" in seen:
                times.setdefault("result", time.perf_counter() - began)
        os.close(ours_end)
        if process.wait():
            raise RuntimeError(seen.decode()[-2000:])
        return times | {"end": time.perf_counter() - began}


def _read(terminal: int) -> bytes:
    """What the process wrote; nothing once its terminal is closed, which Linux reports as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
