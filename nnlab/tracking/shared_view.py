"""The view of a sweep in the MLflow UI: its table, its charts and which runs they show.

The UI folds the runs of a sweep under their parent, so that its own charts show the parent alone. This view
filters for the cells instead. It is JSON in a tag of the experiment, and an address names it.
"""

import json
from typing import Any

from nnlab.cells.plan import Plan
from nnlab.cells.ranking import is_error
from nnlab.tracking import log_axes

TAG = "mlflow.sharedViewState."  # the prefix of the tag
PAGE = 100  # runs that the UI loads at a time
NAME, CREATED = "attributes.`Run Name`", "runDateAndNestInfo"  # columns that the UI always shows
COSTS = {"metricKey": "train/cost", "selectedMetricKeys": ["train/cost"], "scaleType": "log"}
COST_RANGE = {"yMin": -3, "yMax": 1}  # 0.001 to 10: one diverged net would make the other curves flat


def content(plan: Plan) -> str:
    """The view as JSON."""
    _, _, score = plan.select_by.partition("/")
    columns = _columns(plan, score)
    section = {"uuid": "nnlab", "name": _heading(plan), "display": True, "isReordered": True}
    view = FIXED | {
        "searchFilter": f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.sweep` = '{plan.id}'",
        "orderByKey": f"metrics.`{plan.select_by}`",
        "orderByAsc": is_error(plan.select_by),
        "selectedColumns": list(columns),
        "columnOrder": [NAME, CREATED, *columns, "duration"],
        "columnWidths": columns | {NAME: 165, CREATED: 75},
        # one chart beside the next would not fit: on a new profile MLflow's assistant takes a quarter
        "compareRunSections": [section | {"columns": 1, "cardHeight": 400}],
        "compareRunCharts": [
            _chart("PARALLEL", showAllRuns=True, **_axes(plan)),
            _chart("LINE", **COSTS, **({} if is_error(plan.select_by) else {"range": COST_RANGE})),
            _chart("SCATTER", xaxis=_metric(f"train/{score}"), yaxis=_metric(plan.select_by)),
            _chart("BAR", metricKey=plan.select_by),
        ],
    }
    return json.dumps(view)


def _columns(plan: Plan, score: str) -> dict[str, int]:
    """The columns of the table and their widths in pixels."""
    metrics = dict.fromkeys(
        f"metrics.`{key}`" for key in (plan.select_by, f"test/{score}", f"train/{score}")
    )
    widths = {"tags.`nnlab.state`": 85} | dict.fromkeys(metrics, 105)
    params = [f"params.`{key}`" for key in plan.varied]
    return widths | dict.fromkeys(params, 90) | {"attributes.`Dataset`": 250}


def _axes(plan: Plan) -> dict[str, list[str]]:
    """The axes of the parallel coordinates; the last one gives the colour."""
    logarithmic = log_axes.keys(plan)
    linear = [key for key in plan.varied if key not in logarithmic]
    return {
        "selectedParams": linear,
        "selectedMetrics": [*map(log_axes.metric, logarithmic), plan.select_by],
    }


def _heading(plan: Plan) -> str:
    """Which runs the charts show. The UI shows some 28 letters of it."""
    runs = len(plan.cells)
    return f"the best {PAGE} of {runs} runs" if runs > PAGE else f"all {runs} runs"


def _chart(kind: str, **more: Any) -> dict[str, Any]:
    return CHART | {"uuid": f"nnlab-{kind}", "type": kind} | more


def _metric(key: str) -> dict[str, str]:
    return {"key": key, "type": "METRIC"}


# what the UI expects of a view, and of a chart, besides what is special to a sweep
FIXED: dict[str, Any] = {
    "isAccordionReordered": True,
    "runsHiddenMode": "SHOW_ALL",
    "autoRefreshEnabled": True,
    "hideEmptyCharts": True,
    "useGroupedValuesInCharts": True,
    "viewMaximized": False,
    "runListHidden": False,
    "groupBy": None,
    "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    **{key: {} for key in ("runsExpanded", "runsVisibilityMap", "groupsExpanded")},
    **{key: [] for key in ("runsPinned", "runsHidden")},
}
CHART: dict[str, Any] = {
    "runsCountToCompare": PAGE,
    "metricSectionId": "nnlab",
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
