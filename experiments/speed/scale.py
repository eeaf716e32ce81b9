"""Larger sets: the time of a step and of a training as m grows, primal and Gram.

For each m and batch, without and with L2: the milliseconds of an iteration, the seconds to build K, the
time of 2500 iterations by extrapolation, and the solver that `auto` takes.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from experiments.speed.painting import first_images, painted_set
from experiments.speed.work import ITERATIONS, LAYERS
from experiments.speed.workers import Worker, cores
from nnlab.cells import choose_solver
from nnlab.nn import (
    LOSSES,
    Array,
    FirstLayer,
    GramLayer,
    Network,
    PrimalLayer,
    Schedule,
    activation,
    draw,
    gram,
    init,
    train,
)

SIZES = (100, 209, 500, 1000, 2000, 5000, 10000, 20000)
QUICK = SIZES[:6]
BATCH = 64
KINDS = [(batch, l2) for l2 in (0.0, 0.1) for batch in (None, BATCH)]
MEMORY_MB = 2048  # data.memory_mb's default
PAINTED = 50_000  # the number that ``streaming`` needs
ENOUGH = 0.4  # seconds of steps for one measurement


def measure(quick: bool) -> list[dict[str, Any]]:
    """A point for each m and batch, without and with L2."""
    sizes = QUICK if quick else SIZES
    path, _ = painted_set(max(sizes) if quick else PAINTED)
    worker = Worker(_measuring, path, core=cores()[0])
    points: list[dict[str, Any]] = []
    for m in sizes:
        found = worker.ask(m)
        if not isinstance(found, list):
            raise RuntimeError(found.text)
        points += found
        print(f"  m = {m} measured", flush=True)
    worker.close()
    return points


def _measuring(path: Path) -> Callable[[int], list[dict[str, Any]]]:
    """A task: the points of one m."""

    def task(m: int) -> list[dict[str, Any]]:
        images = first_images(path, m)
        start = {"primal": 0.0}
        K: Array | None = None
        if m * m * 8 / 2**20 <= MEMORY_MB:
            begin = time.perf_counter()
            K = gram(images)
            start["gram"] = time.perf_counter() - begin
        return [_point(images, K, start, batch, l2) for batch, l2 in KINDS]

    return task


def _point(
    images: Array, K: Array | None, start: dict[str, float], batch: int | None, l2: float
) -> dict[str, Any]:
    m, n_0 = images.shape
    n_1 = LAYERS["deep"][1]
    chosen, why = choose_solver((n_0, n_1, m), batch, MEMORY_MB, l2)
    steps = {solver: _seconds(solver, images, K, batch, l2) for solver in start}
    totals = {solver: start[solver] + ITERATIONS * steps[solver] for solver in start}
    return {
        "m": m,
        "batch": batch,
        "l2": l2,
        "ms": {solver: 1e3 * seconds for solver, seconds in steps.items()},
        "K seconds": start.get("gram"),
        "total": totals,
        "auto": chosen,
        "why": why,
        "ratio": totals[chosen] / min(totals.values()),
    }


def _seconds(solver: str, images: Array, K: Array | None, batch: int | None, l2: float) -> float:
    """Seconds of an iteration: the median of three trainings of about ENOUGH seconds, or 500 steps."""
    layers = LAYERS["deep"]
    W1, *upper = draw("lecun", 1.0, layers, seed=1)
    first: FirstLayer = (
        PrimalLayer(images, W1)
        if K is None or solver == "primal"
        else GramLayer(images, K, W1, decays=l2 > 0.0)
    )
    network = Network(first, upper, activation("relu"))
    Y = (np.arange(len(images)) % 2.0)[None]  # (1, m)
    state = init("gd", network.theta, 0.0075)

    def run(iterations: int) -> float:
        begin = time.perf_counter()
        schedule = Schedule(iterations, batch, l2=l2)
        train(network, Y, LOSSES["sigmoid", "cross_entropy"], state, schedule)
        return (time.perf_counter() - begin) / iterations

    run(1)
    iterations = min(500, max(2, int(ENOUGH / run(2))))
    return median(run(iterations) for _ in range(3))
