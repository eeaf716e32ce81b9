"""The real command line: commands, output, files and exit codes."""

import html
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import h5py
import numpy as np
import psutil
import pytest
from disturbed import is_worker
from harness import (
    assert_refused,
    cell,
    client,
    counts,
    done,
    empty_store,
    histories,
    lines,
    living_in,
    markers,
    nnlab,
    points,
    runs,
    small_set,
    start,
    wait_for,
    write_h5,
)

from nnlab.cli.main import COMMANDS, cli
from nnlab.config import ROOT
from nnlab.data.painted import generator
from nnlab.records import counted_states, locked, record, state
from nnlab.records.record import MARKER

QUICK = ["trainer.iterations=30"]
CELLS = "tags.`nnlab.kind` = 'cell'"
SWEEPS = "tags.`nnlab.kind` = 'sweep'"


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path / "set")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an empty MLflow store."""
    return empty_store(tmp_path / "home")


def sweep_id(process: CompletedProcess[str]) -> str:
    found = re.search(r"^sweep ([0-9a-f]{12}) ", process.stdout, re.MULTILINE)
    assert found, process.stdout
    return found[1]


# -- train -----------------------------------------------------------------------------------------


class Trained:
    """`nnlab train` in an empty home, and the same again."""

    def __init__(self, folder: Path) -> None:
        self.home = (
            folder / "a folder with a name so long that no line of eighty characters holds it" / "home"
        )
        self.arguments = ["train", *small_set(folder), "model.depth=2", "model.width=3", "seed=5"]
        self.first = done(nnlab(*self.arguments, home=self.home))
        self.before = markers(self.home)
        self.second = done(nnlab(*self.arguments, home=self.home))


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained(tmp_path_factory.mktemp("train"))


def test_train_prints_the_result_and_where_it_is(trained_once: Trained) -> None:
    out = trained_once.first.stdout
    (name,) = trained_once.before
    assert "relu 2x3 s1 #5: finished after 2500 steps" in out
    for word in ("cost", "train accuracy", "test accuracy"):
        assert word in out
    assert str(trained_once.home / "runs" / name) in out, "the path can be copied in one piece"


def test_train_makes_one_record_and_one_run(trained_once: Trained) -> None:
    (run,) = runs(trained_once.home)
    rec = record.read(Path(run.data.tags["nnlab.record"]))
    assert list(trained_once.before) == [rec.folder.name]
    assert rec.config["seed"] == 5 and rec.config["model"]["width"] == 3
    assert run.data.tags["nnlab.kind"] == "cell" and "nnlab.sweep" not in run.data.tags
    assert run.data.tags["nnlab.status"] == "finished" and run.info.status == "FINISHED"
    assert run.data.metrics["test/accuracy"] == rec.metrics["test/accuracy"]
    steps = [step for step, _, _ in histories(trained_once.home, run)["train/cost"]]
    assert steps == [*range(0, 2500, 10), 2499]


def test_train_again_trains_nothing_and_adds_no_run(trained_once: Trained) -> None:
    assert "already recorded" in trained_once.second.stdout
    assert "sweep.force=true" in trained_once.second.stdout
    assert markers(trained_once.home) == trained_once.before
    assert len(runs(trained_once.home)) == 1


def test_all_files_are_in_the_home(trained_once: Trained) -> None:
    names = {path.name for path in trained_once.home.iterdir()}
    made = {"runs", "mlflow.db", "mlflow.db.lock", "mlartifacts", "plans", "published", "data", "lineages"}
    assert {"runs", "mlflow.db", "mlartifacts"} <= names <= made
    beside = [path for path in trained_once.home.parent.iterdir() if path != trained_once.home]
    assert [path.name for path in beside] == ["home-cwd"] and not list(beside[0].iterdir())


def test_a_training_in_the_checkout_leaves_nothing_new_for_git(trained_once: Trained) -> None:
    files = trained_once.home.iterdir()
    inside = [f"{path.name}/x" if path.is_dir() else path.name for path in files]
    check = ["git", "check-ignore", "--no-index", *inside]
    ignored = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert sorted(ignored) == sorted(inside)


# -- sweep -----------------------------------------------------------------------------------------


class Swept:
    """A sweep, the same again, a larger one and a forced one, with the state after each."""

    def __init__(self, folder: Path) -> None:
        self.home = empty_store(folder / "home")
        base = ["sweep", *small_set(folder), *QUICK, "model.activation=tanh"]
        grid = ["model.depth=2,3", "model.width=3,4"]
        larger = ["model.depth=2,3", "model.width=3,4,5"]
        self.first = done(nnlab(*base, *grid, home=self.home))
        self.after_first, self.drawn = markers(self.home), [self.report_drawn()]
        self.again = done(nnlab(*base, *grid, "hydra/launcher=basic", home=self.home))
        self.after_again = markers(self.home)
        self.drawn.append(self.report_drawn())
        self.enlarged = done(nnlab(*base, *larger, "hydra/launcher=basic", home=self.home))
        self.after_enlarged = markers(self.home)
        self.forced = done(nnlab(*base, *grid, "sweep.force=true", "hydra/launcher=basic", home=self.home))
        self.after_forced = markers(self.home)
        self.drawn.append(self.report_drawn())

    def report_drawn(self) -> int:
        """When the report of the first sweep was written."""
        return (self.home / "reports" / sweep_id(self.first) / "report.html").stat().st_mtime_ns

    def children(self, process: CompletedProcess[str]) -> list[Any]:
        return runs(self.home, f"tags.nnlab.sweep = '{sweep_id(process)}' and {CELLS}")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    return Swept(tmp_path_factory.mktemp("sweep"))


def test_a_sweep_prints_its_plan_first_and_a_summary(swept: Swept) -> None:
    out = swept.first.stdout
    assert "4 cells: 0 already done, 4 to do" in out
    order = [
        "sweep ", "4 to do", "live in the MLflow UI at http://127.0.0.1:5000 (`nnlab ui` in another",
        "(solver ", "this sweep live: http://127.0.0.1:5000/#/experiments/", "test acc", "; sweep ",
    ]  # fmt: skip
    places = [out.index(text) for text in order]
    assert places == sorted(places)
    for name in ("tanh 2x3 s1 #1", "tanh 3x4 s1 #1"):
        assert name in out
    assert len(swept.after_first) == 4


def test_the_end_counts_the_states_as_the_report_does(swept: Swept) -> None:
    records = [record.read(folder) for folder in (swept.home / "runs").iterdir() if folder.is_dir()]
    first = [rec for rec in records if rec.config["model"]["width"] < 5]
    counted = counted_states(state(rec.status, rec.metrics) for rec in first)
    assert f"\n4 cells: {counted}; sweep {sweep_id(swept.first)} finished" in swept.first.stdout
    assert counted in (swept.home / "reports" / sweep_id(swept.first) / "report.html").read_text("utf-8")


def test_the_report_is_drawn_anew_if_something_is_new(swept: Swept) -> None:
    first, again, forced = swept.drawn
    assert first == again < forced
    assert "report.html" in swept.again.stdout, "it is named all the same"


def test_one_parent_with_its_cells_linked_to_it(swept: Swept) -> None:
    (parent,) = runs(swept.home, f"{SWEEPS} and tags.nnlab.sweep = '{sweep_id(swept.first)}'")
    cells = swept.children(swept.first)
    assert len(cells) == 4
    assert {run.data.tags["mlflow.parentRunId"] for run in cells} == {parent.info.run_id}
    assert {(run.data.params["model.depth"], run.data.params["model.width"]) for run in cells} == {
        ("2", "3"), ("2", "4"), ("3", "3"), ("3", "4")
    }  # fmt: skip
    assert {run.info.run_name for run in cells} == {f"tanh {d}x{w} s1 #1" for d in (2, 3) for w in (3, 4)}
    assert parent.info.status == "FINISHED" and parent.data.tags["nnlab.status"] == "finished"
    assert parent.data.tags["nnlab.finished"] == "4"


def test_the_printed_address_lists_the_cells(swept: Swept) -> None:
    addresses = re.findall(r"http://127\.0\.0\.1:5000/\S+", swept.first.stdout)
    assert addresses, swept.first.stdout
    queries = [parse_qs(urlsplit(address).fragment.partition("?")[2]) for address in addresses]
    views = {query["viewStateShareKey"][0] for query in queries if "viewStateShareKey" in query}
    assert views == {sweep_id(swept.first)}
    tags = client(swept.home).get_experiment_by_name("nnlab").tags
    view = json.loads(tags[f"mlflow.sharedViewState.{views.pop()}"])
    found = runs(swept.home, view["searchFilter"])
    assert {run.info.run_id for run in found} == {r.info.run_id for r in swept.children(swept.first)}


def test_the_same_again_trains_nothing_and_goes_on_under_its_parent(swept: Swept) -> None:
    assert "4 cells: 4 already done, 0 to do" in swept.again.stdout
    assert swept.after_again == swept.after_first
    assert sweep_id(swept.again) == sweep_id(swept.first)


def test_an_enlarged_sweep_trains_its_new_cells_only(swept: Swept) -> None:
    assert "6 cells: 4 already done, 2 to do" in swept.enlarged.stdout
    assert len(swept.after_enlarged) == 6
    assert {name: swept.after_enlarged[name] for name in swept.after_first} == swept.after_first
    assert len(swept.children(swept.enlarged)) == 6, "the old cells too are found under the new sweep"


def test_force_trains_again_what_is_done(swept: Swept) -> None:
    assert "4 cells: 0 already done, 4 to do" in swept.forced.stdout
    for name, moment in swept.after_enlarged.items():
        again = swept.after_forced[name] != moment
        assert again == (name in swept.after_first)


def test_no_run_or_point_is_doubled(swept: Swept) -> None:
    """There are two parents and 4 + 6 cells, and each curve is there once."""
    assert len(runs(swept.home, SWEEPS)) == 2
    cells = runs(swept.home, CELLS)
    assert len(cells) == 10
    for run in cells:
        for key, history in histories(swept.home, run).items():
            assert len({step for step, _, _ in history}) == len(history), key


# -- failed, diverged, killed ----------------------------------------------------------------------


class Troubled:
    """A sweep with a failing and a diverging cell; then again without the cause of the failure.

    There is a folder in the place of the cell's weights.
    """

    def __init__(self, folder: Path) -> None:
        self.home = empty_store(folder / "home")
        base = [*small_set(folder), "model.output=identity", "model.loss=squared_error", "model.depth=2"]
        base += ["model.width=3", "trainer.iterations=300"]
        with living_in(self.home):
            self.blocked = cell(*base, "optimizer.lr=0.01").folder(self.home) / "weights.npz"
        self.blocked.mkdir(parents=True)
        grid = ["sweep", *base, "optimizer.lr=0.05,0.01,1e9"]
        self.first = nnlab(*grid, home=self.home)
        self.after_first = markers(self.home)
        self.runs = {run.data.params["optimizer.lr"]: run for run in runs(self.home, CELLS)}
        (self.parent,) = runs(self.home, SWEEPS)
        self.blocked.rmdir()
        self.second = done(nnlab(*grid, home=self.home))
        self.after_second = markers(self.home)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    return Troubled(tmp_path_factory.mktemp("troubled"))


def test_a_failing_cell_does_not_stop_the_others_and_ends_with_1(troubled: Troubled) -> None:
    first = troubled.first
    assert first.returncode == 1, first.stdout + first.stderr
    assert "Traceback" not in first.stderr
    assert "lr0.01" in first.stderr and "weights.npz" in first.stderr, "which cell, and why"
    assert "3 cells: 1 learnt, 1 diverged, 1 failed" in first.stdout
    assert len(troubled.after_first) == 2


def test_a_failed_cell_is_in_the_store_with_its_error(troubled: Troubled) -> None:
    failed = troubled.runs["0.01"]
    assert (failed.info.status, failed.data.tags["nnlab.status"]) == ("FAILED", "failed")
    assert "weights.npz" in failed.data.tags["nnlab.error"]
    parent = troubled.parent
    assert (parent.info.status, parent.data.tags["nnlab.status"]) == ("FAILED", "failed")


def test_a_failed_cell_is_tried_again_by_the_same_command(troubled: Troubled) -> None:
    assert "3 cells: 2 already done, 1 to do" in troubled.second.stdout
    assert len(troubled.after_second) == 3
    kept = {name: troubled.after_second[name] for name in troubled.after_first}
    assert kept == troubled.after_first, "a diverged cell is a result: it is not trained again"
    now = {
        run.data.params["optimizer.lr"]: run.data.tags["nnlab.status"] for run in runs(troubled.home, CELLS)
    }
    assert now == {"0.05": "finished", "0.01": "finished", "1000000000.0": "diverged"}
    (parent,) = runs(troubled.home, SWEEPS)
    assert parent.info.status == "FINISHED" and parent.data.tags["nnlab.failed"] == "0"


def test_a_diverged_cell_is_a_result_and_not_a_failure(troubled: Troubled) -> None:
    run = troubled.runs["1000000000.0"]
    assert (run.info.status, run.data.tags["nnlab.status"]) == ("FINISHED", "diverged")
    assert troubled.second.returncode == 0
    assert "2 learnt, 1 diverged" in troubled.second.stdout


def test_terminal_description_and_report_say_the_same_sentences(troubled: Troubled) -> None:
    first, second = (" ".join(run.stdout.split()) for run in (troubled.first, troubled.second))
    assert (
        "1 of 3 nets learnt; 1 diverged (the cost went to infinity) and 1 failed with an error. "
        "The one net with optimizer.lr 1e+09 diverged, and no other."
    ) in first
    (parent,) = runs(troubled.home, SWEEPS)
    lines = parent.data.tags["mlflow.note.content"].replace("\\", "").split("\n\n")[0].splitlines()
    said = [line.removeprefix("- ") for line in lines]
    assert said[0] == "2 of 3 nets learnt; 1 diverged (the cost went to infinity)." and len(said) >= 3
    assert second.split("; sweep ")[1].split(" finished ")[1].startswith(" ".join(said))
    (page,) = (troubled.home / "reports").glob("*/report.html")
    shown = re.findall(r'<p class="headline">(.*?)</p>', page.read_text("utf-8"))
    assert [html.unescape(text).replace("\u00a0", " ") for text in shown] == said


@pytest.mark.slow
def test_a_cell_whose_folder_cannot_be_made_does_not_stop_the_others(home: Path, data: list[str]) -> None:
    """There is a file in the place of a cell's folder."""
    with living_in(home):
        folder = cell(*data, *QUICK, "model.depth=2", "model.width=4").folder(home)
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    ended = nnlab("sweep", *data, *QUICK, "model.depth=2", "model.width=3,4,5", home=home)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr and str(folder) in ended.stderr
    assert len(list((home / "runs").glob(f"*/{MARKER}"))) == 2


