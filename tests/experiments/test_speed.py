"""The benchmark: its verdict and table on measurements made by hand, and its peers' costs."""

import copy
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.speed import bench, conventional, harness, machine, ours, summary
from experiments.speed.loop import _first, _repeat
from experiments.speed.peers import Course, Plain, ScikitLearn
from experiments.speed.row import ratio_text
from experiments.speed.rows import WITH_W1, paired, rows
from experiments.speed.scale import KINDS
from experiments.speed.work import Problem
from experiments.speed.workers import Failure, Timed, Worker, cores
from nnlab.data.dataset import Dataset
from nnlab.nn.activations import activation
from nnlab.nn.gram import gram
from nnlab.nn.gram_layer import GramLayer
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import targets
from nnlab.nn.network import Network
from nnlab.nn.optimizers import init
from nnlab.nn.training import Schedule, train


def timed(seconds: float) -> dict[str, Any]:
    return {"iterations": 2500, "first": 2 * seconds, "seconds": [seconds] * 3, "difference": 0.0}


def measurements() -> dict[str, Any]:
    """Measurements that meet all targets, by a little."""
    net = {name: timed(s) for name, s in {"nnlab": 0.2, "nnlab with K": 0.3, "floor": 0.11}.items()}
    net |= {"JAX Gram": timed(0.21), "nnlab primal": timed(8.0)} | {name: timed(10.0) for name in WITH_W1}
    point = {"ms": {"primal": 5.0, "gram": 0.1}, "K seconds": 0.1, "why": "", "auto": "gram", "ratio": 1.0}
    point |= {"total": {"primal": 12.5, "gram": 0.35}}
    pair = {"with": [0.2] * 3, "without": [0.2] * 3}
    floats = {"difference": 0.1, "seconds": {"float32": [0.1], "float64": [0.2]}}
    stacks = {name: [0.2] for name in ("1", "2", "4", "8", "nnlab")}
    parts = {
        "loop": {"data": "catvnoncat", "nets": {"deep": net, "two_layer": copy.deepcopy(net)}},
        "float32": {"deep": floats, "two_layer": floats},
        "adaptive": {"steps": 100, "difference": 1e-9, "seconds": {
            "adam": [1.0], "adam floor": [0.9], "rmsprop": [1.0], "rmsprop floor": [0.9], "JAX Adam": [1.0],
        }},
        "starts": {"help": [0.1], "line": [0.5], "cell": [0.9]},
        "diagnostics": {"seconds": pair, "same bits": True, "diverged after": 6},
        "stacked": {"seconds": stacks, "same bits": True, "best": 4},
        "cells": {
            "cells": 256, "cores": 2, "pure": [28.0, 28.0], "pure mean": 28.0,
            "sweep": {"seconds": 30.0, "first cell": 3.0, "store opened": 8.0},
            "published": {"wall": [0.05] * 3, "cpu": [0.015] * 3}, "harness": [0.015] * 3,
            "planning": {"cells": 513, "grid": 0.9, "seeds": 3.0, "job": 0.15},
            "train": [{"first output": 1.0, "result": 2.0, "end": 6.0}],
        },
        "conventional": {
            "iterations": 200, "jobs": 2,
            **{name: {"cells": [40.0], "cell": 40.0, "sweep": 5120.0} for name in ("numpy", "torch")},
        },
        "scale": [{"m": 209, "batch": batch, "l2": l2, **point} for batch, l2 in KINDS],
        "streaming": {
            "images": 50_000, "same bits": True, "ms": {"streamed": 8.0, "in memory": 6.0},
            "peak MB": {
                "streamed": {"record": 300.0, "end": 400.0},
                "in memory": {"record": 6e3, "end": 6e3},
            },
        },
        "thousands": {
            "alone s": 0.045, "waiting": 0.02,
            "points": {
                str(count): {
                    "wall s": count * 0.06, "processor s": count * 0.1, "disk MB": count * 0.1,
                    "inodes": 9 * count, "again s": count / 1250, "sorted s": count / 6250,
                    "report s": count / 500,
                }
                for count in (1000, 10_000)
            },
        },
    }  # fmt: skip
    machine = {
        "processor": "a processor", "cores": 2, "memory GB": 8, "kernel": "6", "python": "3.11",
        "blas": "openblas", "versions": {"numpy": "2"},
    }  # fmt: skip
    return {"machines": dict.fromkeys(parts, machine), "load": {"loop": 0.1}, "parts": parts}


