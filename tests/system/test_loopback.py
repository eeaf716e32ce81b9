"""Servers that nnlab starts listen on the loopback interface only."""

import os
import re
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from disturbed import Driver, no_strays  # noqa: F401
from harness import assert_refused, empty_store, nnlab, wait_for

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


@pytest.mark.slow
@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_the_ui_listens_on_loopback_only_and_ends_completely(tmp_path: Path, how: str) -> None:
    """A terminal's Ctrl-C reaches the driver's group, `kill` and a service manager the driver alone."""
    home = empty_store(tmp_path / "home")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = Driver(home, "ui", "--port", str(port))
    wait_for(lambda: f"127.0.0.1:{port}" in listening(driver.group()), 180)
    assert listening(driver.group()) == {f"127.0.0.1:{port}"}
    if how == "Ctrl-C":
        os.killpg(driver.process.pid, signal.SIGINT)
    else:
        driver.process.terminate()
    assert driver.end(30) == 130
    wait_for(lambda: not driver.group(), 30)
    assert "Traceback" not in driver.text(), driver.text()


def test_a_port_that_another_program_has_is_refused(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert_refused(nnlab("ui", "--port", port, home=tmp_path / "home"), f"--port {port}")


def test_make_starts_no_other_server() -> None:
    """`make ui` is `nnlab ui`; no recipe names a host to listen on."""
    recipes = subprocess.run(
        ["make", "-n", "ui", "sweep", "train"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "nnlab ui --port" in recipes
    assert "--host" not in recipes and "0.0.0.0" not in recipes and "mlflow server" not in recipes
