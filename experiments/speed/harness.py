"""The time of a cell besides its arithmetic: the harness in the worker, planning, publishing."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from experiments.speed.work import ITERATIONS, cell, data_name
from nnlab.cells import attempt, dataset, train_cell
from nnlab.cells import plan as plans
from nnlab.config import CONF
from nnlab.nn import Network
from nnlab.records import cell_lock, record

# drawing and building, training, forming W1, evaluating
ARITHMETIC = ("build", "train", "final_metrics", "layer_statistics")
WARM_UP = 2  # cells that are not counted


class Stopwatch:
    """Wraps functions and adds up the seconds spent in them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - begin

        return timed


def working() -> Callable[[int], list[float]]:
    """A task: the seconds of each cell in the worker, from its lock to its record, minus the arithmetic."""

    def task(count: int) -> list[float]:
        watch, found = Stopwatch(), []
        cells = [cell("deep", f"seed={seed}", f"trainer.iterations={ITERATIONS}") for seed in range(count)]
        with ExitStack() as stack:
            home = Path(stack.enter_context(TemporaryDirectory()))
            for name in ARITHMETIC:
                stack.enter_context(patch.object(train_cell, name, watch(getattr(train_cell, name))))
            stack.enter_context(patch.object(Network, "parameters", watch(Network.parameters)))
            for each in cells:
                watch.seconds, begin = 0.0, time.perf_counter()
                with cell_lock(each.folder(home)):
                    attempt(each, home)
                found.append(time.perf_counter() - begin - watch.seconds)
                assert record.exists(each.folder(home))
        return found[WARM_UP:]

    return task


def publishing(home: Path) -> Callable[[int], dict[str, list[float]]]:
    """A task: the seconds (clock and processor) to publish each record into a new SQLite store."""
    from nnlab.tracking import Store, Tracker, open_parent

    def task(count: int) -> dict[str, list[float]]:
        (plan,), _ = plans.load_all(home)
        wall, cpu = [], []
        with TemporaryDirectory() as folder:
            os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
            store = Store(home, plan.experiment)
            tracker = Tracker(store, plan, open_parent(store, plan))
            for each in plan.cells[:count]:
                begin, begin_cpu = time.perf_counter(), time.process_time()
                tracker.publish(each, record.verified(each.folder(home)))
                wall.append(time.perf_counter() - begin)
                cpu.append(time.process_time() - begin_cpu)
        return {"wall": wall[WARM_UP:], "cpu": cpu[WARM_UP:]}

    return task


def planning() -> Callable[[int], dict[str, Any]]:
    """A task: the seconds to plan ``count`` cells, and those of Hydra's own two compositions of one job."""
    import hydra

    from nnlab.config import own_store
    from nnlab.sweeps.grid import plan_cells, read_grid

    def task(count: int) -> dict[str, Any]:
        grids = {
            "seeds": [f"seed=range(1,{count + 1})"],
            "grid": ["model.width=range(2,5)", "init.scale=0.1,1,10", f"seed=range(1,{count // 9 + 1})"],
        }
        seconds = {}
        dataset(cell("deep").config)  # so that it is read before the clock starts
        for name, swept in grids.items():
            begin = time.perf_counter()
            grid = read_grid([f"data={data_name()}", *swept], {}, {})
            assert len(plan_cells(grid).cells) == count
            seconds[name] = time.perf_counter() - begin
        with own_store.entered(), hydra.initialize_config_dir(str(CONF), version_base="1.3"):
            begin = time.perf_counter()
            for seed in range(10):
                hydra.compose("config", [f"data={data_name()}", f"seed={seed}"])
            seconds["job"] = 2 * (time.perf_counter() - begin) / 10
        return {"cells": count, **seconds}

    return task
