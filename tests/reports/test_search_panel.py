"""The page and the parent run of a search."""

from pathlib import Path

import pytest
from harness import client, done, lines, nnlab, runs, small_set
from markupsafe import escape

from nnlab.cells import plan as plans

COMMON = ["trainer.iterations=15", "engine=inline", "model.width=3", "seed=1,2"]


def sweep(home: Path, *overrides: str) -> tuple[str, str]:
    """The id of a published search, and its page, which has the sentences of the terminal."""
    data = small_set(home / "set", m_train=40)
    said = done(nnlab("sweep", *data, *COMMON, *overrides, home=home, COLUMNS="400")).stdout
    plan = plans.latest(home, "nnlab")
    assert plan is not None
    page = (home / "reports" / plan.id / "report.html").read_text("utf-8").replace("\u00a0", " ")
    found = [line for line in lines(said) if "of the variance" in line or " nets learnt" in line]
    assert found and [line for line in found if str(escape(line)) not in page] == []
    return plan.id, page


@pytest.mark.slow
def test_the_best_so_far_over_the_trials(home: Path) -> None:
    space = [
        "optimizer.lr=tag(log,interval(1e-3,1))",
        "model.width=int(interval(2,9))",
        "data.validation=0.25",
    ]
    objectives = "search.objectives=[validation/accuracy,size/parameters]"
    plan, page = sweep(home, "search=tpe", "search.trials=8", objectives, *space)
    assert "How the search went" in page and "of them are the Pareto front" in page
    assert "the trials of the front" in page and "best validation/accuracy so far" in page
    assert "search=tpe</code>" in page.replace("\n", " ") or "search=tpe" in page
    assert "chose these values by the results before" in page, "its importance is biased"
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    store = client(home)
    points = store.get_metric_history(parent.info.run_id, "search/best")
    values = [point.value for point in sorted(points, key=lambda point: point.step)]
    assert [point.step for point in points] == [*range(8)] and values == sorted(values)
    assert "trials.jsonl" in [file.path for file in store.list_artifacts(parent.info.run_id)]
    assert parent.data.tags["nnlab.search"] == "tpe"
    more, _ = sweep(home, "search=tpe", "search.trials=16", objectives, *space)
    assert more == plan
    assert len(store.get_metric_history(parent.info.run_id, "search/best")) == 16, "no point twice"


@pytest.mark.slow
def test_rungs_and_borders(home: Path) -> None:
    lr = "optimizer.lr=tag(log,interval(1e-3,1))"
    rungs = ["search=random", "search.trials=6", "search.rungs=[5,20]", lr, "data.validation=0.25"]
    _, page = sweep(home, *(text for text in rungs))
    assert "Successive halving" in page and "<td>20</td><td>2</td>" in page
    refine = ["search=refine", "search.along=optimizer.lr", "optimizer.lr=tag(log,interval(1e-6,1e5))"]
    _, page = sweep(home, *refine, "model.activation=tanh,relu")
    assert "not one clear step" in page and "model.activation=tanh" in page
