"""Held-out examples: how they are chosen, that no cell trains on them, that they select the best cell."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import (
    assert_refused,
    cell,
    done,
    living_in,
    markers,
    nnlab,
    runs,
    small_set,
    trained,
    write_h5,
)
from sweeps.test_grid import planned

from nnlab.cells import cache as kernel
from nnlab.cells import load
from nnlab.cells.plan import Plan
from nnlab.cells.run_cell import run_cell
from nnlab.cells.summary import Summary, summarize
from nnlab.config.canonical import canonical
from nnlab.config.compose import compose
from nnlab.data import folds
from nnlab.errors import UserError
from nnlab.nn.gram import gram, part_of_gram
from nnlab.records import record
from nnlab.tracking import shared_view

QUICK = ["trainer.iterations=40", "model.depth=2", "model.width=3", "optimizer.lr=0.3", "optimizer.l2=0.2"]
ARRAYS = ("history", "weights", "predictions")


def labels(*counts: int) -> np.ndarray:
    """``counts`` labels of class 0, 1, ..., in random order."""
    return np.random.RandomState(7).permutation(np.repeat(np.arange(len(counts)), counts))


def shares(y: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.bincount(y[places], minlength=y.max() + 1)


# -- the split -------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 5, 10])
@pytest.mark.parametrize("counts", [(137, 72), (10, 10), (11, 40, 25)])
def test_folds_partition_the_set_and_each_class(k: int, counts: tuple[int, ...]) -> None:
    y = labels(*counts)
    parts = [folds.fold(y, k, number) for number in range(k)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(y)))
    assert np.ptp([len(part) for part in parts]) <= 1
    assert (np.ptp([shares(y, part) for part in parts], axis=0) <= 1).all()
    assert all((np.diff(part) > 0).all() for part in parts), "in the file's order"
    np.testing.assert_array_equal(np.sort([*parts[0], *folds.others(parts[0], len(y))]), np.arange(len(y)))


@pytest.mark.parametrize("count", [1, 7, 42, 104, 208])
def test_a_share_has_the_proportions_of_the_classes(count: int) -> None:
    y = labels(137, 72)
    places = folds.share(y, count)
    assert len(np.unique(places)) == count
    assert (np.abs(shares(y, places) - count * np.array([137, 72]) / 209) <= 1).all()


def test_the_split_is_random_and_never_changes() -> None:
    """With another order, cells of the same names would have other nets."""
    y = np.arange(20) % 2
    assert folds.fold(y, 4, 1).tolist() == [5, 10, 12, 13, 16]
    assert folds.fold(np.sort(y), 4, 1).tolist() != list(range(1, 20, 4)), "not in the file's order"


# -- training --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """30 training and 12 test points of two classes, in a home of their own."""
    folder = tmp_path_factory.mktemp("folds")
    with living_in(folder / "home"):
        yield small_set(folder, n=5)


def arrays(rec: record.Record) -> dict[str, np.ndarray]:
    """All arrays of a record but the coefficients, which nets of the Gram solver alone have."""
    each = ((name, key, a) for name in ARRAYS for key, a in rec.arrays(name).items())
    return {f"{name}/{key}": a for name, key, a in each if key not in ("C", "c", "e")}


def assert_same(one: record.Record, other: record.Record, rtol: float = 0.0) -> None:
    a, b = arrays(one), arrays(other)
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol, atol=rtol, err_msg=key)


def test_the_gram_matrix_of_a_fold_is_that_of_its_images() -> None:
    images = np.random.RandomState(0).rand(40, 300)
    places = folds.others(folds.fold(labels(25, 15), 5, 2), 40)
    part, whole = part_of_gram(gram(images), places), gram(images[places])
    assert part.shape == whole.shape and part.ctypes.data % 64 == 0
    np.testing.assert_allclose(part, whole, rtol=1e-12)


BATCHES = pytest.mark.parametrize("batch", ["null", "7"], ids=["full", "minibatch"])
HELD_OUT = pytest.mark.parametrize("held_out", [["data.folds=5", "data.fold=3"], ["data.validation=0.3"]])


@BATCHES
@HELD_OUT
def test_gram_trains_and_evaluates_as_primal(
    data: list[str], tmp_path: Path, held_out: list[str], batch: str
) -> None:
    common = [*data, *QUICK, *held_out, f"optimizer.batch_size={batch}", "trainer.eval_every=10"]
    (_, primal), (_, by_gram) = (
        trained(tmp_path, *common, f"trainer.solver={solver}") for solver in ("primal", "gram")
    )
    assert {"validation/accuracy", "validation/cost"} <= primal.arrays(
        "history"
    ).keys() & primal.metrics.keys()
    assert_same(by_gram, primal, rtol=1e-10)


@pytest.mark.parametrize("solver", ["primal", "gram"])
def test_a_fold_is_trained_like_a_file_without_the_held_out_examples(
    data: list[str], tmp_path: Path, solver: str
) -> None:
    common = [*QUICK, f"trainer.solver={solver}", "data.memory_mb=64"]
    _, rec = trained(tmp_path, *data, *common, "data.folds=3", "data.fold=1")
    whole = load.dataset(compose(data)).train
    left = folds.others(rec.arrays("predictions")["validation_places"], len(whole.y))
    names = np.array([b"below", b"above"])
    path = write_h5(tmp_path / "left.h5", x=whole.x[left], y=whole.y[left], classes=names)
    _, alone = trained(tmp_path, *data, *common, f"data.train={path}")
    for name in ("weights", "history"):
        for key, array in alone.arrays(name).items():
            tolerance = 0.0 if solver == "primal" else 1e-11
            np.testing.assert_allclose(rec.arrays(name)[key], array, tolerance, tolerance, err_msg=key)
    assert alone.metrics["train/accuracy"] == rec.metrics["train/accuracy"]


def test_predictions_and_figures_are_of_the_held_out_examples(data: list[str], tmp_path: Path) -> None:
    seen = []
    y = load.dataset(compose(data)).train.y
    for number in range(3):
        _, rec = trained(tmp_path, *data, *QUICK, "data.folds=3", f"data.fold={number}")
        kept = rec.arrays("predictions")
        places = kept["validation_places"]
        np.testing.assert_array_equal(kept["y_validation"], y[places])
        right = (kept["validation"][0] > 0.5) == kept["y_validation"]
        assert rec.metrics["validation/accuracy"] == right.mean()
        seen += places.tolist()
        _, other = trained(tmp_path, *data, *QUICK, "data.folds=3", f"data.fold={number}", "seed=9")
        np.testing.assert_array_equal(other.arrays("predictions")["validation_places"], places)
    assert sorted(seen) == list(range(30)), "each example was held out once"


def test_cells_that_were_trained_before_change_no_bit(data: list[str], tmp_path: Path) -> None:
    def fold(number: int, home: str) -> record.Record:
        overrides = [*data, *QUICK, "trainer.solver=gram", "data.folds=4", f"data.fold={number}"]
        return trained(tmp_path / home, *overrides)[1]

    fold(0, "warm")
    after = fold(1, "warm")
    for cache in (load._load, kernel.held_out, kernel._gram, kernel.features):
        cache.cache_clear()
    assert_same(fold(1, "cold"), after)


def test_one_gram_matrix_serves_every_fold(data: list[str], tmp_path: Path) -> None:
    kernel._gram.cache_clear()
    for number in range(4):
        held_out = ["data.folds=4", f"data.fold={number}", "trainer.eval_every=20"]
        trained(tmp_path, *data, *QUICK, "trainer.solver=gram", *held_out)
    assert kernel._gram.cache_info().misses == 1


@pytest.mark.slow
def test_a_streamed_fold_has_the_bits_of_one_in_memory(tmp_path: Path) -> None:
    overrides = [*small_set(tmp_path, 500, 20, 300), *QUICK, "optimizer.batch_size=64"]
    overrides += ["trainer.solver=primal", "trainer.eval_every=20", "data.folds=3"]
    found = [trained(tmp_path / mb, *overrides, f"data.memory_mb={mb}") for mb in ("1", "2")]
    streamed = [load.dataset(c.config).train.streamed for c, _ in found]
    assert streamed == [True, False]
    assert_same(found[0][1], found[1][1])


# -- identity --------------------------------------------------------------------------------------


def test_the_fingerprint_depends_on_the_held_out_examples(data: list[str]) -> None:
    variants = [
        [], ["data.validation=0.2"], ["data.validation=0.3"], ["data.folds=5"],
        ["data.folds=5", "data.fold=1"], ["data.folds=4", "data.fold=1"],
    ]  # fmt: skip
    assert len({cell(*data, *held_out).fingerprint for held_out in variants}) == len(variants)
    assert not [key for key in canonical(cell(*data).config) if key.startswith("data.")]


def test_the_first_fold_is_trained_if_none_is_given(data: list[str]) -> None:
    assert cell(*data, "data.folds=5") == cell(*data, "data.folds=5", "data.fold=0")


# -- sweeps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fold", [[], ["data.fold=0,1,2"], ["data.fold=null"]])
def test_a_sweep_goes_over_all_folds(data: list[str], fold: list[str]) -> None:
    plan = planned(*data, "init.scale=1,2", "data.folds=3", *fold)
    assert [c.config.data.fold for c in plan.cells] == [0, 1, 2] * 2
    assert set(plan.keys) == {"init.scale", "data.fold"}
    assert [plan.name(c) for c in plan.cells[:2]] == ["s1 f0/3 relu 3x16 #1", "s1 f1/3 relu 3x16 #1"]


def test_a_sweep_with_a_given_fold_trains_only_that_fold(data: list[str]) -> None:
    plan = planned(*data, "init.scale=1,2", "data.folds=3", "data.fold=2")
    assert [c.config.data.fold for c in plan.cells] == [2, 2] and plan.keys == ("init.scale",)


def test_a_sweep_over_numbers_of_folds_trains_all_their_folds(data: list[str]) -> None:
    plan = planned(*data, "data.folds=2,3")
    assert [(c.config.data.folds, c.config.data.fold) for c in plan.cells] == [
        (2, 0), (2, 1), (3, 0), (3, 1), (3, 2),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Summary]:
    """Two rates over folds and seeds, on a set whose test labels contradict the training labels."""
    folder = tmp_path_factory.mktemp("selected")
    with living_in(folder / "home") as home:
        overrides = small_set(folder, 60, 20)
        x = np.random.RandomState(1).randn(20, 2)
        write_h5(folder / "test.h5", "test", x=x, y=(x.sum(axis=1) < 0).astype(np.int64))
        plan = planned(*overrides, *QUICK, "data.folds=3", "seed=1,2", "optimizer.lr=0.001,0.5")
        for one in plan.cells:
            one.folder(home).mkdir(parents=True)
            run_cell(one, home)
        return plan, summarize(plan, home)


@pytest.mark.slow
def test_the_best_is_chosen_by_the_mean_over_folds_and_seeds(selected: tuple[Plan, Summary]) -> None:
    plan, summary = selected
    assert plan.select_by == "validation/accuracy"
    best, other = summary.configurations
    assert len(best.runs) == len(other.runs) == 6
    rows = [row for row in summary.rows if row["optimizer.lr"] == 0.5]
    mean = np.mean([row["validation/accuracy"] for row in rows])
    assert best.mean("validation/accuracy") == pytest.approx(mean) and mean > 0.8
    assert best.mean("validation/accuracy") > other.mean("validation/accuracy")
    assert best.mean("test/accuracy") < other.mean("test/accuracy"), "the test set would choose otherwise"
    assert summary.best is not None and summary.best["optimizer.lr"] == 0.5
    assert summary.best["validation/accuracy"] == max(row["validation/accuracy"] for row in rows)


def test_the_tables_name_the_examples_that_selected(
    selected: tuple[Plan, Summary], data: list[str]
) -> None:
    plan, summary = selected
    text = summary.markdown()
    assert "the test set took no part" in text and "| configuration | runs | val acc |" in text
    assert summary.table().title == "best 2 of 2 configurations by mean validation accuracy"
    assert "validation/accuracy" in shared_view.content(plan)
    unvalidated = summarize(planned(*data, "data.fold=null", "init.scale=1"), Path("nowhere"))
    assert "on the test set" in unvalidated.markdown()


# -- misuse ----------------------------------------------------------------------------------------

MISUSE = {
    ("data.folds=1",): "data.folds: 1 is not allowed",
    ("data.folds=5", "data.fold=5"): "give 0 to 4",
    ("data.folds=5", "data.fold=-1"): "data.fold: -1 is not allowed",
    ("data.fold=1",): "data.folds=5",
    ("data.folds=31",): "too few for 31 folds; give data.folds=",
    ("data.folds=5", "data.validation=0.2"): "give data.validation=0 or data.folds=null",
    ("data.validation=1.0",): "data.validation: 1.0 is not allowed",
    ("data.validation=-0.1",): "data.validation: -0.1 is not allowed",
    ("data.validation=0.01",): "leaves none to hold out",
    ("data.validation=0.99",): "leaves none to train on",
}


@pytest.mark.parametrize("overrides", MISUSE, ids=" ".join)
def test_misuse_is_refused_with_the_remedy(data: list[str], overrides: tuple[str, ...]) -> None:
    with pytest.raises(UserError) as refusal:
        cell(*data, *overrides)
    assert MISUSE[overrides] in str(refusal.value) and len(str(refusal.value).splitlines()) == 1


# -- with real processes ---------------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_over_folds_from_command_to_report_and_rerun(tmp_path: Path) -> None:
    home, base = tmp_path / "home", [*small_set(tmp_path, n=5), *QUICK]
    found = done(nnlab("sweep", *base, "data.folds=3", "init.scale=1,2", home=home))
    assert "best 2 of 2 configurations by mean validation accuracy" in found.stdout
    assert len(markers(home)) == 6
    page = next((home / "reports").glob("*/report.html")).read_text()
    assert "the test set took no part in the selection" in page and "f0/3" in page
    cells = runs(home, "tags.`nnlab.kind` = 'cell'")
    assert {run.data.params["data.fold"] for run in cells} == {"0", "1", "2"}
    assert all("validation/cost" in run.data.metrics for run in cells)
    again = done(nnlab("rerun", cells[0].info.run_id, *base[1:3], home=home))
    assert "identical, bit for bit" in again.stdout
    assert_refused(nnlab("sweep", *base, "data.folds=99", home=home), "data.folds", "too few")
