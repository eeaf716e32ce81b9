"""Plans: identity, storage, locking and the names of runs."""

import dataclasses
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import reduce
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from harness import cell, environment, living_in, small_set

from nnlab.cells import plan as plans
from nnlab.cells.cell import Cell, resolve
from nnlab.config import RecordsConfig, check, copied
from nnlab.config.compose import compose
from nnlab.config.run_name import asked_for, run_name
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


def test_above_1000_cells_records_keep_coefficients_unless_asked_otherwise(cells: list[Cell]) -> None:
    asked = dataclasses.replace(cells[0].config, records=RecordsConfig("full"))
    many = [dataclasses.replace(cells[0], fingerprint=f"{i:064x}") for i in range(1000)]
    assert {cell.config.records.weights for cell in plans.make("sweep", many, []).cells} == {None}
    many += [dataclasses.replace(cells[0], fingerprint="f" * 64, config=asked)]
    kept = [cell.config.records.weights for cell in plans.make("sweep", many, []).cells]
    assert kept == ["dual"] * 1000 + ["full"]


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


def test_the_title_names_the_optimizer_not_its_key(cells: list[Cell]) -> None:
    assert plans.make("sweep", cells, ["optimizer.name", "init.scale"]).title() == "optimizer × scale"


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


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ("", "relu 3x16 s1 #1"),
        ("optimizer.lr=0.1 optimizer.batch_size=1", "lr0.1 b1 relu 3x16 s1 #1"),
        ("optimizer=adam", "adam relu 3x16 s1 #1"),  # with the rate that it brings
        ("optimizer=adam optimizer.lr=0.1", "adam lr0.1 relu 3x16 s1 #1"),
        ("optimizer.name=adam", "adam lr0.0075 relu 3x16 s1 #1"),  # with the rate of gd
        ("optimizer=gd", "relu 3x16 s1 #1"),
        ("init=he", "he relu 3x16 s1 #1"),
        ("model.depth=1 seed=2", "logistic s1 #2"),
        ("model.activation=leaky_relu", "leaky 3x16 s1 #1"),
        ("model.activation=leaky_relu model.leak=0.2", "leak=0.2 leaky 3x16 s1 #1"),
        ("model.leak=0.2", "relu 3x16 s1 #1"),  # which no relu has
        ("trainer=quick", "it500 relu 3x16 s1 #1"),
        ("optimizer.l2=0.5 data.memory_mb=100", "l2=0.5 relu 3x16 s1 #1"),
        ("data=catvnoncat", "relu 3x16 s1 #1"),
        ("data=hdf5 data.train=my/dogs.h5 data.test=x.h5", "relu 3x16 s1 #1"),
        ("data=hdf5 data.file=my/cats.h5", "relu 3x16 s1 #1"),
    ],
)
def test_a_single_run_is_named_by_what_was_asked_for(overrides: str, wanted: str) -> None:
    cfg, usual = compose(overrides.split()), compose([])
    assert run_name(cfg, asked_for(cfg, usual)) == wanted


def test_float32_is_always_labelled() -> None:
    assert "float32" in name("trainer.dtype=float32")
    assert name("trainer.dtype=float32", keys=("trainer.dtype",)).count("float32") == 1


SWEEPS: dict[str, dict[str, list[Any]]] = {
    "the default grid": {
        "model.depth": [2, 3, 5],
        "model.width": [4, 16],
        "model.activation": ["sigmoid", "tanh", "relu", "leaky_relu"],
        "init.scale": [0.1, 1.0, 10.0],
        "seed": [1, 2, 3],
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
    names = []
    for values in product(*grid.values()):
        cfg = copied(cells[0].config)
        for key, value in zip(grid, values, strict=True):
            *path, name = key.split(".")
            setattr(reduce(getattr, path, cfg), name, value)
        check(cfg)
        names.append(run_name(resolve(cfg).config, tuple(grid)))
    assert len(set(names)) == len(names), "equal names"
    visible = [n[:VISIBLE] for n in names]
    assert len(set(visible)) == len(visible), sorted({n for n in names if visible.count(n[:VISIBLE]) > 1})


def test_a_plan_keeps_what_its_cells_share_once(cells: list[Cell], tmp_path: Path) -> None:
    """A whole configuration has 1.5 kB; what the cells of a sweep differ in is a few numbers."""
    many = [
        dataclasses.replace(
            cells[0],
            fingerprint=f"{i:064x}",
            config=dataclasses.replace(
                cells[0].config,
                seed=i,
                model=dataclasses.replace(cells[0].config.model, hidden=[i + 1, 3]),
                data=dataclasses.replace(cells[0].config.data, folds=400, fold=i),
            ),
        )
        for i in range(400)
    ]
    plan = plans.make("sweep", many, ["seed"])
    plans.save(plan, tmp_path / "plan.json")
    assert (tmp_path / "plan.json").stat().st_size < 400 * 200 + 2000
    assert plans.load(tmp_path / "plan.json") == plan


def test_a_plan_of_an_earlier_version_has_the_whole_configuration_of_each_cell(
    cells: list[Cell], tmp_path: Path
) -> None:
    plan = plans.make("sweep", cells, ["seed"])
    (tmp_path / "plan.json").write_text(json.dumps(dataclasses.asdict(plan)))
    assert plans.load(tmp_path / "plan.json") == plan
