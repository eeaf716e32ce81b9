"""Files of one's own through the real command line: which are read, which are refused, none is written."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from harness import assert_refused, done, lines, nnlab, points, runs, small_set, write_h5

QUICK = ["trainer.iterations=3", "model.depth=2", "model.width=2"]


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A file with a training set of 30 and a test set of 12 examples."""
    return both_sets(tmp_path / "both.h5")


def both_sets(path: Path, seed: int = 0) -> Path:
    x, y = points(30, seed=seed)
    write_h5(path, x=x, y=y)
    with h5py.File(path, "a") as file:
        file["test_set_x"], file["test_set_y"] = points(12, seed=seed + 1)
    return path


def recorded(home: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(home.glob("runs/*/record.json"))]


@pytest.mark.slow
def test_one_file_with_both_sets_is_trained_named_and_rerun(tmp_path: Path, both: Path) -> None:
    """By ``data.file``, or given twice: the same cell as with two files."""
    home = tmp_path / "home"
    done(nnlab("train", "data=hdf5", f"data.file={both}", *QUICK, home=home))
    (rec,) = recorded(home)
    assert rec["config"]["data"] | {"file": str(both), "train": None, "test": None} == rec["config"]["data"]
    (run,) = runs(home)
    assert run.data.params["data.file"] == str(both)
    for files in (small_set(tmp_path), ["data=hdf5", f"data.train={both}", f"data.test={both}"]):
        assert "already recorded" in done(nnlab("train", *files, *QUICK, home=home)).stdout
    assert "identical" in done(nnlab("rerun", rec["fingerprint"][:16], home=home)).stdout
    moved = both.rename(tmp_path / "moved.h5")
    assert_refused(nnlab("rerun", run.info.run_id, home=tmp_path / "elsewhere",
                         MLFLOW_TRACKING_URI=f"sqlite:///{home}/mlflow.db"), "data.file: ")  # fmt: skip
    again = done(nnlab("rerun", run.info.run_id, f"data.file={moved}", home=home))
    assert "identical" in again.stdout
    apart = [f"data.{split}={tmp_path}/{split}.h5" for split in ("train", "test")]
    assert "identical" in done(nnlab("rerun", rec["fingerprint"][:16], *apart, home=home)).stdout


@pytest.mark.slow
def test_files_are_swept_and_name_the_runs(tmp_path: Path, both: Path) -> None:
    other = both_sets(tmp_path / "other.h5", seed=5)
    done(nnlab("sweep", "data=hdf5", f"data.file={both},{other}", *QUICK, "hydra/launcher=basic",
               home=tmp_path / "home"))  # fmt: skip
    names = {run.info.run_name for run in runs(tmp_path / "home", "tags.`nnlab.kind` = 'cell'")}
    assert {name.split()[0] for name in names} == {"both", "other"}


@pytest.mark.slow
def test_sets_in_the_wrong_role(tmp_path: Path) -> None:
    small_set(tmp_path)
    for train, test in (("train", "train"), ("test", "train"), ("test", "test")):
        files = [f"data.train={tmp_path}/{train}.h5", f"data.test={tmp_path}/{test}.h5"]
        refused = nnlab("train", "data=hdf5", *files, home=tmp_path / "home")
        assert_refused(
            refused, f"{train if test == 'train' else test}.h5: has no ", "set; give it as data."
        )
    assert not list(tmp_path.glob("home/runs/*"))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ([], "data.train: a value is needed"),
        (["data.train=a.h5"], "data.test: a value is needed"),
        (["data.file=a.h5", "data.test=b.h5"], "data.file: names one file with both sets"),
    ],
)
def test_files_that_are_missing_or_contradict_each_other(
    tmp_path: Path, given: list[str], word: str
) -> None:
    assert_refused(nnlab("train", "data=hdf5", *given, home=tmp_path / "home"), word, "data.file")


@pytest.mark.parametrize(
    "command",
    [
        ["train"],
        ["sweep", "seed=1,2"],
        ["sweep", "experiment=zero_init"],
        ["gradcheck"],
        ["data", "ready"],
        ["train", "data=catvnoncat"],
    ],
    ids=" ".join,
)
def test_a_path_given_by_hand_is_never_drawn(tmp_path: Path, command: list[str]) -> None:
    key = "data.file" if "ready" in command else "data.test" if "seed=1,2" in command else "data.train"
    absent = tmp_path / "mine" / "absent.h5"
    refused = nnlab(*command, f"{key}={absent}", home=tmp_path / "home")
    assert_refused(refused, f"{key}: {absent}", "add data=hdf5")
    assert not absent.parent.exists() and not list(tmp_path.glob("home/runs/*"))