def test_the_measurements_made_by_hand_have_all_parts() -> None:
    assert set(measurements()["parts"]) == set(bench.PARTS)


def kinds(found: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"Haswell": found or measurements(), "SkylakeX": measurements()}


def test_every_target_met_confirms_the_claim() -> None:
    said = summary.verdict(kinds())
    assert said["verdict"] == "confirmed" and "missed" not in said["sentence"]
    assert {"name", "claim", "verdict", "sentence", "figures", "runs"} == set(said)


@pytest.mark.parametrize(
    ("path", "value", "missed"),
    [
        (("loop", "nets", "deep", "JAX Gram", "seconds"), [0.19] * 3, "JAX with the Gram formulation"),
        (("loop", "nets", "deep", "floor", "seconds"), [0.09] * 3, "matrix products alone"),
        (("cells", "sweep", "seconds"), 46.0, "trained, recorded and published"),
        (("cells", "harness"), [0.021] * 3, "harness of a cell"),
        (("cells", "published", "cpu"), [0.021] * 3, "publishing a cell"),
        (("cells", "sweep", "seconds"), 36.0, "beside their training alone"),
        (("adaptive", "seconds", "adam floor"), [0.6], "deep net with Adam: two products"),
        (("starts", "cell"), [1.1], "first cell of `nnlab sweep` begins"),
        (("conventional", "torch", "sweep"), 20.0, "Hydra jobs that log each step"),
        (("streaming", "peak MB", "streamed", "end"), 501.0, "peak of resident memory"),
        (("thousands", "waiting"), 0.11, "the driver while it waits"),
        (("thousands", "alone s"), 0.03, "10,000 cells of 50 steps"),
        (("thousands", "points", "10000", "sorted s"), 2.1, "a sorted table in MLflow"),
        (("thousands", "points", "1000", "disk MB"), 90.0, "disk: growth"),
    ],
)
def test_one_missed_target_refutes_it_and_is_named(path: tuple[str, ...], value: Any, missed: str) -> None:
    found = measurements()
    inner: Any = found["parts"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    said = summary.verdict(kinds(found))
    assert said["verdict"] == "refuted" and said["sentence"].startswith("With Haswell kernels")
    assert missed in said["sentence"].partition("missed:")[2].partition("With SkylakeX kernels")[0]


def test_peers_with_kernels_of_their_own_have_no_target_where_a_variable_chose_nnlabs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "_blas", lambda: {"architecture": "Nehalem"})
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem")
    assert machine.kernels() == "Nehalem-set"
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    assert machine.kernels() == "Nehalem"
    found = measurements()["parts"]
    found["loop"]["nets"]["deep"]["JAX Gram"] = timed(0.1)
    found["conventional"]["torch"]["sweep"] = 20.0
    free = {row.what for row in rows("Haswell", found) if row.target is not None}
    held = {row.what for row in rows("Haswell-set", found) if row.target is not None}
    assert {f"deep net: {name}" for name in ("JAX", "PyTorch", "torch.compile")} <= free - held
    assert "deep net: plain NumPy" in held and "harness of a cell in its worker" in held
    assert summary.verdict({"Haswell": {**measurements(), "parts": found}})["verdict"] == "refuted"
    chosen = {"Haswell-set": {**measurements(), "parts": found}}
    both = summary.verdict(chosen | {"SkylakeX": measurements()})
    assert both["verdict"] == "confirmed" and both["figures"]["Haswell-set: deep net: JAX"]
    assert summary.verdict(chosen)["verdict"] == "inconclusive"
    assert "| deep net: JAX | " in summary.markdown(chosen)


