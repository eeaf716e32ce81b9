"""Regression: sets of real targets, from the files to the report."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from harness import (
    assert_refused,
    cell,
    client,
    counts,
    done,
    empty_store,
    environment,
    histories,
    lines,
    living_in,
    load_mlflow,
    nnlab,
    points,
    runs,
    small_set,
    trained,
    write_h5,
)
from PIL import Image

from nnlab.cells import plan as plans
from nnlab.cells import trained_net as model
from nnlab.cells.load import dataset
from nnlab.cells.ranking import Configuration, rank
from nnlab.cells.summary import summarize
from nnlab.data import hdf5, holdout
from nnlab.data import synthetic as toy
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.reports import run_comparison
from nnlab.tracking.runs import Run, Sweep

load_mlflow()
MEMORY_MB = 100
X, LABELS = points(30)
T = np.random.RandomState(5).randn(30, 2)  # targets
REGRESSION = ("model.output=identity", "model.loss=squared_error")
QUICK = (*REGRESSION, "model.depth=2", "model.width=6", "optimizer.lr=0.1", "trainer.iterations=60")


def target_set(folder: Path, n_L: int = 1, m_train: int = 40, m_test: int = 20) -> list[str]:
    """Write points with noisy linear targets; returns the overrides that name the files."""
    folder.mkdir(parents=True, exist_ok=True)
    W = np.random.RandomState(0).randn(3, n_L)
    for seed, (split, m) in enumerate((("train", m_train), ("test", m_test)), start=1):
        random = np.random.RandomState(seed)
        x = random.randn(m, 3)
        hdf5.write(folder / f"{split}.h5", split, x, x @ W + 2.0 + 0.1 * random.randn(m, n_L), ())
    return named(folder)


def named(folder: Path) -> list[str]:
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [T[:, 0], T[:, :1], T, T.astype(np.float32), T.astype(">f8")])
def test_targets_come_back_as_they_are(tmp_path: Path, y: np.ndarray) -> None:
    split = hdf5.read(write_h5(tmp_path / "a.h5", y=y, classes=None), "train", MEMORY_MB)
    assert split.regression and split.classes == () and split.y.dtype == np.float64
    np.testing.assert_array_equal(split.y, y.reshape(30, -1))
    n_L = split.y.shape[1]
    Y = split.targets(n_L, np.dtype("float32"))
    assert Y.shape == (n_L, 30) and Y.dtype == np.float32
    np.testing.assert_array_equal(Y, y.reshape(30, -1).T.astype(np.float32))


def test_a_written_set_is_read_again(tmp_path: Path) -> None:
    hdf5.write(tmp_path / "a.h5", "train", X, T, ())
    split = hdf5.read(tmp_path / "a.h5", "train", MEMORY_MB)
    np.testing.assert_array_equal(split.y, T)
    hdf5.write(tmp_path / "b.h5", "train", X, np.nextafter(T, 9.0), ())
    assert hdf5.read(tmp_path / "b.h5", "train", MEMORY_MB).digest != split.digest


WRONG: dict[str, tuple[Any, str]] = {
    "NaN": (np.where(np.arange(60).reshape(30, 2) == 35, np.nan, T), "the target of example 17 is not"),
    "infinity": (np.where(np.arange(30) == 3, np.inf, T[:, 0]), "the target of example 3 is not finite"),
    "squares without end": (T * 1e150, "rescale them"),
    "too few": (T[:-1], "(29, 2)"),
    "transposed": (T.T, "(2, 30)"),
    "a table of tables": (T[..., np.newaxis], "(30, 2, 1)"),
    "one number": (1.5, "shape ()"),
    "no targets": (T[:, :0], "(30, 0)"),
    "wider than 64 bits": (T.astype(np.longdouble), "float128"),
    "complex": (T[:, 0] + 1j, "complex128"),
    "more than memory": (np.zeros((30, 500_000)), "114 MB as float64, data.memory_mb allows"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_targets(tmp_path: Path, wrong: str) -> None:
    y, word = WRONG[wrong]
    path = write_h5(tmp_path / "a.h5", y=y, classes=None)
    with pytest.raises(UserError) as caught:
        hdf5.read(path, "train", MEMORY_MB)
    message = str(caught.value)
    assert word in message and str(path) in message and ";" in message and len(message.splitlines()) == 1


def test_targets_and_classes_in_one_file_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train_set_y is float64; labels .* real targets .* list_classes"):
        hdf5.read(write_h5(tmp_path / "a.h5", y=T), "train", MEMORY_MB)


def test_links_to_targets_in_other_files_are_not_followed(tmp_path: Path) -> None:
    write_h5(tmp_path / "other.h5", y=T, classes=None)
    path = write_h5(tmp_path / "a.h5", y=None, classes=None)
    with h5py.File(path, "a") as file:
        file["train_set_y"] = h5py.ExternalLink("other.h5", "train_set_y")
    with pytest.raises(UserError, match="train_set_y is a link to elsewhere"):
        hdf5.read(path, "train", MEMORY_MB)
    path = write_h5(tmp_path / "b.h5", y=T, classes=None)
    with h5py.File(path, "a") as file:
        file["list_classes"] = h5py.SoftLink("/nowhere")
    with pytest.raises(UserError, match="list_classes is a link to elsewhere"):
        hdf5.read(path, "train", MEMORY_MB)


def test_a_chunk_of_targets_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", y=None, classes=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_set_y", data=T[:, 0], chunks=(2**22,), maxshape=(None,), compression=1)
    with pytest.raises(UserError, match=r"train_set_y of shape \(30,\) is in 1 chunks"):
        hdf5.read(path, "train", MEMORY_MB)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"y": T[:, 0], "classes": None}, ("1 real target an example", "train.h5 has 2 real targets")),
        ({}, ("labels of 2 classes", "2 real targets an example")),
    ],
)
def test_splits_of_two_kinds(tmp_path: Path, arrays: dict[str, Any], words: tuple[str, ...]) -> None:
    train = write_h5(tmp_path / "train.h5", y=T, classes=None)
    other = write_h5(tmp_path / "test.h5", "test", **arrays)
    with pytest.raises(UserError) as caught:
        hdf5.load(train, other, MEMORY_MB)
    assert all(word in str(caught.value) for word in words)


def test_held_out_examples_are_drawn_without_regard_to_the_targets(tmp_path: Path) -> None:
    target_set(tmp_path)
    data = hdf5.load(tmp_path / "train.h5", tmp_path / "test.h5", MEMORY_MB)
    held = [holdout.fold(data, 4, k) for k in range(4)]
    places = np.sort(np.concatenate([d.validation.places for d in held]))  # type: ignore[union-attr]
    np.testing.assert_array_equal(places, np.arange(40))
    for d in (*held, holdout.share(data, 0.25)):
        assert d.validation is not None and d.validation.regression and d.train.regression
        assert (d.validation.y.shape, d.train.y.shape) == ((10, 1), (30, 1))
    with pytest.raises(UserError, match="has 40 training examples, too few for 41 folds"):
        holdout.fold(data, 41, 0)


def test_drawn_curves(tmp_path: Path) -> None:
    for name, f in toy.CURVES.items():
        toy.write(tmp_path, toy.curve(name, 30, 1), toy.curve(name, 10, 2), stem=name)
        data = hdf5.load(tmp_path / f"{name}train.h5", tmp_path / f"{name}test.h5", MEMORY_MB)
        x = data.train.features()
        assert data.train.regression and -1.0 <= x.min() < -0.8 and 0.8 < x.max() <= 1.0
        np.testing.assert_array_equal(data.train.y, f((x + 1.0) / 2.0))
        assert not set(x[:, 0]) & set(data.test.features()[:, 0])


# -- training --------------------------------------------------------------------------------------


def rmse(rec: record.Record, split: str = "test") -> float:
    """Computed from the recorded outputs and targets, example by example."""
    arrays = rec.arrays("predictions")
    squares = [(a - y) ** 2 for a, y in zip(arrays[split].T.flat, arrays[f"y_{split}"].flat, strict=True)]
    return float((sum(squares) / len(squares)) ** 0.5)


def test_one_layer_finds_the_least_squares(tmp_path: Path) -> None:
    files = target_set(tmp_path / "set", n_L=2)
    steps = ("model.depth=1", "optimizer.lr=0.3", "trainer.iterations=400")
    with living_in(tmp_path / "home") as home:
        found = [
            trained(home, *files, *REGRESSION, *steps, f"trainer.solver={solver}")[1]
            for solver in ("gram", "primal")
        ]
        data = dataset(cell(*files, *REGRESSION).config)
    ones = np.hstack([data.train.features(), np.ones((40, 1))])
    best, *_ = np.linalg.lstsq(ones, data.train.y, rcond=None)
    for rec in found:
        weights = rec.arrays("weights")
        np.testing.assert_allclose(np.hstack([weights["W1"], weights["b1"]]).T, best, rtol=1e-9)
        assert rec.metrics["test/rmse"] == pytest.approx(rmse(rec), rel=1e-12)
        assert rec.metrics["train/rmse"] == pytest.approx(
            np.sqrt(np.mean((ones @ best - data.train.y) ** 2)), rel=1e-9
        )
        assert rec.metrics["test/cost"] == pytest.approx(rec.metrics["test/rmse"] ** 2, rel=1e-9)
        assert rec.metrics["train/deviation"] == pytest.approx(
            np.sqrt(np.mean((data.train.y - data.train.y.mean(axis=0)) ** 2))
        )
        assert not [key for key in rec.metrics if "accuracy" in key or "majority" in key]
        assert rec.regression and rec.classes == [] and rec.shape == [3]


def test_errors_along_the_way_and_of_held_out_examples(tmp_path: Path) -> None:
    files = target_set(tmp_path / "set")
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *files, *QUICK, "data.validation=0.25", "trainer.eval_every=20")
    history = rec.arrays("history")
    assert history["steps"].tolist() == [0, 20, 40, 60]
    for split in ("train", "validation", "test"):
        curve = history[f"{split}/rmse"]
        assert curve[-1] == pytest.approx(rec.metrics[f"{split}/rmse"], rel=1e-9) and curve[-1] < curve[0]
    assert rec.metrics["validation/rmse"] == pytest.approx(rmse(rec, "validation"), rel=1e-12)
    assert np.sqrt(2.0 * history["train/cost"][20]) == pytest.approx(history["train/rmse"][1], rel=1e-9)


@pytest.mark.slow
def test_a_streamed_set_gives_the_same_bits(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for seed, split in enumerate(("train", "test")):
        x = np.random.RandomState(seed).randn(500, 400)
        hdf5.write(folder / f"{split}.h5", split, x, x[:, :2] ** 2, ())
    batches = (*REGRESSION, "model.depth=2", "optimizer.batch_size=64", "trainer.iterations=30")
    kept = []
    for memory_mb in (1, 100):
        with living_in(tmp_path / f"home{memory_mb}") as home:
            made, rec = trained(home, *named(folder), *batches, f"data.memory_mb={memory_mb}",
                                "trainer.solver=primal")  # fmt: skip
            assert dataset(made.config).train.streamed == (memory_mb == 1)
        kept.append(
            rec.arrays("history")["train/cost"].tobytes() + rec.arrays("predictions")["test"].tobytes()
        )
    assert kept[0] == kept[1]


def test_a_net_that_diverges_has_no_error(tmp_path: Path) -> None:
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *target_set(tmp_path / "set"), *QUICK, "optimizer.lr=1e30")
    assert rec.status == "diverged" and "test/rmse" not in rec.metrics and "train/deviation" in rec.metrics


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_targets_need_the_identity(tmp_path: Path, output: str) -> None:
    with (
        living_in(tmp_path / "home"),
        pytest.raises(
            UserError, match=f"model.output: {output} .* model.output=identity model.loss=squared"
        ),
    ):
        cell(*target_set(tmp_path / "set"), f"model.output={output}")


def test_labels_with_the_identity_are_still_told_apart(tmp_path: Path) -> None:
    with living_in(tmp_path / "home") as home:
        made, rec = trained(home, *small_set(tmp_path / "set"), *QUICK)
    assert (
        made.figure == "accuracy" and rec.metrics["test/accuracy"] > 0.8 and "test/rmse" not in rec.metrics
    )


# -- ranking ---------------------------------------------------------------------------------------


def stored(name: str, seed: int, status: str = "finished", **metrics: float) -> Run:
    values = {key.replace("_", "/"): value for key, value in metrics.items()} | {"train/deviation": 1.0}
    params = {"name": name, "seed": seed}
    return Run(
        f"{name}{seed}", f"{name} #{seed}", status, params, values,
        started=0.0, ended=1.0, tags={}, artifacts="",
    )  # fmt: skip


def test_the_lowest_mean_error_is_the_best_and_a_diverged_run_counts_as_the_mean_of_the_targets() -> None:
    cells = [
        stored("a", 1, test_rmse=0.3, train_rmse=0.2, test_cost=0.1),
        stored("a", 2, test_rmse=0.1, train_rmse=0.2, test_cost=0.1),
        stored("b", 1, test_rmse=0.1, train_rmse=0.2, test_cost=0.2),
        stored("b", 2, test_rmse=0.1, train_rmse=0.2, test_cost=0.2),
        stored("c", 1, test_rmse=0.01, train_rmse=0.2, test_cost=0.0),
        stored("c", 2, "diverged", test_deviation=0.8),
        stored("d", 1, test_rmse=0.1, train_rmse=0.2, test_cost=0.1),
        stored("d", 2, test_rmse=0.1, train_rmse=0.2, test_cost=0.1),
    ]
    sweep = Sweep(replace(cells[0], tags={"nnlab.sweep": "s"}), tuple(cells))
    assert (sweep.score, sweep.select_by) == ("rmse", "test/rmse")
    assert [group.name for group in sweep.ranked] == ["d", "b", "a", "c"]
    assert sweep.ranked[-1].mean("test/rmse") == pytest.approx((0.01 + 0.8) / 2)
    assert sweep.ranked[2].middle.id == "a1", "the worse of two"
    assert sweep.ranked[3].middle.id == "c1", "the one that did not diverge"
    held = [replace(c, params={**c.params, "data.validation": 0.2}) for c in cells]
    assert Sweep(sweep.parent, tuple(held)).select_by == "validation/rmse"
    assert Sweep(sweep.parent, (*held, cells[0])).select_by == "test/rmse", "one holds nothing out"
    assert rank([], "test/rmse") == []


def test_a_net_not_better_than_the_mean_is_stuck() -> None:
    assert [stored("a", 1, train_rmse=r).state for r in (0.99, 1.0, 1.5)] == ["learnt", "stuck", "stuck"]
    assert np.isnan(Configuration((stored("a", 1),), "test/rmse").mean("train/cost"))


def test_classes_and_targets_are_not_ranked_together(tmp_path: Path) -> None:
    with living_in(tmp_path / "home"):
        both = [cell(*files, *QUICK) for files in (target_set(tmp_path / "a"), small_set(tmp_path / "b"))]
    with pytest.raises(UserError, match="some sets have classes and some real targets"):
        plans.make("sweep", both, ["data.train"])


def test_plans_keep_what_ranks_and_old_ones_rank_by_accuracy(tmp_path: Path) -> None:
    with living_in(tmp_path / "home"):
        plan = plans.make("sweep", [cell(*target_set(tmp_path / "a"), *QUICK)], [])
    path = tmp_path / "plan.json"
    plans.save(plan, path)
    assert plans.load(path).select_by == plan.select_by == "test/rmse"
    values = json.loads(path.read_text())
    del values["common"]["figure"]
    path.write_text(json.dumps(values))
    assert plans.load(path).select_by == "test/accuracy"


# -- through the command line ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with a sweep in its SQLite store, some cells diverged; and what the command printed."""
    folder = tmp_path_factory.mktemp("regression")
    home = empty_store(folder / "home")
    grid = ("optimizer.lr=0.001,0.1,1e30", "seed=1,2", "hydra/launcher=basic")
    ended = done(nnlab("sweep", *target_set(folder / "set"), *QUICK, *grid, home=home, COLUMNS="200"))
    return home, ended.stdout


