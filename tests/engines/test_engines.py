"""The engines: each gives the bits of one process, and tells what becomes of every cell."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import pytest
from disturbed import is_worker
from harness import cell, environment, small_set, wait_for, write_h5

from nnlab.cells import Cell
from nnlab.config import EngineConfig
from nnlab.engines import Batch, Costs, Engine, Event, Failure, Lost, NoData, Trained, start
from nnlab.errors import Failed, UserError
from nnlab.records import code_digest

CONFIGS = {
    "inline": EngineConfig("inline"),
    "local": EngineConfig("local", workers=2),
    "ray": EngineConfig("ray", workers=2),
    "slurm": EngineConfig("slurm", workers=2, cluster="local"),
    "dask": EngineConfig("dask", workers=2),
}
PACKAGES = {
    "ray": "ray",
    "slurm": "submitit",
    "dask": "distributed",
}  # of the extras, which the default set-up does not have
NO_WAITING = pytest.mark.filterwarnings(  # Ray and submitit do not wait for all processes that they start
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)
ENGINES = [
    pytest.param(name, marks=[pytest.mark.slow, NO_WAITING] if name in PACKAGES else [])
    for name in CONFIGS
    if name not in PACKAGES or find_spec(PACKAGES[name])
]
LONG = "trainer.iterations=200000000"


@pytest.fixture
def data(tmp_path: Path, home: Path) -> list[str]:
    return [*small_set(tmp_path / "set"), "model.depth=2"]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One for all tests, since Ray takes seconds to start."""
    home = str(tmp_path_factory.mktemp("home"))
    with patch.dict(os.environ, NNLAB_HOME=home), closing(start(CONFIGS[request.param])) as made:
        yield made


@pytest.fixture
def local() -> Iterator[Engine]:
    with closing(start(EngineConfig("local", workers=2))) as made:
        yield made


def cells(*overrides: str, widths: tuple[int, ...] = (3, 4)) -> tuple[Cell, ...]:
    return tuple(cell(*overrides, f"model.width={width}") for width in widths)


def submit(engine: Engine, *made: Cell) -> None:
    engine.submit(Batch(made, code_digest()))


def events(engine: Engine, count: int, seconds: float = 60) -> list[Event]:
    """So many events, costs so far apart."""
    found: list[Event] = []
    end = time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < end, found
        event = engine.next_event(1.0)
        if event is not None and not isinstance(event, Costs):
            found.append(event)
    return found


def contents(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "set/train.h5").read_bytes(), (folder / "set/test.h5").read_bytes()


def workers(engine: Engine | None = None) -> list[psutil.Process]:
    """The processes of this engine `local` that train; without one, of all engines of this process."""
    pids = {worker._process.pid for worker in engine._running.values()} if engine else None
    children = [child for child in psutil.Process().children() if is_worker(child.pid)]
    return [child for child in children if pids is None or child.pid in pids]


def numbers(event: Event) -> dict[str, Any]:
    """What a trained cell says, without times and provenance."""
    assert isinstance(event, Trained), event
    marker = json.loads(event.contents["record.json"])
    kept = {key: marker[key] for key in ("fingerprint", "status", "config", "data_digest", "code_digest")}
    metrics = {key: value for key, value in marker["metrics"].items() if not key.startswith("time/")}
    files = {name: content for name, content in event.contents.items() if name.endswith(".npz")}
    return kept | {"metrics": metrics, "files": files}


def test_a_batch_comes_back_cell_by_cell(data: list[str], home: Path, engine: Engine) -> None:
    made = cells(*data, "trainer.iterations=300")
    submit(engine, *made)
    found = events(engine, 2)
    assert [event.fingerprint for event in found] == [one.fingerprint for one in made]
    assert all({"history.npz", "weights.npz", "config.yaml"} <= numbers(e)["files"].keys() | {"config.yaml"}
               for e in found)  # fmt: skip
    assert not (home / "runs").exists(), "a worker writes nothing"
    assert engine.next_event(0.1) is None


def test_the_bits_are_those_of_one_process(data: list[str], engine: Engine) -> None:
    made = cells(*data, "trainer.iterations=500", "optimizer.l2=0.1", widths=(3, 40))
    told = []
    with closing(start(CONFIGS["inline"])) as inline:
        for one in (inline, engine):
            submit(one, *made)
            told.append([numbers(event) for event in events(one, 2)])
    assert told[0] == told[1]


@pytest.mark.parametrize("name", PACKAGES)
def test_an_engine_without_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGES[name], None)  # as if it were not installed
    with pytest.raises(UserError, match=rf"engine={name}: needs the package .*nnlab\[{name}\]"):
        start(CONFIGS[name])


def test_a_cell_that_fails_does_not_stop_its_batch(data: list[str], engine: Engine) -> None:
    """The memory for its weights does not exist."""
    made = cells(*data, "trainer.iterations=30", widths=(10**15, 3))
    submit(engine, *made)
    failed, trained = events(engine, 2)
    assert isinstance(failed, Failure) and failed.fingerprint == made[0].fingerprint
    assert failed.error.count("\n") == 0 and "Traceback" in failed.trace
    assert isinstance(trained, Trained)


