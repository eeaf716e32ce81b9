"""What a search of the store says and finds when results stand in the home."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import client, empty_store, living_in, load_mlflow, runs, small_set, trained

from nnlab.cells import plan as plans
from nnlab.cells.summary import summarize
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.tracking import Publisher, Reader, connected, find_record

load_mlflow()


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[plans.Plan]:
    """A sweep of one cell, trained in a home whose store is empty."""
    with living_in(empty_store(tmp_path / "home")) as home:
        cell, _ = trained(home, *small_set(tmp_path / "set"), "trainer.iterations=5")
        made = plans.make("sweep", [cell], ["seed"])
        plans.save(made, plans.path_of(home, made.id))
        yield made


def publish(plan: plans.Plan, home: Path) -> None:
    publisher = Publisher(plan, home)
    assert publisher.publish(last=True), publisher.publication.problem
    publisher.close(summarize(plan, home), "finished")


def searched(home: Path, experiment: str = "nnlab") -> list[str]:
    """What is said of a sweep, of a sweep by its id, and of a run that are not in the store."""
    said = []
    with connected(home, experiment) as store:
        reader = Reader(store)
        for search in (
            lambda: reader.sweep(None),
            lambda: reader.sweep("abc"),
            lambda: reader.cell("relu"),
        ):
            with pytest.raises(UserError) as caught:
                search()
            said.append(str(caught.value))
    return said


def test_sync_is_named_if_the_home_has_what_the_store_lacks(plan: plans.Plan, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for text in searched(home):
        assert f"{home} has results that are not published there (1 x `nnlab sweep`)" in text
        assert text.endswith("; `nnlab sync` publishes them") and len(text.splitlines()) == 2
    assert not any("`nnlab sync`" in text for text in searched(home, "another")), (
        "sync would not publish it there"
    )
    publish(plan, home)
    with connected(home, "nnlab") as store, pytest.raises(UserError) as caught:
        Reader(store).sweep("abc")
    assert "no sweep of" in str(caught.value) and "`nnlab sync`" not in str(caught.value)


def test_restore_is_named_if_they_were_deleted_in_mlflow(plan: plans.Plan, tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish(plan, home)
    for run in runs(home):
        client(home).delete_run(run.info.run_id)
    for text in searched(home):
        assert text.endswith("; `nnlab sync --restore` publishes them, also what was deleted there")


def test_a_home_without_results_gets_the_other_remedy(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        first, second, third = searched(home)
    assert "no sweep yet; `nnlab sweep` makes one" in first and "`nnlab sync`" not in first + second + third


def test_the_record_of_a_run_is_read_where_it_stands(plan: plans.Plan, tmp_path: Path) -> None:
    home, (cell,) = tmp_path / "home", plan.cells
    publish(plan, home)
    shutil.rmtree(home / "mlartifacts")
    found, run_id = find_record(plan.name(cell), home, "nnlab", tmp_path / "scratch")
    assert found.folder == cell.folder(home) and run_id is not None
    with connected(home, "nnlab") as store:
        reader = Reader(store)
        (run,) = reader.sweep(None).cells
        costs = reader.arrays([run], "history", tmp_path / "scratch")[run.id]["train/cost"]
    assert (costs == found.arrays("history")["train/cost"]).all()


def test_a_record_that_was_trained_again_is_not_the_one_of_the_run(
    plan: plans.Plan, tmp_path: Path
) -> None:
    home, (cell,) = tmp_path / "home", plan.cells
    publish(plan, home)
    marker = cell.folder(home) / record.MARKER
    values = json.loads(marker.read_text())
    marker.unlink()  # the run's artifact is a link to it
    marker.write_text(json.dumps(values | {"ended": values["ended"] + 9}))
    found, _ = find_record(plan.name(cell), home, "nnlab", tmp_path / "scratch")
    assert found.folder.is_relative_to(tmp_path / "scratch") and found.ended == values["ended"]
