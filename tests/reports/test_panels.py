"""The panels of the page on a sweep, in its order."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import empty_store, living_in, runs, write_h5
from pages import ERROR, KEYS, Page, built, images

from nnlab.cells.findings import importance, significance
from nnlab.cells.plan import Plan
from nnlab.cells.ranking import Result
from nnlab.cells.summary import summarize
from nnlab.config.compose import compose
from nnlab.nn.metrics import classes
from nnlab.records import record
from nnlab.reports import sweep_report
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import Store


def test_the_map_shows_the_state_of_each_square(page: Page) -> None:
    figure = page.figures["map"]["all cells"]
    codes = np.array(figure["data"][1]["z"], object)  # rows are depths; stuck is 0, diverged 1, failed 2
    assert codes.tolist() == [[0, None, 1]] * 2
    assert texts(figure) == {(1, 0): "1.00", (1, 1): "1.00<br>1/2 △"}
    assert set(page.figures["map"]) == {"all cells", "seed = 1", "seed = 2"}
    second = page.figures["map"]["seed = 2"]
    assert second["data"][1]["z"][1][1] == 2
    assert "1 failed" in page.words and "4 stuck" in page.words and "4 diverged" in page.words


def texts(figure: dict[str, Any]) -> dict[tuple[int, int], str]:
    """The numbers in a heatmap by column and row."""
    (numbers,) = [trace for trace in figure["data"] if trace.get("mode") == "text"]
    return dict(zip(zip(numbers["x"], numbers["y"], strict=True), numbers["text"], strict=True))


def test_a_square_that_is_chosen_shows_its_runs_with_their_curves_and_commands(
    page: Page, swept: tuple[Path, Plan]
) -> None:
    assert page.squares["menus"] == {"init.scale": ["1e-09", "1", "1e+200"], "model.depth": ["2", "3"]}
    assert page.squares["columns"] == [
        "run",
        "state",
        "train/accuracy",
        "test/accuracy",
        "train/cost",
        "run again",
    ]
    assert set(page.squares["squares"]) == {f"0,{i},{j}" for i in range(3) for j in range(2)}
    found = page.squares["squares"]["0,1,0"]
    assert found["states"] == "2 learnt" and [run[1] for run in found["runs"]] == ["learnt"] * 2
    ids = {run.info.run_id[:8]: run for run in runs(swept[0], "tags.`nnlab.kind` = 'cell'")}
    for (name, *_, command), (drawn, last, costs) in zip(found["runs"], found["curves"], strict=True):
        run = ids[command.removeprefix("nnlab rerun ")]
        assert run.info.run_name == name == drawn and last == 199
        record_costs = record.read(Path(run.data.tags["nnlab.record"])).arrays("history")["train/cost"]
        assert costs[-1] == float(f"{record_costs[-1]:.3g}")
    failed = page.squares["squares"]["0,1,1"]["runs"]
    assert sorted(run[-1] for run in failed)[0] == "", "a failed cell has no record to train again"


def test_why_nets_are_stuck_is_said_and_drawn_by_layer(page: Page) -> None:
    told = "Of the 4 nets that got stuck, 2 have a layer whose gradient has vanished (norm below 0.0001"
    assert f"{told}; all at init.scale 1e-09); 2 have none of this" in page.words
    assert (
        "all at init.scale 1e-09)" in page.words
        and "4 nets diverged (all at init.scale 1e+200)" in page.words
    )
    assert list(page.figures["why"]) == ["3 layers", "2 layers"], "the deepest first"
    lines = page.figures["why"]["3 layers"]["data"]
    assert [line["name"] for line in lines] == ["init.scale 1e-09", "init.scale 1"]
    assert all(line["x"] == [1, 2, 3] for line in lines) and max(lines[0]["y"]) < 1e-4 < max(lines[1]["y"])


def test_heatmaps_of_any_two_keys_open_on_the_most_telling_pair(page: Page) -> None:
    assert list(page.figures["pairs"]) == ["model.depth over init.scale"], "seed is no key to look at"
    colours = page.figures["pairs"]["model.depth over init.scale"]["layout"]["coloraxis"]
    on_map = page.figures["map"]["all cells"]["layout"]["coloraxis"]
    assert (colours["cmin"], colours["cmax"]) == (on_map["cmin"], on_map["cmax"]) == (20 / 30, 1.0)


def test_curves_have_the_band_of_their_seeds(page: Page, swept: tuple[Path, Plan]) -> None:
    assert list(page.figures["curves"]) == ["by the keys", "the best 6"]
    figure = page.figures["curves"]["the best 6"]
    bands = [trace for trace in figure["data"] if trace.get("fill") == "toself"]
    crosses = [trace for trace in figure["data"] if trace.get("name") == "diverged"]
    named = {trace["legendgroup"] for trace in bands}
    assert "leaky 2x4 s1" in named and "leaky 3x4 s1" not in named, "of that one seed alone has a curve"
    assert len(crosses) == 1 and crosses[0]["x"] == [0, 0], "both depths diverged at once"


def test_small_multiples_of_curves_have_one_scale_that_lost_nets_do_not_set(page: Page) -> None:
    layout = page.figures["curves"]["by the keys"]["layout"]
    titles = [note["text"] for note in layout["annotations"]]
    assert titles == ["<b>depth 2</b>", "<b>depth 3</b>"]
    assert layout["yaxis"]["range"] == layout["yaxis2"]["range"] and layout["yaxis"]["range"][1] < 1.0
    names = [
        trace["name"] for trace in page.figures["curves"]["by the keys"]["data"] if trace.get("showlegend")
    ]
    assert names == ["init.scale 1e-09", "init.scale 1", "init.scale 1e+200", "diverged"]


def test_the_best_are_compared_by_exact_statistics(page: Page, swept: tuple[Path, Plan]) -> None:
    home, _ = swept
    right = {}
    for run in runs(home, "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` = 'finished'"):
        arrays = record.read(Path(run.data.tags["nnlab.record"])).arrays("predictions")
        right[run.info.run_id[:8]] = classes(arrays["test"]) == arrays["y_test"]
    rows = re.findall(
        r"(\S+ \S+ \S+) (\d)((?: [\d./–,e-]+| to)+) (the best|yes|no, it can) nnlab rerun (\w+)", page.words
    )
    best = right[rows[0][4]]
    assert rows[0][3] == "the best" and len(rows) == 4, "those that only diverged are not among the best"
    for _, _, numbers, verdict, run_id in rows:
        low, high = significance.interval(int(right[run_id].sum()), 20)
        assert f" {right[run_id].sum()}/20 {low:.3f}–{high:.3f} " in numbers
        a, b, p = significance.mcnemar(best, right[run_id])
        if verdict != "the best":
            assert f" {a}, {b} " in numbers and (p * 3 < 0.05 or verdict == "yes")
    figure = page.figures["best"][""]
    assert figure["data"][0]["name"] == "the best" and figure["data"][0]["y"] == [rows[0][0]]
    low, high = significance.interval(int(best.sum()), 20)
    (x,), error = figure["data"][0]["x"], figure["data"][0]["error_x"]
    assert (x - error["arrayminus"][0], x + error["array"][0]) == pytest.approx((low, high))
    assert "The test set was used to select." in page.words


def test_what_failed_and_why(page: Page, swept: tuple[Path, Plan]) -> None:
    assert ERROR in page.words, "as a text, not as tags"
    assert "the cost is not a number from step" in page.words
    assert "by the sweep's command" in page.words, "what failed has no record to rerun"
    assert re.search(r"stuck training accuracy 0\.667; the first layer's gradient norm", page.words)
    for run in runs(swept[0], "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` != 'failed'"):
        assert f"nnlab rerun {run.info.run_id[:8]}" in page.words


def test_a_diverged_net_counts_as_a_constant_answer(page: Page, swept: tuple[Path, Plan]) -> None:
    """In the importance; most of both sets are of class 0."""
    assert "A diverged net counts as a constant answer (the most common class)" in page.words
    cells = runs(swept[0], "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` != 'failed'")
    known = [
        13 / 20 if cell.data.tags["nnlab.status"] == "diverged" else cell.data.metrics["test/accuracy"]
        for cell in cells
    ]
    results = [
        Result(cell.info.run_id, "", "finished", cell.data.params, {"test/accuracy": value})
        for cell, value in zip(cells, known, strict=True)
    ]
    shares = importance(results, KEYS, "test/accuracy")
    assert shares is not None
    bars, _ = page.figures["weight"]["test accuracy"]["data"]
    drawn = dict(zip(bars["y"], bars["x"], strict=True))
    for key, share in shares.keys.items():
        assert drawn[key] == pytest.approx(100 * share.value)


def test_the_shares_are_drawn_with_the_noise_and_add_up(page: Page) -> None:
    assert list(page.figures["weight"]) == ["training accuracy", "test accuracy"]
    figure = page.figures["weight"]["training accuracy"]
    bars, labels = figure["data"]
    assert bars["y"][:2] == ["noise of seeds", "interactions"] and bars["y"][-1] == "init.scale"
    assert sum(bars["x"]) == pytest.approx(100)
    written = [label.strip().removesuffix(" %") for label in labels["text"]]
    assert sum(int(text) for text in written if text.isdigit()) == 100
    assert "6 of 6 combinations have a result, some more often than others" in page.words


def test_the_sentences_stand_first_on_the_page_and_in_the_description(
    page: Page, swept: tuple[Path, Plan]
) -> None:
    home, plan = swept
    with living_in(home):
        said = summarize(plan, home).headline
    assert said[0].startswith(
        "3 of 12 nets learnt; 4 got stuck (no better than a constant answer), 4 diverged"
    )
    assert f"experiment nnlab {' '.join(said)} " in page.words
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    description = parent.data.tags["mlflow.note.content"]
    assert description.replace("\\", "").startswith("\n".join(f"- {sentence}" for sentence in said))


def test_training_and_test_accuracy_by_each_key(page: Page) -> None:
    assert set(page.figures["spread"]) == {"model.depth", "init.scale"}
    figure = page.figures["spread"]["init.scale"]
    points = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert [trace["name"] for trace in points] == ["init.scale 1e-09", "init.scale 1"], (
        "diverged are left out"
    )
    assert [len(trace["x"]) for trace in points] == [1, 1], "the stuck ones stand in one place"
    assert points[0]["text"][0].endswith("and 3 more")


def test_the_cost_stands_against_size_work_and_time(page: Page) -> None:
    assert set(page.figures["price"]) == {"parameters", "operations", "seconds"}
    parameters = {x for trace in page.figures["price"]["parameters"]["data"] for x in trace["x"]}
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
