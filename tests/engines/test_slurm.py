"""The engine `slurm`, with programs in the place of Slurm's that run a job on this machine."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from harness import cell, small_set, wait_for

from nnlab.config import EngineConfig
from nnlab.engines import Batch, Costs, Engine, Event, Lost, Trained, start
from nnlab.errors import Failed, UserError
from nnlab.records import code_digest

STAND_INS = Path(__file__).parent / "slurm"
SCRIPT = """\
#!/bin/bash
#SBATCH --cpus-per-task=1
#SBATCH --error=FOLDER/%j_0_log.err
#SBATCH --job-name=nnlab
#SBATCH --no-requeue
#SBATCH --nodes=1
#SBATCH --open-mode=append
#SBATCH --output=FOLDER/%j_0_log.out
#SBATCH --signal=USR2@90
#SBATCH --time=1440
#SBATCH --wckey=submitit
export SUBMITIT_EXECUTOR=slurm
srun --unbuffered --output FOLDER/%j_%t_log.out --error FOLDER/%j_%t_log.err \\
PYTHON -u -m submitit.core._submit FOLDER
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the stand-ins' jobs."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    monkeypatch.setenv("JOBS", str(folder))
    monkeypatch.setenv("PATH", f"{STAND_INS}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def slurm(home: Path, jobs: Path) -> Iterator[Engine]:
    with closing(start(EngineConfig("slurm", workers=2))) as engine:
        yield engine


def submit(engine: Engine, data: list[str], *overrides: str) -> None:
    engine.submit(Batch((cell(*data, "model.depth=2", *overrides),), code_digest()))


def event_of(engine: Engine) -> Event:
    event: Event = wait_for(lambda: engine.next_event(1.0))
    return event


def test_the_batch_script(tmp_path: Path, jobs: Path, home: Path, slurm: Engine) -> None:
    """What reaches sbatch, but for paths; submitit writes it."""
    submit(slurm, small_set(tmp_path / "set"), "trainer.iterations=30")
    (folder,) = home.glob("slurm/*/jobs")
    text = (jobs / "script").read_text()
    plain = "".join(line for line in text.splitlines(True) if line.strip() and not line.startswith("# "))
    assert plain.replace(str(folder), "FOLDER").replace(sys.executable, "PYTHON") == SCRIPT.replace(
        "\\\n", ""
    )
    assert isinstance(event_of(slurm), Trained)


@pytest.mark.slow
def test_closing_cancels_what_runs_and_leaves_no_folder(tmp_path: Path, jobs: Path, home: Path) -> None:
    with closing(start(EngineConfig("slurm", workers=2))) as engine:
        submit(engine, small_set(tmp_path / "set"), "trainer.iterations=200000000")
        submit(engine, small_set(tmp_path / "set"), "trainer.iterations=200000001")
    assert (jobs / "cancelled").read_text().split() == ["1", "2"]
    assert not [*home.glob("slurm/*")]
    for job in ("1", "2"):
        with pytest.raises(ProcessLookupError):
            os.killpg(int((jobs / job).read_text()), 0)


@pytest.mark.slow
def test_a_job_that_is_gone_is_lost(tmp_path: Path, jobs: Path, home: Path, slurm: Engine) -> None:
    """Neither Slurm's accounting nor a last word of the job says so."""
    submit(slurm, small_set(tmp_path / "set"), "trainer.iterations=200000000")
    assert isinstance(event_of(slurm), Costs)
    os.killpg(int((jobs / "1").read_text()), signal.SIGKILL)
    while isinstance(event := event_of(slurm), Costs):
        continue
    assert isinstance(event, Lost) and re.fullmatch(
        r"job 1 is gone; its output is in .*/1_0_log\.err", event.how
    )


def test_what_sbatch_refuses_is_one_line(
    tmp_path: Path, jobs: Path, slurm: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\nexit 1\n")
    (wrong / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrong}:{os.environ['PATH']}")
    with pytest.raises(
        Failed, match=r"^engine=slurm: sbatch refused a job: sbatch: error: invalid partition$"
    ):
        submit(slurm, small_set(tmp_path / "set"))


def test_without_slurm(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match=r"^engine=slurm: .*; run nnlab where jobs are submitted$"):
        start(EngineConfig("slurm", workers=2))
    assert not [*home.iterdir()]


def test_slurm_cannot_tell_how_many_workers_it_has() -> None:
    with pytest.raises(UserError, match=r"^engine\.workers: engine=slurm needs"):
        start(EngineConfig("slurm"))
