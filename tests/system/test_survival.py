"""Kills, interrupts and many drivers at the same time: nothing is lost or done twice."""

import itertools
import os
import random
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from disturbed import CELLS, SWEEPS, Driver, assert_same, busy, inodes, is_worker, no_strays  # noqa: F401
from harness import client, counts, done, empty_store, markers, nnlab, runs, small_set, wait_for

KILLS = 50

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
    fixed = [*data, "trainer.eval_every=500", "engine.workers=2"]
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


# -- SIGINT and SIGTERM ----------------------------------------------------------------------------


def interrupted(driver: Driver, number: signal.Signals, group: bool = False) -> str:
    """Send the signal; the driver must soon end with code 130 and one line. Returns its output."""
    if group:
        os.killpg(driver.process.pid, number)
    else:
        driver.process.send_signal(number)
    assert driver.end(10 * busy()) == 130, driver.text()
    said = driver.text()
    assert "Traceback" not in said and "interrupted; what is finished is kept" in said, said
    wait_for(lambda: not [pid for pid in driver.group() if is_worker(pid)], 10)
    return said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("group", [False, True], ids=["driver", "group"])
def test_an_interrupted_sweep_sums_up_and_publishes_what_is_finished(
    tmp_path: Path, number: signal.Signals, group: bool
) -> None:
    """A terminal's Ctrl-C reaches the whole group."""
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    command = ["sweep", *data, "model.depth=2", "model.width=3,4", "trainer.iterations=40,20000000"]
    driver = Driver(home, *command, "engine.workers=2")
    wait_for(lambda: runs(home, f"{CELLS} and attributes.status = 'FINISHED'"))
    said = interrupted(driver, number, group)
    assert counts(said) == {"finished": 2, "missing": 2} and "killed" in said
    (parent,) = runs(home, SWEEPS)
    assert (parent.info.status, parent.data.tags["nnlab.status"]) == ("KILLED", "killed")
    assert len(runs(home, f"{CELLS} and tags.nnlab.status = 'finished'")) == 2
    assert not runs(home, "attributes.status = 'RUNNING'")


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.005, 0.01, 0.02])
def test_a_second_interrupt_after_milliseconds_leaves_no_worker_behind(tmp_path: Path, gap: float) -> None:
    """`timeout -s INT` sends it like this, to the driver and to its group."""
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    command = ["sweep", *data, "model.depth=2", "model.width=3,4", "trainer.iterations=20000000"]
    driver = Driver(home, *command, "engine.workers=2")
    wait_for(lambda: len([*(home / "runs").glob("*/lock")]) == 2)
    os.killpg(driver.process.pid, signal.SIGINT)
    time.sleep(gap)
    interrupted(driver, signal.SIGINT, group=True)


@pytest.mark.slow
def test_interrupted_at_any_moment_of_the_first_seconds(tmp_path: Path) -> None:
    """During imports, planning, launching and MLflow's import there is no traceback, and nothing hangs."""
    data = small_set(tmp_path / "set")
    for i, delay in enumerate((0.15, 0.4, 0.8, 1.5, 2.5, 4.0)):
        home = tmp_path / f"home{i}"
        driver = Driver(home, "sweep", *data, "model.depth=2,3", "trainer.iterations=20000000")
        time.sleep(delay * busy())  # on a busy machine Python itself takes longer to start
        interrupted(driver, signal.SIGTERM if i % 2 else signal.SIGINT)


@pytest.mark.slow
def test_ctrl_c_while_workers_start(tmp_path: Path) -> None:
    """It reaches them in the middle of their imports, when they are to train and when they are to paint."""
    data = small_set(tmp_path / "set")
    for i, delay in enumerate((0.0, 0.1, 0.2, 0.4, 0.8)):
        for what in (data, ["data=painted"]):
            home = tmp_path / f"{what[0]}{i}".replace("/", "")
            driver = Driver(home, "sweep", *what, "model.depth=2,3", "trainer.iterations=20000000")
            wait_for(lambda driver=driver: any(map(is_worker, driver.group())))
            time.sleep(delay)
            interrupted(driver, signal.SIGINT, group=True)
            assert not [*home.glob("data/painted/.*")], "an unfinished set is removed"


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.02, 0.1, 0.3])
def test_interrupted_twice(tmp_path: Path, pause: float) -> None:
    """The second interrupt does not disturb the work that the first one started."""
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    command = ["sweep", *data, "model.depth=2", "model.width=3,4", "trainer.iterations=40,20000000"]
    driver = Driver(home, *command, "engine.workers=2")
    wait_for(lambda: runs(home, f"{CELLS} and attributes.status = 'FINISHED'"))
    driver.process.send_signal(signal.SIGINT)
    time.sleep(pause)
    assert counts(interrupted(driver, signal.SIGINT)) == {"finished": 2, "missing": 2}
    assert {run.info.status for run in runs(home, SWEEPS)} == {"KILLED"}
    assert len(runs(home, f"{CELLS} and attributes.status = 'FINISHED'")) == 2


