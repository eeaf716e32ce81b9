"""The addresses of the pages that compare the cells of a sweep."""

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


def test_both_pages_open_the_shared_view_and_nothing_overrides_it(plan: plans.Plan) -> None:
    """A filter in the address would make the UI ignore the view."""
    charts, table = ui_links.urls("sqlite:////home/mlflow.db", "7", plan)
    for address, mode in ((charts, "CHART"), (table, "TABLE")):
        assert address.startswith("http://127.0.0.1:5000/#/experiments/7/runs?")
        assert query(address) == {
            "workflowType": ["machine_learning"],
            "compareRunsMode": [mode],
            "viewStateShareKey": [plan.id],
        }


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
