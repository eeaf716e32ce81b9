"""The panels of the page on a sweep, in its order."""

import re
from pathlib import Path

import numpy as np
from harness import empty_store, living_in, runs, write_h5
from pages import ERROR, KEYS, Page, built, images

from nnlab.cells.plan import Plan
from nnlab.config.compose import compose
from nnlab.nn.metrics import classes
from nnlab.records import record
from nnlab.reports import significance, sweep_report
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import Store


def test_the_map_shows_the_state_of_each_square(page: Page) -> None:
    (figure,) = page.figures["map"]["all cells"]
    numbers, states = (np.array(trace["text"]) for trace in figure["data"])  # rows are depths
    assert states.tolist() == [["stuck", "", "✕"]] * 2
    assert numbers[0].tolist() == ["", "1.00", ""] and numbers[1, 1] == "1.00<br>1/2 failed"
    assert set(page.figures["map"]) == {"all cells", "seed = 1", "seed = 2"}
    (second,) = page.figures["map"]["seed = 2"]
    assert second["data"][1]["text"][1][1] == "failed"
    assert "1 failed" in page.words and "4 stuck" in page.words and "4 diverged" in page.words


def test_heatmaps_of_any_two_keys(page: Page) -> None:
    pairs = {f"{y} over {x}" for x in KEYS for y in KEYS if x != y}
    assert set(page.figures["pairs"]) == pairs


def test_curves_have_the_band_of_their_seeds(page: Page, swept: tuple[Path, Plan]) -> None:
    assert set(page.figures["curves"]) == {
        "the best 6",
        "coloured by model.depth",
        "coloured by init.scale",
    }
    (figure,) = page.figures["curves"]["the best 6"]
    bands = [trace for trace in figure["data"] if trace.get("fill") == "toself"]
    crosses = [trace for trace in figure["data"] if trace.get("name") == "diverged"]
    named = {trace["legendgroup"] for trace in bands}
    assert "leaky 2x4 s1" in named and "leaky 3x4 s1" not in named, "of that one seed alone has a curve"
    assert len(crosses) == 1 and crosses[0]["x"] == [0, 0], "both depths diverged at once"


def test_the_best_are_compared_by_exact_statistics(page: Page, swept: tuple[Path, Plan]) -> None:
    home, _ = swept
    right = {}
    for run in runs(home, "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` = 'finished'"):
        arrays = record.read(Path(run.data.tags["nnlab.record"])).arrays("predictions")
        right[run.info.run_id[:8]] = classes(arrays["test"]) == arrays["y_test"]
    rows = re.findall(
        r"(\S+ \S+ \S+) (\d)((?: [\d./–,e-]+)+) (the best|yes|no, it can) nnlab rerun (\w+)", page.words
    )
    best = right[rows[0][4]]
    assert rows[0][3] == "the best" and len(rows) == 6
    for _, _, numbers, verdict, run_id in rows:
        if run_id not in right:  # it diverged
            continue
        low, high = significance.interval(int(right[run_id].sum()), 20)
        assert f" {right[run_id].sum()}/20 {low:.3f}–{high:.3f} " in numbers
        a, b, p = significance.mcnemar(best, right[run_id])
        if verdict != "the best":
            assert f" {a}, {b} " in numbers and (verdict == "yes") == (p * 5 >= 0.05 or p == 1.0)
    assert "The test set was used to select." in page.words


def test_what_failed_and_why(page: Page, swept: tuple[Path, Plan]) -> None:
    assert ERROR in page.words and "b" not in page.tags[page.tags.index("details") :]
    assert "the cost is not a number from step" in page.words
    assert re.search(r"stuck training accuracy 0\.667; the first layer's gradient norm", page.words)
    for run in runs(swept[0], "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` != 'failed'"):
        assert f"nnlab rerun {run.info.run_id[:8]}" in page.words


def test_all_cells_have_a_line_through_every_key_and_two_metrics(page: Page) -> None:
    (figure,) = page.figures["all"][""]
    dimensions = {d["label"]: d for d in figure["data"][0]["dimensions"]}
    assert set(dimensions) == {*KEYS, "train/accuracy", "test/accuracy"}
    assert dimensions["init.scale"]["ticktext"] == ["1e-09", "1", "1e+200"]
    assert {len(d["values"]) for d in dimensions.values()} == {11}, "the failed cell has no line"


def test_the_most_important_key_stands_on_top(page: Page) -> None:
    assert set(page.figures["weight"]) == {"test/accuracy", "train/accuracy"}
    (bars,) = page.figures["weight"]["test/accuracy"]
    assert bars["data"][0]["y"][-1] == "init.scale", "the most important key on top"
    assert "the key that matters most init.scale" in page.words, "and among the facts"


def test_training_and_test_accuracy_by_each_key(page: Page) -> None:
    assert set(page.figures["spread"]) == {f"coloured by {key}" for key in KEYS}
    (figure,) = page.figures["spread"]["coloured by init.scale"]
    assert [trace["name"] for trace in figure["data"]] == ["init.scale 1e-09", "init.scale 1"]
    assert [len(trace["x"]) for trace in figure["data"]] == [4, 3], "diverged cells are left out"


def test_the_cost_stands_against_size_work_and_time(page: Page) -> None:
    assert set(page.figures["price"]) == {"parameters", "operations", "seconds"}
    parameters = {x for trace in page.figures["price"]["parameters"][0]["data"] for x in trace["x"]}
    assert parameters == {48 * 4 + 4 + 4 + 1, 48 * 4 + 4 + 4 * 4 + 4 + 4 + 1}


def test_confused_images_are_shown_where_the_data_are_the_runs_own(
    page: Page, swept: tuple[Path, Plan], tmp_path: Path
) -> None:
    assert "bright , #0 2 of 2 said dark" in page.words and "nan" not in page.words
    assert page.tags.count("img") >= 3
    elsewhere = built(
        empty_store(tmp_path / "empty"), MLFLOW_TRACKING_URI=f"sqlite:///{swept[0]}/mlflow.db"
    )
    assert "files of another machine" in elsewhere.words and "img" not in elsewhere.tags
    assert "class 1 , #0" in elsewhere.words, "the rest of the page is there"


def test_pictures_of_other_data_are_not_shown(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    other = images(tmp_path / "set")
    write_h5(tmp_path / "set" / "train.h5", x=np.zeros((2, 4, 4, 3), np.uint8), y=np.array([0, 1]))
    write_h5(tmp_path / "set" / "test.h5", "test", x=np.zeros((20, 4, 4, 3), np.uint8), y=np.arange(20) % 2)
    with living_in(home):
        reader = Reader(Store(home, "nnlab"))
        html = sweep_report.build(reader, reader.sweep(plan.id), home, compose(other))
    assert "other digest" in Page(html).words and "img" not in Page(html).tags
