"""The pages of the MLflow UI that compare the cells of a sweep: their addresses and their first charts.

The UI folds the runs of a sweep under their parent, so its charts show the parent alone. Both addresses
filter for the cells instead. The first one opens a shared view, which lays out charts of what was swept:
it is JSON in a tag of the experiment, and the address names it. The second one contains the filter itself
and needs no tag.
"""

import json
from typing import Any
from urllib.parse import quote

from nnlab.cells.plan import Plan
from nnlab.cells.ranking import is_error
from nnlab.tracking import location

UI = "http://127.0.0.1:5000"  # where `nnlab ui` serves a store that is a file
SHARED_VIEW = "mlflow.sharedViewState."  # the prefix of the tag


def facets(plan: Plan) -> dict[str, str]:
    """Which runs the page lists, and in which order."""
    return {
        "searchFilter": f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.sweep` = '{plan.id}'",
        "orderByKey": f"metrics.`{plan.select_by}`",
        "orderByAsc": "true" if is_error(plan.select_by) else "false",
    }


def urls(uri: str, experiment_id: str, plan: Plan) -> tuple[str, str]:
    """The shared view and the plain list, on the server ``uri`` or the one `nnlab ui` starts."""
    server = location.public(uri).rstrip("/") if location.is_server(uri) else UI
    page = (
        f"{server}/#/experiments/{experiment_id}/runs?workflowType=machine_learning&compareRunsMode=CHART"
    )
    listed = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in facets(plan).items())
    return f"{page}&viewStateShareKey={plan.id}", f"{page}&{listed}"


def shared_view(plan: Plan) -> str:
    """The view's JSON: best cells, their curves and the swept keys first, MLflow's own charts below."""
    charts: list[dict[str, Any]] = [
        {"type": "BAR", "metricKey": plan.select_by},
        {
            "type": "LINE",
            "metricKey": "train/cost",
            "selectedMetricKeys": ["train/cost"],
            "scaleType": "log",
        },
        {
            "type": "PARALLEL",
            "showAllRuns": True,
            "selectedParams": list(plan.keys),
            "selectedMetrics": [plan.select_by],
        },
    ]
    view: dict[str, Any] = facets(plan) | {
        "orderByAsc": is_error(plan.select_by),
        "compareRunCharts": [
            {**CHART, "uuid": f"nnlab-{i}", "metricSectionId": "nnlab", **chart}
            for i, chart in enumerate(charts)
        ],
        "compareRunSections": [{"uuid": "nnlab", "name": "sweep", "display": True, "isReordered": True}],
        "isAccordionReordered": True,
        "runsHiddenMode": "FIRST_20_RUNS",
        "selectedColumns": [f"metrics.`{plan.select_by}`"],
        "autoRefreshEnabled": True,
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
        "viewMaximized": False,
        "runListHidden": False,
        "groupBy": None,
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    }
    view |= {key: {} for key in ("columnWidths", "runsExpanded", "runsVisibilityMap", "groupsExpanded")}
    view |= {key: [] for key in ("columnOrder", "runsPinned", "runsHidden")}
    return json.dumps(view)


# what the UI expects of a chart besides its data
CHART = {
    "runsCountToCompare": 20,
    "deleted": False,
    "isGenerated": False,
    "xAxisKey": "step",
    "useGlobalXaxisKey": True,
    "scaleType": "linear",
    "xAxisScaleType": "linear",
    "selectedXAxisMetricKey": "",
    "yAxisKey": "metric",
    "selectedYAxisMetricKeys": [],
    "yAxisExpressions": [],
    "lineSmoothness": 0,
    "useGlobalLineSmoothing": True,
    "range": {},
}
