"""Sets that stay on disk: the same rows, the same bits after training, little memory."""

import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from harness import assert_refused, nnlab, small_set, trained, write_h5

from nnlab.cells.cell import explain_solver, resolve, solver
from nnlab.cells.load import dataset
from nnlab.config.compose import compose
from nnlab.data import hdf5
from nnlab.data.lazy_rows import StoredRows

LAYOUTS = {
    "plain": {},
    "packed": {"chunks": (7, 4, 5, 3), "compression": "gzip"},
    "one by one": {"chunks": (1, 4, 5, 3)},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("dtype", ["u1", ">f8", "<i4"])
def test_rows_are_those_of_the_array(tmp_path: Path, layout: dict, dtype: str) -> None:
    x = np.random.RandomState(0).randint(0, 100, (30, 4, 5, 3)).astype(dtype)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=x, **layout)
    with h5py.File(tmp_path / "a.h5") as file:
        stored = StoredRows(file["x"])
        assert (len(stored), stored.shape, stored.ndim, stored.dtype) == (30, x.shape, 4, x.dtype)
        for rows in (slice(None), slice(3, 9), np.array([29, 0, 7, 7]), np.array([], int)):
            found = stored[rows]
            np.testing.assert_array_equal(found, x[rows])
            assert found.dtype == x.dtype


IMAGES = np.random.RandomState(1).randint(0, 256, (600, 16, 16, 3)).astype(np.uint8)
MINIBATCH = (
    "optimizer.batch_size=64", "trainer.solver=primal", "model.depth=3", "model.width=4",
    "trainer.iterations=40", "trainer.eval_every=15", "optimizer.l2=0.1",
)  # fmt: skip


@pytest.fixture
def images(tmp_path: Path) -> list[str]:
    """Overrides that name a set of 600 + 600 images; as float64 each half takes 3.5 MB."""
    for split in ("train", "test"):
        write_h5(tmp_path / f"{split}.h5", split, x=IMAGES, y=np.arange(600) % 2)
    return ["data=hdf5", *(f"data.{split}={tmp_path}/{split}.h5" for split in ("train", "test"))]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_streamed_training_has_the_bits_of_one_in_memory(
    home: Path, images: list[str], activation: str
) -> None:
    cells = {}
    for memory_mb in (3, 4):
        overrides = [*images, *MINIBATCH, f"model.activation={activation}", f"data.memory_mb={memory_mb}"]
        cell, rec = trained(home / str(memory_mb), *overrides)
        assert dataset(cell.config).train.streamed == (memory_mb == 3)
        cells[memory_mb] = rec
    streamed, held = cells.values()
    assert streamed.fingerprint == held.fingerprint
    for name in ("history", "weights", "predictions"):
        theirs = held.arrays(name)
        for key, array in streamed.arrays(name).items():
            np.testing.assert_array_equal(array, theirs[key], err_msg=key)
    timeless = [{k: v for k, v in r.metrics.items() if k != "time/train_s"} for r in cells.values()]
    assert timeless[0] == timeless[1]


def test_auto_chooses_primal_and_says_why(home: Path, images: list[str]) -> None:
    overrides = [*images, "optimizer.batch_size=64", "data.memory_mb=3"]
    cfg = compose(overrides)
    assert resolve(cfg).config.trainer.solver == "primal"
    assert "streamed" in solver(cfg, dataset(cfg))[1]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (
            [],
            r"W1 is held .* the 600 training images \(solver gram\): about [\d.]+ times faster",
        ),
        (["trainer.solver=primal"], r"W1 itself is trained \(solver primal\), as asked$"),
        (
            ["optimizer.name=adam"],
            r".*\(solver primal\): the steps of adam are no combinations of the training data$",
        ),
        (
            ["data.memory_mb=3", "optimizer.batch_size=64"],
            r".*\(solver primal\): the training data are streamed from disk$",
        ),
    ],
)
def test_which_solver_was_taken_and_why(home: Path, images: list[str], extra: list[str], said: str) -> None:
    assert re.match(said, explain_solver(resolve(compose([*images, *extra]))))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("extra", "word"),
    [
        ([], "optimizer.batch_size below 600"),
        (["optimizer.batch_size=1000"], "optimizer.batch_size below 600"),
        (["optimizer.batch_size=64", "trainer.solver=gram"], "trainer.solver"),
    ],
)
def test_a_training_that_cannot_stream_is_refused_with_the_remedy(
    home: Path, images: list[str], extra: list[str], word: str
) -> None:
    refused = nnlab("train", *images, "data.memory_mb=3", *extra, home=home)
    assert_refused(refused, "data.memory_mb", word)


@pytest.mark.slow
def test_data_check_says_that_a_set_will_be_streamed(tmp_path: Path, images: list[str]) -> None:
    said = nnlab("data", "check", "--memory-mb", "3", str(tmp_path / "train.h5"), home=tmp_path)
    assert "600 examples, to be streamed by minibatches" in said.stdout
    assert "0 to 255" in said.stdout


def test_a_set_that_fits_is_not_streamed(tmp_path: Path) -> None:
    small_set(tmp_path)
    assert not hdf5.read(tmp_path / "train.h5", "train", 1).streamed


@pytest.mark.slow
def test_fifty_thousand_images_train_within_500_mb(tmp_path: Path) -> None:
    """In a new process, which reads its peak as VmHWM. ``ru_maxrss`` would be wrong: it starts with
    the peak of the parent process."""
    random, m = np.random.RandomState(0), 50_000
    with h5py.File(tmp_path / "train.h5", "w") as file:
        x = file.create_dataset("train_set_x", (m, 64, 64, 3), np.uint8)
        for start in range(0, m, 1000):
            x[start : start + 1000] = random.randint(0, 256, (1000, 64, 64, 3), np.uint8)
        file["train_set_y"], file["list_classes"] = random.randint(0, 2, m), [b"no", b"yes"]
    write_h5(tmp_path / "test.h5", "test", x=np.zeros((50, 64, 64, 3), np.uint8), y=np.arange(50) % 2,
             classes=np.array([b"no", b"yes"]))  # fmt: skip
    program = f"""
import re
from pathlib import Path
from nnlab.cells.cell import resolve
from nnlab.cells.run_cell import run_cell
from nnlab.config.compose import compose
files = ["data.train={tmp_path}/train.h5", "data.test={tmp_path}/test.h5"]
cell = resolve(compose(["data=hdf5", *files, "optimizer.batch_size=64", "trainer.iterations=800"]))
cell.folder(Path("{tmp_path}")).mkdir(parents=True)
rec = run_cell(cell, Path("{tmp_path}"))
assert rec.status == "finished" and len(rec.arrays("history")["train/cost"]) == 800
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 500, f"{done.stdout} MB"
