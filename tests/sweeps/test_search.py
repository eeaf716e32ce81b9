"""Searches: the same trials whatever the workers, kills and earlier commands; rungs; borders; misuse."""

import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from harness import assert_refused, living_in, markers, nnlab, small_set, start

import nnlab as face
from nnlab.cells import plan as plans
from nnlab.cells import trials
from nnlab.cells.plan import Plan
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.sweeps.run import run

TPE = [
    "search=tpe", "search.batch=4", "model.activation=tanh,relu", "optimizer=gd,momentum",
    "optimizer.lr=tag(log,interval(1e-3,1))", "optimizer.momentum=interval(0.5,0.99)", "seed=1,2",
    "trainer.iterations=20", "data.validation=0.25", "tracking=none", "model.width=3", "model.depth=2",
]  # fmt: skip


def quiet(text: object) -> None:
    """Nothing is shown."""


def search(data: Sequence[str], *overrides: str, engine: str = "inline") -> Plan:
    return run([*data, *TPE, f"engine={engine}", *overrides], quiet)


def asked(home: Path) -> bytes:
    """The file of the only search of a home."""
    (path,) = (home / "plans").glob("*.trials.jsonl")
    return path.read_bytes()


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path / "set", m_train=40)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Plan, Path]:
    """A search of 8 trials: its data, its plan and its home, of which a test takes a copy."""
    folder = tmp_path_factory.mktemp("searched")
    data = small_set(folder / "set", m_train=40)
    with living_in(folder / "home") as home:
        return data, search(data, "search.trials=8"), home


