"""The tests' own tool: a command from the warm parent is a process of its own."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from harness import empty_store, environment, fresh, nnlab, small_set, wait_for, warm_parent

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["path"],
        ["train", "--cfg", "job"],
        ["trian"],
        *(pytest.param(one, marks=pytest.mark.slow) for one in (["rerun", "nothing"], ["sync"])),
    ],
)
def test_it_prints_and_ends_as_a_process_with_its_own_start(home: Path, arguments: list[str]) -> None:
    warm, cold = nnlab(*arguments, home=home), fresh(*arguments, home=home)
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)


@pytest.mark.slow
def test_environment_and_folder_are_its_own(tmp_path: Path) -> None:
    """Two homes in turn; the folder from which a relative path counts; nothing stays in the parent."""
    small_set(tmp_path / "set")
    files = ["data=hdf5", "data.train=set/train.h5", "data.test=set/test.h5"]
    for name in ("one", "two"):
        empty_store(tmp_path / name)
        ended = nnlab("train", *files, "trainer.iterations=2", home=tmp_path / name, cwd=tmp_path)
        assert ended.returncode == 0, ended.stderr
        assert len([*(tmp_path / name / "runs").glob("*/record.json")]) == 1
        assert str(tmp_path / name) in ended.stdout


def test_what_python_reads_at_its_start_gives_a_start_of_its_own(home: Path) -> None:
    parent = warm_parent()
    assert parent.can_run(environment(home, MLFLOW_TRACKING_URI="http://127.0.0.1:9"))
    for name in ("PYTHONPATH", "HOME", "COLUMNS", "OPENBLAS_CORETYPE", "TMPDIR"):
        assert not parent.can_run(environment(home, **{name: "other"})), name
    assert "import time:" in nnlab("--version", home=home, PYTHONPROFILEIMPORTTIME="1").stderr


@pytest.mark.slow
def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    with pytest.raises(subprocess.TimeoutExpired):
        nnlab("train", *data, "trainer.iterations=100000000", home=home, timeout=2)
    wait_for(lambda: not children())


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_signal_is_its_exit_code_and_leaves_no_zombie(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    home, ended = tmp_path / "home", list[int]()
    command = ["train", *small_set(tmp_path / "set"), "trainer.iterations=100000000"]
    run = threading.Thread(target=lambda: ended.append(nnlab(*command, home=home).returncode))
    run.start()
    wait_for(lambda: [*(home / "runs").glob("*/lock")])
    (trainer,) = (one for one in children() if not one.children())
    trainer.send_signal(number)
    run.join(60)
    assert ended == [code]
    wait_for(lambda: not children())


def children() -> list[psutil.Process]:
    """The processes that the warm parent of these tests has at this moment."""
    return psutil.Process(warm_parent().pid).children(recursive=True)


KILLED = """
import time
from harness import warm_parent
print(warm_parent().pid, flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_it_ends_with_the_tests_even_if_they_are_killed(tmp_path: Path) -> None:
    path = os.pathsep.join([str(HERE), str(HERE.parent)])
    with subprocess.Popen(
        [sys.executable, "-c", KILLED],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        pid = int(tests.stdout.readline())
        tests.kill()
    wait_for(lambda: not psutil.pid_exists(pid), 200)  # its imports come first
