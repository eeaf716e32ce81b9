"""A real Slurm of this machine, in a network namespace of its own: only as root, and with CI=true."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from disturbed import Driver, no_strays, records_of  # noqa: F401
from harness import done, nnlab, small_set, wait_for
from slurm_cluster import NEEDED, NODE

from nnlab.records import record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
GRID, CELLS = ["model.depth=2,3,4", "model.width=3,4,5", "trainer.iterations=60000"], 9


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """Its folder, and the command that enters its network."""
    if os.geteuid() != 0 or os.environ.get("CI") != "true":
        pytest.skip("starts daemons, so it runs only as root and with CI=true")
    pytest.importorskip("submitit")
    os.environ["PATH"] += ":/usr/sbin"
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        pytest.skip(f"needs {', '.join(missing)} (Debian: slurm-wlm slurmdbd munge mariadb-server)")
    folder = tmp_path_factory.mktemp("slurm")
    script = str(Path(__file__).parents[1] / "slurm_cluster.py")
    with subprocess.Popen(
        ["unshare", "--net", sys.executable, script, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield folder, ["nsenter", f"--net=/proc/{process.pid}/ns/net"]
        finally:
            process.stdin.close()
            process.wait(60)


def sweep(tmp_path: Path, cluster: tuple[Path, list[str]], *arguments: str, **env: str) -> Driver:
    folder, within = cluster
    engine = ["engine=slurm", "engine.workers=4", "engine.batch_seconds=2"]
    data = small_set(tmp_path / "set", m_train=60, n=8)
    env |= {"SLURM_CONF": f"{folder}/slurm.conf"}
    return Driver(tmp_path / "home", "sweep", *data, *engine, *arguments, within=within, **env)


def queue(cluster: tuple[Path, list[str]]) -> list[str]:
    """A line for each job that is queued or runs."""
    folder, within = cluster
    command = [*within, "squeue", "--noheader"]
    env = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.splitlines()


def kill(*parts: str) -> None:
    """Kill all processes with one of these parts in their commands."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(part in " ".join(process.cmdline()) for part in parts):
                process.kill()


def recorded(tmp_path: Path) -> int:
    return len([*tmp_path.glob(f"home/runs/*/{record.MARKER}")])


def test_ctrl_c_leaves_no_job(tmp_path: Path, cluster: tuple[Path, list[str]]) -> None:
    """Two run and two wait for a processor."""
    driver = sweep(tmp_path, cluster, "model.depth=2,3,4,5", "trainer.iterations=200000000")
    wait_for(lambda: len(queue(cluster)) == 4 and sum(" R " in line for line in queue(cluster)) == 2, 60)
    os.killpg(driver.process.pid, signal.SIGINT)
    assert driver.end(60) == 130, driver.text()
    assert "Traceback" not in driver.text()
    wait_for(lambda: not queue(cluster), 30)


def test_what_slurm_refuses_is_one_line(tmp_path: Path, cluster: tuple[Path, list[str]]) -> None:
    driver = sweep(tmp_path, cluster, *GRID, SBATCH_PARTITION="nope")
    assert driver.end(60) in (1, 2), driver.text()
    assert "engine=slurm: sbatch refused a job" in driver.text() and "Traceback" not in driver.text()


def test_a_killed_job_and_a_killed_node_change_no_bit(
    tmp_path: Path, cluster: tuple[Path, list[str]]
) -> None:
    folder, within = cluster
    driver = sweep(tmp_path, cluster, *GRID)
    early = wait_for(lambda: recorded(tmp_path), 120)  # two jobs run at a time: one or two records
    kill("submitit.core._submit")
    assert wait_for(lambda: recorded(tmp_path) > early and recorded(tmp_path), 120) < CELLS
    kill("submitit.core._submit", "slurmstepd", f"slurmd -D -N {NODE}")
    node = subprocess.Popen(
        [*within, "slurmd", "-D", "-N", NODE],
        env=os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert driver.end(300) == 0, driver.text()
    finally:
        node.terminate()
        node.wait()
    data = small_set(tmp_path / "set", m_train=60, n=8)
    done(nnlab("sweep", *data, *GRID, "engine=inline", home=tmp_path / "undisturbed"))
    assert len(records_of(tmp_path / "home")) == CELLS
    assert records_of(tmp_path / "home") == records_of(tmp_path / "undisturbed")
    wait_for(lambda: not queue(cluster), 30)
