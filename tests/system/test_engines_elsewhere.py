"""Sweeps over Ray, jobs and Dask: what dies and what interrupts changes no bit and leaves nothing."""

import os
import signal
import time
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from disturbed import Driver, no_strays, records_of  # noqa: F401
from harness import done, nnlab, small_set, wait_for

from nnlab.records import record

PACKAGES = {"ray": "ray", "slurm": "submitit", "dask": "distributed"}
OPTIONS = {"slurm": ["engine.cluster=local", "engine.batch_seconds=2"]}
TRAINS = {
    "ray": "ray::stream",
    "slurm": "submitit.core._submit",
    "dask": "spawn_main",
}  # in a worker's command
MOMENTS = (0.5, 2.0, 4.0, 8.0, None)  # seconds after the start; None is when a cell trains
LONG = "trainer.iterations=200000000"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(params=PACKAGES)
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if not find_spec(PACKAGES[name]):
        pytest.skip(f"needs the extra: make setup EXTRAS={name}")
    return name


@pytest.fixture
def sweep(tmp_path: Path, engine: str) -> list[str]:
    data = small_set(tmp_path / "set", m_train=60, n=8)
    return ["sweep", *data, f"engine={engine}", "engine.workers=2", *OPTIONS.get(engine, [])]


def processes(home: Path) -> list[psutil.Process]:
    """All processes that were started for this home, by whomever."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("NNLAB_HOME") == str(home)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:  # it has ended
            continue
    return found


def workers(home: Path, engine: str) -> list[psutil.Process]:
    """Those that train, or will."""
    found = []
    for process in processes(home):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if TRAINS[engine] in command and "resource_tracker" not in command:
            found.append(process)
    return found


def recorded(home: Path) -> int:
    return len([*home.glob(f"runs/*/{record.MARKER}")])


def ended(home: Path, seconds: float = 20) -> None:
    """Nothing that was started for this home runs on."""
    try:
        wait_for(lambda: not processes(home), seconds)
    except AssertionError:
        raise AssertionError([process.cmdline() for process in processes(home)]) from None


def undisturbed(tmp_path: Path, *sweep: str) -> Path:
    home = tmp_path / "undisturbed"
    kept = [text for text in sweep if not text.startswith("engine")]
    done(nnlab(*kept, "engine=inline", home=home))
    return home


def test_killed_workers_change_no_bit(tmp_path: Path, engine: str, sweep: list[str]) -> None:
    home, grid = tmp_path / "home", ["model.depth=2,3,4", "model.width=3,4,5", "trainer.iterations=60000"]
    driver = Driver(home, *sweep, *grid)
    for number in (0, 1):
        wait_for(lambda number=number: recorded(home) > number and workers(home, engine), 120)
        workers(home, engine)[0].kill()
    assert driver.end() == 0, driver.text()
    ended(home)
    assert records_of(home) == records_of(undisturbed(tmp_path, *sweep, *grid))


def test_a_cell_that_always_kills_fails_and_the_others_finish(
    tmp_path: Path, engine: str, sweep: list[str]
) -> None:
    home = tmp_path / "home"
    driver = Driver(home, *sweep, "model.depth=2", "trainer.iterations=300,200000000")
    wait_for(lambda: recorded(home) == 1, 120)
    end = time.monotonic() + 240
    while driver.process.poll() is None and time.monotonic() < end:
        time.sleep(2.0)
        for process in workers(home, engine):
            process.kill()
    assert driver.end() == 1, driver.text()
    assert "the worker died on this cell, three times" in driver.text()
    assert recorded(home) == 1
    ended(home)


def test_a_killed_driver_leaves_nothing_and_the_same_command_goes_on(
    tmp_path: Path, engine: str, sweep: list[str]
) -> None:
    home, grid = tmp_path / "home", ["model.depth=2,3,4", "model.width=3,4,5", "trainer.iterations=60000"]
    driver = Driver(home, *sweep, *grid)
    wait_for(lambda: recorded(home) > 0, 120)
    driver.process.kill()
    driver.process.wait()
    ended(home, 150)
    done(nnlab(*sweep, *grid, home=home, timeout=300))
    assert records_of(home) == records_of(undisturbed(tmp_path, *sweep, *grid))


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_leaves_nothing(tmp_path: Path, engine: str, sweep: list[str], moment: float | None) -> None:
    home = tmp_path / "home"
    driver = Driver(home, *sweep, "model.depth=2,3,4", LONG)
    if moment is None:
        wait_for(lambda: "cells:" in driver.text() and workers(home, engine), 120)
        time.sleep(3.0)
    else:
        time.sleep(moment)
    os.killpg(driver.process.pid, signal.SIGINT)
    assert driver.end(60) == 130, driver.text()
    assert "Traceback" not in driver.text(), driver.text()
    ended(home)
