"""Tracked runs as plain values: what repeats a configuration, what a sweep varies, how it is found."""

from typing import Any

import pytest

from nnlab.errors import UserError
from nnlab.tracking.runs import Run, Sweep, find_sweep


def run(name: str, swept: str = "", **values: Any) -> Run:
    params = {key.replace("__", "."): value for key, value in values.items()}
    metrics = {"test/accuracy": params.pop("accuracy", 0.5), "test/cost": 1.0}
    tags = {"nnlab.sweep": name, "nnlab.swept": swept}
    return Run(name, name, "finished", params, metrics, started=0.0, ended=1.0, tags=tags, artifacts="")


def test_nuisance_keys_alone_make_repetitions() -> None:
    cells = [
        run(f"r{s}{f}", seed=s, data__fold=f, init__scale=1.0, accuracy=s / 10)
        for s in (1, 2)
        for f in (1, 2)
    ]
    (one,) = Sweep(run("p"), tuple(cells)).ranked
    assert len(one.runs) == 4 and one.mean("test/accuracy") == pytest.approx(0.15)
    assert one.middle.metrics["test/accuracy"] == 0.1, "the lower of the two in the middle"


def test_keys_of_a_swept_group() -> None:
    """model=logistic,two_layer varies depth, hidden and width; each says the same, so the first is kept."""
    cells = (
        run("a", model__hidden=[], model__depth=1, model__width=None, seed=1),
        run("b", model__hidden=[7], model__depth=2, model__width=7, seed=1),
        run("c", model__hidden=[7], model__depth=2, model__width=7, seed=2),
    )
    assert Sweep(run("p", "model,seed"), cells).keys == ["model.depth", "seed"]
    assert Sweep(run("p", "seed"), cells).keys == ["seed"]


def test_find_sweep() -> None:
    parents = [run("abc1"), run("abd2")]
    assert find_sweep("abc", parents, "here").name == "abc1"
    for wrong in ("ab", "x"):
        with pytest.raises(UserError, match="abc1, abd2"):
            find_sweep(wrong, parents, "here")
