"""Plans: identity, storage, locking and the names of runs."""

import dataclasses
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from harness import cell, environment, living_in, small_set
from omegaconf import OmegaConf

from nnlab.cells import plan as plans
from nnlab.cells.cell import Cell, resolve
from nnlab.config.compose import compose, typed
from nnlab.config.run_name import run_name
from nnlab.errors import UserError

VISIBLE = 18  # characters of a run name that the MLflow UI shows


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Cell]]:
    folder = tmp_path_factory.mktemp("plan")
    with living_in(folder / "home"):
        data = small_set(folder)
        yield [cell(*data, f"seed={seed}") for seed in (1, 2, 3)]


# -- identity --------------------------------------------------------------------------------------


def test_the_id_is_made_of_the_cells_and_not_of_their_order(cells: list[Cell]) -> None:
    plan = plans.make("sweep", cells, ["seed"])
    assert plan.id == plans.make("sweep", cells[::-1], ["seed"]).id
    assert plan.id == plans.make("sweep", [*cells, *cells], ["seed"]).id
    assert plan.cells == tuple(cells)


def test_of_equal_cells_the_first_stays(cells: list[Cell]) -> None:
    """They train the same; the one that names files and experiment must not depend on chance."""
    twin = dataclasses.replace(cells[0], config=compose([]))
    kept = plans.make("sweep", [cells[0], twin, cells[1]], ["seed"]).cells
    assert [cell.config.data.train for cell in kept] == [cells[0].config.data.train] * 2


def test_other_cells_another_kind_or_experiment_is_another_plan(cells: list[Cell]) -> None:
    other = dataclasses.replace(cells[0])
    other.config.tracking.experiment, before = "other", cells[0].config.tracking.experiment
    elsewhere = plans.make("sweep", [other], []).id
    cells[0].config.tracking.experiment = before
    ids = {
        plans.make("sweep", cells, ["seed"]).id,
        plans.make("sweep", cells[:2], ["seed"]).id,
        plans.make("sweep", cells[:1], []).id,
        plans.make("train", cells[:1], []).id,
        elsewhere,
    }
    assert len(ids) == 5


def test_the_id_is_the_same_in_another_process(cells: list[Cell], tmp_path: Path) -> None:
    plan = plans.make("sweep", cells, ["seed"])
    plans.save(plan, tmp_path / "plan.json")
    code = (
        "import sys; from pathlib import Path; from nnlab.cells import plan as p;"
        "a = p.load(Path(sys.argv[1])); print(p.make(a.kind, a.cells, a.keys).id)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "plan.json")],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == plan.id


# -- storage ---------------------------------------------------------------------------------------


def test_a_plan_comes_back_as_it_was(cells: list[Cell], tmp_path: Path) -> None:
    plan = plans.make("sweep", cells, ["seed"])
    plans.save(plan, tmp_path / "deep" / "plan.json")
    assert plans.load(tmp_path / "deep" / "plan.json") == plan
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["plan.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"cells": [{}]}', "\x00\xff", None])
def test_a_damaged_plan_is_a_clear_error(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content, "latin-1")
    with pytest.raises(UserError) as caught:
        plans.load(path)
    assert str(path) in str(caught.value) and len(str(caught.value).splitlines()) <= 2


def test_running_again_keeps_the_time_of_creation(cells: list[Cell], tmp_path: Path) -> None:
    first = plans.make("sweep", cells, ["seed"])
    with plans.running(tmp_path, first) as plan:
        assert plan == first
    again = plans.make("sweep", cells, ["seed"])
    assert again.created > first.created
    with plans.running(tmp_path, again) as plan:
        assert plan.created == first.created
    assert [plan.id for plan in plans.load_all(tmp_path)[0]] == [first.id]


def test_two_drivers_of_one_plan_take_turns(cells: list[Cell], tmp_path: Path) -> None:
    plan = plans.make("sweep", cells, ["seed"])
    entered = threading.Event()

    def second() -> None:
        with plans.running(tmp_path, plan):
            entered.set()

    with plans.running(tmp_path, plan):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    assert entered.wait(10)
    thread.join()


def test_all_plans_stand_oldest_first(cells: list[Cell], tmp_path: Path) -> None:
    assert plans.load_all(tmp_path) == ([], [])
    made = [plans.make("train", [c], []) for c in cells]
    for plan in reversed(made):
        plans.save(plan, plans.path_of(tmp_path, plan.id))
    assert plans.load_all(tmp_path) == (made, [])


# -- names -----------------------------------------------------------------------------------------


def name(*overrides: str, keys: tuple[str, ...] = ()) -> str:
    return run_name(compose(list(overrides)), keys)


def test_the_names_of_the_contract() -> None:
    four = ["model.depth=4", "model.width=20", "init.scale=0.1", "seed=3"]
    assert name(*four) == "relu 4x20 s0.1 #3"
    assert name(*four, keys=("model.depth", "seed")) == "relu 4x20 s0.1 #3"
    assert name("optimizer.lr=0.5", keys=("optimizer.lr",)).startswith("lr0.5 ")
    assert name("model.depth=1") == "logistic s1 #1"
    deep = compose(["model=deep"])
    deep.model.width = None  # as a cell has it
    assert "20-7-5" in run_name(deep)


@pytest.mark.parametrize(
    ("group", "options"),
    [("optimizer", ("gd", "momentum", "adam")), ("init", ("he", "lecun"))],
)
def test_the_options_of_a_swept_group_have_names_of_their_own(group: str, options: tuple[str, ...]) -> None:
    names = [name(f"{group}={option}", keys=(group, "seed")) for option in options]
    assert len({n[:VISIBLE] for n in names}) == len(options), names


def test_float32_is_always_labelled() -> None:
    assert "float32" in name("trainer.dtype=float32")
    assert name("trainer.dtype=float32", keys=("trainer.dtype",)).count("float32") == 1


SWEEPS: dict[str, dict[str, list[Any]]] = {
    "the default grid": {
        "model.depth": [2, 3, 5],
        "model.width": [4, 16, 64],
        "model.activation": ["sigmoid", "tanh", "relu", "leaky_relu"],
        "init.scale": [0.1, 1.0, 10.0],
    },
    "learning rate and seed": {"optimizer.lr": [0.0075, 0.01], "seed": [1, 2, 3]},
    "scheme and seed": {"init.scheme": ["orthogonal", "glorot"], "seed": [1, 2]},
    "optimizer and batch": {
        "optimizer.name": ["momentum", "adam"],
        "optimizer.batch_size": [16, 20, None],
    },
    "explicit layers": {"model.hidden": [[20, 7, 5], [20, 7], [7]]},
    "evaluation": {"trainer.eval_every": [10, 20]},
}


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_visible_part_of_a_name_tells_the_cells_of_a_sweep_apart(cells: list[Cell], sweep: str) -> None:
    """`Run names lead with what varies, short`: the UI cuts them at about 18 characters."""
    grid = SWEEPS[sweep]
    base = OmegaConf.create(dataclasses.asdict(cells[0].config))
    names = []
    for values in product(*grid.values()):
        composed = base.copy()
        for key, value in zip(grid, values, strict=True):
            OmegaConf.update(composed, key, value)
        names.append(run_name(resolve(typed(composed)).config, tuple(grid)))
    assert len(set(names)) == len(names), "equal names"
    visible = [n[:VISIBLE] for n in names]
    assert len(set(visible)) == len(visible), sorted({n for n in names if visible.count(n[:VISIBLE]) > 1})
