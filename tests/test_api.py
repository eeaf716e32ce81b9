"""The Python face: the words and records of the command line, from any thread, in any process."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from harness import done, empty_store, environment, living_in, load_mlflow, markers, nnlab, runs, small_set

import nnlab as face
from nnlab.cells import plan as plans
from nnlab.cli.errors import explain
from nnlab.cli.main import cli
from nnlab.records import record

ALONE = ("tracking=none", "hydra/launcher=basic")
GRID = ("model.depth=1,2", "model.width=3", "init.scale=0.1,1", "seed=1,2", "trainer.iterations=30")


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path / "set")


# -- the same as on the command line ---------------------------------------------------------------


def test_a_sweep_of_both_has_the_same_plan_and_the_same_records(
    home: Path, tmp_path: Path, data: list[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    done(nnlab("sweep", *data, *GRID, *ALONE, home=other))
    sweep = face.sweep(*data, *GRID, *ALONE)
    assert markers(home).keys() == markers(other).keys() and len(markers(home)) == 8
    (plan,), _ = plans.load_all(other)
    assert sweep.id == plan.id
    for name in markers(home):
        ours, theirs = (record.read(folder / "runs" / name) for folder in (home, other))
        assert ours.fingerprint == theirs.fingerprint and ours.config == theirs.config
        for file in record.ARRAYS:
            a, b = ours.arrays(file), theirs.arrays(file)
            assert a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=True) for k in a)


@pytest.mark.slow
def test_what_the_command_line_trained_is_not_trained_again(home: Path, data: list[str]) -> None:
    done(nnlab("sweep", *data, *GRID, *ALONE, home=home))
    before = markers(home)
    sweep = face.sweep(*data, *GRID, *ALONE)
    run = face.train(
        *data, "model.depth=1", "model.width=3", "init.scale=0.1", "trainer.iterations=30", *ALONE
    )
    assert markers(home) == before and len(sweep.runs) == 8
    assert run.id in {one.id for one in sweep.runs}


WRONG = [
    "train model.dept=3",
    "train seed=1:5",
    "train seed",
    "train model=dep",
    "train --seed=3",
    "sweep seed=[1,2]",
    "sweep optimizer=[gd,adam]",
    "sweep experiment=zero_init,saturation",
    "sweep trainer.solver=gram optimizer.name=adam,rmsprop",
    "train model.hidden=20",
    "rerun beef",
    "rerun",
]


@pytest.mark.parametrize("typed", WRONG)
def test_a_mistake_is_answered_in_the_same_words(home: Path, typed: str) -> None:
    if typed.startswith("rerun "):
        empty_store(home)
    with pytest.raises(Exception) as caught:
        cli.main(typed.split(), standalone_mode=False)
    command, *texts = typed.split()
    with pytest.raises(face.UserError) as raised:
        getattr(face, command)(*texts)
    if texts:
        assert str(raised.value) == explain(caught.value)
    assert 1 <= len(str(raised.value).splitlines()) <= 2


def test_a_mistake_is_raised_without_the_way_to_it(home: Path) -> None:
    with pytest.raises(face.UserError) as raised:
        face.train("seed=1:5")
    error = raised.value
    assert error.__suppress_context__ and len(raised.traceback) == 2  # this call, and what raises
    assert error._render_traceback_() == [f"UserError: {error}"]  # all that a notebook shows


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: face.train(["seed=1"]), "an override is a text"),
        (lambda: face.sweep({"seed": [1, 2]}), "an override is a text"),
        (lambda: face.train("seed=1", config_dir="/no/such"), "config_dir: there is no folder /no/such"),
        (
            lambda: face.train("seed=1", config_name="mine"),
            "^config_name mine: .* config_dir names its folder",
        ),
        (lambda: face.train(config_dir=3), "^config_dir: 3 is no text"),
        (lambda: face.sweep("seed=1,2", config_name=3), "^config_name: 3 is no text"),
        (lambda: face.load(""), "the name is empty"),
        (lambda: face.rerun("abcd", sweep="abcd"), "not both"),
        (lambda: face.rerun("abcd", tolerance=float("nan")), "^tolerance: must be a finite number"),
        (lambda: face.rerun("abcd", tolerance="a"), "^tolerance: must be a finite number"),
        (lambda: face.rerun(sweep="abcd", tolerance=-1.0), "must be a finite number"),
    ],
)
def test_mistakes_that_only_python_allows(home: Path, call: Callable[[], object], words: str) -> None:
    with pytest.raises(face.UserError, match=words):
        call()


@pytest.mark.slow
def test_own_groups_and_an_own_config_are_found(home: Path, tmp_path: Path, data: list[str]) -> None:
    folder = tmp_path / "conf"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "thin.yaml").write_text("defaults: [plain]\ndepth: 2\nwidth: 2\n")
    (folder / "mine.yaml").write_text("defaults: [config, _self_]\nseed: 7\n")
    run = face.train(
        *data, "model=thin", "trainer.iterations=5", *ALONE, config_dir=folder, config_name="mine"
    )
    assert run.weights["W1"].shape == (2, 2) and run.config["seed"] == 7


@pytest.mark.slow
def test_a_failed_net_is_said_and_the_others_come_back(
    home: Path, data: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = face.sweep(*data, "model.depth=3", "model.width=3,400000", "trainer.iterations=5", *ALONE)
    printed = capfd.readouterr()
    assert "MemoryError" in printed.err and "1 of 2 cells failed" in printed.err and printed.out == ""
    table = sweep.frame()
    assert table["status"].tolist() == ["finished", "failed"] and "MemoryError" in table["error"].iloc[1]
    with pytest.raises(face.UserError, match="has no record"):
        _ = sweep.runs[1].costs
    with pytest.raises(face.Failed, match="MemoryError"):
        face.train(*data, "model.depth=3", "model.width=400000", "trainer.iterations=5", *ALONE)


# -- in any process, from any thread ---------------------------------------------------------------


@pytest.mark.slow
def test_from_a_thread_beside_another_sweep(home: Path, data: list[str]) -> None:
    """A signal's handler can be set in the main thread alone, and Hydra composes by a global."""
    found: list[face.Sweep] = []
    grids = [("model.depth=1,2", "seed=1"), ("model.depth=1,2", "seed=2")]
    threads = [
        threading.Thread(
            target=lambda grid=grid: found.append(face.sweep(*data, *grid, "trainer.iterations=5", *ALONE))
        )
        for grid in grids
    ]
    before = signal.getsignal(signal.SIGINT)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert sorted(sweep.frame()["status"].tolist() for sweep in found) == [["finished"] * 2] * 2


