"""A server for a group: PostgreSQL, an S3 store, `mlflow server` with users; the services are real."""

import base64
import json
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.request import Request, urlopen

import harness
import pytest
from disturbed import Driver, assert_same, busy, no_strays, store_of  # noqa: F401
from group_server import ADMIN, GroupServer, missing
from harness import client, counts, done, empty_store, lines, markers, runs, small_set, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("group_server"),
    pytest.mark.skipif(bool(missing()), reason=missing() or "all is there"),
    pytest.mark.timeout(600),
]
nnlab = partial(harness.nnlab, timeout=300)
READER = {"username": "reader", "password": "a-word-of-the-reader"}


@pytest.fixture(scope="module")
def server() -> Iterator[GroupServer]:
    """Not in pytest's own folder, which no other user can enter: PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="nnlab-server-"))
    folder.chmod(0o755)
    try:
        with GroupServer(folder).services() as running:
            ask(running, "2.0/mlflow/users/create", READER)
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def administrator(server: GroupServer) -> Iterator[None]:
    """The tests themselves look into the store as the administrator."""
    with patch.dict("os.environ", server.access()):
        yield


def ask(server: GroupServer, path: str, content: dict[str, Any]) -> dict[str, Any]:
    """POST to the server's interface as the administrator."""
    key = base64.b64encode(f"{ADMIN}:{server.password}".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    request = Request(f"{server.uri}/api/{path}", json.dumps(content).encode(), headers)
    with urlopen(request, timeout=30) as answer:
        return dict(json.load(answer))


GRID = ["model.depth=2,3", "model.width=3,4", "trainer.iterations=200", "engine.workers=1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return small_set(tmp_path_factory.mktemp("data") / "set", n=8)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, data: list[str]) -> Path:
    """A home whose SQLite store has the sweep of these tests."""
    home = empty_store(tmp_path_factory.mktemp("undisturbed") / "home")
    done(nnlab("sweep", *data, *GRID, home=home))
    return home


def test_four_sweeps_at_once(tmp_path: Path, server: GroupServer, data: list[str]) -> None:
    """Four homes share an experiment; it holds what SQLite holds, and the artifacts are whole."""
    sweeps = [["sweep", *data, *GRID[1:], f"seed={seed}"] for seed in (1, 2, 3, 4)]
    drivers = [
        Driver(tmp_path / f"home-{i}", *sweep, "tracking.experiment=group", **server.access())
        for i, sweep in enumerate(sweeps)
    ]
    for driver in drivers:
        assert driver.end(300) == 0, driver.text()
        assert counts(driver.text()) == {"finished": 2} and "wait" not in driver.text(), driver.text()
    for i, sweep in enumerate(sweeps):  # a busy server may have made a run twice; this deletes the copy
        access = server.access()
        assert (
            nnlab(*sweep, "tracking.experiment=group", home=tmp_path / f"home-{i}", **access).returncode
            == 0
        )
    alone = empty_store(tmp_path / "alone")
    for sweep in sweeps:
        done(nnlab(*sweep, home=alone))

    def content(uri: str | None, experiment: str) -> list[str]:
        return sorted(json.dumps(run, sort_keys=True) for run in store_of(alone, uri, experiment))

    assert content(server.uri, "group") == content(None, "nnlab")
    run = runs(tmp_path, "tags.`nnlab.kind` = 'cell'", server.uri, "group")[0].info.run_id
    elsewhere = empty_store(tmp_path / "elsewhere")
    said = done(nnlab("rerun", run, "--experiment", "group", home=elsewhere, **server.access()))
    assert "identical" in said.stdout


def test_a_killed_driver_leaves_nothing_twice(
    tmp_path: Path, server: GroupServer, data: list[str], undisturbed: Path
) -> None:
    """Killed while it publishes several records at once."""
    home, name = tmp_path / "home", "killed"
    command = [*data, *GRID, f"tracking.experiment={name}"]
    done(nnlab("sweep", *command, "tracking=none", home=home))

    def begun(driver: Driver, before: int) -> bool:
        return driver.process.poll() is not None or len(runs(home, "", server.uri, name)) > before

    for _ in range(4):
        driver = Driver(home, "sync", output="sync.txt", **server.access())
        wait_for(partial(begun, driver, len(runs(home, "", server.uri, name))), 60)
        driver.process.send_signal(signal.SIGKILL)
        driver.end()
    done(nnlab("sync", home=home, **server.access()))
    done(nnlab("sweep", *command, home=home, **server.access()))
    assert_same(home, undisturbed, server.uri, name)


class Tls:
    """A proxy before a server, whose certificate it signed itself."""

    def __init__(self, folder: Path, port: int) -> None:
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
             "-out", self.certificate, "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._to = port
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.uri = f"https://127.0.0.1:{self.socket.getsockname()[1]}"
        self._start(self._accept)

    def _start(self, work: Any, *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                self._start(self._serve, self.socket.accept()[0])

    def _serve(self, plain: socket.socket) -> None:
        with (
            suppress(OSError),  # the client does not accept the certificate
            plain,
            self._context.wrap_socket(plain, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self._to)) as server,
        ):
            there = self._start(self._pass_on, client, server)
            self._pass_on(server, client)
            there.join()

    def _pass_on(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                to.sendall(part)
        for end in (source, to):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def tls(tmp_path: Path, server: GroupServer) -> Iterator[Tls]:
    made = Tls(tmp_path, server.port)
    yield made
    made.socket.close()


def kept_out(
    case: str, server: GroupServer, tls: Tls, experiment: str
) -> tuple[dict[str, str], dict[str, str], str]:
    """The client's variables, those that help it, and words of the line that says so."""
    good = server.access()
    if case == "wrong password":
        return server.access(password="a-wrong-word"), good, "does not accept this user and password; check"
    if case == "no password":
        return {"MLFLOW_TRACKING_URI": server.uri}, good, "asks for a user and a password; set MLFLOW_"
    if case == "may not write":
        ask(server, "2.0/mlflow/experiments/create", {"name": experiment})
        reader = server.access(READER["username"], READER["password"])
        return reader, reader, "does not let this user write here; ask for the permission EDIT, or"
    through = good | {"MLFLOW_TRACKING_URI": tls.uri}
    trusted = through | {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(tls.certificate)}
    if case == "no such certificate":
        lost = through | {"MLFLOW_TRACKING_SERVER_CERT_PATH": "/no/such.pem"}
        return lost, trusted, "MLFLOW_TRACKING_SERVER_CERT_PATH: there is no file /no/such.pem"
    if case == "no certificate in the file":
        empty = through | {"MLFLOW_TRACKING_SERVER_CERT_PATH": __file__}
        return empty, trusted, f"MLFLOW_TRACKING_SERVER_CERT_PATH: {__file__} holds no certificate"
    return through, trusted, "cannot be verified (self-signed certificate); set MLFLOW_TRACKING_SERVER_CERT"


@pytest.mark.parametrize(
    "case",
    [
        "wrong password", "no password", "may not write",
        "a certificate that fails", "no such certificate", "no certificate in the file",
    ],
)  # fmt: skip
def test_a_client_that_is_kept_out(
    tmp_path: Path, server: GroupServer, tls: Tls, data: list[str], undisturbed: Path, case: str
) -> None:
    """One line says why and what to do, the sweep is trained, and `nnlab sync` publishes it later."""
    home = tmp_path / "home"
    first, helped, words = kept_out(case, server, tls, case)
    sweep = nnlab("sweep", *data, *GRID, f"tracking.experiment={case}", home=home, **first)
    assert sweep.returncode == 0 and counts(sweep.stdout) == {"finished": 4}, sweep.stdout + sweep.stderr
    problem, waiting = [line for line in lines(sweep.stderr) if not line.startswith("note: ")]
    assert words in problem and "wrong-word" not in problem, sweep.stderr
    assert waiting == "4 runs wait; `nnlab sync` publishes them"
    assert len(markers(home)) == 4
    again = nnlab("sync", home=home, **first)
    assert again.returncode == 1 and words in again.stderr and "Traceback" not in again.stderr
    if case == "may not write":
        experiment = client(home, server.uri).get_experiment_by_name(case).experiment_id
        grant = {"username": READER["username"], "resource_type": "experiment", "permission": "EDIT"}
        ask(server, "3.0/mlflow/users/permissions/grant", grant | {"resource_id": experiment})
    done(nnlab("sync", home=home, **helped))
    assert_same(home, undisturbed, server.uri, case)


def test_the_dead_driver_of_another_user_is_no_obstacle(
    tmp_path: Path, server: GroupServer, data: list[str]
) -> None:
    """Its run stays RUNNING for a user who may not change it; one's own sweep is published."""
    name, sweep = "left-running", ["sweep", *data, "model.depth=2,3", "engine=inline"]
    long = [*sweep, "trainer.iterations=2000000", f"tracking.experiment={name}"]
    driver = Driver(tmp_path / "a", *long, **server.access())
    wait_for(lambda: runs(tmp_path, "", server.uri, name), 60)
    driver.process.kill()
    driver.end()
    reader = server.access(READER["username"], READER["password"])
    said = done(
        nnlab(*sweep, "trainer.iterations=20", "tracking.experiment=beside", home=tmp_path / "b", **reader)
    )
    assert "wait" not in said.stderr and len(store_of(tmp_path / "b", server.uri, "beside")) == 3
    assert {run["status"] for run in store_of(tmp_path / "a", server.uri, name)} == {"RUNNING"}


def test_an_interrupt_while_all_calls_hang(tmp_path: Path, server: GroupServer, data: list[str]) -> None:
    """The command does not wait for the calls that it makes at once."""
    home, name = tmp_path / "home", "interrupted"
    done(nnlab("sweep", *data, *GRID, f"tracking.experiment={name}", "tracking=none", home=home))
    driver = Driver(home, "sync", **server.access())
    wait_for(lambda: runs(home, "tags.`nnlab.kind` = 'cell'", server.uri, name), 60)
    try:
        server.signal(signal.SIGSTOP)
        driver.process.send_signal(signal.SIGINT)
        assert driver.end(9 * busy()) == 130, "a call's two tries take 10 s: " + driver.text()
    finally:
        server.signal(signal.SIGCONT)
    wait_for(server.answers, 60)
    done(nnlab("sync", home=home, **server.access()))
