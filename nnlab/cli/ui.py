"""The command line's `nnlab ui`."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import click

from nnlab import signals as interrupts
from nnlab.config import home
from nnlab.errors import UserError
from nnlab.sweeps.console import OUT
from nnlab.tracking import location

PATIENCE = 2.0  # seconds that the server has to end by itself


@click.command()
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def ui(port: int) -> None:
    """Serve the MLflow UI of this home's store on the loopback interface."""
    uri = location.uri(home())
    if location.is_server(uri):
        OUT.print(f"MLFLOW_TRACKING_URI is a server already: open {location.public(uri)}")
        return
    _check_free(port)
    OUT.print(f"http://127.0.0.1:{port} (starting takes some seconds; Ctrl-C ends it)")
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", uri,
        "--default-artifact-root", location.artifacts(home()),
    ]  # fmt: skip
    sys.exit(_serve(command))


def _check_free(port: int) -> None:
    """UserError if another program uses the port: the link would open that program."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(f"--port {port}: {error.strerror}; give another one") from None


def _serve(command: list[str]) -> int:
    """Run a server until it ends, in a new process group that ends with this process.

    In the same group, Ctrl-C would make each process of the server show a traceback. A signal to this
    process alone would leave the server running, and its port in use.
    """
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # closing the terminal also ends it
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    server = subprocess.Popen(command, env=os.environ | quiet, cwd=home(), process_group=0)
    try:
        return server.wait()
    finally:
        _end(server)


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