def test_auto_is_judged_by_its_worst_point() -> None:
    found = measurements()
    found["parts"]["scale"].append({**found["parts"]["scale"][0], "m": 5000, "ratio": 1.3})
    assert summary.verdict(kinds(found))["verdict"] == "refuted"
    assert any("m = 5000" in row.ours and row.met is False for row in rows("Haswell", found["parts"]))


def test_a_target_that_was_not_measured_makes_it_inconclusive() -> None:
    found = measurements()
    found["parts"] = {}
    lines = rows("Haswell", {})
    assert summary.verdict(kinds(found))["verdict"] == "inconclusive"
    assert all(row.missing for row in lines if row.target is not None)
    assert summary.markdown(kinds(found)).count("not measured |") == sum(row.missing for row in lines)


def test_a_peer_that_is_not_installed_counts_as_missing() -> None:
    worker = Worker(importlib.import_module, "no_such_library", core=cores()[0])
    answer = worker.ask(1)
    worker.close()
    assert answer == Failure("not installed (no_such_library)")
    found = measurements()
    found["parts"]["loop"]["nets"]["deep"]["JAX"] = _first(answer, 100, np.zeros(2500))
    (row,) = [row for row in rows("Haswell", found["parts"]) if row.what == "deep net: JAX"]
    assert row.missing and row.cells()[2] == "not installed (no_such_library)"
    assert summary.verdict(kinds(found))["verdict"] == "inconclusive"


def test_a_time_counts_only_if_the_costs_agree() -> None:
    costs = np.linspace(0.7, 0.1, 2500)
    assert _first(Timed(1.0, costs[:100] + 1e-9), 100, costs)["iterations"] == 100
    for wrong in (costs[:100] + 1e-3, np.full(100, np.nan)):
        assert "does not count" in _first(Timed(1.0, wrong), 100, costs)["failure"]


def once() -> Callable[[int], Timed]:
    """A task that fails after its first run."""
    runs = iter([Timed(1.0, np.empty(0))])
    return lambda iterations: next(runs)


@pytest.mark.slow
def test_a_peer_that_dies_between_its_runs_counts_as_missing() -> None:
    worker = Worker(once, core=cores()[0])
    entry = _repeat({"seconds": [20.0]}, worker, 100)
    assert entry == {"seconds": [20.0, 25.0]}
    assert _repeat(entry, worker, 100) == {"failure": "StopIteration: "}
    worker.close()


def test_the_table_contains_each_target() -> None:
    table = summary.markdown(kinds())
    for target in (
        "≤ 1 |",
        "≤ 1.2 |",
        "≤ 2 |",
        "≤ 1.05 |",
        "≤ 1.25 |",
        "≤ 45 s |",
        "≤ 20 ms |",
        "≤ 500 MB |",
    ):
        assert target in table


def test_the_kinds_of_kernels_stand_side_by_side() -> None:
    found = measurements()
    found["parts"]["loop"]["nets"]["deep"]["JAX Gram"]["seconds"] = [0.1] * 3
    del found["parts"]["adaptive"]
    table = summary.markdown(kinds(found))
    assert "| deep net: JAX with the Gram formulation, warm | **2.00 (≤ 1)** | 0.95 (≤ 1) |" in table
    assert "| deep net with Adam: JAX | not measured (≤ 1.2) | 1.00 (≤ 1.2) |" in table


