"""The addresses of the comparison pages, and the view that the first one opens."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from harness import living_in, small_set

from nnlab.cells import plan as plans
from nnlab.cells.cell import resolve
from nnlab.config.compose import compose
from nnlab.tracking import ui_links


@pytest.fixture
def plan(tmp_path: Path) -> plans.Plan:
    with living_in(tmp_path):
        cell = resolve(compose(small_set(tmp_path / "set")))
    return plans.make("sweep", [cell], ["model.depth", "init.scale"])


def query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).fragment.partition("?")[2], strict_parsing=True)


def test_the_plain_page_says_all_by_itself(plan: plans.Plan) -> None:
    _, cells = ui_links.urls("sqlite:////home/mlflow.db", "7", plan)
    assert cells.startswith("http://127.0.0.1:5000/#/experiments/7/runs?")
    asked = query(cells)
    condition = f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.sweep` = '{plan.id}'"
    assert asked["searchFilter"] == [condition]
    assert asked["orderByKey"] == ["metrics.`test/accuracy`"] and asked["orderByAsc"] == ["false"]
    assert asked["workflowType"] == ["machine_learning"]


@pytest.mark.parametrize(
    ("store", "server"),
    [
        ("http://host:8080", "http://host:8080"),
        ("https://user:secret@host/mlflow/", "https://host/mlflow"),
    ],
)
def test_a_server_is_linked_to_without_its_credentials(plan: plans.Plan, store: str, server: str) -> None:
    for address in ui_links.urls(store, "1", plan):
        assert address.startswith(f"{server}/#/experiments/1/runs?") and "secret" not in address


def test_the_shared_view_draws_what_was_swept(plan: plans.Plan) -> None:
    charts, _ = ui_links.urls("sqlite:///x.db", "1", plan)
    asked = query(charts)
    assert asked["viewStateShareKey"] == [plan.id] and "searchFilter" not in asked
    view = json.loads(ui_links.shared_view(plan))
    assert plan.id in view["searchFilter"] and len(json.dumps(view)) < 5000, "MLflow's bound on a tag"
    drawn = {chart["type"]: chart for chart in view["compareRunCharts"]}
    assert drawn["BAR"]["metricKey"] == "test/accuracy" and drawn["LINE"]["metricKey"] == "train/cost"
    assert drawn["PARALLEL"]["selectedParams"] == ["model.depth", "init.scale"]
