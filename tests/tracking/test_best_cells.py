"""What MLflow gets of the best cells alone (files, pictures, a model), and links in the place of copies."""

import os
from pathlib import Path

import numpy as np
import pytest
from harness import assert_refused, client, done, lines, markers, nnlab, runs, start, write_h5
from PIL import Image

from nnlab.records import record
from nnlab.tracking.artifact_files import log_files

BEST = 10
PICTURES = {"first_layer.jpg", "misclassified.jpg"}  # of a net that predicts classes


def images(folder: Path) -> list[str]:
    """Colour images of 4 x 4, bright ones of class 1."""
    folder.mkdir()
    for seed, (split, m) in enumerate((("train", 30), ("test", 20))):
        y = np.arange(m) % 3 // 2
        x = np.random.RandomState(seed).randint(0, 120, (m, 4, 4, 3)) + 120 * y[:, None, None, None]
        write_h5(folder / f"{split}.h5", split, x=x.astype(np.uint8), y=y)
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]


def artifacts(home: Path) -> dict[str, set[str]]:
    """The names of the artifacts of each cell's run, by its fingerprint."""
    store = client(home)
    return {
        run.data.tags["nnlab.fingerprint"]: {file.path for file in store.list_artifacts(run.info.run_id)}
        for run in runs(home, "tags.`nnlab.kind` = 'cell'")
    }


@pytest.mark.slow
def test_a_large_sweep_publishes_all_numbers_and_the_files_of_the_best(home: Path) -> None:
    grid = [*images(home / "set"), "trainer.iterations=30", "seed=range(4)", "optimizer.lr=0.01,0.1,0.3"]
    words = ["sweep", *grid, "engine=inline", "records.weights=dual", "tracking.artifacts=best"]
    said = done(nnlab(*words, home=home)).stdout
    assert "MLflow gets all numbers, but files of the best cells alone" in " ".join(lines(said))
    have = artifacts(home)
    cells = runs(home, "tags.`nnlab.kind` = 'cell'")
    assert all(run.data.metrics.keys() >= {"train/cost", "test/accuracy"} for run in cells)
    assert len(have) == 12 and sorted(map(bool, have.values())) == [False] * 2 + [True] * BEST
    (best,) = [name for name, files in have.items() if files & PICTURES]
    assert have[best] >= PICTURES | {record.MARKER, "weights.npz"}, "the record has no pictures, MLflow has"
    (run,) = [one for one in cells if one.data.tags["nnlab.fingerprint"] == best]
    assert len(client(home).get_run(run.info.run_id).outputs.model_outputs) == 1
    ranks = sorted(cells, key=lambda one: one.data.metrics["test/accuracy"])
    without = [one for one in cells if not have[one.data.tags["nnlab.fingerprint"]]]
    assert all(
        one.data.metrics["test/accuracy"] <= ranks[6].data.metrics["test/accuracy"] for one in without
    )

    rerun = done(nnlab("rerun", without[0].info.run_id, home=home)).stdout
    assert "identical, bit for bit" in rerun, "this home has its record"
    (home / "runs").rename(home / "elsewhere")
    assert_refused(nnlab("rerun", without[0].info.run_id, home=home), "its files are not in MLflow")
    (home / "elsewhere").rename(home / "runs")

    done(nnlab("sync", home=home))
    done(nnlab(*words, "tracking.register=cats", home=home))
    assert artifacts(home) == have, "the same command again changes nothing"
    assert client(home).get_model_version_by_alias("cats", "best").run_id == run.info.run_id

    Image.new("RGB", (9, 9), "white").save(home / "white.png")
    asked = ["predict", home / "runs" / best[:16], home / "white.png"]
    assert "white.png" in done(nnlab(*asked, home=home)).stdout
    (home / "set" / "train.h5").unlink()
    assert_refused(nnlab(*asked, home=home), "records.weights=dual", "train.h5")


def test_the_files_of_a_record_are_links_and_outlive_it(tmp_path: Path) -> None:
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    source, artifacts = tmp_path / "record", tmp_path / "artifacts"
    source.mkdir()
    (source / "a.npz").write_bytes(b"first")
    repository = LocalArtifactRepository(str(artifacts))
    for _ in range(2):  # the second time it is there
        log_files(repository, [source / "a.npz"])
    assert (source / "a.npz").samefile(artifacts / "a.npz")
    (source / "new").write_bytes(b"second")
    (source / "new").replace(source / "a.npz")  # as a record is written
    assert (artifacts / "a.npz").read_bytes() == b"first"
    log_files(repository, [source / "a.npz"])
    assert (source / "a.npz").samefile(artifacts / "a.npz")
    (tmp_path / "note").mkdir()
    (tmp_path / "note" / "a.npz").write_bytes(b"by hand")
    repository.log_artifact(str(tmp_path / "note" / "a.npz"))  # MLflow's client takes another file, too
    assert (source / "a.npz").read_bytes() == b"second"
    assert [path.name for path in artifacts.iterdir()] == ["a.npz"], "no half of a link is left"


def test_where_links_are_refused_a_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    def refuse(*names: object) -> None:
        raise OSError("this file system has no links")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_bytes(b"content")
    log_files(LocalArtifactRepository(str(tmp_path / "artifacts")), [tmp_path / "a"])
    copy = tmp_path / "artifacts" / "a"
    assert copy.read_bytes() == b"content" and not copy.samefile(tmp_path / "a")


@pytest.mark.slow
def test_above_1000_and_5000_cells_lines_say_what_is_kept_less(home: Path) -> None:
    for seeds, said in (
        (1001, ["records.weights=dual, as in any sweep of over 1000 cells"]),
        (
            5001,
            ["as in any sweep of over 1000 cells", "tracking.artifacts=best, as in any sweep of over 5000"],
        ),
    ):
        grid = [f"seed=range({seeds})", "trainer.iterations=1", "trainer.solver=gram", "engine=inline"]
        with start("sweep", *images(home / f"set {seeds}"), *grid, home=home) as process:
            assert process.stdout is not None
            heard = ""
            while not all(words in " ".join(lines(heard)) for words in said):
                line = process.stdout.readline()
                assert line, heard
                heard += line
            process.kill()
    assert len(markers(home)) < 6000