@pytest.mark.slow
def test_a_net_too_big_for_the_memory_fails_in_two_lines(home: Path, data: list[str]) -> None:
    ended = nnlab("train", *data, *QUICK, "model.width=1000000000000000", home=home)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr and len(lines(ended.stderr)) <= 2


LONG = "trainer.iterations=400000"  # four seconds a cell and more


def training(driver: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The workers that have trained for a moment: those that only start have used less of a processor."""
    children = psutil.Process(driver.pid).children() if driver.poll() is None else []
    return [one for one in children if is_worker(one.pid) and sum(one.cpu_times()[:2]) > 1.8]


@pytest.fixture
def long_cells(home: Path, data: list[str]) -> Iterator[tuple[list[str], list[Path]]]:
    """The command of a sweep over three long cells, and their folders."""
    base = [*data, LONG, "model.depth=2"]
    with living_in(home):
        folders = [cell(*base, f"model.width={width}").folder(home) for width in (3, 4, 5)]
        yield ["sweep", *base, "model.width=3,4,5"], folders


@pytest.mark.slow
def test_cells_survive_a_killed_worker(home: Path, long_cells: tuple[list[str], list[Path]]) -> None:
    command, _ = long_cells
    driver = start(*command, "engine.workers=2", home=home)
    os.kill(wait_for(lambda: training(driver))[0].pid, signal.SIGKILL)
    out, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, out + err
    assert counts(out) == {"finished": 3} and len(markers(home)) == 3
    assert len(runs(home, f"{CELLS} and tags.nnlab.status = 'finished'")) == 3


@pytest.mark.slow
def test_a_cell_that_always_kills_its_worker_is_a_failure(
    home: Path, long_cells: tuple[list[str], list[Path]]
) -> None:
    """With one worker, the cell that is locked is the one in training."""
    command, folders = long_cells
    driver = start(*command, "engine.workers=1", home=home)
    deadly, killed = folders[0], set[int]()
    while driver.poll() is None and len(killed) < 20:
        for worker in training(driver):
            if worker.pid not in killed and is_locked(deadly / "lock"):
                killed.add(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
        time.sleep(0.02)
    out, err = driver.communicate(timeout=120)
    assert driver.returncode == 1, out + err
    assert "Traceback" not in err and "the worker died on this cell, three times" in err
    assert len(killed) == 3
    assert counts(out) == {"finished": 2, "failed": 1}
    assert set(markers(home)) == {folder.name for folder in folders[1:]}
    done(nnlab(*command, home=home))
    assert len(markers(home)) == 3


def is_locked(path: Path) -> bool:
    with locked(path, wait=False) as lock:
        return lock is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_is_closed_as_killed_and_goes_on(
    home: Path, data: list[str], number: signal.Signals
) -> None:
    command = ["sweep", *data, "model.depth=2", "model.width=3,4", "trainer.iterations=40,20000000"]
    driver = start(*command, home=home)
    wait_for(lambda: len(markers(home)) == 2 and runs(home, SWEEPS))
    driver.send_signal(number)
    out, err = driver.communicate(timeout=60)
    assert driver.returncode == 130, out + err
    assert "Traceback" not in err and "interrupted" in err
    (parent,) = runs(home, SWEEPS)
    assert parent.info.status == "KILLED" and parent.data.tags["nnlab.status"] == "killed"
    assert len(runs(home, f"{CELLS} and tags.nnlab.status = 'finished'")) == 2
    assert len(markers(home)) == 2


@pytest.mark.slow
def test_the_same_command_continues_after_a_killed_driver(home: Path, data: list[str]) -> None:
    command = ["sweep", *data, "model.depth=2", "model.width=3,4,5,6", LONG]
    driver = start(*command, home=home)
    wait_for(lambda: markers(home))
    driver.kill()
    driver.wait(60)
    for pipe in (driver.stdout, driver.stderr):  # its workers hold them on
        assert pipe is not None
        pipe.close()
    kept = markers(home)
    ended = done(nnlab(*command, home=home))
    assert counts(ended.stdout) == {"finished": 4}
    assert {name: markers(home)[name] for name in kept} == kept
    assert len(runs(home, SWEEPS)) == 1
    cells = runs(home, CELLS)
    assert [run.data.tags["nnlab.status"] for run in cells] == ["finished"] * 4
    for run in cells:
        steps = [step for step, _, _ in histories(home, run)["train/cost"]]
        assert steps == [*range(0, 400000, 2000), 399999]


# -- a store that is away or cannot be written -----------------------------------------------------


@pytest.mark.slow
def test_cells_are_trained_without_a_store(home: Path, data: list[str]) -> None:
    """The cells are recorded, one line says how many runs wait, and `nnlab sync` publishes them."""
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
    grid = ["sweep", *data, *QUICK, "model.depth=1,2", "hydra/launcher=basic"]
    ended = done(nnlab(*grid, home=home, **away))
    assert len(markers(home)) == 2
    said = [line for line in lines(ended.stderr) if "failed left:" not in line]
    assert len(said) <= 2, ended.stderr
    assert "MLflow" in said[0] and "2 runs wait; `nnlab sync` publishes them" in said[-1]
    assert runs(home) == []

    early = nnlab("sync", home=home, **away)
    assert early.returncode == 1 and "Traceback" not in early.stderr
    assert len(lines(early.stderr)) <= 2 and "2 runs wait" in early.stderr

    synced = done(nnlab("sync", home=home))
    assert "every record is published" in synced.stdout
    (parent,) = runs(home, SWEEPS)
    assert parent.info.status == "FINISHED"
    cells = runs(home, CELLS)
    assert len(cells) == 2
    assert {run.data.tags["mlflow.parentRunId"] for run in cells} == {parent.info.run_id}


@pytest.mark.slow
def test_cells_are_trained_if_the_store_cannot_be_written(home: Path, data: list[str]) -> None:
    """No folder can be made in /proc, not even by root."""
    uri = "sqlite:////proc/nnlab/mlflow.db"
    ended = done(nnlab("train", *data, *QUICK, home=home, MLFLOW_TRACKING_URI=uri))
    assert len(markers(home)) == 1
    said = lines(ended.stderr)
    assert len(said) <= 2 and "MLflow" in said[0] and "1 run waits; `nnlab sync`" in said[-1]


def test_sync_of_an_empty_home(home: Path) -> None:
    done(nnlab("sync", home=home))


def test_a_home_that_cannot_be_written(data: list[str]) -> None:
    ended = nnlab("train", *data, home=Path("/proc/nnlab"), cwd=Path(data[1].split("=")[1]).parent)
    assert_refused(ended, "/proc/nnlab")


@pytest.mark.slow
def test_a_home_that_is_a_file(tmp_path: Path, data: list[str]) -> None:
    (tmp_path / "home").write_text("")
    assert_refused(nnlab("train", *data, home=tmp_path / "home"), str(tmp_path / "home"))


# -- misuse ----------------------------------------------------------------------------------------


def crafted(folder: Path, wrong: str) -> Path:
    """A training file that is wrong in one way."""
    path = folder / "wrong.h5"
    x, y = points(30)
    if wrong == "html":
        path.write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    elif wrong == "truncated":
        path.write_bytes(write_h5(path).read_bytes()[:1500])
    elif wrong == "labels":
        write_h5(path, y=y + 1)
    elif wrong == "empty":
        write_h5(path, x=x[:0], y=y[:0])
    elif wrong == "huge":
        write_h5(path, x=None, y=None)
        with h5py.File(path, "a") as file:
            file.create_dataset("train_set_x", (10**9, 64, 64, 3), np.uint8, chunks=(1, 64, 64, 3))
            file.create_dataset("train_set_y", (10**9,), np.int64, chunks=(1,))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ("missing", "no such file"),
        ("html", "web page"),
        ("truncated", "cut short"),
        ("labels", "labels"),
        ("empty", "empty"),
        ("huge", "bytes in the file"),
    ],
)
def test_a_wrong_file(tmp_path: Path, data: list[str], wrong: str, word: str) -> None:
    path = crafted(tmp_path, wrong)
    refused = nnlab("train", *data, f"data.train={path}", home=tmp_path / "home")
    assert_refused(refused, str(path), word)
    assert markers(tmp_path / "home") == {}


MISUSE = [
    (["train", "model.detph=3"], "did you mean model.depth?"),
    (["train", "+typo=1"], "typo"),
    (["train", "+model.typo=1"], "model.typo"),
    (["train", "optimizer.lr=-1"], "optimizer.lr"),
    (["train", "optimizer.lr=nan"], "optimizer.lr"),
    (["train", "seed=abc"], "seed"),
    (["train", "trainer.solver=gram", "optimizer.name=adam"], "trainer.solver"),
    (["train", "model=deep", "model.depth=3"], "model.hidden=null"),
    (["train", "model.hidden=[1,"], "[1,"),
    (["train", "model.depth=1,2"], "nnlab sweep"),
    (["train", "model=null"], "name of one of its options"),
    (["train", "~model"], "model=NAME"),
    (["train", "init.scheme=ü"], "init.scheme='...'"),
    (["train", "frobnicate"], "key=value"),
    (["gradcheck", "model=deep", "model.depth=3"], "model.hidden=null"),
    (["rerun", "x", "--tolerance", "nan"], "--tolerance"),
    (["rerun", "--sweep", "x", "--tolerance", "inf"], "--tolerance"),
    (["sweep", "model.detph=1,2"], "did you mean model.depth?"),
    (["sweep", "+typo=1,2"], "typo"),
    (["sweep", "seed=interval(1,3)"], "range("),
    (["sweep", "model=deep", "model.depth=3,4"], "model.hidden=null"),
    (["gradcheck", "model.detph=3"], "did you mean model.depth?"),
    (["sweep", "model.depth=1,2", "--cfg", "job"], "model.depth=1,2"),
    (["sweep", "--info", "config", "--cfg", "job"], "--info"),
    (["train", "--multirun", "--cfg", "job"], "--multirun"),
    (["train", "--resolve"], "--cfg"),
    (["train", "--experimental-rerun", "config.pickle"], "nnlab rerun"),
    (["train", "--hydra-help"], "--help"),
    (["train", "seed=2", "--shell-completion"], "--cfg job"),
    (["train", "--package", "model"], "--cfg"),
    (["train", "--cfg", "job", "--package", "modle"], "modle"),
    (["train", "--config-dir", "nowhere"], "nowhere"),
    (["gradcheck", "--multirun"], "nnlab sweep"),
    (["train", "optimizer=sgd"], "gd, momentum"),
    (["train", "+seed=1"], "+seed: the configuration has seed already; leave out the +"),
    (["train", "+model=deep"], "+model: the configuration has model already; leave out the +"),
    (["train", "optimizer.learning_rate=0.1"], "did you mean optimizer.lr?"),
    (["train", "trainer.lr=0.1"], "did you mean optimizer.lr?"),
    (["train", "num_iterations=100"], "did you mean trainer.iterations?"),
    (["sweep", "experiment=init_scale,nope"], "experiment: there is no option 'nope'"),
    (["sweep", "experiment=nope,init_scale"], "experiment: there is no option 'nope'"),
]


@pytest.mark.parametrize(("arguments", "word"), MISUSE, ids=[" ".join(a) for a, _ in MISUSE])
def test_misuse(tmp_path: Path, data: list[str], arguments: list[str], word: str) -> None:
    assert_refused(nnlab(*arguments, *data, home=tmp_path / "home"), word)
    assert markers(tmp_path / "home") == {}


def test_a_value_that_is_needed(tmp_path: Path) -> None:
    assert_refused(nnlab("train", "data=hdf5", home=tmp_path / "home"), "data.train")


@pytest.mark.slow
def test_no_run_is_named(tmp_path: Path) -> None:
    for arguments in (["rerun"], ["rerun", ""]):
        assert_refused(nnlab(*arguments, home=tmp_path / "home"), "name a run")


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["train", "--nope"], ["data", "check"], ["ui", "--port", "0"]],
    ids=" ".join,
)
def test_a_wrong_command_line(tmp_path: Path, arguments: list[str]) -> None:
    assert_refused(nnlab(*arguments, home=tmp_path / "home"), arguments[-1].lstrip("-"))


@pytest.mark.parametrize("how", ["--debug", "HYDRA_FULL_ERROR"])
def test_debug_shows_the_traceback_with_the_same_exit_code(
    tmp_path: Path, data: list[str], how: str
) -> None:
    arguments = ["train", *data, "optimizer.lr=-1"]
    if how == "--debug":
        ended = nnlab(*arguments, how, home=tmp_path / "home")
    else:
        ended = nnlab(*arguments, home=tmp_path / "home", HYDRA_FULL_ERROR="1")
    assert "Traceback" in ended.stderr and "optimizer.lr: -1.0 is not allowed" in ended.stderr
    assert ended.returncode == 2


def test_an_error_is_only_the_message_of_nnlab(tmp_path: Path, data: list[str]) -> None:
    """Only the message is printed, without the overrides before it."""
    ended = nnlab("train", *data, "optimizer.lr=-1", home=tmp_path / "home")
    assert [line.split(":")[0] for line in lines(ended.stderr)] == ["nnlab"]


# -- the other commands ----------------------------------------------------------------------------


def test_version_and_help(tmp_path: Path) -> None:
    version = done(nnlab("--version", home=tmp_path / "home"))
    assert re.search(r"\b\d+\.\d+\.\d+", version.stdout)
    shown = done(nnlab("--help", home=tmp_path / "home")).stdout
    for name in ("train", "sweep", "sync", "data", "gradcheck", "ui"):
        assert re.search(rf"^  {name} ", shown, re.MULTILINE)


@pytest.mark.parametrize("name", ["train", "sweep", "gradcheck", "sync", "ui", "data"])
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    assert len(done(nnlab(name, "--help", home=tmp_path / "home")).stdout) > 40


def test_cfg_job_shows_every_key(tmp_path: Path) -> None:
    shown = done(nnlab("train", "--cfg", "job", home=tmp_path / "home")).stdout
    for key in ("iterations: 2500", "lr: ", "activation: relu", "experiment: nnlab", "seed: 1"):
        assert key in shown


@pytest.mark.slow
def test_flags_may_be_between_overrides(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = done(nnlab("train", "model=deep", "-c", "job", "seed=7", "-p", "model", home=home)).stdout
    assert shown.startswith("# @package model\n") and "- 20\n" in shown and "seed" not in shown
    assert done(nnlab("train", "--cfg", "job", "seed=7", "--package", "seed", home=home)).stdout == "7\n"


def test_cfg_hydra_and_all_with_references_resolved(tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = done(nnlab("train", "--cfg", "hydra", "hydra/launcher=joblib", home=home)).stdout
    assert shown.startswith("hydra:\n") and "n_jobs: -1" in shown and "iterations" not in shown
    shown = done(nnlab("train", "--cfg", "all", "--resolve", home=home)).stdout
    assert f"train: {home}/data/painted/train_painted.h5" in shown and "n_jobs: -1" in shown


def test_the_help_lists_the_commands_as_they_describe_themselves() -> None:
    """The list is written separately, so that `nnlab --help` does not import any command."""
    context = click.Context(cli)
    for name, line in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None and command.name == name
        assert (
            command.get_short_help_str(200) == line.rstrip(".") or command.get_short_help_str(200) == line
        )


def test_help_loads_no_command(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom nnlab.cli import main\nsys.argv = ['nnlab', '--help']\nmain.main()\n"
        "assert not {'numpy', 'hydra', 'mlflow', 'rich', 'nnlab.cells'} & set(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_data_check_describes_good_files_and_refuses_bad_ones(tmp_path: Path) -> None:
    home = tmp_path / "home"
    good = write_h5(tmp_path / "good.h5")
    described = done(nnlab("data", "check", str(good), home=home)).stdout
    for word in (str(good), "30 examples", "(30, 2) float64", "below", "above", "digest"):
        assert word in described
    bad = crafted(tmp_path, "html")
    both = nnlab("data", "check", str(good), str(bad), home=home)
    assert_refused(both, str(bad), "web page")
    assert "30 examples" in both.stdout, "the good one is described all the same"


@pytest.mark.slow
def test_data_check_does_not_print_escape_sequences(tmp_path: Path) -> None:
    """Escape sequences in a file are not printed."""
    path = write_h5(tmp_path / "a.h5", classes=np.array([b"\x1b]0;title\x07", b"\x1b[2Jcat"]))
    assert "\x1b" not in nnlab("data", "check", str(path), home=tmp_path / "home").stdout


def test_data_paint_makes_a_set_that_is_ready_to_train(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "my cats, all"
    sizes = ["--train", "4", "--test", "3"]
    painted = done(nnlab("data", "paint", str(folder), *sizes, "--seed", "7", home=home))
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["test_painted.h5", "train_painted.h5"]
    assert all(str(folder / name) in painted.stdout for name in names)
    with h5py.File(folder / "train_painted.h5") as file:
        assert file["train_set_x"].shape == (4, 64, 64, 3) and file["train_set_x"].dtype == np.uint8
    assert_refused(nnlab("data", "paint", str(folder), home=home), "train_painted.h5: is there already")
    program, command, *overrides = shlex.split(painted.stdout)
    assert (program, command) == ("nnlab", "train")
    ready = done(nnlab("data", "ready", *overrides, home=home))
    assert "4 training and 3 test examples" in ready.stdout


@pytest.mark.slow
def test_the_default_set_is_painted_once(tmp_path: Path) -> None:
    ready = done(nnlab("data", "ready", home=tmp_path, NNLAB_DATA=""))
    assert ready.stderr == "painting 209 training pictures and 1000 test pictures, once\n"
    assert ready.stdout == "painted: 209 training and 1000 test examples\n"
    again = done(nnlab("data", "ready", home=tmp_path, NNLAB_DATA=""))
    assert (again.stderr, again.stdout) == ("", ready.stdout)


@pytest.mark.slow
def test_a_default_set_of_an_earlier_version_is_said(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("test", 5)):
        path = tmp_path / "data" / "painted" / f"{split}_painted.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        generator.write(path, split, count, seed=0)
    ready = done(nnlab("data", "ready", home=tmp_path, NNLAB_DATA=""))
    assert "painted: 6 training and 5 test examples" in ready.stdout
    assert f"{path}: an earlier version painted it, with 5 test pictures instead of 1000" in ready.stderr


@pytest.mark.slow
def test_data_paint_onto_a_file_and_into_nowhere(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(nnlab("data", "paint", str(tmp_path / "file"), home=tmp_path / "home"), "file")
    assert_refused(nnlab("data", "paint", "/proc/nnlab/cats", home=tmp_path / "home"), "/proc/nnlab")


@pytest.mark.slow
def test_the_real_set_is_found_through_nnlab_data(tmp_path: Path, real_data: Path) -> None:
    ready = done(nnlab("data", "ready", "data=catvnoncat", home=tmp_path / "home"))
    assert "209 training and 50 test examples" in ready.stdout
    checked = done(nnlab("data", "check", *map(str, real_data.glob("*.h5")), home=tmp_path / "home")).stdout
    assert "non-cat 137, cat 72" in checked and "non-cat 17, cat 33" in checked
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home").rglob("*.h5"))


@pytest.mark.slow
def test_the_real_set_missing(tmp_path: Path) -> None:
    refused = nnlab("train", "data=catvnoncat", home=tmp_path / "home", NNLAB_DATA=str(tmp_path))
    assert_refused(refused, "nnlab data fetch", "train_catvnoncat.h5")


def test_gradcheck(tmp_path: Path, data: list[str]) -> None:
    net = ["model.depth=3", "model.width=4", "model.activation=tanh"]
    ended = done(nnlab("gradcheck", *data, *net, home=tmp_path / "home"))
    assert [line.split()[0] for line in lines(ended.stdout)] == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert "8 of 8 compared" in ended.stdout
