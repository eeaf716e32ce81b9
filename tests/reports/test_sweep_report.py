"""The report of a hand-made sweep with every kind of cell, read back out of its page."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from harness import (
    cell,
    client,
    done,
    empty_store,
    environment,
    living_in,
    load_mlflow,
    nnlab,
    runs,
    small_set,
    trained,
    wait_for,
    working_folder,
    write_h5,
)

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.run_cell import run_cell
from nnlab.cells.summary import summarize
from nnlab.cli.main import cli
from nnlab.errors import Failed, UserError
from nnlab.nn.metrics import classes
from nnlab.records import notes, record
from nnlab.reports import significance as statistics
from nnlab.reports import sweep_report as report
from nnlab.sweeps.report import attach_report
from nnlab.tracking.publisher import Publisher
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import Run, Sweep, find_sweep
from nnlab.tracking.store import Store

load_mlflow()
KEYS = ("model.depth", "init.scale", "seed")
SCALES = {"1e-9": "stuck", "1": "finished", "1e200": "diverged"}
ERROR = "MemoryError: <b>no room</b>"


def images(folder: Path) -> list[str]:
    """Colour images of 4 x 4, bright ones of class 1, some of the test set labelled wrong."""
    folder.mkdir(parents=True)
    for seed, (split, m) in enumerate((("train", 30), ("test", 20))):
        random = np.random.RandomState(seed)
        y = np.arange(m) % 3 // 2  # a third is of class 1
        x = random.randint(0, 120, (m, 4, 4, 3)) + 120 * y[:, None, None, None]
        labels = np.where(np.arange(m) < 3, 1 - y, y) if split == "test" else y
        names = np.array([b"dark", b"bright"])
        write_h5(folder / f"{split}.h5", split, x=x.astype(np.uint8), y=labels, classes=names)
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """Depth 2 and 3, three scales, two seeds: some learn, are stuck, diverge; one has failed."""
    folder = tmp_path_factory.mktemp("swept")
    shared = [*images(folder / "set"), "model.activation=leaky_relu", "model.width=4", "optimizer.lr=0.1"]
    home = empty_store(folder / "home")
    with living_in(home):
        cells = [
            trained(
                home, *shared, "trainer.iterations=200", f"model.depth={d}", f"init.scale={s}", f"seed={n}"
            )[0]
            for d in (2, 3)
            for s in SCALES
            for n in (1, 2)
        ]
        plan = plans.make("sweep", cells, KEYS)
        failed = cells[-3]  # 3 layers, scale 1, seed 2
        record.discard(failed.folder(home))
        notes.write_failure(failed.folder(home), ERROR, "Traceback ...", time.time(), time.time())
        publish(home, plan)
    return home, plan


def publish(home: Path, plan: Plan) -> None:
    plans.save(plan, plans.path_of(home, plan.id))
    publisher = Publisher(plan, home)
    publisher.publish(last=True)
    publisher.close(summarize(plan, home), "finished")


def copied(swept: tuple[Path, Plan], folder: Path) -> Path:
    """A home with the same store, to be changed."""
    return shutil.copytree(swept[0], folder / "home")


class Page(HTMLParser):
    """The text of a page without its scripts, its addresses, and the figures' JSON."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words, self.addresses, self.tags = "", [], []
        self._silent = False
        self.feed(html)
        self.words = re.sub(r"\s+", " ", self.words)
        content = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.DOTALL)
        assert content is not None
        self.figures: dict[str, dict[str, list[Any]]] = json.loads(content[1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._silent = tag in ("script", "style")
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += f"{data} "


def built(home: Path, **env: str) -> Page:
    with living_in(home, **env):
        reader = Reader(Store(home, "nnlab"))
        return Page(report.build(reader, reader.sweep(None), home))


@pytest.fixture(scope="module")
def page(swept: tuple[Path, Plan]) -> Page:
    return built(swept[0])


def test_the_page_needs_no_network(page: Page) -> None:
    assert page.addresses and all(a.startswith(("#", "data:")) for a in page.addresses)
    assert not {"link", "iframe", "object", "embed"} & set(page.tags) - {"link"}
    assert page.tags.count("link") == 1, "the empty icon, which keeps browsers from asking for one"
    assert page.tags.count("script") == 3, "plotly, the figures, what draws them"


def test_the_map_shows_what_became_of_each_square(page: Page) -> None:
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
        low, high = statistics.interval(int(right[run_id].sum()), 20)
        assert f" {right[run_id].sum()}/20 {low:.3f}–{high:.3f} " in numbers
        a, b, p = statistics.mcnemar(best, right[run_id])
        if verdict != "the best":
            assert f" {a}, {b} " in numbers and (verdict == "yes") == (p * 5 >= 0.05 or p == 1.0)
    assert "The test set was used to select." in page.words


def test_the_validation_score_ranks_where_all_cells_hold_examples_out(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        shared = [*small_set(tmp_path / "set"), "trainer.iterations=40", "data.validation=0.2"]
        cells = [trained(home, *shared, f"optimizer.lr={lr}")[0] for lr in (0.5, 0.01)]
        plan = plans.make("sweep", cells, ["optimizer.lr"])
        assert plan.select_by == "validation/accuracy"
        publish(home, plan)
    words = built(home).words
    assert "used to select" not in words and "ranked by validation/accuracy" in words


def test_what_failed_and_why(page: Page, swept: tuple[Path, Plan]) -> None:
    assert ERROR in page.words and "b" not in page.tags[page.tags.index("details") :]
    assert "the cost is no number from step" in page.words
    assert re.search(r"stuck training accuracy 0\.667; the first layer's gradient norm", page.words)
    for run in runs(swept[0], "tags.`nnlab.kind` = 'cell' and tags.`nnlab.status` != 'failed'"):
        assert f"nnlab rerun {run.info.run_id[:8]}" in page.words


def test_importance_and_costs(page: Page) -> None:
    (bars,) = page.figures["weight"]["test/accuracy"]
    assert bars["data"][0]["y"][-1] == "init.scale", "the most important key on top"
    assert set(page.figures["price"]) == {"parameters", "operations", "seconds"}
    parameters = {x for trace in page.figures["price"]["parameters"][0]["data"] for x in trace["x"]}
    assert parameters == {48 * 4 + 4 + 4 + 1, 48 * 4 + 4 + 4 * 4 + 4 + 4 + 1}
    assert set(page.figures["spread"]) == {f"coloured by {key}" for key in KEYS}
    assert len(page.figures["all"][""][0]["data"][0]["dimensions"]) == 5


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


def test_other_data_are_not_taken_for_the_runs(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    other = images(tmp_path / "set")
    write_h5(tmp_path / "set" / "train.h5", x=np.zeros((2, 4, 4, 3), np.uint8), y=np.array([0, 1]))
    write_h5(tmp_path / "set" / "test.h5", "test", x=np.zeros((20, 4, 4, 3), np.uint8), y=np.arange(20) % 2)
    with living_in(home):
        from nnlab.config.compose import compose

        reader = Reader(Store(home, "nnlab"))
        html = report.build(reader, reader.sweep(plan.id), home, compose(other))
    assert "other digest" in Page(html).words and "img" not in Page(html).tags


@pytest.mark.parametrize(
    ("seeds", "fails", "words"),
    [
        ((1,), False, ["varies no key but seed and fold", "1 of 1", "Nothing failed"]),
        ((1, 2), False, ["varies no key but seed and fold", "2 of 2"]),
        ((1, 2), True, ["0 of 2", "No cell has finished.", "No run has a curve.", "OSError: full"]),
    ],
)
def test_small_and_sad_sweeps(
    seeds: tuple[int, ...], fails: bool, words: list[str], tmp_path: Path
) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        data = small_set(tmp_path / "set")
        cells = [cell(*data, "optimizer.lr=0.5", "trainer.iterations=40", f"seed={seed}") for seed in seeds]
        for made in cells:
            made.folder(home).mkdir(parents=True)
            if fails:
                notes.write_failure(made.folder(home), "OSError: full", "Traceback", 0.0, 1.0)
            else:
                run_cell(made, home)
        publish(home, plans.make("sweep", cells, ["seed"]))
    page = built(home)
    for text in words:
        assert text in page.words
    assert ("not colour images" in page.words) == (not fails)


# -- at the end of a sweep ---------------------------------------------------------------------------


def test_the_report_is_attached_to_the_parent(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    with living_in(home):
        path = attach_report(plan, home)
    assert path == home / "reports" / plan.id / "report.html"
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    artifact = client(home).download_artifacts(parent.info.run_id, "report.html", str(tmp_path))
    assert Path(artifact).read_bytes() == path.read_bytes()


def test_a_report_that_cannot_be_made_is_one_line(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home = copied(swept, tmp_path)
    shutil.rmtree(home / "reports", ignore_errors=True)
    (home / "reports").write_text("in the way")
    with living_in(home), pytest.raises(Failed, match="reports") as caught:
        attach_report(swept[1], home)
    assert "\n" not in str(caught.value)


def test_nobody_waits_long_for_a_report(swept: tuple[Path, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr("nnlab.sweeps.report.REPORT_WITHIN", 0.05)
    monkeypatch.setattr(report, "build", lambda *given: str(released.wait(60)))
    with living_in(swept[0]):
        with pytest.raises(Failed, match="not done within"):
            attach_report(swept[1], swept[0])
        working = [thread for thread in threading.enumerate() if thread.name == "report"]
        assert len(working) == 1, "it still works when nobody waits any more"
        released.set()
        working[0].join(60)


# -- the command -------------------------------------------------------------------------------------


def test_the_command_writes_the_latest_report(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    out = done(nnlab("report", "--output", tmp_path / "talk.html", home=home)).stdout
    assert out.strip() == str(tmp_path / "talk.html")
    assert plan.id in Page((tmp_path / "talk.html").read_text()).words


def test_an_unknown_sweep(swept: tuple[Path, Plan]) -> None:
    with living_in(swept[0]), pytest.raises(UserError, match=f"no such sweep: .*{swept[1].id}"):
        cli.main(["report", "no such sweep"], standalone_mode=False)


def test_no_sweep_yet_and_a_store_that_is_away(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home), pytest.raises(UserError, match="no sweep yet; `nnlab sweep`"):
        cli.main(["report"], standalone_mode=False)
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    with living_in(home, **away), pytest.raises(Failed, match=r"MLflow: [^\n]+$"):
        cli.main(["report"], standalone_mode=False)


@pytest.mark.slow
def test_a_server_alone_is_enough(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    """An empty home and a real server: the same page, but for the pictures."""
    home, plan = swept
    with subprocess.Popen(
        [sys.executable, "-m", "nnlab", "ui", "--port", "5731"],
        env=environment(home),
        cwd=working_folder(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            wait_for(lambda: answers("http://127.0.0.1:5731/health"))
            uri = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5731"}
            path = Path(done(nnlab("report", plan.id[:6], home=tmp_path / "empty", **uri)).stdout.strip())
        finally:
            os.killpg(server.pid, 15)
    served = Page(path.read_text())
    assert f"nnlab in {uri['MLFLOW_TRACKING_URI']}" in served.words
    assert "files of another machine" in served.words and len(served.figures) == 7


def answers(address: str) -> bool:
    try:
        return bool(urlopen(address, timeout=1).status == 200)
    except OSError:
        return False


# -- plain runs --------------------------------------------------------------------------------------


def run(name: str, swept: str = "", **values: Any) -> Run:
    params = {key.replace("__", "."): value for key, value in values.items()}
    metrics = {"test/accuracy": params.pop("accuracy", 0.5), "test/cost": 1.0}
    tags = {"nnlab.sweep": name, "nnlab.swept": swept}
    return Run(name, name, "finished", params, metrics, started=0.0, ended=1.0, tags=tags, artifacts="")


def test_nuisance_keys_alone_make_repetitions() -> None:
    cells = [
        run(f"r{s}{f}", seed=s, data__fold=f, init__scale=1.0, accuracy=s / 10)
        for s in (1, 2)
        for f in (1, 2)
    ]
    (one,) = Sweep(run("p"), tuple(cells)).ranked
    assert len(one.runs) == 4 and one.mean("test/accuracy") == pytest.approx(0.15)
    assert one.middle.metrics["test/accuracy"] == 0.1, "the lower of the two in the middle"


def test_keys_of_a_swept_group() -> None:
    """model=logistic,two_layer varies hidden, depth and width; each says the same."""
    cells = (
        run("a", model__hidden=[], model__depth=1, model__width=None, seed=1),
        run("b", model__hidden=[7], model__depth=2, model__width=7, seed=1),
        run("c", model__hidden=[7], model__depth=2, model__width=7, seed=2),
    )
    assert Sweep(run("p", "model,seed"), cells).keys == ["model.hidden", "seed"]
    assert Sweep(run("p", "seed"), cells).keys == ["seed"]


def test_find_sweep() -> None:
    parents = [run("abc1"), run("abd2")]
    assert find_sweep("abc", parents, "here").name == "abc1"
    for wrong in ("ab", "x"):
        with pytest.raises(UserError, match="abc1, abd2"):
            find_sweep(wrong, parents, "here")
