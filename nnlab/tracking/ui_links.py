"""The pages of the MLflow UI that compare the cells of a sweep."""

from nnlab.cells.plan import Plan
from nnlab.tracking import location

UI = "http://127.0.0.1:5000"  # where `nnlab ui` serves a store that is a file


def server(uri: str) -> str:
    """The address of the UI: of the server that the store is, or of the one that `nnlab ui` starts."""
    return location.public(uri).rstrip("/") if location.is_server(uri) else UI


def urls(uri: str, experiment_id: str, plan: Plan) -> tuple[str, str]:
    """The charts and the table of a plan's sweep, on the server of a store."""
    return pages(server(uri), experiment_id, plan.id)


def pages(server: str, experiment_id: str, sweep: str) -> tuple[str, str]:
    """The charts and the table of a sweep: its shared view (see ``shared_view``) in two modes."""
    page = f"{server}/#/experiments/{experiment_id}/runs?workflowType=machine_learning"
    charts, table = (
        f"{page}&compareRunsMode={mode}&viewStateShareKey={sweep}" for mode in ("CHART", "TABLE")
    )
    return charts, table