@pytest.mark.slow
def test_a_sweep_selects_the_lowest_error(swept: tuple[Path, str]) -> None:
    home, printed = swept
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    cells = runs(home, "tags.`nnlab.status` = 'finished' and tags.`nnlab.kind` = 'cell'")
    best = min(cells, key=lambda run: run.data.metrics["test/rmse"])
    assert parent.data.tags["nnlab.best_fingerprint"] == best.data.tags["nnlab.fingerprint"]
    assert best.data.params["optimizer.lr"] == "0.1" and "train/deviation" in best.data.metrics
    assert len(histories(home, best)["train/cost"]) == 60
    assert (
        "best 2 of 2 configurations by mean test rmse" in printed
        and "Ranked by rmse on the test" in printed
    )
    sweep = parent.data.tags["nnlab.sweep"]
    view = client(home).get_experiment_by_name("nnlab").tags[f"mlflow.sharedViewState.{sweep}"]
    assert '"orderByKey": "metrics.`test/rmse`", "orderByAsc": true' in view
    assert counts(printed) == {"finished": 4, "diverged": 2} and (home / "reports").is_dir()
    with living_in(home):
        (path,) = (home / "plans").glob("*.json")
        summary = summarize(plans.load(path), home)
    assert [row["test/rmse"] for row in summary.ranked] == sorted(
        row["test/rmse"] for row in summary.ranked
    )