@pytest.mark.slow
def test_workers_that_joblib_keeps_work_in_the_home_of_today(tmp_path: Path, data: list[str]) -> None:
    for name in ("one", "two"):
        with living_in(tmp_path / name) as home:
            face.sweep(*data, "seed=1,2", "trainer.iterations=5", "tracking=none", "sweep.jobs=2")
            assert len(markers(home)) == 2


def test_a_data_file_that_was_written_anew_is_read_anew(home: Path, tmp_path: Path) -> None:
    one = face.train(*small_set(tmp_path / "set", m_train=30), "trainer.iterations=5", *ALONE)
    two = face.train(*small_set(tmp_path / "set", m_train=40), "trainer.iterations=5", *ALONE)
    assert one.id != two.id


@pytest.mark.slow
def test_a_program_that_uses_hydra_itself_keeps_its_own(
    home: Path, tmp_path: Path, data: list[str]
) -> None:
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    (tmp_path / "own.yaml").write_text("colour: blue\n")
    with hydra.initialize_config_dir(str(tmp_path), version_base="1.3"):
        face.train(*data, "trainer.iterations=5", *ALONE)
        assert GlobalHydra.instance().is_initialized() and hydra.compose("own").colour == "blue"


@pytest.mark.slow
def test_the_config_store_of_a_program_that_uses_hydra_stays_as_it_was(
    home: Path, data: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one for the process; here its own groups have the names of nnlab's."""
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    monkeypatch.setattr(store, "repo", store.repo | {"optimizer": {}, "init": {}})
    store.store("adam", {"betas": [0.9, 0.999]}, "optimizer")
    names = {group: sorted(store.repo[group]) for group in ("optimizer", "init")}
    run = face.train(*data, "optimizer=adam", "init=he", "trainer.iterations=5", *ALONE)
    assert run.config["optimizer.lr"] == 0.0001 and run.config["init.scheme"] == "he"
    face.sweep(*data, "experiment=zero_init", "trainer.iterations=2", *ALONE)
    assert {group: sorted(store.repo[group]) for group in ("optimizer", "init")} == names
    assert store.load("optimizer/adam.yaml").node == {"betas": [0.9, 0.999]}
    assert "schema.yaml" not in store.repo and "experiment" not in store.repo
    assert "joblib.yaml" not in store.repo["hydra"]["launcher"]


@pytest.mark.slow
def test_an_interrupt_keeps_what_is_finished_and_goes_on_as_an_interrupt(
    home: Path, data: list[str], request: pytest.FixtureRequest
) -> None:
    """As of a notebook's cell: SIGINT with Python's own handler, in the middle of the training."""
    load_mlflow()
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, handler))
    empty_store(home)
    grid = ("model.depth=2", "model.width=40", "trainer.iterations=300,2000000", "hydra/launcher=basic")
    before = signal.getsignal(signal.SIGINT)
    timed = signal.getitimer(signal.ITIMER_REAL)[0] > 0.0
    stop = threading.Event()

    def interrupt() -> None:
        while not stop.wait(0.05):
            if len(markers(home)) == 1:
                stop.wait(1.0)  # the second cell trains
                signal.raise_signal(signal.SIGINT)
                while not stop.wait(10.0):  # a library's callback in C may have swallowed it
                    signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            face.sweep(*data, *grid)
    finally:
        stop.set()
        thread.join()
    assert signal.getsignal(signal.SIGINT) is before
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0.0) is timed, "the timer is pytest's own"
    sweep = face.load("latest")
    assert isinstance(sweep, face.Sweep) and sweep.frame()["status"].tolist() == ["finished", "missing"]
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    assert parent.info.status == "KILLED" and parent.data.tags["nnlab.status"] == "killed"


