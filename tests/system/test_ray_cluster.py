"""A Ray cluster that runs already, in a network namespace of its own: only as root, and with CI=true.

The node that trains has another environment than the driver, another home, and no data.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from disturbed import Driver, no_strays, records_of  # noqa: F401
from harness import done, nnlab, wait_for, write_h5

from nnlab.records import record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ADDRESS = "127.0.0.1:6380"
BIN = Path(sys.executable).parent
HEAD = ["--head", "--node-ip-address=127.0.0.1", "--port=6380", "--num-cpus=0", "--include-dashboard=false"]
GRID = ["model.depth=2,3", "model.width=3,4", "trainer.iterations=60000"]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of another environment, in which this nnlab is installed."""
    if os.geteuid() != 0 or os.environ.get("CI") != "true":
        pytest.skip("makes a network namespace, so it runs only as root and with CI=true")
    pytest.importorskip("ray")
    root, folder = Path(__file__).parents[2], tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [BIN / "uv", "pip", "install", "--quiet", "--python", folder / "bin/python"]
    subprocess.run([*install, "--constraint", root / "requirements.lock", f"{root}[ray]"], check=True)
    return folder / "bin"


class Cluster:
    """A head without processors, and a node."""

    def __init__(self, folder: Path, elsewhere: Path, token: str) -> None:
        self.folder, self._elsewhere, self._processes = folder, elsewhere, list[subprocess.Popen[bytes]]()
        self._started = 0
        self.env = {"HOME": str(folder), "RAY_USAGE_STATS_ENABLED": "0"}
        if token:
            self.env |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
        network = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec sleep 600"],
            stdout=subprocess.PIPE,
        )
        assert network.stdout is not None and network.stdout.readline() == b"ready\n"
        network.stdout.close()
        self._processes.append(network)
        self.within = ["nsenter", f"--net=/proc/{network.pid}/ns/net"]
        self._ray([BIN / "ray"], *HEAD)
        self.start_node()

    def start_node(self) -> None:
        """Start a node, or another one."""
        hidden = f'mount -t tmpfs none {self.folder}/set && exec "$0" "$@"'
        without_data = ["unshare", "--mount", "sh", "-c", hidden, self._elsewhere / "ray"]
        self._ray(without_data, f"--address={ADDRESS}", "--num-cpus=2", NNLAB_HOME=f"{self.folder}/other")

    def kill_node(self) -> None:
        """Kill all processes of the node."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("NNLAB_HOME") == f"{self.folder}/other":
                    process.kill()

    def stop(self) -> None:
        """Kill everything."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("HOME") == str(self.folder):
                    process.kill()
        for started in self._processes:
            started.kill()
            started.wait()

    def _ray(self, program: list[str | Path], *arguments: str, **env: str) -> None:
        self._started += 1
        with (self.folder / "ray.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [*self.within, *program, "start", *arguments, "--block"],
                    env=os.environ | self.env | env, cwd=self.folder, stdout=log, stderr=log,
                )
            )  # fmt: skip
        started = "Ray runtime started"
        wait_for(
            lambda: (self.folder / "ray.log").read_text(errors="replace").count(started) == self._started,
            120,
        )


def data_of(folder: Path) -> list[str]:
    return ["data=hdf5", f"data.train={folder}/set/train.h5", f"data.test={folder}/set/test.h5"]


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path, elsewhere: Path) -> Iterator[Cluster]:
    write_set(tmp_path / "set")
    made = Cluster(tmp_path, elsewhere, request.param)
    try:
        yield made
    finally:
        made.stop()


def write_set(folder: Path) -> None:
    """Data that no machine has seen before."""
    folder.mkdir()
    for split, m in (("train", 60), ("test", 12)):
        x = np.random.default_rng().normal(size=(m, 8))
        write_h5(folder / f"{split}.h5", split, x=x, y=(x.sum(axis=1) > 0).astype(np.int64))


def sweep(cluster: Cluster, tmp_path: Path, **env: str) -> Driver:
    engine = ["engine=ray", f"engine.address={ADDRESS}", "engine.batch_seconds=2"]
    return Driver(
        tmp_path / "home",
        "sweep",
        *data_of(tmp_path),
        *engine,
        *GRID,
        within=cluster.within,
        **(cluster.env | env),
    )


@pytest.mark.parametrize("cluster", ["", "secret"], ids=["open", "token"], indirect=True)
def test_a_killed_node_changes_no_bit(tmp_path: Path, cluster: Cluster) -> None:
    driver = sweep(cluster, tmp_path)
    wait_for(lambda: [*tmp_path.glob(f"home/runs/*/{record.MARKER}")], 120)
    cluster.kill_node()
    cluster.start_node()
    assert driver.end(300) == 0, driver.text()
    done(nnlab("sweep", *data_of(tmp_path), *GRID, "engine=inline", home=tmp_path / "undisturbed"))
    assert records_of(tmp_path / "home") == records_of(tmp_path / "undisturbed")
    assert not (tmp_path / "other").exists(), "the node keeps no record"
    (digest,) = {record.read(path).data_digest for path in (tmp_path / "home/runs").iterdir()}
    assert (Path(tempfile.gettempdir()) / f"nnlab-worker-0/data/sent/{digest}/train.h5").exists()


@pytest.mark.parametrize("cluster", ["secret"], indirect=True)
def test_a_wrong_token_is_one_line(tmp_path: Path, cluster: Cluster) -> None:
    driver = sweep(cluster, tmp_path, RAY_AUTH_TOKEN="wrong")
    assert driver.end(120) in (1, 2)
    assert "RAY_AUTH_TOKEN" in driver.text() and "Traceback" not in driver.text(), driver.text()
