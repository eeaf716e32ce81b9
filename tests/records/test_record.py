"""Records on disk, and locks: who trains a cell, and what a death leaves behind."""

import gc
import hashlib
import json
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import cell, environment, living_in, small_set, trained, wait_for

from nnlab.cells.cell import Cell
from nnlab.cells.run_cell import run_cell
from nnlab.errors import UserError
from nnlab.records import notes, record
from nnlab.records.code_digest import code_digest
from nnlab.records.lock import cell_lock, remarks
from nnlab.records.notes import PROGRESS
from nnlab.records.record import MARKER

OVERRIDES = ["trainer.iterations=50", "model.depth=2", "model.width=3", "trainer.eval_every=20"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with living_in(tmp_path / "home") as home:
        yield home


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path)


# -- content ---------------------------------------------------------------------------------------


def test_a_record_holds_what_was_trained(home: Path, data: list[str]) -> None:
    made, rec = trained(home, *data, *OVERRIDES)
    assert rec.folder == home / "runs" / made.fingerprint[:16]
    back = record.read(rec.folder)
    assert back == rec
    assert (back.status, back.fingerprint) == ("finished", made.fingerprint)
    assert back.config["model"]["depth"] == 2 and back.config["seed"] == 1
    assert back.started <= back.ended
    assert back.code_digest == code_digest()
    history, weights, outputs = (back.arrays(name) for name in ("history", "weights", "predictions"))
    assert history["train/cost"].shape == (50,) and history["train/cost"].dtype == np.float64
    assert history["steps"].tolist() == [0, 20, 40]
    assert {name: w.shape for name, w in weights.items()} == {
        "W1": (3, 2), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)
    }  # fmt: skip
    assert outputs["test"].shape == (1, 12)
    accuracy = np.mean((outputs["test"][0] > 0.5) == outputs["y_test"])
    assert back.metrics["test/accuracy"] == accuracy
    assert {"train/accuracy", "test/cost", "time/train_s", "layer_1/gradient_norm"} <= set(back.metrics)


def test_the_provenance_names_code_versions_and_machine(home: Path, data: list[str]) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    assert {"commit", "dirty", "versions", "blas", "host", "cores"} <= set(rec.provenance)
    assert rec.provenance["versions"]["numpy"] == np.__version__
    assert ("dirty.diff" in rec.files) == bool(rec.provenance["dirty"])


def test_no_pickle_anywhere(home: Path, data: list[str]) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    archives = list(rec.folder.glob("*.npz"))
    assert {path.stem for path in archives} == {"history", "weights", "predictions"}
    for path in archives:
        with np.load(path, allow_pickle=False) as archive:
            assert all(archive[name].dtype.kind in "fiu" for name in archive.files)
    assert not [p for p in home.rglob("*") if p.suffix in (".pkl", ".pickle", ".joblib")]


def test_the_marker_names_every_file_with_its_digest(home: Path, data: list[str]) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    kept = {path.name for path in rec.folder.iterdir()} - {MARKER, "lock"}
    assert set(rec.files) == kept
    for name, digest in rec.files.items():
        assert hashlib.sha256((rec.folder / name).read_bytes()).hexdigest() == digest
    assert json.loads((rec.folder / MARKER).read_text())["format"] == record.FORMAT


def test_the_same_cell_gives_the_same_bits_again(home: Path, data: list[str], tmp_path: Path) -> None:
    _, first = trained(home, *data, *OVERRIDES)
    _, second = trained(tmp_path / "elsewhere", *data, *OVERRIDES)
    for name in ("history", "weights", "predictions"):
        for key, array in first.arrays(name).items():
            assert array.tobytes() == second.arrays(name)[key].tobytes()


def test_colour_images_come_with_pictures(home: Path, tmp_path: Path) -> None:
    from harness import write_h5

    x = np.random.RandomState(0).randint(0, 256, (30, 8, 8, 3)).astype(np.uint8)
    for split in ("train", "test"):
        write_h5(tmp_path / f"{split}.h5", split, x=x)
    data = ["data=hdf5", *(f"data.{s}={tmp_path}/{s}.h5" for s in ("train", "test"))]
    _, rec = trained(home, *data, *OVERRIDES)
    for name in ("misclassified.jpg", "first_layer.jpg"):
        assert (rec.folder / name).read_bytes().startswith(b"\xff\xd8\xff")


# -- the marker is written last --------------------------------------------------------------------


def test_a_folder_without_marker_is_no_record(home: Path, data: list[str]) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    assert record.exists(rec.folder)
    (rec.folder / MARKER).unlink()
    assert not record.exists(rec.folder)
    with pytest.raises(UserError, match="no finished record"):
        record.read(rec.folder)


@pytest.mark.parametrize("blocked", ["config.yaml", "history.npz", "predictions.npz", "weights.npz"])
def test_a_file_that_cannot_be_written_means_no_marker(home: Path, data: list[str], blocked: str) -> None:
    made = cell(*data, *OVERRIDES)
    folder = made.folder(home)
    (folder / blocked).mkdir(parents=True)
    with pytest.raises(OSError):
        run_cell(made, home)
    assert not record.exists(folder)
    (folder / blocked).rmdir()
    assert record.exists(run_cell(made, home).folder)


