"""The command line's `nnlab ui`."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from tempfile import TemporaryFile
from typing import IO

import click

from nnlab import signals as interrupts
from nnlab.config import home
from nnlab.errors import Failed
from nnlab.sweeps.console import ERROR, complain, say
from nnlab.tracking import UIAddress, location, moved_home, ui_server, write_ahead

PATIENCE = 2.0  # seconds that the server has to end by itself
LOOK_EVERY = 0.3  # seconds between two questions whether it answers
SHOWN = 8  # lines of its log where it fails


@click.command()
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True,
              help="the address to listen on; all but the loopback let others in")  # fmt: skip
def ui(port: int, host: str) -> None:
    """Serve the MLflow UI of this home's store until Ctrl-C.

    Only programs of this machine can open it. With --host 0.0.0.0, or an address of this machine, everybody
    who can reach that address can: they can read all runs, and change and delete them.

    \b
    nnlab ui
    nnlab ui --port 5001
    nnlab ui --host 0.0.0.0
    """
    uri = location.uri(home())
    if location.is_server(uri):
        say(f"MLFLOW_TRACKING_URI is a server already: open {location.public(uri)}")
        return
    location.check_home(home())  # in which the server runs
    address = UIAddress(host, port)
    try:
        address.check()
        if not address.is_loopback:
            complain(f"--host {host}: everybody who can reach this address can read and change the store")
        _prepare(uri)
        _serve(address, ui_server.command(address, uri, home()))
    except KeyboardInterrupt:  # no cell was trained, so nothing is said of cells
        write_ahead.leave(uri, home())  # for what was published while the UI had the store open
        interrupts.end("the UI has ended")


def _prepare(uri: str) -> None:
    """Let the addresses in the store follow a moved home; say what the server will not show."""
    if moved_home.follow(uri, home()):
        complain(f"{home()}: was moved and cannot be written, so the artifacts of its runs are not shown")
    results = any((home() / "plans").glob("*.json"))
    if location.database(uri) is not None and not location.exists(uri) and results:
        complain(f"{location.public(uri)}: has no runs yet; `nnlab sync` publishes those of {home()}")


def _serve(address: UIAddress, command: list[str]) -> None:
    """Run a server until it ends; Failed with its last lines, since only an interrupt ends it rightly.

    It has a process group of its own, which ends with this process. In the same group, Ctrl-C would make
    each process of the server show a traceback. A signal to this process alone would leave the server
    running, and its port in use.
    """
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # closing the terminal also ends it
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    with TemporaryFile() as log:
        server = subprocess.Popen(
            command, env=os.environ | ui_server.QUIET, cwd=home(), process_group=0, stdout=log, stderr=log
        )
        try:
            with ERROR.status("the MLflow UI is starting, which takes some seconds"):
                while server.poll() is None and not ui_server.is_up(server.pid, address):
                    time.sleep(LOOK_EVERY)
            if server.poll() is None:
                _say_where(address)
            server.wait()
        finally:
            _end(server)
        address.check()  # another one that was started at the same time has taken the port
        raise Failed(
            f"the MLflow UI ended with exit code {server.returncode}; its last lines:\n{_tail(log)}"
        )


def _say_where(address: UIAddress) -> None:
    say(f"the MLflow UI is at {address.url} (Ctrl-C ends it)")
    others = [] if address.is_loopback else [url for url in address.urls if url != address.url]
    if others:
        say(f"from other machines: {' or '.join(others[:2])}")
    if page := ui_server.latest_sweep(address):
        say(f"the latest sweep: {page}")


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-SHOWN:])


def _end(server: "subprocess.Popen[bytes]") -> None:
    """End all processes of the server's group; kill those that do not end in time."""
    interrupts.heard()
    deadline = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):  # all have ended
        os.killpg(server.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(0.05)
            server.poll()
            os.killpg(server.pid, 0)
        os.killpg(server.pid, signal.SIGKILL)