@pytest.mark.slow
def test_a_sweep_and_a_run_repeat_to_the_same_bits(swept: tuple[Path, str]) -> None:
    home, printed = swept
    sweep = re.search(r"sweep (\w{12})", printed)
    assert sweep is not None
    assert "6 of 6 cells came out the same" in done(nnlab("rerun", "--sweep", sweep[1], home=home)).stdout
    folder = next((home / "runs").glob("*/record.json")).parent
    assert "identical" in done(nnlab("rerun", str(folder), home=home)).stdout


@pytest.mark.slow
def test_the_report_ranks_by_the_error_and_tests_nothing(swept: tuple[Path, str], tmp_path: Path) -> None:
    home, _ = swept
    done(nnlab("report", "--output", str(tmp_path / "page.html"), home=home))
    page = (tmp_path / "page.html").read_text()
    text = " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split())
    assert "best test/rmse" in text and "The test set was used to select." in text
    assert "McNemar" not in text and "inf" not in re.findall(r"[\d.a-z]+", text)
    assert "counts as a constant answer (the mean of the targets)" in text
    for word in ("McNemar", "accuracy", "right on test", "Most confused", "most common class"):
        assert word not in text, word


def test_train_prints_its_errors_and_sync_has_nothing_to_publish(tmp_path: Path) -> None:
    home, files = empty_store(tmp_path / "home"), target_set(tmp_path / "set")
    printed = done(nnlab("train", *files, *QUICK, "data.validation=0.25", home=home)).stdout
    figures = dict(re.findall(r"  (train|val\.|test) rmse +(\d\.\d{4})", printed))
    (run,) = runs(home)
    for short, split in (("train", "train"), ("val.", "validation"), ("test", "test")):
        assert float(figures[short]) == pytest.approx(run.data.metrics[f"{split}/rmse"], abs=1e-4)
    checked = done(nnlab("data", "check", str(tmp_path / "set" / "train.h5"), home=home)).stdout
    assert "(40, 1) float64 targets, " in checked
    assert_refused(
        nnlab("train", *files, home=home), "sigmoid answers with classes", "model.output=identity"
    )