def test_a_failed_second_writing_leaves_no_mixed_record(home: Path, data: list[str]) -> None:
    """Training again over a record takes the old marker away first."""
    made, rec = trained(home, *data, *OVERRIDES)
    (rec.folder / "predictions.npz").unlink()
    (rec.folder / "predictions.npz").mkdir()
    with pytest.raises(OSError):
        run_cell(made, home)
    assert not record.exists(rec.folder)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"format": 99}', '{"format": 1, "x": 2}']
)
def test_a_damaged_marker_is_a_clear_error(home: Path, data: list[str], content: str) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    (rec.folder / MARKER).write_text(content)
    with pytest.raises(UserError) as caught:
        record.read(rec.folder)
    message = str(caught.value)
    assert str(rec.folder / MARKER) in message and "delete" in message
    assert len(message.splitlines()) <= 2


def test_a_binary_marker_is_a_clear_error(home: Path, data: list[str]) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    (rec.folder / MARKER).write_bytes(b"\xff\xfe\x00\x00")
    with pytest.raises(UserError, match="damaged"):
        record.read(rec.folder)


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut", b"", b"no archive", None])
def test_a_missing_or_damaged_array_file_is_a_clear_error(
    home: Path, data: list[str], content: bytes | None
) -> None:
    _, rec = trained(home, *data, *OVERRIDES)
    path = rec.folder / "history.npz"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    error: Exception | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            rec.arrays("history")
        except Exception as raised:
            error = raised.with_traceback(None)
        gc.collect()
    assert isinstance(error, UserError), repr(error)
    assert str(path) in str(error)


# -- failures and progress -------------------------------------------------------------------------


def test_a_failure_note_is_gone_when_the_cell_is_done(home: Path, data: list[str]) -> None:
    made = cell(*data, *OVERRIDES)
    folder = made.folder(home)
    folder.mkdir(parents=True)
    notes.write_failure(folder, "ValueError: no", "Traceback ...", 1.0, 2.0)
    note = notes.read_failure(folder)
    assert note is not None and note["error"] == "ValueError: no"
    run_cell(made, home)
    assert notes.read_failure(folder) is None


def test_progress_can_be_read_while_training_and_is_gone_after(home: Path, data: list[str]) -> None:
    made = cell(*data, *OVERRIDES)
    folder = made.folder(home)
    folder.mkdir(parents=True)
    assert notes.read_progress(folder) is None
    notes.write_progress(folder, 5.0, np.array([1.0, 0.5]))
    progress = notes.read_progress(folder)
    assert progress is not None and progress[0] == 5.0 and progress[1].tolist() == [1.0, 0.5]
    run_cell(made, home)
    assert not (folder / PROGRESS).exists()


# -- locks -----------------------------------------------------------------------------------------

HOLDER = """
import sys, time
from pathlib import Path
from nnlab.records.lock import cell_lock
with cell_lock(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    sys.stdin.readline()
"""


def holder(folder: Path) -> "subprocess.Popen[str]":
    """Another process that locks the cell and holds the lock until it is told a line or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        env=environment(folder.parent),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline().strip() == "True"
    return process


def end(process: "subprocess.Popen[str]", kill: bool) -> None:
    if kill:
        process.send_signal(signal.SIGKILL)
    process.communicate("\n" if not kill else None, timeout=30)


def lockable(folder: Path) -> bool:
    with cell_lock(folder) as mine:
        return mine


@pytest.mark.parametrize("kill", [False, True])
def test_one_process_holds_a_lock_at_a_time(tmp_path: Path, kill: bool) -> None:
    """However the holder ends, its lock ends with it."""
    folder = tmp_path / "cell"
    process = holder(folder)
    assert not lockable(folder)
    end(process, kill)
    assert lockable(folder)


@pytest.mark.slow
def test_waiting_for_a_lock(tmp_path: Path) -> None:
    folder = tmp_path / "cell"
    first = holder(folder)
    waiter = subprocess.Popen(
        [sys.executable, "-c", HOLDER.replace("[1])", "[1]), wait=True"), str(folder)],
        env=environment(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert waiter.stdout is not None
    assert waiter.poll() is None
    end(first, kill=False)
    assert waiter.stdout.readline().strip() == "True"
    end(waiter, kill=False)


@pytest.mark.parametrize("error", [ValueError, BlockingIOError])
def test_a_holder_that_fails_leaves_the_lock(tmp_path: Path, error: type[Exception]) -> None:
    with pytest.raises(error), cell_lock(tmp_path / "cell"):
        raise error
    assert lockable(tmp_path / "cell")


def test_nothing_is_remarked_where_locks_work(tmp_path: Path) -> None:
    folder = tmp_path / "cell"
    assert remarks(tmp_path / "lock") == []
    process = holder(folder)
    assert remarks(folder / "lock") == [], "another process holds it"
    end(process, kill=False)


@pytest.mark.slow
def test_a_training_killed_midway_leaves_no_record(home: Path, data: list[str]) -> None:
    """kill -9 in the middle of a real cell: there is no marker, and another process can train it."""
    long = [*data, "trainer.iterations=30000000", "model.depth=2", "model.width=3"]
    made: Cell = cell(*long)
    folder = made.folder(home)
    code = (
        "import sys; from pathlib import Path; from nnlab.config.compose import compose;"
        "from nnlab.config.paths import home;"
        "from nnlab.cells.cell import resolve;"
        "from nnlab.cells.run_cell import run_cell; from nnlab.records.lock import cell_lock\n"
        "cell = resolve(compose(sys.argv[1:]))\n"
        "with cell_lock(cell.folder(home())): run_cell(cell, home())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, *long], env=environment(home))
    wait_for(lambda: notes.read_progress(folder))
    process.kill()
    process.wait(30)
    assert lockable(folder) and not record.exists(folder)
