"""What MLflow has of records: fixed names, bounded curves; publishing that is cut off and repeated."""

import itertools
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from harness import (
    cell,
    client,
    done,
    empty_store,
    environment,
    histories,
    living_in,
    load_mlflow,
    nnlab,
    points,
    runs,
    small_set,
    trained,
)
from mlflow.exceptions import MlflowException

from nnlab.cells import plan as plans
from nnlab.cells.cell import Cell
from nnlab.cells.plan import Plan
from nnlab.cells.summary import summarize
from nnlab.config.schema import flatten, training_dict
from nnlab.records import notes, record
from nnlab.records.record import Record
from nnlab.tracking.curves import stride
from nnlab.tracking.publisher import Publication, Publisher
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import connected

load_mlflow()
QUICK = ["model.depth=2", "model.width=3", "trainer.iterations=30"]


def publish(home: Path, plan: Plan) -> Publication:
    """Save and publish a plan as its driver does at the end; returns what came of it."""
    plans.save(plan, plans.path_of(home, plan.id))
    publisher = Publisher(plan, home)
    publisher.publish(last=True)
    publisher.close(summarize(plan, home), "finished")
    return publisher.publication


def children(home: Path, plan: Plan, uri: str | None = None) -> list[Any]:
    """The runs of a sweep's cells, filtered as on the page that the sweep prints."""
    condition = f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.sweep` = '{plan.id}'"
    return runs(home, condition, uri, plan.experiment)


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return small_set(tmp_path)


# -- the bounded number of points ------------------------------------------------------------------

FACTORS = sorted(f * 10**e for f, e in itertools.product((1, 2, 5), range(9)))


@pytest.mark.parametrize(
    ("iterations", "wanted"),
    [(1, 1), (250, 1), (251, 2), (500, 2), (501, 5), (2000, 10), (2500, 10), (2501, 20), (10**6, 5000)],
)
def test_the_stride_of_known_lengths(iterations: int, wanted: int) -> None:
    assert stride(iterations, 250) == wanted


@pytest.mark.parametrize("most", [2, 3, 7, 250, 1000])
def test_the_stride_is_the_smallest_that_leaves_few_enough_points(most: int) -> None:
    for iterations in [*range(1, 300), 999, 1000, 1001, 123_456, 10**7]:
        fitting = (s for s in FACTORS if len(range(0, iterations, s)) <= most)
        assert stride(iterations, most) == next(fitting)


# -- what cannot be published ----------------------------------------------------------------------


def test_a_damaged_record_is_reported_and_not_counted(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        arguments = [*small_set(tmp_path), *QUICK]
        cells = [trained(home, *arguments, f"seed={seed}")[0] for seed in (1, 2)]
        (cells[0].folder(home) / "weights.npz").write_bytes(b"damaged")
        plan = plans.make("sweep", cells, ["seed"])
        said = publish(home, plan)
    assert said.published == 1 and said.waiting == ()
    assert len(said.refused) == 1 and "weights.npz" in said.refused[0]
    assert [run.data.params["seed"] for run in children(home, plan)] == ["2"]


@pytest.mark.slow
def test_a_deleted_experiment_is_reported_with_the_remedy_and_can_be_restored(tmp_path: Path) -> None:
    home, arguments = empty_store(tmp_path / "home"), [*small_set(tmp_path), *QUICK]
    done(nnlab("train", *arguments, home=home))
    store = client(home)
    number = store.get_experiment_by_name("nnlab").experiment_id
    store.delete_experiment(number)
    waiting = nnlab("train", *arguments, "seed=2", home=home)
    (restore,) = re.findall("nnlab is deleted; `(.*?)` brings it back", waiting.stderr)
    assert restore.endswith(f"mlflow experiments restore -x {number}")
    assert "1 run waits" in waiting.stderr
    refused = nnlab("report", home=home)
    assert refused.returncode and "is deleted" in refused.stderr
    tools = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(restore, shell=True, check=True, capture_output=True, env=environment(home, **tools))
    done(nnlab("sync", home=home))
    assert len(runs(home)) == 2


# -- a published sweep -----------------------------------------------------------------------------


class Published:
    """A sweep of two cells, one evaluated during training and one diverged; and its runs in MLflow."""

    def __init__(self, home: Path, folder: Path) -> None:
        base = [*small_set(folder), "model.output=identity", "model.loss=squared_error", "model.depth=2"]
        self.home = home
        self.cells: list[Cell] = []
        self.records: list[Record] = []
        for lr in ("0.05", "1e9"):
            arguments = [*base, "trainer.iterations=2500", f"optimizer.lr={lr}", "trainer.eval_every=500"]
            made, rec = trained(home, *arguments)
            self.cells.append(made)
            self.records.append(rec)
        self.plan = plans.make("sweep", self.cells, ["optimizer.lr"])
        self.publication = publish(home, self.plan)
        self.runs = {run.data.tags["nnlab.fingerprint"]: run for run in children(home, self.plan)}

    def run(self, index: int) -> Any:
        return self.runs[self.cells[index].fingerprint]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("tracking")
    with living_in(empty_store(folder / "home")) as home:
        yield Published(home, folder)


def test_one_run_for_each_cell_and_a_parent(sweep: Published) -> None:
    assert sweep.publication.problem is None and sweep.publication.waiting == ()
    assert len(sweep.runs) == 2 and len(runs(sweep.home)) == 3
    (parent,) = runs(sweep.home, "tags.`nnlab.kind` = 'sweep'")
    for run in sweep.runs.values():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.info.status == "FINISHED"


def test_the_tags_of_a_run(sweep: Published) -> None:
    for index, status in enumerate(("finished", "diverged")):
        tags, rec = sweep.run(index).data.tags, sweep.records[index]
        assert tags["nnlab.kind"] == "cell"
        assert tags["nnlab.sweep"] == sweep.plan.id
        assert tags["nnlab.fingerprint"] == sweep.cells[index].fingerprint
        assert tags["nnlab.record"] == str(rec.folder)
        assert tags["nnlab.data_digest"] == rec.data_digest
        assert tags["nnlab.code_digest"] == rec.code_digest
        assert tags["nnlab.status"] == status
        assert tags["nnlab.state"] == ("learnt", "diverged")[index]
        assert sweep.run(index).info.status == "FINISHED", "a diverged cell is a result"


def test_params_are_the_configuration_by_the_keys_that_people_type(sweep: Published) -> None:
    params = sweep.run(0).data.params
    values = flatten(training_dict(sweep.cells[0].config))
    assert set(params) == set(values)
    assert {key for key in params if not key.startswith(("data.", "seed"))} == {
        "model.depth", "model.width", "model.hidden", "model.activation", "model.leak", "model.output",
        "model.loss", "init.scheme", "init.scale", "optimizer.name", "optimizer.lr", "optimizer.momentum",
        "optimizer.beta1", "optimizer.beta2", "optimizer.epsilon", "optimizer.l2", "optimizer.batch_size",
        "optimizer.decay",
        "trainer.iterations", "trainer.solver", "trainer.dtype", "trainer.threads", "trainer.eval_every",
    }  # fmt: skip
    spelled = {
        "model.depth": "2", "model.activation": "relu", "model.hidden": "null", "init.scale": "1.0",
        "optimizer.lr": "0.05", "optimizer.batch_size": "null", "trainer.iterations": "2500", "seed": "1",
        "trainer.solver": "primal",
    }  # fmt: skip
    assert {key: params[key] for key in spelled} == spelled, "numbers as numbers"


def test_params_typed_back_give_the_same_cell(sweep: Published) -> None:
    """Rerunning a recorded configuration: the params are overrides."""
    typed = [f"{key}={value}" for key, value in sweep.run(0).data.params.items()]
    assert cell("data=hdf5", *typed).fingerprint == sweep.cells[0].fingerprint


def test_the_cost_curve_is_every_tenth_step_and_the_last(sweep: Published) -> None:
    history = histories(sweep.home, sweep.run(0))["train/cost"]
    costs = sweep.records[0].arrays("history")["train/cost"]
    assert [step for step, _, _ in history] == [*range(0, 2500, 10), 2499]
    assert [value for _, value, _ in history] == [costs[step] for step, _, _ in history]


def test_the_metrics_of_a_run(sweep: Published) -> None:
    metrics, recorded = sweep.run(0).data.metrics, sweep.records[0].metrics
    names = {"train/cost", "train/accuracy", "test/cost", "test/accuracy", "time/train_s"}
    assert names | {"layer_1/gradient_norm", "layer_1/dead", "layer_2/gradient_norm"} <= set(metrics)
    for key in names - {"train/cost"}:
        assert metrics[key] == recorded[key], "the last value is that after training"


def test_metrics_during_training_have_their_steps(sweep: Published) -> None:
    history = histories(sweep.home, sweep.run(0))
    curve = sweep.records[0].arrays("history")["test/accuracy"]
    for key in ("test/accuracy", "train/accuracy", "test/cost", "layer_1/gradient_norm"):
        assert [step for step, _, _ in history[key]] == [0, 500, 1000, 1500, 2000, 2500]
    assert [value for _, value, _ in history["test/accuracy"]] == curve.tolist()
    assert len(history["time/train_s"]) == 1


def test_no_point_is_there_twice(sweep: Published) -> None:
    for run in sweep.runs.values():
        for key, history in histories(sweep.home, run).items():
            steps = [step for step, _, _ in history]
            assert len(steps) == len(set(steps)), key


def test_times_are_those_of_the_training(sweep: Published) -> None:
    for index in (0, 1):
        run, rec = sweep.run(index), sweep.records[index]
        start, end = int(rec.started * 1000), int(rec.ended * 1000)
        assert (run.info.start_time, run.info.end_time) == (start, end)
        for key, history in histories(sweep.home, run).items():
            times = [at for _, _, at in history]
            assert times == sorted(times), key
            assert start <= times[0] and times[-1] <= end, key


def test_a_diverged_cell_has_its_costs_up_to_the_last_finite_one(sweep: Published) -> None:
    costs = sweep.records[1].arrays("history")["train/cost"]
    history = histories(sweep.home, sweep.run(1))["train/cost"]
    assert not np.isfinite(costs[-1]) and len(costs) < 2500
    assert history and all(math.isfinite(value) for _, value, _ in history)
    assert [step for step, _, _ in history] == list(range(0, len(costs) - 1, 10))


def test_a_diverged_cell_has_no_accuracy(sweep: Published) -> None:
    """Neither at its end nor before, which MLflow would show as what it reached."""
    scores = {"train/accuracy", "test/accuracy"}
    for index in (0, 1):
        metrics = {*sweep.run(index).data.metrics, *sweep.records[index].metrics}
        assert metrics & scores == (scores if index == 0 else set())
        assert {"train/majority", "test/majority"} <= metrics
    y_test = sweep.records[1].arrays("predictions")["y_test"]
    assert sweep.records[1].metrics["test/majority"] == np.bincount(y_test).max() / len(y_test)


def test_the_whole_record_is_an_artifact(sweep: Published) -> None:
    store = client(sweep.home)
    for index in (0, 1):
        run, rec = sweep.run(index), sweep.records[index]
        listed = {file.path for file in store.list_artifacts(run.info.run_id)}
        assert listed == {*rec.files, record.MARKER}
        assert run.info.artifact_uri.startswith((sweep.home / "mlartifacts").as_uri())
        copy = Path(run.info.artifact_uri.removeprefix("file://")) / "history.npz"
        assert copy.read_bytes() == (rec.folder / "history.npz").read_bytes()


def test_the_parent_holds_counts_best_cell_and_report(sweep: Published) -> None:
    (parent,) = runs(sweep.home, "tags.`nnlab.kind` = 'sweep'")
    tags = parent.data.tags
    assert tags["nnlab.sweep"] == sweep.plan.id and tags["nnlab.status"] == "finished"
    assert (tags["nnlab.cells"], tags["nnlab.finished"], tags["nnlab.diverged"]) == ("2", "1", "1")
    assert tags["nnlab.best"] == sweep.plan.name(sweep.cells[0]) == sweep.run(0).info.run_name
    assert tags["nnlab.best_fingerprint"] == sweep.cells[0].fingerprint
    assert "2 cells: 1 learnt, 1 diverged" in tags["mlflow.note.content"]
    assert parent.data.metrics == {
        "learnt": 1.0, "stuck": 0.0, "diverged": 1.0, "failed": 0.0,
        "best/test/accuracy": sweep.records[0].metrics["test/accuracy"],
    }  # fmt: skip
    listed = {file.path for file in client(sweep.home).list_artifacts(parent.info.run_id)}
    assert "results.csv" in listed


def test_the_inputs_of_a_run_are_its_sets(sweep: Published) -> None:
    for index in (0, 1):
        sets, found = sweep.records[index].sets, sweep.run(index).inputs.dataset_inputs
        by_context = {one.tags[0].value: one.dataset for one in found}
        assert set(by_context) == set(sets) == {"train", "test"}
        for split, one in by_context.items():
            assert (one.name, one.digest) == (split, sets[split]["digest"][:12]), "the file's name"
            assert json.loads(one.profile)["num_rows"] == {"train": 30, "test": 12}[split]
            assert json.loads(one.profile)["features_shape"] == sets[split]["shape"]
            assert json.loads(one.source)["uri"].endswith(f"{split}.h5")


def test_the_logarithm_of_a_swept_value_is_an_axis_and_no_result(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        cells = [trained(home, *data, *QUICK, f"init.scale={scale}")[0] for scale in ("0.1", "1", "10")]
        plan = plans.make("sweep", cells, ["init.scale"])
        publish(home, plan)
        found = children(home, plan)
        assert sorted(run.data.metrics["log10/init.scale"] for run in found) == [-1.0, 0.0, 1.0]
        with connected(home, "nnlab") as store:
            read = Reader(store).sweep(plan.id).cells
    assert len(read) == 3 and not any("log10/init.scale" in run.metrics for run in read)


def test_the_parts_of_a_set_are_different_inputs(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made, rec = trained(home, *small_set(tmp_path), *QUICK, "data.validation=0.2")
        publish(home, plans.make("train", [made], []))
        (run,) = runs(home)
    assert {split: one["shape"] for split, one in rec.sets.items()} == {
        "train": [24, 2], "validation": [6, 2], "test": [12, 2]
    }  # fmt: skip
    digests = {one.tags[0].value: one.dataset.digest for one in run.inputs.dataset_inputs}
    assert len(digests) == len({*digests.values()}) == 3


def test_a_record_of_an_earlier_version_is_published_without_inputs(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made, rec = trained(home, *small_set(tmp_path), *QUICK)
        marker = rec.folder / record.MARKER
        values = json.loads(marker.read_text())
        del values["sets"]
        marker.write_text(json.dumps(values))
        assert publish(home, plans.make("train", [made], [])).published == 1
        (run,) = runs(home)
    assert run.info.status == "FINISHED" and not run.inputs.dataset_inputs


def test_publishing_twice_changes_nothing(sweep: Published) -> None:
    before = [snapshot(sweep.home, run) for run in runs(sweep.home)]
    again = publish(sweep.home, sweep.plan)
    assert again.problem is None and again.waiting == ()
    assert [snapshot(sweep.home, run) for run in runs(sweep.home)] == before


# -- other stores ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_record_that_one_store_has_is_published_to_another(tmp_path: Path, data: list[str]) -> None:
    empty_store(tmp_path, "second.db")
    second = f"sqlite:///{tmp_path}/second.db"
    with living_in(empty_store(tmp_path / "home")) as home:
        made, _ = trained(home, *data, *QUICK)
        plan = plans.make("sweep", [made], ["seed"])
        publish(home, plan)
        first = [snapshot(home, run) for run in children(home, plan)]
    with living_in(home, MLFLOW_TRACKING_URI=second):
        publish(home, plan)
        assert [snapshot(home, run, second) for run in children(home, plan, second)] == first
        assert [snapshot(home, run) for run in children(home, plan)] == first
    assert len(first) == 1


@pytest.mark.parametrize("uri", ["sqlite:///{folder}/second.db", ""])
def test_artifacts_are_under_home_in_any_current_folder(
    tmp_path: Path, data: list[str], monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    """Everything that nnlab writes is under NNLAB_HOME, not in the folder that it was called from."""
    empty_store(tmp_path, "second.db")
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    with living_in(empty_store(tmp_path / "home"), MLFLOW_TRACKING_URI=uri.format(folder=tmp_path)) as home:
        made, _ = trained(home, *data, *QUICK)
        assert publish(home, plans.make("train", [made], [])).problem is None
    assert list((tmp_path / "cwd").iterdir()) == []


# -- publishing that is cut off --------------------------------------------------------------------

# ids that differ between experiments, and the last publisher with its time
VARYING = {
    "mlflow.parentRunId",
    "nnlab.sweep",
    "mlflow.artifactLocation",
    "nnlab.driver",
    "nnlab.heartbeat",
}


def snapshot(home: Path, run: Any, uri: str | None = None) -> dict[str, Any]:
    """All that a run has, without the ids of its store."""
    files = client(home, uri).list_artifacts(run.info.run_id)
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "tags": {key: value for key, value in run.data.tags.items() if key not in VARYING},
        "params": run.data.params,
        "metrics": histories(home, run, uri),
        "files": sorted(file.path for file in files),
    }


class CutOff(Exception):
    """An error that the publisher does not handle, as if the driver died here."""


class Line:
    """A client whose ``at``-th call fails once, ``before`` or after it took effect."""

    def __init__(self, real: Any, at: int, before: bool, error: type[Exception]) -> None:
        self._real, self._left, self._before, self._error = real, at, before, error

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)

        def call(*arguments: Any, **options: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._before:
                raise self._error("cut off")
            result = method(*arguments, **options)
            if self._left == 0:
                raise self._error("cut off")
            return result

        return call

    @property
    def broke(self) -> bool:
        return self._left <= 0


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """A home with one trained cell, to be published to one experiment after the other."""
    folder = tmp_path_factory.mktemp("cut")
    with living_in(empty_store(folder / "home")) as home:
        arguments = [*small_set(folder), *QUICK]
        trained(home, *arguments)
        yield home, arguments


def plan_in(experiment: str, arguments: list[str]) -> Plan:
    return plans.make("sweep", [cell(*arguments, f"tracking.experiment={experiment}")], ["seed"])


def everything(home: Path, plan: Plan) -> list[dict[str, Any]]:
    found = runs(home, experiment=plan.experiment)
    return sorted((snapshot(home, run) for run in found), key=lambda s: s["tags"]["nnlab.kind"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    ["driver killed", *(pytest.param(way, marks=pytest.mark.slow) for way in ("answer lost", "call lost"))],
)
def test_cut_off_at_any_call_and_repeated(
    living: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Whichever call of a publication fails, the next try leaves the store as if none had failed.

    After a lost call or answer the same driver tries again, after a kill another one.
    """
    home, arguments = living
    whole = plan_in(f"whole {way}", arguments)
    publish(home, whole)
    wanted = everything(home, whole)
    real = mlflow.MlflowClient
    wrong: list[str] = []
    for at in itertools.count(1):
        plan = plan_in(f"{way} {at}", arguments)
        error: type[Exception] = CutOff if way == "driver killed" else MlflowException
        line = Line(real(f"sqlite:///{home}/mlflow.db"), at, way == "call lost", error)
        monkeypatch.setattr(mlflow, "MlflowClient", lambda uri, line=line: line)
        publisher = Publisher(plan, home)
        try:
            publisher.publish(last=True)
        except CutOff:
            publisher = Publisher(plan, home)
        if not line.broke:
            break
        publisher.publish(last=True)
        publisher.close(summarize(plan, home), "finished")
        if publisher.publication.problem is not None or everything(home, plan) != wanted:
            wrong.append(f"call {at}: {difference(wanted, everything(home, plan))}")
    assert at > 8, "the calls of a publication were counted"
    assert not wrong, "\n".join(wrong)


def difference(wanted: list[dict[str, Any]], found: list[dict[str, Any]]) -> str:
    """Where two stores differ, in a few words."""
    if len(wanted) != len(found):
        return f"{len(found)} runs instead of {len(wanted)}"
    return ", ".join(
        f"{a['tags']['nnlab.kind']}: {key}"
        for a, b in zip(wanted, found, strict=True)
        for key in a
        if a[key] != b[key]
    )


def test_cut_off_in_the_artifacts(tmp_path: Path, data: list[str]) -> None:
    """A file is in the place of the artifacts' folder; when it is gone, the same run is completed."""
    with living_in(empty_store(tmp_path / "home")) as home:
        made, rec = trained(home, *data, *QUICK)
        plan = plans.make("sweep", [made], ["seed"])
        (home / "mlartifacts").write_text("in the way")
        blocked = publish(home, plan)
        assert blocked.problem is not None and blocked.waiting == (made,)
        (run,) = children(home, plan)
        assert "nnlab.status" not in run.data.tags, "it is not complete, so it has no status"
        (home / "mlartifacts").unlink()
        assert publish(home, plan).problem is None
        (complete,) = children(home, plan)
        assert complete.info.run_id == run.info.run_id
        assert complete.data.tags["nnlab.status"] == "finished"
        assert [step for step, _, _ in histories(home, complete)["train/cost"]] == list(range(30))
        assert len(client(home).list_artifacts(run.info.run_id)) == len(rec.files) + 1


# -- running and failed cells ----------------------------------------------------------------------


def leave_progress(home: Path, made: Cell, steps: int) -> np.ndarray:
    """The costs so far that a worker writes while it trains a cell."""
    costs = np.linspace(1.0, 0.5, steps)
    made.folder(home).mkdir(parents=True, exist_ok=True)
    notes.write_progress(made.folder(home), time.time() - 10, costs)
    return costs


def test_a_long_cell_is_shown_running_with_its_costs_so_far(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data, "trainer.iterations=2500")
        plan = plans.make("sweep", [made], ["seed"])
        publisher = Publisher(plan, home)
        leave_progress(home, made, 100)
        publisher.publish()
        leave_progress(home, made, 205)
        publisher.tell(made)
        publisher.publish()
        publisher.publish()
        (run,) = children(home, plan)
        assert run.info.status == "RUNNING" and "nnlab.status" not in run.data.tags
        assert [step for step, _, _ in histories(home, run)["train/cost"]] == list(range(0, 205, 10))


def test_a_cell_shown_running_becomes_complete_without_double_points(
    tmp_path: Path, data: list[str]
) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data, "trainer.iterations=2500")
        plan = plans.make("sweep", [made], ["seed"])
        publisher = Publisher(plan, home)
        leave_progress(home, made, 100)
        publisher.publish()
        trained(home, *data, "trainer.iterations=2500")
        publisher.tell(made)
        publisher.publish()
        (run,) = children(home, plan)
        assert run.info.status == "FINISHED"
        assert [step for step, _, _ in histories(home, run)["train/cost"]] == [*range(0, 2500, 10), 2499]


def test_a_new_driver_goes_on_showing_a_cell_without_double_points(tmp_path: Path, data: list[str]) -> None:
    """The driver was killed while a long cell was shown; the next one finds its run."""
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data, "trainer.iterations=2500")
        plan = plans.make("sweep", [made], ["seed"])
        leave_progress(home, made, 100)
        Publisher(plan, home).publish()
        leave_progress(home, made, 155)
        Publisher(plan, home).publish()
        (run,) = children(home, plan)
        assert [step for step, _, _ in histories(home, run)["train/cost"]] == list(range(0, 155, 10))


def test_a_cell_that_was_cut_off_ends_as_killed_and_is_completed_later(
    tmp_path: Path, data: list[str]
) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data, *QUICK)
        plan = plans.make("sweep", [made], ["seed"])
        publisher = Publisher(plan, home)
        leave_progress(home, made, 20)
        publisher.publish()
        publisher.publish(last=True)
        publisher.close(summarize(plan, home), "killed")
        (run,) = children(home, plan)
        assert (run.info.status, run.data.tags["nnlab.status"]) == ("KILLED", "killed")
        (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
        assert (parent.info.status, parent.data.tags["nnlab.status"]) == ("KILLED", "killed")
        trained(home, *data, *QUICK)
        publish(home, plan)
        (again,) = children(home, plan)
        assert again.info.run_id == run.info.run_id
        assert (again.info.status, again.data.tags["nnlab.status"]) == ("FINISHED", "finished")


def test_a_failed_cell_shows_its_error_until_it_succeeds(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data, *QUICK)
        plan = plans.make("sweep", [made], ["seed"])
        made.folder(home).mkdir(parents=True)
        now = time.time()
        notes.write_failure(made.folder(home), "ValueError: no", "Traceback: no", now - 1, now)
        publish(home, plan)
        (failed,) = children(home, plan)
        assert (failed.info.status, failed.data.tags["nnlab.status"]) == ("FAILED", "failed")
        assert failed.data.tags["nnlab.error"] == "ValueError: no"
        assert [f.path for f in client(home).list_artifacts(failed.info.run_id)] == ["traceback.txt"]
        trained(home, *data, *QUICK)
        publish(home, plan)
        (run,) = children(home, plan)
        assert run.info.run_id == failed.info.run_id
        assert (run.info.status, run.data.tags["nnlab.status"]) == ("FINISHED", "finished")
        assert "nnlab.error" not in run.data.tags


@pytest.mark.slow
def test_many_points_go_in_bulk(tmp_path: Path, data: list[str]) -> None:
    """More points than MLflow takes in one call all arrive."""
    with living_in(empty_store(tmp_path / "home")) as home:
        made, rec = trained(
            home, *data, "model.depth=2", "trainer.iterations=1500", "tracking.max_points=1500"
        )
        plan = plans.make("train", [made], [])
        publish(home, plan)
        (run,) = runs(home)
        history = histories(home, run)["train/cost"]
        assert [value for _, value, _ in history] == rec.arrays("history")["train/cost"].tolist()


def test_the_artifacts_are_a_complete_record(tmp_path: Path, data: list[str]) -> None:
    """The artifacts have the record's own marker, so the record can be read from MLflow alone."""
    assert points(3)[0].shape == (3, 2)
    with living_in(empty_store(tmp_path / "home")) as home:
        made, _ = trained(home, *data, *QUICK)
        publish(home, plans.make("train", [made], []))
        (run,) = runs(home)
        folder = Path(run.info.artifact_uri.removeprefix("file://"))
        marker = json.loads((folder / record.MARKER).read_text())
        assert marker["fingerprint"] == made.fingerprint
        assert record.read(folder).arrays("weights")["W1"].shape == (3, 2)


@pytest.mark.slow
def test_sync_skips_a_plan_whose_driver_is_running(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made, _ = trained(home, *data, "trainer.iterations=20")
        plan = plans.make("sweep", [made], ["seed"])
        with plans.running(home, plan):
            out = done(nnlab("sync", home=home)).stdout
            assert f"sweep {plan.id} is running" in out and not runs(home)
        done(nnlab("sync", home=home))
        assert len(children(home, plan)) == 1
