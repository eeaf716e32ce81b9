"""The server that nnlab starts: it listens on the loopback interface unless asked, and says little."""

import os
import re
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from disturbed import Driver, no_strays  # noqa: F401
from harness import (
    assert_refused,
    done,
    empty_store,
    lines,
    living_in,
    nnlab,
    small_set,
    trained,
    wait_for,
)

from nnlab.cells import plan as plans
from nnlab.tracking import Publisher

ROOT = Path(__file__).parents[2]
LISTEN = "0A"


def listening(group: list[int]) -> set[str]:
    """The addresses on which these processes listen, as in `ss -ltnp`."""
    inodes = set()
    for pid in group:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed since it was listed
                if found := re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink())):
                    inodes.add(found[1])
    addresses = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in inodes:
                host, port = fields[1].split(":")
                words = [bytes.fromhex(host[i : i + 8])[::-1] for i in range(0, len(host), 8)]
                addresses.add(f"{socket.inet_ntop(family, b''.join(words))}:{int(port, 16)}")
    return addresses


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


def a_sweep(home: Path) -> str:
    """Publish a sweep of one cell; returns its id."""
    with living_in(empty_store(home)):
        made, _ = trained(home, *small_set(home.parent), "model.depth=1", "trainer.iterations=3")
        plan = plans.make("sweep", [made], ["seed"])
        Publisher(plan, home).publish(last=True)
    return plan.id


@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_the_ui_is_quiet_listens_on_loopback_only_and_ends_completely(tmp_path: Path, how: str) -> None:
    """A terminal's Ctrl-C reaches the driver's group, `kill` and a service manager the driver alone."""
    sweep, port = a_sweep(tmp_path / "home"), free_port()
    driver = Driver(tmp_path / "home", "ui", "--port", str(port))
    wait_for(lambda: "the latest sweep" in driver.text(), 240)
    assert listening(driver.group()) == {f"127.0.0.1:{port}"}
    with urlopen(f"http://127.0.0.1:{port}/health") as reply:  # it is said when it answers
        assert reply.status == 200
    where, latest = lines(driver.text())
    assert where == f"the MLflow UI is at http://127.0.0.1:{port} (Ctrl-C ends it)"
    link = latest.removeprefix("the latest sweep: ")
    assert link.startswith(f"http://127.0.0.1:{port}/#/experiments/") and link.endswith(f"Key={sweep}")
    if how == "Ctrl-C":
        os.killpg(driver.process.pid, signal.SIGINT)
    else:
        driver.process.terminate()
    assert driver.end(30) == 130
    wait_for(lambda: not driver.group(), 30)
    assert lines(driver.text())[2:] == ["the UI has ended"]


@pytest.mark.slow
def test_another_address_warns_and_works_from_there(tmp_path: Path) -> None:
    """MLflow refuses what comes from an address that it was not told."""
    home, port = empty_store(tmp_path / "home"), free_port("0.0.0.0")
    driver = Driver(home, "ui", "--host", "0.0.0.0", "--port", str(port))
    wait_for(lambda: "Ctrl-C ends it" in driver.text(), 240)
    warning, _, others = lines(driver.text())
    assert warning == "--host 0.0.0.0: everybody who can reach this address can read and change the store"
    name = f"http://{socket.gethostname()}:{port}"
    assert others.startswith(f"from other machines: {name}")

    def asked_from(origin: str) -> int:
        question = Request(
            f"http://127.0.0.1:{port}/ajax-api/2.0/mlflow/experiments/search", b'{"max_results": 1}',
            {"Content-Type": "application/json", "Origin": origin, "Host": origin.partition("//")[2]},
        )  # fmt: skip
        try:
            with urlopen(question) as reply:
                return int(reply.status)
        except HTTPError as error:
            return error.code

    assert asked_from(name) == asked_from(f"http://127.0.0.1:{port}") == 200
    assert asked_from("http://elsewhere.example") == 403

    train = ["train", *small_set(tmp_path), "model.depth=1", "trainer.iterations=3"]
    said = done(
        nnlab(
            *train,
            "tracking.register=cats",
            home=tmp_path / "other",
            MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}",
        )
    ).stdout
    assert "registered as cats, version 1, with the alias best" in said
    assert "View run" not in said, "MLflow's own lines on each run of a server"


@pytest.mark.slow
def test_a_server_that_does_not_start_shows_why(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    said = nnlab("ui", "--port", str(free_port()), home=home, MLFLOW_TRACKING_URI="nowhere://store")
    assert said.returncode == 1 and not said.stdout
    assert "the MLflow UI ended with exit code 1; its last lines:" in said.stderr
    assert "nowhere" in said.stderr and len(lines(said.stderr)) <= 9


def test_a_port_that_another_program_has_is_refused(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert_refused(nnlab("ui", "--port", port, home=home), f"--port {port}")


@pytest.mark.slow
def test_of_two_that_start_at_the_same_time_the_second_is_refused_the_port(tmp_path: Path) -> None:
    port = str(free_port())
    homes = [empty_store(tmp_path / name) for name in ("one", "two")]
    drivers = [Driver(home, "ui", "--port", port) for home in homes]
    try:
        wait_for(lambda: any(driver.process.poll() is not None for driver in drivers), 240)
        refused, serving = sorted(drivers, key=lambda driver: driver.process.poll() is None)
        wait_for(lambda: "the MLflow UI is at" in serving.text(), 240)
        assert refused.process.returncode == 2
        (line,) = lines(refused.text())
        assert line.startswith(f"nnlab: --port {port}: Address already in use; give another one")
    finally:
        for driver in drivers:
            driver.process.terminate()
            driver.end(30)


def test_make_starts_no_other_server() -> None:
    """`make ui` is `nnlab ui`; no recipe names a host to listen on."""
    recipes = subprocess.run(
        ["make", "-n", "ui", "sweep", "train"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "nnlab ui --port" in recipes
    assert "--host" not in recipes and "0.0.0.0" not in recipes and "mlflow server" not in recipes
