"""The view of a sweep in the MLflow UI: its columns, its charts and which runs it shows."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness import living_in, small_set

from nnlab.cells import plan as plans
from nnlab.sweeps.grid import plan_cells, read_grid
from nnlab.tracking import log_axes, shared_view


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path / "set")


def swept(data: list[str], *overrides: str) -> plans.Plan:
    return plan_cells(read_grid([*data, "trainer.iterations=5", *overrides], {}, {}))


def view(plan: plans.Plan) -> dict[str, Any]:
    return dict(json.loads(shared_view.content(plan)))


def chart(plan: plans.Plan, kind: str) -> dict[str, Any]:
    (found,) = [one for one in view(plan)["compareRunCharts"] if one["type"] == kind]
    return dict(found)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path) -> Any:
    with living_in(tmp_path / "home"):
        yield


def test_the_cells_of_the_sweep_are_listed_the_best_first(data: list[str]) -> None:
    plan = swept(data, "seed=1,2")
    shown = view(plan)
    assert shown["searchFilter"] == f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.sweep` = '{plan.id}'"
    assert (shown["orderByKey"], shown["orderByAsc"]) == ("metrics.`test/accuracy`", False)
    assert shown["runsHiddenMode"] == "SHOW_ALL"


def test_the_table_has_the_state_the_accuracies_and_what_was_swept(data: list[str]) -> None:
    columns = view(swept(data, "model.depth=1,2", "init.scale=0.1,1"))["selectedColumns"]
    assert columns == [
        "tags.`nnlab.state`", "metrics.`test/accuracy`", "metrics.`train/accuracy`",
        "params.`model.depth`", "params.`init.scale`", "attributes.`Dataset`",
    ]  # fmt: skip


def test_held_out_examples_that_rank_the_cells_lead(data: list[str]) -> None:
    shown = view(swept(data, "seed=1,2", "data.validation=0.2"))
    metrics = [column for column in shown["selectedColumns"] if column.startswith("metrics")]
    assert metrics == [
        "metrics.`validation/accuracy`", "metrics.`test/accuracy`", "metrics.`train/accuracy`"
    ]  # fmt: skip


def test_a_swept_group_is_shown_by_the_keys_in_which_its_options_differ(data: list[str]) -> None:
    plan = swept(data, "optimizer=gd,adam")
    assert plan.varied == ("optimizer.name", "optimizer.lr")
    assert "params.`optimizer.name`" in view(plan)["selectedColumns"]


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ("init.scale=0.1,1,10", True),
        ("optimizer.lr=0.001,0.003,0.01,0.1", True),
        ("model.width=4,16,64", False),
        ("model.depth=range(1,13)", False),  # evenly spaced
        ("optimizer.l2=0,0.001,1", False),  # 0 has no logarithm
        ("model.activation=tanh,relu", False),
        ("optimizer.batch_size=1,2,20", True),
        ("model.hidden=[3],[2,2]", False),
    ],
)
def test_values_that_would_collapse_on_a_linear_axis_get_their_logarithm(
    data: list[str], values: str, logarithmic: bool
) -> None:
    plan = swept(data, values)
    key = values.partition("=")[0]
    axes = chart(plan, "PARALLEL")
    assert axes["selectedMetrics"] == [f"log10/{key}"] * logarithmic + ["test/accuracy"]
    assert axes["selectedParams"] == [key] * (not logarithmic)
    assert log_axes.keys(plan) == [key] * logarithmic


def test_a_large_sweep_says_that_the_page_begins_with_some_of_its_runs(data: list[str]) -> None:
    def heading(*overrides: str) -> str:
        (section,) = view(swept(data, *overrides))["compareRunSections"]
        return str(section["name"])

    assert heading("seed=range(1,101)") == "all 100 runs"
    assert heading("seed=range(1,109)") == "the best 100 of 108 runs"


def test_each_chart_has_the_whole_width_and_fits_into_the_tag_that_keeps_it(data: list[str]) -> None:
    many = ["model.depth=2,3", "model.width=2,3", "model.activation=tanh,relu", "init.scale=0.1,1,10"]
    plan = swept(data, *many, "optimizer.lr=0.01,0.1", "seed=1,2", "data.validation=0.2")
    (section,) = view(plan)["compareRunSections"]
    assert section["columns"] == 1
    assert {one["metricSectionId"] for one in view(plan)["compareRunCharts"]} == {section["uuid"]}
    assert len(shared_view.content(plan)) < 5000, "MLflow's bound on a tag"
