"""What the parent run of a search has beside its summary: its trials, and the best so far over them."""

from nnlab.cells import objectives, trials
from nnlab.cells.plan import Plan
from nnlab.config import OBJECTIVES
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.tracking.curves import Point
from nnlab.tracking.store import Store

TAG = "nnlab.search"


def log_search(store: Store, run_id: str, plan: Plan) -> None:
    """Log the trials of a search as an artifact, and `search/best` with the trial as its step."""
    path = trials.path_of(store.home, plan.id)
    try:
        search = trials.read(path)
    except UserError:  # it was changed by hand, which the next command says
        return
    if search is None:
        return
    store.log(run_id, _points(store, plan, search), tags={TAG: search.about["search"]["name"]})
    store.client.log_text(run_id, path.read_text("utf-8"), trials.ARTIFACT)


def _points(store: Store, plan: Plan, search: trials.Search) -> list[Point]:
    """The best so far. A point has the time of its trial's end, so that logging it again adds nothing."""
    objective, known = search.about["search"]["objectives"][:1], {cell.fingerprint for cell in plan.cells}
    points: list[Point] = []
    for trial in search.trials:
        values = objectives.values(trial.cells, objective, store.home) if known >= {*trial.cells} else None
        if values is None:
            continue
        better = max if OBJECTIVES[objective[0]] else min
        best = better([values[0], *(point.value for point in points[-1:])])
        ended = max(record.read(record.folder(store.home, name)).ended for name in trial.cells)
        points.append(Point("search/best", best, int(ended * 1000), trial.number))
    return points