def test_compare_shows_errors_and_says_that_nothing_is_paired(
    swept: tuple[Path, str], tmp_path: Path
) -> None:
    home, _ = swept
    markers = (home / "runs").glob("*/record.json")
    records = [record.read(marker.parent) for marker in sorted(markers)]
    folders = [rec.folder for rec in records if rec.status == "finished"]
    printed = done(nnlab("compare", *map(str, folders[:2]), home=home)).stdout
    assert "test rmse" in printed and "no paired test" in printed and "right on test" not in printed
    with living_in(tmp_path / "home") as other:
        _, classifier = trained(other, *small_set(tmp_path / "set"), *QUICK)
    found = run_comparison.compare([record.read(folders[0]), classifier])
    outcomes = {row[0]: row[1:] for row in found.outcomes}
    assert outcomes["right on test"][0] == "" and outcomes["test rmse"][1] == "" and found.pairs == []


# -- the net in use --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bright(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, record.Record]:
    """A published net with a model that gives the mean red and the mean blue of an image."""
    folder = tmp_path_factory.mktemp("bright")
    for seed, (split, m) in enumerate((("train", 60), ("test", 20))):
        random = np.random.RandomState(seed)
        x = random.randint(0, 256, (m, 1, 1, 3)) // 2 + random.randint(0, 128, (m, 6, 6, 3))
        y = x.mean(axis=(1, 2))[:, [0, 2]] / 255.0
        hdf5.write(folder / f"{split}.h5", split, x.astype(np.uint8), y, ())
    home = empty_store(folder / "home")
    done(nnlab("train", *named(folder), *REGRESSION, "model.depth=1", "trainer.iterations=300", home=home))
    (marker,) = (home / "runs").glob(f"*/{record.MARKER}")
    return home, record.read(marker.parent)