def test_more_trials_go_on(data: list[str], home: Path) -> None:
    """40 trials are the beginning of 64, also where 40 is not a whole number of batches."""
    few = search(data, "search.trials=6")
    before, trained = asked(home), markers(home)
    assert len(trained) == len(few.cells) == 12
    many = search(data, "search.trials=12")
    assert few.id == many.id and asked(home).startswith(before) and len(many.cells) == 24
    assert trained.items() <= markers(home).items() and len(markers(home)) == 24, "12 more"
    assert search(data, "search.trials=6").cells == few.cells and len(markers(home)) == 24


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["2", *(pytest.param(n, marks=pytest.mark.slow) for n in ("1", "4"))])
def test_the_same_trials_in_another_home_with_other_workers(
    workers: str, data: list[str], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = search(data, "search.trials=12")
    monkeypatch.setenv("NNLAB_HOME", str(tmp_path / "other"))
    other = search(data, "search.trials=12", f"engine.workers={workers}", engine="local")
    assert other.id == plan.id and asked(tmp_path / "other") == asked(home)


@pytest.mark.slow
@pytest.mark.parametrize("batches", [1, 2, 3])
def test_a_killed_search_has_the_trials_of_an_undisturbed_one(
    batches: int, data: list[str], home: Path, tmp_path: Path
) -> None:
    command = ["sweep", *data, *TPE, "search.trials=16", "engine.workers=2", "trainer.iterations=2000"]
    with start(*command, home=home) as sweep:
        end = time.monotonic() + 60
        while len(list((home / "plans").glob("*.jsonl"))) == 0 or asked(home).count(b"\n") <= 4 * batches:
            assert sweep.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        sweep.send_signal(signal.SIGKILL)
    assert nnlab(*command, home=home).returncode == 0
    assert nnlab(*command, home=tmp_path / "undisturbed").returncode == 0
    assert asked(home) == asked(tmp_path / "undisturbed")
    assert len(markers(home)) == len(markers(tmp_path / "undisturbed"))


@pytest.mark.slow
def test_a_key_of_one_choice_is_asked_for_with_it_alone(data: list[str], home: Path) -> None:
    plan = search(data, "search.trials=12")
    found = trials.read(trials.path_of(home, plan.id))
    assert found is not None
    options = {str(trial.params["optimizer"]) for trial in found.trials}
    assert options == {"gd", "momentum"}
    for trial in found.trials:
        assert ("optimizer.momentum" in trial.params) == (trial.params["optimizer"] == "momentum")
    unused = {c.config.optimizer.momentum for c in plan.cells if c.config.optimizer.name == "gd"}
    assert unused == {0.9}, "its default, whatever other trials have"
    names = [plan.name(cell) for cell in plan.cells]
    assert all(("momentum=" in name) == ("momentum " in name) for name in names)


@pytest.mark.slow
def test_a_trial_equal_to_an_earlier_cell_costs_nothing(data: list[str], home: Path) -> None:
    overrides = ["search=random", "search.trials=20", "model.activation=tanh,relu", "model.depth=2,3",
                 "trainer.iterations=5", "tracking=none", "engine=inline"]  # fmt: skip
    plan = run([*data, *overrides], quiet)
    assert len(plan.cells) == len(markers(home)) == 4


@pytest.mark.slow
def test_what_an_interval_may_be(data: list[str], home: Path) -> None:
    overrides = ["search=random", "search.trials=16", "model.width=int(interval(2,9))",
                 "model.depth=range(2,5)",
                 "init.scale=tag(log,interval(0.1,10))", "trainer.iterations=2", "tracking=none",
                 "engine=inline"]  # fmt: skip
    cells = run([*data, *overrides], quiet).cells
    widths, depths = ({getattr(cell.config.model, key) for cell in cells} for key in ("width", "depth"))
    assert widths <= set(range(2, 10)) and len(widths) > 3 and depths == {2, 3, 4}
    scales = [cell.config.init.scale for cell in cells]
    assert all(0.1 <= scale <= 10 and scale == float(f"{scale:.4g}") for scale in scales)


@pytest.mark.slow
def test_nsga2_makes_two_objectives_good(data: list[str], home: Path) -> None:
    objectives = "search.objectives=[validation/accuracy,size/parameters]"
    said: list[str] = []
    overrides = [*TPE, "search=nsga2", "search.trials=24", objectives, "model.width=int(interval(1,30))"]
    plan = run([*data, *overrides, "engine=inline"], lambda text: said.append(str(text)))
    assert len(plan.cells) >= 40
    (begun,) = (line for line in said if "already done" in line)
    assert begun.startswith("8 cells of 24 trials to begin with: 0 already done, 8 to do")
    told = said[next(i for i, line in enumerate(said) if line.startswith("Pareto front: ")) + 1 :]
    values = [tuple(map(float, re.findall(r"(?:accuracy|parameters) ([\d.]+)", line))) for line in told
              if line.startswith("trial ")]  # fmt: skip
    assert values and values == sorted(values, reverse=True)
    assert [size for _, size in values] == sorted((size for _, size in values), reverse=True)


# -- rungs -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_best_of_a_rung_go_on_to_the_next(data: list[str], home: Path) -> None:
    said: list[str] = []
    overrides = [*TPE, "search=random", "search.trials=9", "search.rungs=[10,30,90]", "engine=inline",
                 "optimizer=momentum,adam"]  # fmt: skip
    without = [text for text in overrides if not text.startswith("trainer.iterations")]
    plan = run([*data, *without], lambda text: said.append(str(text)))
    steps = [cell.config.trainer.iterations for cell in plan.cells]
    assert [steps.count(n) for n in (10, 30, 90)] == [18, 6, 2]
    assert "trainer.iterations" in plan.keys
    records = [record.read(cell.folder(home)) for cell in plan.cells]
    assert all(bool(rec.continued_from) == (n > 10) for n, rec in zip(steps, records, strict=True))
    assert any("rungs: 9 of 10 steps, 3 of 30 steps, 1 of 90 steps; 26 % of the steps" in s for s in said)
    assert run([*data, *without], quiet).cells == plan.cells


# -- borders ---------------------------------------------------------------------------------------


def test_refine_finds_both_borders(home: Path) -> None:
    """A net whose rate is too small or too large does not learn."""
    data = small_set(home / "set", m_train=60, n=6)
    said: list[str] = []
    overrides = [
        "search=refine", "search.along=optimizer.lr", "optimizer.lr=tag(log,interval(1e-7,1e6))",
        "model.activation=tanh,relu", "seed=1,2", "trainer.iterations=30", "tracking=none", "engine=inline",
    ]  # fmt: skip
    plan = run([*data, *overrides, "search.tolerance=0.03"], lambda text: said.append(str(text)))
    lines = [line for line in said if line.startswith("model.activation=")]
    assert len(lines) == 2 and all("between" in line and "cells" in line for line in lines)
    values = sorted({cell.config.optimizer.lr for cell in plan.cells})
    assert values[0] == 1e-7 and values[-1] == 1e6 and 8 <= len(values) <= 40
    finer = run([*data, *overrides, "search.tolerance=0.01"], quiet)
    assert len(finer.cells) > len(plan.cells)


# -- misuse ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["optimizer.lr=interval(0.1,1)"], "search=random search.trials=20"),
        (["search=tpe", "seed=1,2", "search.trials=3"], "no key has several values"),
        (["search=tpe", "optimizer.lr=interval(0.1,1)"], "search.trials: how many"),
        (["search=random", "optimizer.lr=interval(1,0.1)", "search.trials=3"], "give the lower end first"),
        (["search=random", "optimizer.lr=tag(log,interval(0,1))", "search.trials=3"], "begin above 0"),
        (["search=random", "optimizer.lr=interval(-1,1)", "search.trials=3"], "optimizer.lr: -1.0 is not"),
        (["search=random", "model.width=interval(1,9)", "search.trials=3"], "int(interval(1,9))"),
        (["search=random", "seed=interval(1,9)", "search.trials=3"], "give choices such as seed=1,2,3"),
        (["search=random", "optimizer.lr=0.1,1", "search.trials=3", "search.objectives=[acc]"], "of valid"),
        (["search=random", "optimizer.lr=0.1,1", "search.trials=3", "search.rungs=[9,9]"], "above the one"),
        (["search=nsga2", "optimizer.lr=0.1,1", "search.trials=3", "search.rungs=[1,9]"], "random, tpe"),
        (["search=random", "optimizer.lr=0.1,1", "search.trials=3", "search.along=seed"], "refine"),
        (["search.trials=3", "optimizer.lr=0.1,1"], "no effect with search=grid"),
        (["search=refine", "optimizer.lr=interval(0.1,1)"], "search.along=optimizer.lr"),
        (["search=refine", "init.scale=1,2", "search.along=init.scale"], "has no interval"),
        (["search=bayes", "init.scale=1,2"], "grid"),
        (["search=random", "optimizer.lr=0.1,1", "search.trials=3", "search.rungs=[1,9]",
          "trainer.iterations=5,6"], "leave one of the two out"),
    ],
)  # fmt: skip
def test_misuse_is_answered_before_anything_is_trained(
    overrides: list[str], words: str, data: list[str], home: Path
) -> None:
    with pytest.raises(UserError) as raised:
        face.sweep(*data, *overrides, "tracking=none")
    assert words in str(raised.value), str(raised.value)
    assert not markers(home)