STATE = """
import logging, os, signal, sys, warnings
import h5py, hydra, joblib, mlflow, pandas, plotly.graph_objects, plotly.subplots, scipy.stats
import threadpoolctl
import mlflow.pyfunc, mlflow.store.tracking.sqlalchemy_store
import nnlab, nnlab.api, nnlab.reports.sweep_report

def state():
    return {
        "variables": dict(os.environ), "folder": os.getcwd(), "path": list(sys.path),
        "signals": {int(s): signal.getsignal(s) for s in signal.valid_signals()},
        "timer": signal.getitimer(signal.ITIMER_REAL), "filters": list(warnings.filters),
        "store": (mlflow.get_tracking_uri(), mlflow.active_run()),
        "levels": {n: logging.getLogger(n).level for n in ("", "mlflow", "alembic", "sqlalchemy")},
        "hooks": (sys.excepthook, threading.excepthook, sys.stdout, sys.stderr),
    }

import threading
plotly.graph_objects.Figure()  # plotly imports a part of itself, which sets a filter, with the first one
before = state()
sweep = nnlab.sweep("model.depth=1,2", "trainer.iterations=5", *sys.argv[1:])
sweep.report(), sweep.map(), sweep.best.plot(), nnlab.runs(), nnlab.rerun(sweep.best)
try:
    nnlab.train("seed=1:5")
except nnlab.UserError:
    pass
after = state()
print([key for key in before if before[key] != after[key]])
"""


@pytest.mark.slow
def test_nothing_of_the_process_is_left_changed(tmp_path: Path, data: list[str]) -> None:
    """Beyond what the libraries set when they are imported. There is no terminal."""
    home = empty_store(tmp_path / "home")
    process = subprocess.run(
        [sys.executable, "-c", STATE, *data], env=environment(home), cwd=tmp_path, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert process.returncode == 0 and process.stdout == "[]\n", process.stdout + process.stderr
    assert process.stderr == "", process.stderr