@pytest.mark.parametrize("key", ["data.train", "data.file"])
def test_swept_paths_given_by_hand_are_never_drawn(tmp_path: Path, key: str) -> None:
    paths = [tmp_path / f"{name}.h5" for name in "ab"]
    swept = f"{key}={paths[0]},{paths[1]}"
    assert_refused(nnlab("sweep", swept, home=tmp_path / "home"), "add data=hdf5")
    assert not any(path.exists() for path in paths)


@pytest.mark.slow
def test_a_record_of_the_painted_set_is_rerun_with_files(tmp_path: Path) -> None:
    """The files stand in for the named set, which is not looked up then."""
    home = tmp_path / "home"
    done(nnlab("train", *QUICK, home=home))
    (rec,) = recorded(home)
    for split in ("train", "test"):
        (home / "data" / "painted" / f"{split}_painted.h5").rename(tmp_path / f"{split}.h5")
    files = [f"data.{split}={tmp_path}/{split}.h5" for split in ("train", "test")]
    again = done(nnlab("rerun", rec["fingerprint"][:16], *files, home=home))
    assert "identical" in again.stdout and not list((home / "data" / "painted").iterdir())


# -- what is said before a training ----------------------------------------------------------------


@pytest.mark.slow
def test_doubts_are_said_at_check_and_before_training(tmp_path: Path) -> None:
    pictures = np.random.RandomState(0).randint(0, 256, (42, 3, 6, 6)).astype(np.uint8)
    labels = np.arange(42) % 2
    train = write_h5(tmp_path / "train.h5", x=pictures[:30], y=labels[:30] * 1.0, classes=None)
    kept = np.concatenate([pictures[30:], pictures[:2]])
    test = write_h5(tmp_path / "test.h5", "test", x=kept, y=np.arange(14) % 2 * 1.0, classes=None)
    home, files = tmp_path / "home", ["data=hdf5", f"data.train={train}", f"data.test={test}"]
    said = [
        done(nnlab("train", *files, *QUICK, home=home)).stderr,
        done(nnlab("sweep", *files, *QUICK, "seed=1,2", "hydra/launcher=basic", home=home)).stderr,
        done(nnlab("gradcheck", *files, *QUICK, home=home)).stderr,
        done(nnlab("data", "ready", *files, home=home)).stderr,
    ]
    for text in said:
        notes = [line for line in lines(text) if line.startswith("note: ")]
        assert sum("channels first" in note for note in notes) == 2
        assert sum("taken as classes" in note for note in notes) == 2
        assert (
            sum("2 of its 14 test examples (the first is example 12) stand in" in note for note in notes)
            == 1
        )
        assert len(notes) == 5
    checked = done(nnlab("data", "check", str(train), str(test), home=home))
    assert checked.stdout.count("channels first") == checked.stdout.count("taken as classes") == 2
    assert "2 of its 14 test examples (the first is example 12) stand in" in checked.stderr


@pytest.mark.slow
def test_copies_among_training_examples_matter_where_some_are_held_out(tmp_path: Path) -> None:
    x, y = points(30)
    x[:5] = x[5]
    small_set(tmp_path)
    train = write_h5(tmp_path / "copies.h5", x=x, y=y)
    files = ["data=hdf5", f"data.train={train}", f"data.test={tmp_path}/test.h5", *QUICK]
    assert not done(nnlab("gradcheck", *files, home=tmp_path / "home")).stderr.strip()
    held = done(nnlab("gradcheck", *files, "data.validation=0.2", home=tmp_path / "home")).stderr
    assert "6 of its 30 training examples stand there more than once" in held


@pytest.mark.slow
def test_check_shows_every_set_of_a_file(tmp_path: Path, both: Path) -> None:
    said = done(nnlab("data", "check", str(both), home=tmp_path / "home")).stdout
    assert f"{both}: 30 examples" in said and f"{both}: 12 examples" in said
    assert "train_set_x  (30, 2) float64" in said and "test_set_x   (12, 2) float64" in said
    with h5py.File(both, "a") as file:
        del file["test_set_y"]
    assert_refused(nnlab("data", "check", str(both), home=tmp_path / "home"), "test_set_y is missing")
    with h5py.File(both, "a") as file:
        file["test_set_y"] = np.arange(12) % 2
        del file["test_set_x"]
        file["test_set_x"] = np.zeros((12, 3))
    assert_refused(nnlab("data", "check", str(both), home=tmp_path / "home"), "its test examples are (3,)")
