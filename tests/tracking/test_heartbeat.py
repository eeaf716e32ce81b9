"""Dead drivers: known by process and start, on other hosts by the heartbeat; which runs may be ended."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness import cell, client, empty_store, living_in, runs, small_set, trained

from nnlab.cells import plan as plans
from nnlab.tracking import heartbeat
from nnlab.tracking.abandoned import driver_is_dead
from nnlab.tracking.publisher import Publisher

NOW = time.time()
LONG_AGO = NOW - 3600


def tags_of(process: "subprocess.Popen[str]") -> dict[str, str]:
    """What another process writes as its tags."""
    code = "from nnlab.tracking.heartbeat import tags; import json; print(json.dumps(tags()), flush=True)"
    assert process.stdin and process.stdout
    process.stdin.write(code + "\n")
    process.stdin.flush()
    import json

    found: dict[str, str] = json.loads(process.stdout.readline())
    return found


@pytest.fixture
def other() -> "subprocess.Popen[str]":
    code = "import sys\nfor line in sys.stdin: exec(line)"
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_driver_lives_as_long_as_its_process(other: "subprocess.Popen[str]") -> None:
    tags = tags_of(other)
    assert not heartbeat.is_dead(tags, LONG_AGO)
    assert not heartbeat.is_dead(tags | {heartbeat.HEARTBEAT: "0"}, LONG_AGO), "here the process decides"
    other.kill()
    while not heartbeat.is_dead(tags, NOW):  # killed, but not waited for yet: a zombie
        time.sleep(0.01)
    with other:
        pass
    assert heartbeat.is_dead(tags, NOW)


def test_another_process_with_the_same_id_is_not_the_driver() -> None:
    host, number, start = heartbeat.tags()[heartbeat.DRIVER].rsplit(" ", 2)
    assert number == str(os.getpid())
    earlier = {heartbeat.DRIVER: f"{host} {number} {int(start) - 1}"}
    assert heartbeat.is_dead(earlier, NOW)


def test_tags_of_the_first_version_are_understood(other: "subprocess.Popen[str]") -> None:
    """It read a process's start, in ticks since the boot, from /proc, or wrote `alive` without /proc."""
    host = heartbeat.tags()[heartbeat.DRIVER].rsplit(" ", 2)[0]
    ticks = Path(f"/proc/{other.pid}/stat").read_text().rpartition(")")[2].split()[19]
    written = [{heartbeat.DRIVER: f"{host} {other.pid} {start}"} for start in (ticks, "alive")]
    assert [heartbeat.is_dead(tags, LONG_AGO) for tags in written] == [False, False]
    other.kill()
    with other:
        pass
    assert [heartbeat.is_dead(tags, NOW) for tags in written] == [True, True]


@pytest.mark.parametrize("driver", ["elsewhere/1/pid:[1] 7 8", "", "nonsense", "a b c d", " "])
def test_on_another_host_the_heartbeat_decides(driver: str) -> None:
    for age, dead in ((0, False), (590, False), (610, True)):
        beat = {heartbeat.DRIVER: driver, heartbeat.HEARTBEAT: f"{time.time() - age:.0f}"}
        assert heartbeat.is_dead(beat, LONG_AGO) == dead
    for beat in ("", "soon", "-1", "1e999"):
        tags = {heartbeat.DRIVER: driver, heartbeat.HEARTBEAT: beat}
        assert heartbeat.is_dead(tags, LONG_AGO) and not heartbeat.is_dead(tags, time.time())


def test_which_runs_may_be_ended() -> None:
    mine, gone = heartbeat.tags(), {heartbeat.DRIVER: "elsewhere 1 2", heartbeat.HEARTBEAT: "5"}
    child = {"nnlab.kind": "cell", "nnlab.sweep": "a"}
    assert not driver_is_dead({"team": "other"} | gone, LONG_AGO, None)
    assert not driver_is_dead(child, LONG_AGO, mine)
    assert driver_is_dead(child, LONG_AGO, gone)
    assert driver_is_dead(child, NOW, None), "the parent of a living sweep is RUNNING"
    assert driver_is_dead({"nnlab.kind": "sweep"} | gone, NOW, None)
    assert not driver_is_dead({"nnlab.kind": "cell"} | mine, LONG_AGO, None)


def test_a_run_that_was_ended_by_mistake_is_running_again_after_the_next_heartbeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was away for so long that another host ended the run, but the driver is alive."""
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*small_set(tmp_path), "trainer.iterations=20")
        plan = plans.make("sweep", [made], ["seed"])
        publisher = Publisher(plan, home)
        publisher.publish()
        (parent,) = runs(home)
        client(home).set_terminated(parent.info.run_id, "KILLED")
        publisher.publish()
        assert runs(home)[0].info.status == "KILLED", "not before its time"
        monkeypatch.setattr(heartbeat, "BEAT_EVERY", 0.0)
        publisher.publish()
        (again,) = runs(home)
        assert again.info.status == "RUNNING"
        assert again.data.tags[heartbeat.DRIVER] == heartbeat.tags()[heartbeat.DRIVER]


def test_the_second_run_of_a_lost_call_is_deleted(tmp_path: Path) -> None:
    """A server that hung carries out calls that its client has given up: so a cell may have two runs."""
    with living_in(empty_store(tmp_path / "home")) as home:
        made, rec = trained(home, *small_set(tmp_path), "trainer.iterations=20")
        plan = plans.make("sweep", [made], ["seed"])
        first = Publisher(plan, home)
        first.publish(last=True)
        (run,) = runs(home, "tags.`nnlab.kind` = 'cell'")
        store = client(home)
        for tags in (run.data.tags, runs(home, "tags.`nnlab.kind` = 'sweep'")[0].data.tags):
            late = {key: value for key, value in tags.items() if key != "nnlab.status"}
            store.create_run(run.info.experiment_id, int(rec.started * 1000), late)
        assert len(runs(home)) == 4
        Publisher(plan, home).publish(last=True)
        assert [r.info.run_id for r in runs(home, "tags.`nnlab.kind` = 'cell'")] == [run.info.run_id]
        assert len(runs(home)) == 2
