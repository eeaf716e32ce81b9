"""What a user renames or deletes in MLflow is respected: nothing is doubled, nothing comes back unasked."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from harness import cell, client, done, empty_store, living_in, load_mlflow, nnlab, runs, small_set, trained

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import summarize
from nnlab.records import notes
from nnlab.tracking.identity import NAMES, STORE
from nnlab.tracking.publication import Publication
from nnlab.tracking.publisher import Publisher
from nnlab.tracking.records_alone import publisher_of
from nnlab.tracking.store import Store

load_mlflow()
QUICK = ["model.depth=2", "model.width=3", "trainer.iterations=30"]
PARENT, CELL = "tags.`nnlab.kind` = 'sweep'", "tags.`nnlab.kind` = 'cell'"


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return [*small_set(tmp_path), *QUICK]


def publish(home: Path, plan: Plan, restore: bool = False) -> Publication:
    """Publish a plan as its driver does at the end, or as `nnlab sync` does."""
    plans.save(plan, plans.path_of(home, plan.id))
    publisher = Publisher(plan, home, restore)
    publisher.publish(last=True)
    publisher.close(summarize(plan, home), "finished")
    assert publisher.publication.complaints == []
    return publisher.publication


def swept(home: Path, data: list[str], *more: str, seeds: int = 2) -> Plan:
    """A published sweep of some cells."""
    cells = [trained(home, *data, *more, f"seed={seed}")[0] for seed in range(1, seeds + 1)]
    plan = plans.make("sweep", cells, ["seed"])
    publish(home, plan)
    return plan


def delete(home: Path, condition: str = "", for_good: bool = False) -> list[str]:
    """Delete the runs that match in the experiment `nnlab`; ``for_good`` as `mlflow gc` does it."""
    store, ids = client(home), [run.info.run_id for run in runs(home, condition)]
    for run_id in ids:
        store.delete_run(run_id)
        if for_good:
            store._tracking_client.store._hard_delete_run(run_id)
    return ids


def everywhere(home: Path) -> dict[str, list[str]]:
    """The names of the live runs of each active experiment that has some."""
    store = client(home)
    found = {e.name: store.search_runs([e.experiment_id]) for e in store.search_experiments()}
    return {name: sorted(run.info.run_name for run in listed) for name, listed in found.items() if listed}


def parents_of_cells(home: Path) -> set[str]:
    return {run.data.tags.get("mlflow.parentRunId", "none") for run in runs(home, CELL)}


# -- deleted ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_deleted_parent_stays_deleted_until_it_is_asked_for(tmp_path: Path, data: list[str]) -> None:
    home = empty_store(tmp_path / "home")
    command = ["sweep", *data, "seed=1,2", "hydra/launcher=basic"]
    done(nnlab(*command, home=home))
    (parent,) = delete(home, PARENT)
    line = "1 run that was deleted in MLflow stays deleted; `nnlab sync --restore` brings it back"
    for again in (["sync"], command, ["sync"]):
        out = done(nnlab(*again, home=home)).stdout
        assert line in out and "every record is published" not in out
        assert not runs(home, PARENT) and len(runs(home, CELL)) == 2
    assert "every record is published" in done(nnlab("sync", "--restore", home=home)).stdout
    (restored,) = runs(home, PARENT)
    assert restored.info.run_id == parent and restored.data.tags["nnlab.status"] == "finished"
    assert parents_of_cells(home) == {parent}
    assert "every record is published" in done(nnlab("sync", home=home)).stdout


@pytest.mark.parametrize("for_good", [False, True])
def test_deleted_cells_stay_deleted_until_they_are_asked_for(
    tmp_path: Path, data: list[str], for_good: bool
) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        plan = swept(home, data)
        (best,) = [run for run in runs(home, CELL) if run.data.params["seed"] == "1"]
        delete(home, f"attributes.run_id = '{best.info.run_id}'", for_good)
        for _ in range(2):
            said = publish(home, plan)
            assert (said.published, said.deleted, said.headless) == (0, 1, False)
            assert [run.data.params["seed"] for run in runs(home, CELL)] == ["2"]
        said = publish(home, plan, restore=True)
        assert said.deleted == 0 and said.published == int(for_good)
        ids = {run.data.params["seed"]: run.info.run_id for run in runs(home, CELL)}
        assert sorted(ids) == ["1", "2"] and (ids["1"] == best.info.run_id) != for_good


@pytest.mark.slow
def test_cells_whose_parent_is_gone_for_good_hang_under_a_new_one(tmp_path: Path, data: list[str]) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        plan = swept(home, data)
        (gone,) = delete(home, PARENT, for_good=True)
        assert publish(home, plan).headless and not runs(home, PARENT)
    done(nnlab("sync", "--restore", home=home))
    (parent,) = runs(home, PARENT)
    assert parent.info.run_id != gone and parent.data.tags["nnlab.finished"] == "2"
    assert parents_of_cells(home) == {parent.info.run_id}
    listed = {file.path for file in client(home).list_artifacts(parent.info.run_id)}
    assert {"results.csv", "report.html"} <= listed


@pytest.mark.slow
def test_cells_under_a_deleted_parent_are_hung_under_the_live_one(tmp_path: Path, data: list[str]) -> None:
    """An earlier version made a new parent, and left the cells under the deleted one."""
    with living_in(empty_store(tmp_path / "home")) as home:
        plan = swept(home, data)
        (old,) = runs(home, PARENT)
        tags = {key: value for key, value in old.data.tags.items() if key.startswith("nnlab.")}
        new = client(home).create_run(old.info.experiment_id, old.info.start_time, tags, "seed")
        delete(home, f"attributes.run_id = '{old.info.run_id}'")
        publish(home, plan)
        assert parents_of_cells(home) == {new.info.run_id}


@pytest.mark.slow
def test_a_result_that_is_newer_than_the_deleted_run_is_published(tmp_path: Path, data: list[str]) -> None:
    """`sweep.force=true` asks for the run again; the old one stays deleted."""
    home = empty_store(tmp_path / "home")
    done(nnlab("train", *data, home=home))
    (old,) = delete(home)
    said = done(nnlab("train", *data, home=home)).stdout
    assert "already recorded" in said and "1 run that was deleted" in said and not runs(home)
    assert "MLflow run" in done(nnlab("train", *data, "sweep.force=true", home=home)).stdout
    (new,) = runs(home)
    assert new.info.run_id != old and new.info.status == "FINISHED"


@pytest.mark.slow
def test_a_deleted_failure_stays_deleted_and_a_later_result_is_published(
    tmp_path: Path, data: list[str]
) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made = cell(*data)
        plan = plans.make("sweep", [made], ["seed"])
        made.folder(home).mkdir(parents=True)
        now = time.time()
        notes.write_failure(made.folder(home), "ValueError: no", "Traceback: no", now - 1, now)
        publish(home, plan)
        delete(home, CELL)
        assert publish(home, plan).deleted == 1 and not runs(home, CELL)
        trained(home, *data)
        assert publish(home, plan).published == 1
        assert [run.info.status for run in runs(home, CELL)] == ["FINISHED"]


def test_runs_deleted_while_the_sweep_runs(tmp_path: Path, data: list[str]) -> None:
    """The deleted cell does not appear again, and the others are published without their parent."""
    with living_in(empty_store(tmp_path / "home")) as home:
        cells = [cell(*data, "trainer.iterations=2500", f"seed={seed}") for seed in (1, 2)]
        plan = plans.make("sweep", cells, ["seed"])
        publisher, started = Publisher(plan, home), time.time()
        for each in cells:
            each.folder(home).mkdir(parents=True)
            notes.write_progress(each.folder(home), started, np.linspace(1.0, 0.5, 100))
        assert publisher.publish() and len(runs(home, CELL)) == 2
        deleted = [*delete(home, PARENT), *delete(home, f"{CELL} and params.seed = '1'")]
        notes.write_progress(cells[0].folder(home), started, np.linspace(1.0, 0.4, 200))
        publisher.tell(cells[0])
        assert not publisher.publish(), "the store refuses a deleted run"
        assert publisher.publish(), "the next try knows"
        assert [run.data.params["seed"] for run in runs(home, CELL)] == ["2"]
        _, rec = trained(home, *data, "trainer.iterations=2500", "seed=2")
        publisher.publish(last=True)
        publisher.close(summarize(plan, home), "finished")
        said = publisher.publication
        assert said.complaints == [] and said.headless and said.published == 1
        assert [run.info.status for run in runs(home, CELL)] == ["FINISHED"] and not runs(home, PARENT)
        assert rec.status == "finished"
        publish(home, plan, restore=True)
        assert {run.info.run_id for run in runs(home)} >= set(deleted)
        assert parents_of_cells(home) == {deleted[0]}


def test_a_parent_deleted_at_the_end_of_its_sweep(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made, _ = trained(home, *data)
        plan = plans.make("sweep", [made], ["seed"])
        publisher = Publisher(plan, home)
        publisher.publish(last=True)
        delete(home)
        publisher.close(summarize(plan, home), "finished")
        assert publisher.publication.complaints == [] and publisher.publication.headless


# -- experiments -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_runs_of_a_renamed_experiment_stay_there(tmp_path: Path, data: list[str]) -> None:
    home = empty_store(tmp_path / "home")
    basic = "hydra/launcher=basic"
    done(nnlab("sweep", *data, "seed=1,2", basic, home=home))
    done(nnlab("train", *data, home=home))
    before = everywhere(home)["nnlab"]
    number = client(home).get_experiment_by_name("nnlab").experiment_id
    client(home).rename_experiment(number, "cats 2026")
    assert "every record is published" in done(nnlab("sync", home=home)).stdout
    assert f"experiments/{number}/" in done(nnlab("sweep", *data, "seed=1,2", basic, home=home)).stdout
    done(nnlab("train", *data, home=home))
    assert everywhere(home) == {"cats 2026": before}
    done(nnlab("report", home=home))
    done(nnlab("rerun", before[0], home=home))
    done(nnlab("sweep", *data, "seed=3,4", basic, home=home))
    assert everywhere(home)["cats 2026"] == before
    assert len(everywhere(home)["nnlab"]) == 4, "a rerun, and a new sweep"


def test_an_old_experiment_that_was_renamed_before_its_name_was_noted(
    tmp_path: Path, data: list[str]
) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        made, _ = trained(home, *data)
        for plan in (plans.make("train", [made], []), plans.make("sweep", [made], ["seed"])):
            publish(home, plan)
        store = client(home)
        number = store.get_experiment_by_name("nnlab").experiment_id
        store._tracking_client.store.delete_experiment_tag(number, NAMES)
        store.rename_experiment(number, "cats 2026")
        for plan in (plans.make("train", [made], []), plans.make("sweep", [made], ["seed"])):
            assert publish(home, plan).published == 0
        assert list(everywhere(home)) == ["cats 2026"]


@pytest.mark.slow
def test_a_run_goes_to_each_experiment_that_is_asked_for(tmp_path: Path, data: list[str]) -> None:
    home = empty_store(tmp_path / "home")
    for experiment in ("nnlab", "other"):
        done(nnlab("train", *data, f"tracking.experiment={experiment}", home=home))
    assert {name: len(found) for name, found in everywhere(home).items()} == {"nnlab": 1, "other": 1}


@pytest.mark.slow
def test_a_deleted_experiment_does_not_stop_the_others_and_comes_back(
    tmp_path: Path, data: list[str]
) -> None:
    home = empty_store(tmp_path / "home")
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done(nnlab("train", *data, "tracking.experiment=first", home=home))
    number = client(home).get_experiment_by_name("first").experiment_id
    client(home).delete_experiment(number)
    assert "1 run that was deleted" in done(nnlab("sync", home=home)).stdout
    for seed, experiment in ((2, "first"), (3, "second")):
        done(nnlab("train", *data, f"seed={seed}", f"tracking.experiment={experiment}", home=home, **away))
    waiting = nnlab("sync", home=home)
    assert waiting.returncode == 1 and "experiment first is deleted" in waiting.stderr
    assert "1 run waits" in waiting.stderr and list(everywhere(home)) == ["second"]
    done(nnlab("sync", "--restore", home=home))
    assert {name: len(found) for name, found in everywhere(home).items()} == {"first": 2, "second": 1}


# -- stores ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_another_store_at_the_same_address_gets_everything(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        plan = swept(home, data)
        first = (home / "mlflow.db").read_bytes()
        delete(home)
        assert publish(home, plan).deleted == 3
        empty_store(home)
        assert publish(home, plan).deleted == 0 and len(runs(home)) == 3
        # an open connection tells two contents of a file apart by how often each was changed
        client(home).set_experiment_tag("0", "changed", "once more")
        Store(home, "nnlab").disconnect()
        (home / "mlflow.db").write_bytes(first)
        assert publish(home, plan).published == 0 and len(runs(home)) == 3, "the first store, from a copy"


@pytest.mark.slow
@pytest.mark.parametrize("cleaned", ["renamed", "deleted", "deleted for good"])
def test_the_identity_outlives_an_experiment(tmp_path: Path, data: list[str], cleaned: str) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        store = client(home)
        assert not any(STORE in e.tags for e in store.search_experiments()), "a fresh store has none"
        plan = swept(home, data)
        number = store.get_experiment_by_name("nnlab").experiment_id
        known = store.get_experiment(number).tags[STORE]
        delete(home, CELL, for_good=True)
        if cleaned == "renamed":
            store.rename_experiment(number, "mine")
        else:
            store.delete_experiment(number)
        if cleaned == "deleted for good":
            delete(home, for_good=True)
            for run in store.search_runs([number], run_view_type=mlflow.entities.ViewType.ALL):
                store._tracking_client.store._hard_delete_run(run.info.run_id)
            store._tracking_client.store._hard_delete_experiment(number)
        said = publish(home, plan)
        assert said.published == 0 and said.deleted == (2 if cleaned == "renamed" else 3)
        assert publish(home, plan, restore=True).published == 2
        marked = {e.tags[STORE] for e in store.search_experiments() if STORE in e.tags}
        assert marked == {known}


@pytest.mark.slow
def test_two_homes_with_one_store(tmp_path: Path, data: list[str]) -> None:
    """A run is there once; deleted, it stays deleted for both."""
    empty_store(tmp_path, "shared.db")
    uri = f"sqlite:///{tmp_path}/shared.db"
    plan = None
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        with living_in(home, MLFLOW_TRACKING_URI=uri):
            plan = swept(home, data)
    found = runs(homes[0], "", uri)
    assert plan is not None and len(found) == 3
    for run in found:
        client(home, uri).delete_run(run.info.run_id)
    for home in homes:
        with living_in(home, MLFLOW_TRACKING_URI=uri):
            assert publish(home, plan).deleted == 3


def test_an_identity_of_a_store_is_no_path(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        client(home).set_experiment_tag("0", STORE, "../../outside")
        swept(home, data)
        assert not (tmp_path / "outside").exists()
        assert len(list((home / "published").iterdir())) == 1


@pytest.mark.slow
def test_a_note_that_was_cut_off_is_left_out(tmp_path: Path, data: list[str]) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        plan = swept(home, data)
        (note,) = (home / "published").glob(f"*/{plan.id}")
        text = note.read_text()
        note.write_text("\x00 5 5\n" + text[: len(text) // 2])
        assert publish(home, plan).published == 0
        assert publish(home, plan).published == 0
        delete(home, for_good=True)
        assert publish(home, plan).deleted == 3, "what was cut off was noted again"


class Counting:
    """A client that counts its calls by name."""

    def __init__(self, real: Any, calls: Counter[str]) -> None:
        self._real, self._calls = real, calls

    def __getattr__(self, name: str) -> Any:
        self._calls[name] += 1
        return getattr(self._real, name)


@pytest.mark.slow
def test_the_calls_of_a_look_do_not_grow_with_the_cells(
    tmp_path: Path, data: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to publish, and all cells but one are deleted."""
    counted = []
    real = mlflow.MlflowClient
    for seeds in (2, 12):
        with living_in(empty_store(tmp_path / f"home {seeds}")) as home:
            cells = [trained(home, *data, f"seed={seed}")[0] for seed in range(seeds)]
            plan = plans.make("sweep", cells, ["seed"])
            publish(home, plan)
            delete(home, f"{CELL} and params.seed != '0'")
            calls: Counter[str] = Counter()
            monkeypatch.setattr(mlflow, "MlflowClient", lambda uri, calls=calls: Counting(real(uri), calls))
            assert publish(home, plan).deleted == seeds - 1
            monkeypatch.undo()
            counted.append(calls)
    assert counted[0] == counted[1] and counted[0].total() < 30


