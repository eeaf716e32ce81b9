"""The rows of the report's tables, as texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from nnlab.cells.ranking import Configuration, is_error
from nnlab.reports import significance as statistics
from nnlab.reports import views
from nnlab.reports.predictions import Answers
from nnlab.tracking.reader import Reader
from nnlab.tracking.runs import Run, Sweep, shown

LOST = ("failed", "killed", "running", "diverged", "stuck")  # in the table's order


def best_rows(
    reader: Reader, compared: Sequence[Configuration[Run]], nets: Mapping[str, Answers]
) -> list[dict[str, Any]]:
    """A row per configuration, the best first, each one's middle run tested against the best's.

    Without the nets' answers, as for a regression, nothing is tested.
    """
    if not nets:
        return [_row(reader, group) for group in compared]
    best = compared[0].middle
    same = [c.middle.tags.get("nnlab.data_digest") == best.tags.get("nnlab.data_digest") for c in compared]
    tests = [
        statistics.mcnemar(nets[best.id].right, nets[c.middle.id].right) if fits else None
        for c, fits in zip(compared, same, strict=True)
    ]
    adjusted = iter(statistics.holm([test[2] for test in tests[1:] if test]))
    return [
        _best_row(reader, c, nets[c.middle.id], test, next(adjusted) if i and test else None)
        for i, (c, test) in enumerate(zip(compared, tests, strict=True))
    ]


def _best_row(
    reader: Reader,
    group: Configuration[Run],
    net: Answers,
    test: tuple[int, int, float] | None,
    p: float | None,
) -> dict[str, Any]:
    low, high = net.interval()
    verdict = "the best" if test and p is None else "other test images" if p is None else "yes"
    if p is not None and p < statistics.ALPHA:
        verdict = "no, it can"
    return _row(reader, group) | {
        "right": f"{int(net.right.sum())}/{len(net.y)}",
        "interval": f"{low:.3f}–{high:.3f}",
        "alone": f"{test[0]}, {test[1]}" if test and p is not None else "",
        "p": "" if p is None else f"{p:.2g}",
        "verdict": verdict,
        "tied": verdict == "yes",
        "tested": p is not None,
        "n_test": len(net.y),
    }


def _row(reader: Reader, group: Configuration[Run]) -> dict[str, Any]:
    """A configuration's figures."""
    ranked, digits = group.values(group.select_by), ".4g" if is_error(group.select_by) else ".3f"
    figure = group.select_by.partition("/")[2]
    return {
        "name": group.name,
        "runs": len(group.runs),
        "mean": f"{group.mean(group.select_by):{digits}}",
        "range": f"{min(ranked):{digits}}–{max(ranked):{digits}}" if len(ranked) > 1 else "",
        "train": f"{group.mean(f'train/{figure}'):{digits}}",
        "tied": False,
        "tested": False,
        "again": _again(reader, group.middle),
    }


def _again(reader: Reader, run: Run) -> str:
    experiment = "" if reader.experiment == "nnlab" else f" --experiment {reader.experiment}"
    return f"nnlab rerun {run.id[:8]}{experiment}"


def lost(sweep: Sweep) -> list[Run]:
    """The cells that did not learn, in the order of LOST."""
    return sorted((run for run in sweep.cells if run.state in LOST), key=lambda run: LOST.index(run.state))


def lost_row(reader: Reader, run: Run, histories: views.Histories) -> dict[str, Any]:
    """What became of a cell that did not learn, and why, as far as is known."""
    why, costs = run.error, histories.get(run.id)
    if run.state == "diverged" and costs is not None:
        finite = views.finite(costs)
        why = f"the cost is no number from step {len(finite)} on"
        if len(finite):
            why += f"; it went from {finite[0]:.3g} to {finite[-1]:.3g}"
    if run.state == "stuck":
        gradient = run.metrics.get("layer_1/gradient_norm")
        figure = "rmse" if "train/rmse" in run.metrics else "accuracy"
        why = f"training {figure} {run.metrics[f'train/{figure}']:.3f}"
        if gradient is not None:
            why += f"; the first layer's gradient norm at the end is {gradient:.2g}"
    return {
        "name": run.name,
        "state": run.state,
        "why": why or "cut off before its end",
        "again": _again(reader, run) if run.done else "",
    }


def figures(sweep: Sweep) -> list[str]:
    """The metrics of the table of all cells."""
    of_all = (f"test/{sweep.score}", f"train/{sweep.score}", "train/cost")
    return list(dict.fromkeys((sweep.select_by, *of_all)))


def cell_row(reader: Reader, sweep: Sweep, run: Run) -> dict[str, Any]:
    """A cell with its swept values and figures."""
    return {
        "name": run.name,
        "state": run.state,
        "swept": [shown(run.params.get(key)) for key in sweep.keys],
        "figures": [f"{run.metrics[key]:.4g}" if key in run.metrics else "" for key in figures(sweep)],
        "again": _again(reader, run) if run.done else "",
    }