@pytest.mark.slow
def test_it_writes_measurements_verdict_picture_and_the_end_of_the_readme(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# speed\n\nThe claim.\n\n{summary.WRITTEN}\n\nobsolete\n")
    summary.write(kinds(), tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert (
        text.startswith("# speed\n\nThe claim.\n") and "obsolete" not in text and "**Confirmed.**" in text
    )
    assert json.loads((tmp_path / "verdict.json").read_text())["verdict"] == "confirmed"
    assert summary.read(tmp_path) == kinds()
    for kind in kinds():
        assert (tmp_path / f"speed-{kind}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_table_is_made_from_the_rounded_numbers(tmp_path: Path) -> None:
    found = measurements()
    found["parts"]["loop"]["nets"]["deep"]["nnlab"]["seconds"] = [0.1995049, 0.1995049, 0.2123456]
    summary.write(kinds(found), tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".png"}
    summary.write(summary.read(tmp_path), tmp_path)
    assert written == {name: (tmp_path / name).read_bytes() for name in written}


@pytest.mark.slow
def test_measurements_are_kept_for_the_kernels_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary.write(kinds(), tmp_path)
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "write_index", lambda: None)
    monkeypatch.setattr(bench, "PARTS", bench.PARTS | {"starts": lambda quick: {"help": [0.125]}})
    monkeypatch.setattr("sys.argv", ["bench", "--only", "starts"])
    bench.main()
    found = summary.read(tmp_path)
    here = machine.kernels()
    assert found[here]["parts"]["starts"] == {"help": [0.125]}
    assert found[here]["machines"]["starts"]["blas"].endswith(here.removesuffix(machine.SET))
    others = {kind: each for kind, each in found.items() if kind != here}
    assert others == {kind: each for kind, each in kinds().items() if kind != here}


def test_nnlabs_own_trainers_give_the_same_costs() -> None:
    kinds = (ours.Loop, ours.LoopWithK, ours.Evaluated)
    trainers = [kind("deep", "trainer.solver=gram", "trainer.eval_every=2") for kind in kinds]
    for each in trainers:
        each.start()
    first, *others = [each.run(4) for each in trainers]
    assert len(first) == 4 and first[3] < first[0]
    for costs in others:
        np.testing.assert_array_equal(costs, first)
    assert trainers[-1].excluded > 0.0


@pytest.mark.slow
def test_planning_is_timed_beside_hydras_own_compositions() -> None:
    found = harness.planning()(18)
    assert found["cells"] == 18 and found["grid"] > 0.0 and 0.0 < found["seeds"] / 18 < found["job"]


def test_the_conventional_harness_reads_the_problem_that_was_saved(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    saved = Problem(
        random.rand(5, 3), np.array([[0.0, 1, 1, 0, 1]]), [random.rand(2, 3), random.rand(1, 2)], 0.1
    )
    conventional._save(tmp_path / "1.npz", saved)
    read = conventional._load(tmp_path / "1.npz")
    assert read.lr == 0.1 and len(read.weights) == 2
    for a, b in zip(
        (read.images, read.Y, *read.weights), (saved.images, saved.Y, *saved.weights), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_ratios() -> None:
    assert paired([1.0, 2.0, 9.0], [2.0, 2.0, 9.0]) == 1.0
    assert (ratio_text(0.934), ratio_text(0.01)) == ("0.93", "1/100")


@pytest.mark.parametrize("peer", [Course, Plain, ScikitLearn])
def test_the_peers_give_the_costs_of_nnlab(peer: Any, toy: Dataset) -> None:
    images, Y = toy.train.features(), targets(toy.train.y, 1, np.dtype("float64"))
    weights = draw("lecun", 1.0, [images.shape[1], 5, 4, 1], 1)
    network = Network(GramLayer(images, gram(images), weights[0]), weights[1:], activation("relu"))
    state = init("gd", network.theta, 0.1)
    ours = train(network, Y, LOSSES["sigmoid", "cross_entropy"], state, Schedule(iterations=5))
    trainer = peer(Problem(images, Y, weights, 0.1))
    trainer.start()
    assert np.allclose(trainer.run(5), ours, rtol=0, atol=1e-13)
    assert ours[4] < ours[0]