def test_predict_prints_the_outputs(bright: tuple[Path, record.Record], tmp_path: Path) -> None:
    home, rec = bright
    x = hdf5.read(rec.config["data"]["test"], "test", MEMORY_MB).x[:2]
    recorded = rec.arrays("predictions")["test"]
    assert model.outputs(rec, model.net_of(rec), x).tobytes() == recorded[:, :2].tobytes()
    for i in range(2):
        Image.fromarray(x[i]).save(tmp_path / f"{i}.png")
    printed = done(
        nnlab("predict", str(rec.folder), str(tmp_path / "0.png"), str(tmp_path / "1.png"), home=home,
              COLUMNS="200")
    ).stdout  # fmt: skip
    assert f"has an rmse of {rec.metrics['test/rmse']:.4g} on its test images" in printed
    (heading,) = (
        line for line in lines(printed) if "image" in line and "output" in line and "/" not in line
    )
    assert "class" not in heading and heading.count("output") == 2
    for i in range(2):
        (row,) = (line for line in lines(printed) if f"/{i}.png" in line)
        assert all(f"{a:.4f}" in row for a in recorded[:, i])
    assert {p.name for p in rec.folder.glob("*.jpg")} == {"first_layer.jpg", "largest_errors.jpg"}


SERVED = """
import json, sys, mlflow.pyfunc, numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps([model.predict(np.load(sys.argv[2])), str(model.metadata.signature.outputs.to_dict())]))
"""


@pytest.mark.slow
def test_the_model_answers_with_the_outputs(bright: tuple[Path, record.Record], tmp_path: Path) -> None:
    home, rec = bright
    (run,) = runs(home)
    (output,) = client(home).get_run(run.info.run_id).outputs.model_outputs
    folder = client(home).get_logged_model(output.model_id).artifact_location.removeprefix("file://")
    np.save(tmp_path / "x.npy", hdf5.read(rec.config["data"]["test"], "test", MEMORY_MB).x)
    ended = subprocess.run(
        [sys.executable, "-c", SERVED, folder, str(tmp_path / "x.npy")],
        env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    said, signature = json.loads(ended.stdout)
    assert [answer["outputs"] for answer in said] == rec.arrays("predictions")["test"].T.tolist()
    assert "outputs" in signature and "probabilit" not in signature


def test_a_record_with_neither_classes_nor_regression_is_refused(
    bright: tuple[Path, record.Record],
) -> None:
    _, rec = bright
    config = rec.config | {"model": rec.config["model"] | {"output": "sigmoid"}}
    with pytest.raises(UserError, match="do not fit each other"):
        model.net_of(replace(rec, config=config))
