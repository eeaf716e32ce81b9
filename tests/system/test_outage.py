"""Real failures: a tracking server that does not answer, a full disk, folders that cannot be written."""

import http.server
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from disturbed import Driver, Server, assert_same, busy, no_strays, records_of  # noqa: F401
from harness import counts, done, empty_store, lines, markers, nnlab, runs, small_set, wait_for

from nnlab.records import record

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("outage")]
CALL = 10.0  # seconds: two tries of 5 s (nnlab/tracking/settings.py), after which a call has failed


@pytest.fixture(scope="module")
def the_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(empty_store(tmp_path_factory.mktemp("server")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def server(the_server: Server) -> Iterator[Server]:
    """One server for all tests; it answers at the start of each test."""
    yield the_server
    if the_server.process is None:
        the_server.start()
    the_server.signal(signal.SIGCONT)


class Undisturbed:
    """The sweep of these tests without a failure; it trains for a second or two."""

    def __init__(self, folder: Path) -> None:
        self.home = empty_store(folder / "undisturbed")
        data = small_set(folder / "set", n=8)
        grid = ["model.depth=2,3", "model.width=3,4", "trainer.iterations=12000"]
        self.command = ["sweep", *data, *grid, "engine.workers=2"]
        done(nnlab(*self.command, home=self.home))


def training_seconds(home: Path) -> float:
    """From the start of the first cell to the end of the last one."""
    found = [record.read(path.parent) for path in (home / "runs").glob(f"*/{record.MARKER}")]
    return max(rec.ended for rec in found) - min(rec.started for rec in found)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    return Undisturbed(tmp_path_factory.mktemp("outage"))


@pytest.mark.parametrize("outage", ["hangs from the start", "hangs in the middle", "killed in the middle"])
def test_a_server_that_goes_away(
    tmp_path: Path, server: Server, undisturbed: Undisturbed, outage: str
) -> None:
    home, away = tmp_path / "home", signal.SIGKILL if "killed" in outage else signal.SIGSTOP
    if "start" in outage:
        server.signal(away)
    tag = [f"tracking.experiment={outage}"]
    driver = Driver(home, *undisturbed.command, *tag, MLFLOW_TRACKING_URI=server.uri)
    if "middle" in outage:
        wait_for(lambda: runs(home, "", server.uri, outage))
        server.signal(away)
    wait_for(lambda: len(markers(home)) == 4, 120)
    assert training_seconds(home) < CALL * busy(), "no cell waited for the server"
    assert driver.end(4 * CALL * busy()) == 0, "a call in progress and a last one: " + driver.text()
    said = driver.text()
    assert "Traceback" not in said and counts(said) == {"finished": 4}
    assert "runs wait; `nnlab sync` publishes them" in said
    store = {"MLFLOW_TRACKING_URI": server.uri}
    early = nnlab("sync", home=home, **store)
    assert early.returncode == 1 and len(lines(early.stderr)) <= 2, early.stderr
    if "killed" in outage:
        server.start()
    else:
        server.signal(signal.SIGCONT)
        wait_for(server.answers, 60)
    done(nnlab("sync", home=home, **store))
    assert_same(home, undisturbed.home, server.uri, outage)


def test_a_server_that_hangs_for_a_while(tmp_path: Path, server: Server, undisturbed: Undisturbed) -> None:
    """It carries out calls after the client gave up; none of them leaves a second run."""
    home, name = tmp_path / "home", "hangs for a while"
    command = [*undisturbed.command, f"tracking.experiment={name}"]
    driver = Driver(home, *command, MLFLOW_TRACKING_URI=server.uri)
    wait_for(lambda: runs(home, "", server.uri, name))
    server.signal(signal.SIGSTOP)
    time.sleep(12)
    server.signal(signal.SIGCONT)
    assert driver.end() == 0, driver.text()
    done(nnlab("sync", home=home, MLFLOW_TRACKING_URI=server.uri))
    assert_same(home, undisturbed.home, server.uri, name)


class Otherwise(http.server.BaseHTTPRequestHandler):
    """Possible answers of a proxy or a login page in place of a server."""

    answer = 503, b""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = Otherwise.answer
        self.send_response(status)
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET

    def log_message(self, *arguments: Any) -> None:
        pass


ANSWERS = {
    "come back in an hour": (503, b""),
    "too many requests": (429, b""),
    "a page": (200, b"<html>sign in</html>"),
    "other JSON": (200, b'{"experiment": {"experiment_id": "1"}, "runs": "x", "run": 5}'),
    "a list": (200, b"[1, 2]"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_another_program_answers_for_the_store(tmp_path: Path, what: str) -> None:
    """It counts as a store that cannot be reached, and the command does not wait for it."""
    home, Otherwise.answer = tmp_path / "home", ANSWERS[what]
    command = ["train", *small_set(tmp_path / "set"), "trainer.iterations=20"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Otherwise) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.server_address[1]}"}
        ended = done(nnlab(*command, home=home, **store))
        assert "1 run waits; `nnlab sync` publishes it" in ended.stderr
        early = nnlab("sync", home=home, **store)
        assert early.returncode == 1 and len(lines(early.stderr)) == 2, early.stderr
        server.shutdown()
    done(nnlab("sync", home=empty_store(home)))
    assert [run.info.status for run in runs(home)] == ["FINISHED"]


# -- disk full, folders that cannot be written -----------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "nnlab-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a file system can only be mounted by root: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.mark.parametrize("launcher", ["joblib", "basic"])
def test_a_full_disk(tmp_path: Path, disk: Path, launcher: str) -> None:
    """There is a clear message; the written records stay complete, and the others are made later."""
    other, home = empty_store(tmp_path / "other"), disk / "home"
    data = small_set(tmp_path / "set", n=3000)
    grid = ["model.depth=2", "model.width=10,11,12,13,14,15,16,17,18,19", "trainer.iterations=20"]
    command = ["sweep", *data, *grid, f"hydra/launcher={launcher}"]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{other}/mlflow.db"}
    full = nnlab(*command, home=home, **store)
    assert full.returncode in (1, 2), full.stdout + full.stderr
    assert "Traceback" not in full.stderr and "No space left" in full.stderr, full.stderr
    assert len(lines(full.stderr)) <= 8, full.stderr
    whole = records_of(home)
    assert 1 <= len(whole) < 10, "each is read and verified"
    kept = markers(home)
    again = nnlab(*command, home=home, **store)
    assert again.returncode in (1, 2) and "Traceback" not in again.stderr, again.stderr
    remount(disk, "size=200m")
    done(nnlab(*command, home=home, **store))
    assert {name: markers(home)[name] for name in kept} == kept
    undisturbed = empty_store(tmp_path / "undisturbed")
    done(nnlab(*command, home=undisturbed))
    assert_same(home, undisturbed, store["MLFLOW_TRACKING_URI"])


def test_a_full_disk_under_the_store(tmp_path: Path, disk: Path) -> None:
    """The records are there; the store on the full disk gets them once there is room."""
    home, undisturbed = tmp_path / "home", empty_store(tmp_path / "undisturbed")
    remount(disk, "size=8m")
    empty_store(disk)
    (disk / "filler").write_bytes(bytes(2**20))
    with suppress(OSError), (disk / "more").open("wb", buffering=0) as file:
        while True:  # to the last page
            file.write(bytes(4096))
    command = ["sweep", *small_set(tmp_path / "set"), "trainer.iterations=20", "model.depth=1,2"]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{disk}/mlflow.db"}
    ended = done(nnlab(*command, home=home, **store))
    assert counts(ended.stdout) == {"finished": 2} and len(markers(home)) == 2
    assert "2 runs wait; `nnlab sync` publishes them" in ended.stderr and "full" in ended.stderr
    remount(disk, "size=200m")
    done(nnlab("sync", home=home, **store))
    done(nnlab(*command, home=undisturbed))
    assert_same(home, undisturbed, store["MLFLOW_TRACKING_URI"])


def test_a_home_that_became_read_only(tmp_path: Path, disk: Path) -> None:
    remount(disk, "size=200m")
    home = empty_store(disk / "home")
    command = ["sweep", *small_set(tmp_path / "set"), "trainer.iterations=20", "model.depth=1,2"]
    done(nnlab(*command, home=home))
    before = records_of(home)
    remount(disk, "ro")
    for arguments in (command, ["train", *command[1:-1]], ["sync"], [*command[:-1], "model.depth=1,2,3"]):
        refused = nnlab(*arguments, home=home)
        assert refused.returncode in (1, 2), refused.stdout + refused.stderr
        said = lines(refused.stderr)
        assert len(said) <= 2 and "Traceback" not in refused.stderr, refused.stderr
        assert str(home) in refused.stderr and "ead-only" in refused.stderr, refused.stderr
    assert records_of(home) == before
    remount(disk, "rw")
    done(nnlab(*command[:-1], "model.depth=1,2,3", home=home))
