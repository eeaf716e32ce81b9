"""The grid: which cells a command line asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import done, living_in, markers, nnlab, small_set
from omegaconf.errors import OmegaConfBaseException

from nnlab.cells.plan import Plan
from nnlab.config.overrides import option_folder
from nnlab.errors import UserError
from nnlab.sweeps.grid import plan_cells, read_grid

DEFAULT = {"model.depth": "2,3", "init.scale": "0.1,1"}
PARAMS = {"seed": "1,2,3", "model.width": "4,8", "optimizer.lr": "0.5"}


# -- reading ---------------------------------------------------------------------------------------


def test_the_command_line_alone() -> None:
    grid = read_grid(["model.depth=1,2,4", "seed=7"], {}, {})
    assert grid.swept == {"model.depth": ["1", "2", "4"]} and grid.shared == ["seed=7"]


def test_nothing_swept_means_the_default_grid() -> None:
    grid = read_grid(["seed=7"], {}, DEFAULT)
    assert grid.swept == {"model.depth": ["2", "3"], "init.scale": ["0.1", "1"]}
    assert grid.shared == ["seed=7"]


def test_a_single_value_narrows_the_default_grid() -> None:
    grid = read_grid(["model.depth=5"], {}, DEFAULT)
    assert grid.swept == {"init.scale": ["0.1", "1"]} and grid.shared == ["model.depth=5"]


def test_sweeping_anything_replaces_the_default_grid() -> None:
    grid = read_grid(["seed=1,2"], {}, DEFAULT)
    assert grid.swept == {"seed": ["1", "2"]} and grid.shared == []


def test_an_experiment_replaces_the_default_grid() -> None:
    grid = read_grid([], PARAMS, DEFAULT)
    assert grid.swept == {"seed": ["1", "2", "3"], "model.width": ["4", "8"]}
    assert grid.shared == ["optimizer.lr=0.5"]


def test_the_command_line_narrows_and_replaces_an_experiment_key_by_key() -> None:
    grid = read_grid(["seed=9", "model.width=2,3", "model.depth=1,2"], PARAMS, DEFAULT)
    assert grid.swept == {"model.width": ["2", "3"], "model.depth": ["1", "2"]}
    assert grid.shared == ["optimizer.lr=0.5", "seed=9"]


def test_ranges_and_choices_and_lists() -> None:
    grid = read_grid(
        ["seed=range(1,4)", "model.width=choice(4,8)", "model.hidden=[4],[5,6],[]"], {}, DEFAULT
    )
    assert grid.swept == {
        "seed": ["1", "2", "3"],
        "model.width": ["4", "8"],
        "model.hidden": ["[4]", "[5,6]", "[]"],
    }


def test_an_interval_is_refused() -> None:
    with pytest.raises(UserError, match=r"seed: .*range"):
        read_grid(["seed=interval(1,3)"], {}, {})


def test_no_value_at_all_is_refused() -> None:
    with pytest.raises(UserError, match=r"model\.depth: there is no value"):
        read_grid(["model.depth=range(3,1)"], {}, {})


def test_more_cells_than_anybody_wants_are_refused_before_they_are_made() -> None:
    with pytest.raises(UserError, match=r"model\.depth, seed: 999890001 cells"):
        read_grid(["model.depth=range(1,100000)", "seed=range(1,10000)"], {}, {})


@pytest.mark.parametrize(
    "override", ["tracking.experiment=a,b", "tracking=mlflow,none", "sweep.force=true,false"]
)
def test_what_is_no_part_of_a_cell_cannot_be_swept(override: str) -> None:
    with pytest.raises(UserError, match="one value"):
        read_grid([override], {}, {})


# -- planning --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    folder = tmp_path_factory.mktemp("grid")
    with living_in(folder / "home"):
        yield small_set(folder)


def planned(*arguments: str) -> Plan:
    """The plan of ``nnlab sweep`` with these arguments."""
    return plan_cells(read_grid(arguments, {}, DEFAULT))


def values(plan: Plan) -> list[tuple[int, int | None, float]]:
    return [(c.config.model.depth, c.config.model.width, c.config.init.scale) for c in plan.cells]


def test_every_combination_is_a_cell(data: list[str]) -> None:
    plan = planned(*data, "model.depth=2,3", "model.width=4,8", "init.scale=0.5")
    assert values(plan) == [(2, 4, 0.5), (2, 8, 0.5), (3, 4, 0.5), (3, 8, 0.5)]
    assert plan.keys == ("model.depth", "model.width") and plan.kind == "sweep"


def test_equal_trainings_are_one_cell(data: list[str]) -> None:
    plan = planned(*data, "model.depth=1,2", "model.width=4,8,16")
    assert [c.config.model.depth for c in plan.cells] == [1, 2, 2, 2]


@pytest.mark.slow
def test_a_swept_group_is_composed_anew(data: list[str]) -> None:
    plan = planned(*data, "model=logistic,two_layer,deep", "seed=1,2")
    assert [c.config.model.depth for c in plan.cells] == [1, 1, 2, 2, 4, 4]
    assert [c.config.seed for c in plan.cells] == [1, 2] * 3


def test_a_group_may_be_swept_by_glob(data: list[str]) -> None:
    plan = planned(*data, "model=glob(*)")
    assert {c.config.model.depth for c in plan.cells} == {1, 2, 3, 4}


@pytest.mark.slow
def test_a_group_of_another_folder_may_be_swept(data: list[str], tmp_path: Path) -> None:
    (tmp_path / "sizes").mkdir()
    for depth in (2, 4):
        (tmp_path / "sizes" / f"d{depth}.yaml").write_text(
            f"# @package _global_\nmodel: {{depth: {depth}}}\n"
        )
    plan = planned(*data, option_folder(tmp_path), "+sizes=d2,d4")
    assert [c.config.model.depth for c in plan.cells] == [2, 4]


def test_values_have_the_types_of_the_schema(data: list[str]) -> None:
    plan = planned(*data, "init.scale=1,2", "optimizer.batch_size=null,8", "model.hidden=[3],null")
    assert {type(c.config.init.scale) for c in plan.cells} == {float}
    assert {c.config.optimizer.batch_size for c in plan.cells} == {None, 8}


@pytest.mark.slow
def test_a_value_follows_the_swept_keys_that_it_refers_to(data: list[str]) -> None:
    train = Path(data[1].partition("=")[2])
    for name in ("1.h5", "2.h5"):
        (train.parent / name).hardlink_to(train)
    plan = planned(*data, f"data.train='${{nnlab_data:{train.parent}/${{seed}}.h5}}'", "seed=1,2")
    assert [Path(c.config.data.train).name for c in plan.cells] == ["1.h5", "2.h5"]
    plan = planned(*data, "seed=1,2", "init.scale=0.5,${seed}")
    assert [c.config.init.scale for c in plan.cells] == [0.5, 1.0, 0.5, 2.0]


@pytest.mark.parametrize("key", ["model.depth", "model.width"])
def test_a_list_of_layers_contradicts_swept_depth_and_width(data: list[str], key: str) -> None:
    with pytest.raises(UserError, match=rf"{key}: .*model\.hidden=null"):
        planned(*data, "model=deep", f"{key}=3,4")
    with pytest.raises(UserError, match=r"model\.hidden=null"):
        planned(*data, f"{key}=5", "model.hidden=[3],[4]")
    assert len(planned(*data, "model=deep", f"{key}=3,4", "model.hidden=null").cells) == 2


def test_one_bad_cell_refuses_the_grid_before_anything_runs(data: list[str]) -> None:
    with pytest.raises(UserError, match=r"optimizer\.lr: -1"):
        planned(*data, "optimizer.lr=0.1,-1")


@pytest.mark.parametrize("override", ["+typo=1,2", "+model.typo=1,2"])
def test_an_added_key_is_refused(data: list[str], override: str) -> None:
    with pytest.raises((UserError, OmegaConfBaseException), match="typo"):
        planned(*data, override)


def test_many_cells_are_planned_in_seconds(data: list[str]) -> None:
    plan = planned(*data, "seed=range(0,100)", "model.width=4,8")
    assert len(plan.cells) == 200


# -- the real sweep --------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_comes_from_the_default_grid_is_said_and_what_matters_to_no_cell_is_not(
    tmp_path: Path,
) -> None:
    """Logistic regression has no hidden layers, so their width and activation make no other cells."""
    quick = [*small_set(tmp_path), "trainer.iterations=5", "hydra/launcher=basic", "tracking=none"]
    home = tmp_path / "home"
    shown = done(nnlab("sweep", *quick, "model.depth=1", "seed=1", home=home)).stdout
    assert "so the default grid (sweep.grid) is trained: model.width=4,16 model.activation=" in shown
    assert " over init.scale\n" in shown and "3 cells: 0 already done, 3 to do" in shown
    shown = done(nnlab("sweep", *quick, "model.depth=1,2", "seed=1", home=home)).stdout
    assert "default grid" not in shown and " over model.depth\n" in shown


@pytest.mark.slow
def test_the_default_grid_narrowed_by_single_values(tmp_path: Path) -> None:
    """3 depths, the rest given: `nnlab sweep model.width=4 model.activation=relu init.scale=1 seed=1`."""
    home = tmp_path / "home"
    arguments = [*small_set(tmp_path), "model.width=4", "model.activation=relu", "init.scale=1", "seed=1"]
    shown = done(nnlab("sweep", *arguments, "trainer.iterations=20", "hydra/launcher=basic", home=home))
    assert "over model.depth" in shown.stdout and "3 cells: 0 already done, 3 to do" in shown.stdout
    assert len(markers(home)) == 3
    assert all(f"relu {depth}x4 s1 #1" in shown.stdout for depth in (2, 3, 5))
