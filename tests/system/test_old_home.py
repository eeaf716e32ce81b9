"""A home that version 0.1.0 wrote (commit 956d118): every command still reads it.

The fixture holds nine records, two plans and an MLflow store: a sweep of eight cells over depth, seed and
rate, and a single training of a net with hidden layers 3 and 2.
"""

import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from harness import done, living_in, nnlab, runs
from PIL import Image

from nnlab.config.paths import ROOT
from nnlab.records import git, record

ARCHIVE = Path(__file__).parents[1] / "fixtures" / "home-0.1.0.tar.xz"
COMMIT = "956d11818a4ac5e7c3403c43caa07dd2d124fb88"
SWEEP = "32d9a5c87407"
DEEP = "1f771fc4646736fa"  # the record of `lr0.1 3x3 #1 relu s1`
ADDRESSES = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
}
CLOSE = ["--tolerance", "1e-9"]  # another processor rounds differently


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old home, at another place than the one where it was written."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "home"


def data(home: Path) -> list[str]:
    return [f"data.{split}={home}/pictures/{split}.h5" for split in ("train", "test")]


def test_its_records_are_complete(home: Path) -> None:
    found = [record.verified(path.parent) for path in (home / "runs").glob(f"*/{record.MARKER}")]
    assert len(found) == 9
    assert {rec.provenance["commit"] for rec in found} == {COMMIT}
    assert sorted({rec.status for rec in found}) == ["diverged", "finished"]


@pytest.mark.slow
def test_sync_finds_every_record_published_and_the_addresses_follow_the_home(home: Path) -> None:
    assert "every record is published" in done(nnlab("sync", home=home)).stdout
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        for table, column in ADDRESSES.items():
            addresses = [address for (address,) in store.execute(f"select {column} from {table}")]
            assert addresses and all(a.startswith((home / "mlartifacts").as_uri()) for a in addresses)
    for run in runs(home, "tags.`nnlab.status` = 'finished' and tags.`nnlab.kind` = 'cell'"):
        assert Path(run.data.tags["nnlab.record"]).is_relative_to(home)


@pytest.mark.slow
def test_predict_names_a_class_for_an_image(home: Path, tmp_path: Path) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (2, 2, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    folder = home / "runs" / DEEP
    out = done(nnlab("predict", str(folder), str(tmp_path / "small.png"), home=home, COLUMNS="200")).stdout
    rec = record.read(folder)
    assert (
        f"run {DEEP}, which is right on {100 * rec.metrics['test/accuracy']:.4g} % of its test images"
        in out
    )
    (row,) = (line for line in out.splitlines() if "small.png" in line and "│" in line)
    assert any(name in row for name in rec.classes)


def test_report_shows_the_sweep(home: Path) -> None:
    out = done(nnlab("report", SWEEP, home=home)).stdout
    page = Path(next(word for word in out.split() if word.endswith(".html"))).read_text("utf-8")
    for words in (SWEEP, "lr0.1 3x3 #1 relu s1", "diverged"):
        assert words in page


@pytest.mark.slow
def test_compare_shows_what_differs(home: Path) -> None:
    ids = {run.info.run_name: run.info.run_id for run in runs(home, "tags.`nnlab.kind` = 'cell'")}
    out = done(nnlab("compare", ids["lr0.1 3x3 #1 relu s1"], ids["lr0.1 3x3 #2 relu s1"], home=home)).stdout
    assert any(line.split() == ["seed", "1", "2"] for line in out.splitlines()), out
    page = Path(out.split("curves: ")[1].split()[0]).read_text("utf-8")
    assert "relu 3x3 s1 #1" in page and "relu 3x3 s1 #2" in page


@pytest.mark.slow
def test_a_run_is_trained_again_by_the_current_program(home: Path) -> None:
    again = nnlab("rerun", str(home / "runs" / DEEP), *CLOSE, *data(home), home=home)
    assert "the same within 1e-09: 40 costs" in done(again).stdout


@pytest.mark.slow
def test_another_seed_is_named_as_a_cause_and_the_changed_code_too(home: Path) -> None:
    again = nnlab("rerun", DEEP, *data(home), "seed=9", home=home)
    assert again.returncode == 1 and "Traceback" not in again.stderr
    assert "seed: 1 -> 9" in again.stdout and "code (numeric modules): " in again.stdout
    assert "data (content)" not in again.stdout


@pytest.mark.slow
def test_a_run_is_trained_again_by_the_program_of_its_commit(home: Path) -> None:
    if git.ask(ROOT, "cat-file", "-e", f"{COMMIT}^{{commit}}").returncode:
        pytest.skip(f"this clone does not have the commit {COMMIT[:7]}; a full clone has it")
    again = done(nnlab("rerun", DEEP, "--at-commit", *CLOSE, *data(home), home=home))
    assert "the same within 1e-09: 40 costs" in again.stdout
    assert f"trained by      commit {COMMIT[:12]}" in again.stdout


@pytest.mark.slow
def test_its_sweep_is_verified(home: Path) -> None:
    """On another kind of processor the outputs of a net that diverges, of 1e184 and more, may differ."""
    again = nnlab("rerun", "--sweep", SWEEP, *CLOSE, *data(home), home=home, COLUMNS="120")
    assert "Traceback" not in again.stderr and "8 cells came out the same" in again.stdout, again.stderr
    rows = [line for line in again.stdout.splitlines() if line.startswith("│ lr")]
    differ = [row for row in rows if "│ differs " in row]
    assert len(rows) == 8 and all("lr1e+200" in row for row in differ)
    assert again.returncode == (1 if differ else 0)
    assert not differ or "BLAS: " in again.stdout or "cpu: " in again.stdout, "the cause is named"


def test_its_plans_are_read(home: Path) -> None:
    from nnlab.cells import plan as plans

    with living_in(home):
        found, damaged = plans.load_all(home)
    assert not damaged and {plan.id for plan in found} == {SWEEP, "7ad95aef5bbc"}
    (sweep,) = (plan for plan in found if plan.kind == "sweep")
    with tarfile.open(ARCHIVE) as archive:  # the rerun above has written it in today's form
        written = archive.extractfile(f"home/plans/{SWEEP}.json")
        assert written is not None
        kept = json.load(written)
    assert [cell.fingerprint for cell in sweep.cells] == [cell["fingerprint"] for cell in kept["cells"]]
    assert sweep.name(sweep.cells[0]) in {run.info.run_name for run in runs(home)}
