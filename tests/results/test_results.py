"""Runs and sweeps in Python: what names them, their arrays, tables, figures, text and HTML."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from harness import client, empty_store, living_in, nnlab, runs
from homes import Home, pictures
from PIL import Image

import nnlab as face
from nnlab.cells import plan as plans
from nnlab.records import record

# -- what names them -------------------------------------------------------------------------------


def test_a_run_is_found_by_all_that_names_it(lived: Home) -> None:
    run, home = lived.run, lived.folder
    (tracked,) = runs(home, f"attributes.run_name = '{run.name}'")
    their_id = tracked.info.run_id
    for name in [run.id, run.id[:6], str(home / "runs" / run.id), their_id, their_id[:9], run.name]:
        found = face.load(name)
        assert isinstance(found, face.Run), name
        assert found.metrics == run.metrics and np.array_equal(found.costs, run.costs), name
        assert found.name == run.name, name  # as MLflow has it


def test_a_run_of_a_sweep_keeps_its_name(lived: Home) -> None:
    one = lived.sweep.runs[0]
    assert face.load(one.id).name == one.name


def test_a_record_elsewhere_is_named_by_its_folder(lived: Home, tmp_path: Path) -> None:
    copy = shutil.copytree(lived.folder / "runs" / lived.run.id, tmp_path / "copy")
    found = face.load(copy)
    assert isinstance(found, face.Run) and found.id == str(copy) and found.metrics == lived.run.metrics
    assert face.rerun(found, *lived.data, "tracking=none")


def test_a_sweep_is_found_by_all_that_names_it(lived: Home) -> None:
    sweep, home = lived.sweep, lived.folder
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    for name in [sweep.id, sweep.id[:5], parent.info.run_id, parent.info.run_name]:
        found = face.load(name)
        assert isinstance(found, face.Sweep) and found.id == sweep.id, name
        theirs, ours = (one.frame().set_index("name").sort_index() for one in (found, sweep))
        assert theirs["init.scale"].tolist() == ours["init.scale"].tolist()
        assert np.allclose(theirs["test/cost"], ours["test/cost"], rtol=0, atol=0, equal_nan=True)


def test_latest_is_what_was_started_last(lived: Home) -> None:
    again = face.load("latest")
    assert isinstance(again, face.Run) and again.id == lived.run.id
    with pytest.raises(face.UserError, match="no run of experiment other"):
        face.load("none such", experiment="other")


def test_a_name_of_nothing_and_a_beginning_of_two(lived: Home) -> None:
    with pytest.raises(
        face.UserError, match=r"no run of experiment nnlab .*, and no sweep, has this id or name"
    ):
        face.load("no such thing")
    plan = plans.find_sweep(lived.sweep.id, lived.folder)
    assert plan is not None
    begin = lived.run.id[:12]
    copy = plans.path_of(lived.folder, begin)
    content = json.loads(plans.path_of(lived.folder, plan.id).read_text())
    copy.write_text(json.dumps(content | {"id": begin}))
    try:
        with pytest.raises(face.UserError, match=r"of a run .* and of a sweep .*; give more of it"):
            face.load(begin)
    finally:
        copy.unlink()


@pytest.mark.slow
def test_what_is_only_in_mlflow_is_fetched(made: Home, tmp_path: Path) -> None:
    """A home whose records are gone, as on another machine with the same store."""
    shutil.copytree(made.folder, tmp_path / "home")
    for name in ("runs", "plans", "published"):
        shutil.rmtree(tmp_path / "home" / name)
    with living_in(tmp_path / "home"):
        sweep = face.load(made.sweep.id)
        assert isinstance(sweep, face.Sweep)
        best = sweep.best
        assert best.name == made.sweep.best.name and len(best.id) == 32
        assert np.array_equal(best.costs, made.sweep.best.costs)
        assert np.array_equal(best.weights["W1"], made.sweep.best.weights["W1"])
        assert sweep.map().to_dict()["data"][0]["z"] is not None
        assert face.rerun(best, *made.data)


# -- arrays, tables, figures -----------------------------------------------------------------------


def test_a_run_has_its_record(lived: Home) -> None:
    run = lived.run
    rec = record.read(lived.folder / "runs" / run.id)
    assert run.config["model.hidden"] == [5, 3] and run.config["trainer.iterations"] == 60
    assert run.metrics == rec.metrics and run.costs.shape == (60,) and run.costs.dtype == np.float64
    assert [W.shape for W in run.weights.values()] == [(5, 48), (5, 1), (3, 5), (3, 1), (1, 3), (1, 1)]


def test_the_table_is_typed(lived: Home) -> None:
    table = lived.sweep.frame()
    assert len(table) == 12 and table.index.is_unique
    assert table.columns[:6].tolist() == ["name", "status", "state", "model.depth", "init.scale", "seed"]
    kinds = {key: table[key].dtype.kind for key in ("model.depth", "init.scale", "test/accuracy")}
    assert kinds == {"model.depth": "i", "init.scale": "f", "test/accuracy": "f"}
    diverged = table[table["status"] == "diverged"]
    assert len(diverged) == 4 and diverged["test/accuracy"].isna().all()
    assert table.groupby("init.scale")["state"].agg(set).tolist() == [{"stuck"}, {"learnt"}, {"diverged"}]


def test_all_runs_are_a_table(lived: Home, capfd: pytest.CaptureFixture[str]) -> None:
    table = face.runs()
    assert len(table) == 13 and table["name"].iloc[0] == lived.run.name, "the last first"
    assert (table["sweep"] == lived.sweep.id).sum() == 12
    assert table["started"].is_monotonic_decreasing and table["seed"].dtype.kind == "i"
    assert table["model.hidden"].iloc[0] == (5, 3) and table["data.folds"].dtype.kind == "f"
    assert capfd.readouterr().err == ""
    assert len(face.runs(experiment="other")) == 0


@pytest.mark.slow
def test_runs_says_what_is_not_published(
    tmp_path: Path, made: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    with living_in(empty_store(tmp_path / "home")):
        face.train(*made.data, "trainer.iterations=5", "tracking=none")
        assert len(face.runs()) == 0
    assert "`nnlab sync` publishes them" in capfd.readouterr().err


@pytest.mark.slow
def test_the_best_run_is_the_one_that_mlflow_names(lived: Home) -> None:
    (parent,) = runs(lived.folder, "tags.`nnlab.kind` = 'sweep'")
    assert parent.data.tags["nnlab.best_fingerprint"].startswith(lived.sweep.best.id)
    assert lived.sweep.best.state == "learnt"
    with pytest.raises(face.UserError, match="no net finished"):
        _ = face.sweep(
            *lived.data, "init.scale=1e200", "model.depth=4", "model.activation=leaky_relu",
            "trainer.iterations=5", "tracking=none", "hydra/launcher=basic",
        ).best  # fmt: skip


def test_the_map_and_the_curve(lived: Home) -> None:
    figure = lived.sweep.map()
    assert (
        figure.layout.xaxis.title.text == "init.scale" and figure.layout.yaxis.title.text == "model.depth"
    )
    assert figure.layout.meta["labels"] == {"x": ["1e-09", "1", "1e+200"], "y": ["2", "3"]}
    assert lived.run.plot().layout.yaxis.title.text == "training cost J"
    with pytest.raises(face.UserError, match="no key varies but seed and fold"):
        face.sweep(
            *lived.data, "seed=1,2", "trainer.iterations=5", "tracking=none", "hydra/launcher=basic"
        ).map()


@pytest.mark.slow
def test_activations_are_beside_each_other_on_the_map(made: Home, tmp_path: Path) -> None:
    with living_in(tmp_path / "home"):
        sweep = face.sweep(
            *made.data, "model.activation=relu,tanh", "model.depth=2,4,8", "init.scale=0.1,1",
            "trainer.iterations=5", "tracking=none", "hydra/launcher=basic",
        )  # fmt: skip
        layout = sweep.map().to_dict()["layout"]
    assert [each["text"] for each in layout["annotations"]][:2] == ["<b>tanh</b>", "<b>relu</b>"]
    assert layout["meta"]["labels"] == {"x": ["0.1", "1"], "y": ["2", "4", "8"]}


@pytest.mark.slow
def test_the_report_is_written(lived: Home, tmp_path: Path) -> None:
    assert lived.sweep.report() == lived.folder / "reports" / lived.sweep.id / "report.html"
    page = lived.sweep.report(tmp_path / "talk.html")
    assert page == tmp_path / "talk.html" and "<html" in page.read_text("utf-8")


@pytest.mark.slow
def test_a_sweep_without_mlflow_has_all_but_the_report(tmp_path: Path, made: Home) -> None:
    with living_in(empty_store(tmp_path / "home")):
        sweep = face.sweep(
            *made.data, "init.scale=0.1,1", "trainer.iterations=20", "tracking=none", "hydra/launcher=basic"
        )
        assert len(sweep.frame()) == 2 and sweep.map() and sweep.best.plot()
        with pytest.raises(face.UserError, match="`nnlab sync` publishes them"):
            sweep.report()


# -- predictions -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_predictions_are_those_of_the_record_and_of_the_command(lived: Home, tmp_path: Path) -> None:
    run = lived.sweep.best
    rec = record.read(lived.folder / "runs" / run.id)
    recorded = rec.arrays("predictions")["test"].ravel()  # of class 1
    x, _ = pictures("test")
    table = run.predict(x)
    said = np.where(table["class"] == "bright", table["probability"], 1.0 - table["probability"])
    assert np.allclose(said, recorded, rtol=0, atol=1e-15)
    files = [tmp_path / f"{i}.png" for i in range(3)]
    for file, image in zip(files, x, strict=False):
        Image.fromarray(image).save(file)
    assert run.predict(files).to_numpy().tolist() == table[:3].to_numpy().tolist()
    assert run.predict(tmp_path).index.tolist() == [str(file) for file in files]
    printed = nnlab("predict", run.id, str(files[0]), home=lived.folder).stdout
    assert f"{table['probability'].iloc[0]:.4f}" in printed


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((4, 4, 3), np.uint8), r"not \(4, 4, 3\) \(one example needs x\[None\]\)"),
        (np.zeros((2, 5, 5, 3), np.uint8), r"needs an array \(k, 4, 4, 3\), not \(2, 5, 5, 3\)"),
        (np.zeros((2, 4, 4, 3)), "needs uint8, not float64"),
        ([], "nothing to predict"),
        ("no/such.png", "no such file"),
        (["/no/such.png"], "no such file"),
        (None, "predict: None is no image; give an array"),
        (5, "predict: 5 is no image; give an array"),
        ([None], r"needs an array \(k, 4, 4, 3\), not \(1,\)"),
        ([[1], [1, 2]], "is no image"),
        (["a.png", 3], "predict: 3 is no file among files"),
    ],
)
def test_what_does_not_fit_the_net_is_refused(lived: Home, images: object, words: str) -> None:
    with pytest.raises(face.UserError, match=words):
        lived.run.predict(images)


# -- reruns ----------------------------------------------------------------------------------------


def test_a_rerun_says_what_was_compared(lived: Home) -> None:
    again = face.rerun(lived.run)
    assert again and repr(again).startswith("Rerun(identical, bit for bit: 60 costs, all weights")
    changed = face.rerun(lived.run.name, "seed=2", "tracking=none")
    assert not changed and "train/cost differs from step 0 on" in repr(changed) and "seed" in repr(changed)
    assert face.rerun(lived.run, "seed=2", "tracking=none", tolerance=1e300)


def test_reruns_of_one_second_have_a_folder_each(lived: Home) -> None:
    again = [face.rerun(lived.run, "seed=2", "tracking=none") for _ in range(3)]
    assert not any(again) and len({rerun.record.folder for rerun in again}) == 3


def test_a_sweep_in_the_place_of_a_run_is_refused(lived: Home) -> None:
    for wrong in (lambda: face.rerun(lived.sweep), lambda: face.rerun(sweep=lived.run)):
        with pytest.raises(face.UserError, match=r"a sweep as sweep=\.\.\."):
            wrong()


@pytest.mark.slow
def test_a_sweep_is_trained_again(lived: Home) -> None:
    again = face.rerun(sweep=lived.sweep)
    assert again and repr(again) == f"SweepRerun({lived.sweep.id}: 12 of 12 cells came out the same)"
    (parent,) = runs(lived.folder, "tags.`nnlab.kind` = 'sweep'")
    assert parent.data.tags["nnlab.identical"] == "true"
    other = face.rerun(None, "seed=3", sweep=lived.sweep.id[:6])
    assert not other and "0 of 12" not in repr(other) and "differs" in repr(other)


# -- as text and HTML ------------------------------------------------------------------------------


def test_they_say_what_they_are(lived: Home) -> None:
    assert (
        repr(lived.sweep)
        == f"Sweep({lived.sweep.id}: depth × scale × seed, 12 cells: 4 learnt, 4 stuck, 4 diverged)"
    )
    assert repr(lived.run).startswith(f"Run({lived.run.name}: learnt, test/accuracy 0.")
    html = lived.sweep._repr_html_()
    assert "12 cells: 4 learnt, 4 stuck, 4 diverged" in html and "test acc" in html
    assert html.count("<tr>") == 1 + 4, "a heading, and the configurations that did not diverge"
    html = lived.run._repr_html_()
    assert '<td style="text-align:left">model.hidden</td>' in html and "5-3" in html and "2500" in html


def test_names_from_elsewhere_are_no_html(made: Home, tmp_path: Path) -> None:
    shutil.copytree(made.folder, tmp_path / "home")
    with living_in(tmp_path / "home") as home:
        named = runs(home, f"attributes.run_name = '{made.run.name}'")
        (run,) = (one for one in named if "nnlab.rerun_of" not in one.data.tags)
        client(home).update_run(run.info.run_id, name="<script>alert(1)</script>")
        shutil.rmtree(home / "runs" / made.run.id)
        found = face.load("<script>alert(1)</script>")
        assert "&lt;script&gt;" in found._repr_html_() and "<script>" not in found._repr_html_()