@pytest.mark.slow
def test_interrupted_while_it_publishes(tmp_path: Path) -> None:
    """All cells are trained and many are still to publish: it stops, and `nnlab sync` does the rest."""
    home, undisturbed = (empty_store(tmp_path / name) for name in ("home", "undisturbed"))
    data = small_set(tmp_path / "set")
    seeds = ",".join(map(str, range(1, 61)))
    command = ["sweep", *data, "trainer.iterations=20", f"seed={seeds}", "hydra/launcher=basic"]
    driver = Driver(home, *command)
    wait_for(lambda: runs(home, f"{CELLS} and attributes.status = 'FINISHED'"))
    said = interrupted(driver, signal.SIGINT)
    done(nnlab("sweep", *command[1:], home=undisturbed))
    if counts(said) == {"finished": 60}:
        assert re.search(r"\d+ runs? waits?; `nnlab sync` publishes", said), said
        done(nnlab("sync", home=home))
    else:
        done(nnlab(*command, home=home))
    assert_same(home, undisturbed)


@pytest.mark.slow
def test_an_interrupted_training_of_one_cell(tmp_path: Path) -> None:
    """`nnlab train`: its run, shown RUNNING after some seconds, ends as killed."""
    home = empty_store(tmp_path / "home")
    driver = Driver(home, "train", *small_set(tmp_path / "set"), "trainer.iterations=200000000")
    wait_for(lambda: runs(home, "attributes.status = 'RUNNING'"))
    interrupted(driver, signal.SIGTERM)
    (run,) = runs(home)
    assert (run.info.status, run.data.tags["nnlab.status"]) == ("KILLED", "killed")


# -- drivers that died -----------------------------------------------------------------------------


@pytest.mark.slow
def test_runs_of_dead_drivers_end_as_killed_at_the_next_start(tmp_path: Path) -> None:
    """The next command in any experiment ends them, but not runs of living drivers or other programs."""
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    long = [*data, "trainer.iterations=200000000"]
    dead = [
        Driver(home, "sweep", *long, "model.depth=2,3", "engine.workers=2"),
        Driver(home, "train", *long, "seed=9", "tracking.experiment=other"),
    ]
    alive = Driver(home, "train", *long, "seed=10")
    store = client(home)
    foreign = store.create_run(store.create_experiment("foreign"), tags={"team": "not nnlab"})

    def running() -> list[Any]:
        experiments = [found.experiment_id for found in store.search_experiments()]
        return list(store.search_runs(experiments, "attributes.status = 'RUNNING'"))

    wait_for(lambda: len(running()) == 6)  # a parent with two cells, two single ones, the foreign one
    for driver in dead:
        os.killpg(driver.process.pid, signal.SIGKILL)
        driver.end()
    done(nnlab("train", *data, "trainer.iterations=20", home=home))
    left = {run.info.run_id: run for run in running()}
    living = [run for run in left.values() if run.data.params.get("seed") == "10"]
    assert set(left) == {foreign.info.run_id, living[0].info.run_id}
    ended = [run for run in runs(home) if run.info.status == "KILLED"]
    ended += runs(home, experiment="other")
    assert [run.data.tags["nnlab.status"] for run in ended] == ["killed"] * 4
    interrupted(alive, signal.SIGTERM)


# -- many drivers at once --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_eight_sweeps_at_once_on_an_absent_store(tmp_path: Path) -> None:
    """All succeed; a cell in several sweeps is trained once and published by each."""
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    base = [*data, "trainer.iterations=400", "hydra/launcher=basic"]
    drivers = [
        Driver(home, "sweep", *base, f"seed={i},{i + 1},{i + 2}", output=f"output{i}.txt") for i in range(8)
    ]
    for driver in drivers:
        assert driver.end(500) == 0, driver.text()
        assert "Traceback" not in driver.text(), driver.text()
        assert counts(driver.text()) == {"finished": 3} and "wait" not in driver.text(), driver.text()
    assert len(markers(home)) == 10
    assert len(runs(home, SWEEPS)) == 8
    cells = runs(home, CELLS)
    assert len(cells) == 24 and {run.info.status for run in cells} == {"FINISHED"}
    trained = {run.data.tags["nnlab.fingerprint"]: run.info.start_time for run in cells}
    assert all(trained[run.data.tags["nnlab.fingerprint"]] == run.info.start_time for run in cells)


@pytest.mark.slow
def test_the_same_sweep_started_twice_waits_and_says_so(tmp_path: Path) -> None:
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    command = ["sweep", *data, "trainer.iterations=200000000", "engine.workers=1"]
    first = Driver(home, *command, output="first.txt")
    wait_for(lambda: runs(home, SWEEPS))
    second = Driver(home, *command, output="second.txt")
    wait_for(lambda: "is running already" in second.text())
    interrupted(second, signal.SIGTERM)
    assert {run.info.status for run in runs(home, SWEEPS)} == {"RUNNING"}
    interrupted(first, signal.SIGTERM)


@pytest.mark.slow
def test_two_sweeps_that_share_cells_train_each_once(tmp_path: Path) -> None:
    """Both start together on the same store, with long cells, so that they meet in a cell."""
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    base = [*data, "model.depth=2", "trainer.iterations=12000", "engine.workers=2"]
    widths = ("3,4,5,6", "6,5,4,3,7")
    drivers = [Driver(home, "sweep", *base, f"model.width={w}", output=f"output{w}.txt") for w in widths]
    born: dict[str, set[int]] = {}
    while any(driver.process.poll() is None for driver in drivers):
        for name, (inode, _) in inodes(home).items():
            born.setdefault(name, set()).add(inode)
        time.sleep(0.02)
    for driver in drivers:
        assert driver.end() == 0 and "Traceback" not in driver.text(), driver.text()
    assert len(born) == 5 and all(len(times) == 1 for times in born.values())
    assert len(runs(home, SWEEPS)) == 2 and len(runs(home, CELLS)) == 9
    assert {run.info.status for run in runs(home)} == {"FINISHED"}
