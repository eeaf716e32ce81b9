"""nnlab as a process that need not import its libraries: they come from a warm parent, which forks.

An import of MLflow takes seconds, and the tests run a thousand commands. So one program imports once what
the commands import, reads the installed code and composes its usual options, which do not change. It does
nothing else. For each command it forks: the child gets its own environment, current folder, arguments and
pipes, and then does what `python -m nnlab` does. It is a process like any other, but for its imports.
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import FrameType

# what commands read while they run; another variable may be read at the start or by an import
READ_LATE = {
    "HYDRA_FULL_ERROR", "LOKY_MAX_CPU_COUNT", "MLFLOW_TRACKING_URI", "NNLAB_DATA", "NNLAB_HOME", "PATH",
    "PYTEST_CURRENT_TEST",
}  # fmt: skip
# what is imported only when a command needs it
LIBRARIES = (
    "alembic.command",
    "joblib.externals.loky.backend.popen_loky_posix", "matplotlib.font_manager",
    "mlflow.store.tracking.sqlalchemy_workspace_store", "plotly.graph_objs.layout.xaxis",
    "plotly.graph_objs.scatter", "plotly.io", "rich._emoji_codes", "sqlalchemy.dialects.sqlite",
)  # fmt: skip


class WarmParent:
    """A program with this environment that has the imports; it ends with the process that made it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._requests, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=self._environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip
        self.pid = self._process.pid
        atexit.register(self.close)

    def close(self) -> None:
        """End the program; a command that still runs goes on."""
        self._requests.close()
        self._process.wait()

    def can_run(self, environment: Mapping[str, str]) -> bool:
        """May a command have this environment? It may not differ in what is read before the fork."""
        return {name for name, _ in environment.items() ^ self._environment.items()} <= READ_LATE

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], cwd: Path, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run nnlab to its end, as subprocess.run does; TimeoutExpired after this many seconds."""
        end = time.monotonic() + timeout
        answers, theirs = socket.socketpair()
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        socket.send_fds(self._requests, [b"1"], [theirs.fileno(), to_out, to_err])
        theirs.close()
        os.close(to_out)
        os.close(to_err)
        with answers, answers.makefile("rw") as file, ThreadPoolExecutor(2) as readers:
            texts = [readers.submit(_text, pipe) for pipe in (out, err)]
            print(json.dumps([arguments, dict(environment), str(cwd)]), file=file, flush=True)
            pid = int(file.readline())
            try:
                answers.settimeout(timeout)
                code = int(file.readline())
                stdout, stderr = (text.result(max(0, end - time.monotonic())) for text in texts)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["nnlab", *arguments], timeout) from None
        return subprocess.CompletedProcess(["nnlab", *arguments], code, stdout, stderr)


def _text(pipe: int) -> str:
    with open(pipe) as file:
        return file.read()


# -- the program -----------------------------------------------------------------------------------


def imports() -> None:
    """Import all of nnlab and what its commands use, and read what does not change: the installed code."""
    import nnlab
    from nnlab.config.compose import composed
    from nnlab.records.code_digest import code_digest
    from nnlab.tracking.settings import mlflow_settings

    for module in walk_packages(nnlab.__path__, "nnlab."):
        if not module.name.endswith(("__main__", "_child")):
            import_module(module.name)
    with mlflow_settings:
        for library in LIBRARIES:
            import_module(library)
        from mlflow.store.tracking.dbmodels import models
        from mlflow.utils.requirements_utils import _init_packages_to_modules_map
        from sqlalchemy.orm import configure_mappers

        assert models
        configure_mappers()
        _init_packages_to_modules_map()  # type: ignore[no-untyped-call]
    code_digest()
    for options in ([], ["data=hdf5"]):
        composed(options)


def command(requests: socket.socket) -> list[str]:
    """Fork for each request; returns in each child, with the arguments of its command."""
    while True:
        told, descriptors, _, _ = socket.recv_fds(requests, 1, 3)
        if not told:
            os._exit(0)  # the tests have ended
        if os.fork() == 0:
            requests.close()
            return _command(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def reap(number: int, frame: FrameType | None) -> None:
    """Take note of the children that have ended; their processor time counts as that of the tests."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _command(answers: int, out: int, err: int) -> list[str]:
    """Fork again: the parent tells the tests the child's process id and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=answers) as connection, connection.makefile("rw") as file:
        arguments, environment, cwd = json.loads(file.readline())
        if child := os.fork():
            os.close(out)
            os.close(err)
            print(child, file=file, flush=True)
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), file=file, flush=True)
            os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, descriptor in enumerate((out, err), 1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.path[0] = str(Path.cwd())
    return list(arguments)


if __name__ == "__main__":
    imports()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # that of the terminal is for the tests
    signal.signal(signal.SIGCHLD, reap)
    sys.argv = ["-m", *command(socket.socket(fileno=int(sys.argv[1])))]
    runpy._run_module_as_main("nnlab")  # type: ignore[attr-defined]  # as Python does for `-m`