# -- what the home has noted as published ----------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_that_is_published_is_not_read_again(
    tmp_path: Path, data: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its finished cells no run is read; what was deleted, or is not finished any more, is seen."""
    read: list[str] = []
    search = Store.search

    def counted(store: Store, *given: Any, **more: Any) -> list[Any]:
        found = search(store, *given, **more)
        read.extend(run.data.tags.get("nnlab.fingerprint", PARENT) for run in found)
        return found

    with living_in(empty_store(tmp_path / "home")) as home:
        plan = swept(home, data, seeds=3)
        kept, lost, cut_off = (cell.fingerprint for cell in plan.cells)
        delete(home, f"{CELL} and tags.`nnlab.fingerprint` = '{lost}'")
        (run,) = runs(home, f"{CELL} and tags.`nnlab.fingerprint` = '{cut_off}'")
        client(home).set_terminated(run.info.run_id, "KILLED")
        monkeypatch.setattr(Store, "search", counted)
        publisher = publisher_of(plan, home)
        publisher.publish(last=True)
        assert {lost, cut_off} <= {*read} and kept not in read
        assert (publisher.publication.published, publisher.publication.deleted) == (1, 1)
        assert {run.info.status for run in runs(home, CELL)} == {"FINISHED"}
        done(nnlab("sync", "--restore", home=home))
        assert len(runs(home, CELL)) == 3