def test_one_refusal_by_the_command_line(data: list[str], home: Path) -> None:
    said = nnlab("sweep", *data, "search=tpe", "optimizer.lr=interval(0.1,1)", home=home)
    assert_refused(said, "search.trials", "search.trials=64")


def test_without_optuna_the_extra_is_named(
    data: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"nnlab\[search\]"):
        search(data, "search.trials=3")


@pytest.mark.parametrize("what", ["a value", "a line less", "a line twice", "not JSON"])
def test_a_file_that_was_changed_by_hand_is_refused(
    what: str, searched: tuple[list[str], Plan, Path], home: Path
) -> None:
    data, plan, done = searched
    shutil.copytree(done, home, dirs_exist_ok=True)
    path = trials.path_of(home, plan.id)
    lines = path.read_text().splitlines()
    if what == "a value":
        trial = json.loads(lines[3])
        trial["params"]["optimizer.lr"] = 0.5
        lines[3] = json.dumps(trial)
    elif what == "a line less":
        del lines[3]
    elif what == "a line twice":
        lines.insert(3, lines[2])
    else:
        lines[3] = "{"
    path.write_text("\n".join([*lines, ""]))
    with pytest.raises(UserError, match="not as it was written"):
        search(data, "search.trials=8")
    path.unlink()
    assert search(data, "search.trials=8").cells == plan.cells, "begun anew, from the records"


def test_a_line_that_was_cut_off_is_asked_for_again(
    searched: tuple[list[str], Plan, Path], home: Path
) -> None:
    data, plan, done = searched
    shutil.copytree(done, home, dirs_exist_ok=True)
    path, whole = trials.path_of(home, plan.id), asked(home)
    path.write_bytes(whole[:-20])
    search(data, "search.trials=8")
    assert asked(home) == whole and plans.find_sweep(plan.id, home) is not None


@pytest.mark.slow
def test_choosing_by_the_test_set_is_said(data: list[str], home: Path) -> None:
    overrides = [*TPE, "search.trials=2", "data.validation=0"]
    said = nnlab("sweep", *data, *overrides, home=home)
    assert said.returncode == 0 and "data.validation=0.2" in said.stderr


@pytest.mark.slow
def test_the_same_trials_on_a_ray_cluster(data: list[str], home: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra ray is not installed")
    command = ["sweep", *data, *TPE, "search.trials=12"]
    assert nnlab(*command, "engine=ray", "engine.workers=2", home=home).returncode == 0
    assert nnlab(*command, home=tmp_path / "local").returncode == 0
    assert asked(home) == asked(tmp_path / "local")
