"""The server of `compose.yaml` without containers.

PostgreSQL, the S3 store SeaweedFS and `mlflow server` with basic auth, with the file's own options and
variables, on free ports of the loopback interface, with their data in ``folder``.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from disturbed import Server, free_port
from harness import wait_for

COMPOSE = Path(__file__).parents[1] / "compose.yaml"
ADMIN = "admin"
SET = re.compile(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}")  # ${NAME}, ${NAME:?why}, ${NAME:-default}


def compose(given: Mapping[str, str]) -> dict[str, Any]:
    """`compose.yaml` with these variables; KeyError for one that is needed and not given."""

    def value(found: re.Match[str]) -> str:
        return given[found[1]] if found[2] is None else given.get(found[1], found[2])

    return dict(yaml.safe_load(SET.sub(value, COMPOSE.read_text())))


def missing() -> str:
    """What a group's server lacks on this machine; empty if nothing."""
    needed: dict[str, object] = {"PostgreSQL (apt-get install postgresql)": _postgres(), "weed": _weed()}
    needed |= {name: find_spec(name) for name in ("boto3", "flask_wtf", "psycopg")}
    lacking = [name for name, found in needed.items() if not found]
    return f"no {', '.join(lacking)}: make setup EXTRAS=server" if lacking else ""


def _postgres() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian does not put on the PATH."""
    on_path = shutil.which("initdb")
    found = [Path(on_path)] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _weed() -> str | None:
    """SeaweedFS's program, beside this Python."""
    return shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def _plain_user() -> str | None:
    """PostgreSQL refuses to run as root: then as this user."""
    if os.geteuid() != 0:
        return None
    return next(
        user.pw_name for name in ("postgres", "nobody") for user in pwd.getpwall() if user.pw_name == name
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class GroupServer(Server):
    """The three services of `compose.yaml`; ``start`` and ``stop`` are those of `mlflow server` alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._database_port, self._s3_port = free_port(), free_port()
        self._weed_ports = [self._s3_port]
        self.password = secrets.token_hex(12)
        names = ("NNLAB_DATABASE_PASSWORD", "NNLAB_S3_PASSWORD", "NNLAB_COOKIE_KEY")
        passwords = {name: f"word-{secrets.token_hex(12)}" for name in names}
        self._file = compose(passwords | {"NNLAB_ADMIN_PASSWORD": self.password})
        self._services = self._file["services"]

    def _here(self, text: str) -> str:
        """An address between the containers, as it is on this machine."""
        text = text.replace("@database:5432/", f"@127.0.0.1:{self._database_port}/")
        return text.replace("//artifacts:8333", f"//127.0.0.1:{self._s3_port}")

    @contextmanager
    def services(self) -> Iterator["GroupServer"]:
        """Within the block all three run."""
        running: list[subprocess.Popen[bytes]] = []
        try:
            running.append(self._start_database())
            running.append(self._start_s3())
            wait_for(self._create_database, 60)
            wait_for(lambda: listens(self._s3_port), 60)
            self.start()
            yield self
        finally:
            self.stop()
            for process in running:
                process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
                process.wait(30)
            for port in self._weed_ports:  # SeaweedFS leaves them there, whatever TMPDIR says
                for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    path.unlink()

    def _start_database(self) -> "subprocess.Popen[bytes]":
        programs, user = _postgres(), _plain_user()
        assert programs is not None
        settings = self._services["database"]["environment"]
        folder, password = self.folder / "postgres", self.folder / "password"
        folder.mkdir()
        password.write_text(settings["POSTGRES_PASSWORD"])
        if user:
            shutil.chown(folder, user)
            shutil.chown(password, user)
        with (self.folder / "postgres.log").open("ab") as log:
            subprocess.run(
                [programs / "initdb", "-D", folder, "-U", settings["POSTGRES_USER"], "--auth=scram-sha-256",
                 f"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync"],
                user=user, cwd=folder, stdout=log, stderr=log, check=True,
            )  # fmt: skip
            return subprocess.Popen(
                [programs / "postgres", "-D", folder, "-p", str(self._database_port),
                 "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
                user=user, cwd=folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _create_database(self) -> bool:
        """Create MLflow's database, as the image of PostgreSQL does; False if it is not up yet."""
        import psycopg

        address = self._here(self._services["server"]["environment"]["MLFLOW_BACKEND_STORE_URI"])
        server, _, name = address.replace("+psycopg", "").rpartition("/")
        try:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
        except psycopg.OperationalError:
            return False
        return True

    def _start_s3(self) -> "subprocess.Popen[bytes]":
        weed, folder, service = _weed(), self.folder / "seaweedfs", self._services["artifacts"]
        assert weed is not None
        folder.mkdir()
        internal = ("master.port", "volume.port", "filer.port")
        names = ["s3.port.grpc", *(name + kind for name in internal for kind in ("", ".grpc"))]
        self._weed_ports += [free_port() for _ in names]
        ports = [f"-{name}={port}" for name, port in zip(names, self._weed_ports[1:], strict=True)]
        here = ["-s3.ip.bind=127.0.0.1", f"-dir={folder}", f"-s3.port={self._s3_port}"]
        with (self.folder / "weed.log").open("ab") as log:
            return subprocess.Popen(
                [weed, *service["command"], *here, *ports],
                env=os.environ | service["environment"] | {"TMPDIR": str(folder)},
                cwd=folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def options(self) -> list[str]:
        """Those of `compose.yaml` but for its interface, port and workers."""
        own = ("--host", "--port", "--workers")
        return [option for option in self._services["server"]["command"] if not option.startswith(own)]

    def variables(self) -> dict[str, str]:
        """Addresses, keys and passwords."""
        settings = self.folder / "auth.ini"
        settings.write_text(self._here(self._file["configs"]["auth"]["content"]))
        given = self._services["server"]["environment"] | {"MLFLOW_AUTH_CONFIG_PATH": str(settings)}
        return {name: self._here(value) for name, value in given.items()}

    def access(self, user: str = ADMIN, password: str | None = None) -> dict[str, str]:
        """The variables with which a client reaches it as this user."""
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_TRACKING_USERNAME": user,
            "MLFLOW_TRACKING_PASSWORD": self.password if password is None else password,
        }