@pytest.mark.slow
def test_other_code_or_data_than_the_driver_has_is_a_failure(
    data: list[str], tmp_path: Path, engine: Engine
) -> None:
    made = cells(*data, "trainer.iterations=30")
    engine.submit(Batch((made[0],), "0" * 64))
    (failed,) = events(engine, 1)
    assert isinstance(failed, Failure)
    assert code_digest()[:12] in failed.error and "000000000000" in failed.error
    other = replace(made[0], fingerprint="1" * 64)
    engine.submit(Batch((other,), code_digest()))
    assert isinstance(events(engine, 1)[0], NoData), "it can be sent"
    engine.submit(Batch((other,), code_digest(), {other.data_digest: contents(tmp_path)}))
    (failed,) = events(engine, 1)
    assert isinstance(failed, Failure) and f"{tmp_path}/set/train.h5" in failed.error


@pytest.mark.slow
def test_data_are_sent_once_where_they_are_not(data: list[str], tmp_path: Path, engine: Engine) -> None:
    write_h5(tmp_path / "set/train.h5", x=np.random.default_rng().normal(size=(30, 2)))  # never sent before
    made, sent = cells(*data, "trainer.iterations=30"), contents(tmp_path)
    for path in (tmp_path / "set").iterdir():
        path.unlink()
    submit(engine, *made)
    assert all(isinstance(event, NoData) for event in events(engine, 2))
    engine.submit(Batch(made[:1], code_digest(), {made[0].data_digest: sent}))
    assert isinstance(events(engine, 1)[0], Trained)
    submit(engine, made[1])
    assert isinstance(events(engine, 1)[0], Trained)


@pytest.mark.slow
def test_a_long_cell_tells_its_costs_so_far(data: list[str], engine: Engine) -> None:
    (made,) = cells(*data, LONG, widths=(3,))
    submit(engine, made)
    first = wait_for(lambda: engine.next_event(1.0))
    second = wait_for(lambda: engine.next_event(1.0))
    for event in (first, second):
        assert isinstance(event, Costs) and event.fingerprint == made.fingerprint
    assert len(second.costs) > len(first.costs) > 0
    assert np.array_equal(second.costs[: len(first.costs)], first.costs)


@pytest.mark.slow
def test_closing_ends_a_training(data: list[str]) -> None:
    others = workers()
    for name in ("inline", "local"):
        with closing(start(EngineConfig(name, workers=1))) as engine:
            submit(engine, *cells(*data, LONG, widths=(3,)))
            assert engine.next_event(2.0) is None
        assert workers() == others
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.3, "no thread goes on"


def test_a_worker_that_dies_loses_its_own_cells_alone(data: list[str], local: Engine) -> None:
    quick, long = cells(*data, "trainer.iterations=30"), cells(*data, LONG, widths=(5,))
    submit(local, quick[0], *long)
    assert isinstance(events(local, 1)[0], Trained)
    (deadly,) = workers(local)
    submit(local, quick[1])
    os.kill(deadly.pid, signal.SIGKILL)
    found = {event.fingerprint: event for event in events(local, 2)}
    assert isinstance(found[quick[1].fingerprint], Trained)
    lost = found[long[0].fingerprint]
    assert isinstance(lost, Lost) and "-9" in lost.how
    submit(local, cell(*data, "trainer.iterations=31"))
    assert isinstance(events(local, 1)[0], Trained), "the engine goes on"


@pytest.mark.slow
def test_a_worker_that_dies_before_it_begins_is_replaced(
    data: list[str], local: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = cells(*data, "trainer.iterations=30", widths=(3,))
    submit(local, *made)
    os.kill(workers(local)[0].pid, signal.SIGKILL)
    (event,) = events(local, 1)
    assert isinstance(event, Trained)
    idle = workers(local)[0]
    idle.kill()
    os.waitid(os.P_PID, idle.pid, os.WEXITED | os.WNOWAIT)  # with all its threads
    submit(local, *made)
    (event,) = events(local, 1)
    assert isinstance(event, Trained), "a batch is not given to a dead worker"
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no Python can start
    submit(local, *cells(*data, LONG))
    submit(local, *made)
    with pytest.raises(Failed, match="3 workers in a row died before they began"):
        events(local, 1)


DRIVER = """
import sys
from nnlab.config import EngineConfig
from nnlab.config.compose import compose
from nnlab.cells import resolve
from nnlab.engines import Batch, start
from nnlab.records import code_digest
engine = start(EngineConfig("local", workers=1))
engine.submit(Batch((resolve(compose(sys.argv[1:])),), code_digest()))
print(engine.next_event(1.5), [worker._process.pid for worker in engine._running.values()][0], flush=True)
engine.next_event(1000)
"""


@pytest.mark.slow
def test_workers_end_with_a_killed_driver(data: list[str], home: Path) -> None:
    """In the middle of a training, long before it would have sent anything."""
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, *data, LONG],
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert driver.stdout is not None
    worker = psutil.Process(int(driver.stdout.readline().split()[-1]))
    driver.kill()
    driver.wait(30)
    driver.stdout.close()
    worker.wait(10)
