"""The model registry: the best net of a plan as a version of a registered model, with the alias `best`."""

import warnings
from pathlib import Path

import mlflow
import numpy as np
import pytest
from harness import (
    assert_refused,
    client,
    done,
    empty_store,
    living_in,
    load_mlflow,
    nnlab,
    runs,
    small_set,
    trained,
)

from nnlab.cells import plan as plans
from nnlab.cells.summary import summarize
from nnlab.tracking.publisher import Publisher

load_mlflow()
with warnings.catch_warnings():  # MLflow's own
    warnings.simplefilter("ignore")
    import mlflow.pyfunc
SHORT = ["model.depth=2", "model.width=3", "trainer.iterations=3", "tracking.register=cats"]
LONG = [*SHORT, "trainer.iterations=60", "optimizer.lr=0.5"]


def published(home: Path, *overrides: str) -> str:
    """Train and publish one cell as `nnlab train` does; returns the line on the registry."""
    made, _ = trained(home, *overrides)
    plan = plans.make("train", [made], [])
    publisher = Publisher(plan, home)
    publisher.publish(last=True)
    publisher.publish_best(summarize(plan, home))
    assert publisher.publication.complaints == []
    return publisher.publication.registration


def test_the_alias_follows_the_better_net_and_nothing_is_registered_twice(tmp_path: Path) -> None:
    data = small_set(tmp_path / "set")
    with living_in(empty_store(tmp_path / "home")) as home:
        store = client(home)
        assert published(home, *data, *SHORT) == "registered as cats, version 1, with the alias best"
        assert published(home, *data, *SHORT) == "registered as cats, version 1, with the alias best"
        assert "version 2, with the alias best; version 1 had it" in published(home, *data, *LONG)
        assert str(store.get_model_version_by_alias("cats", "best").version) == "2"
        worse = "registered as cats, version 1; the alias best stays with version 2, which is not worse"
        assert published(home, *data, *SHORT) == worse
        assert len(store.search_model_versions("name = 'cats'")) == 2
        assert str(store.get_model_version_by_alias("cats", "best").version) == "2"


@pytest.mark.slow
def test_nets_of_other_data_are_not_compared(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        published(home, *small_set(tmp_path / "set"), *LONG)
        said = published(home, *small_set(tmp_path / "other", m_test=5), *SHORT)
        assert said.endswith(
            "version 2, with the alias best; version 1 had it, of other data or another metric"
        )


@pytest.mark.slow
def test_the_registered_model_answers_and_bears_the_name_of_its_run(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        published(home, *small_set(tmp_path / "set"), *LONG)
        mlflow.set_tracking_uri(f"sqlite:///{home}/mlflow.db")
        answers = mlflow.pyfunc.load_model("models:/cats@best").predict(
            np.array([[3.0, 3.0], [-3.0, -3.0]])
        )
        (run,) = runs(home)
        (model,) = mlflow.search_logged_models([run.info.experiment_id], output_format="list")
    assert [answer["class"] for answer in answers] == ["above", "below"]
    assert run.info.run_name == "relu 2x3 s1 #1" and model.name == run.info.run_name


@pytest.mark.slow
def test_a_name_of_a_run_that_mlflow_refuses_for_models_is_spelled_otherwise(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        published(home, *small_set(tmp_path / "set"), *LONG, "init.scale=0.5")
        (run,) = runs(home)
        mlflow.set_tracking_uri(f"sqlite:///{home}/mlflow.db")
        (model,) = mlflow.search_logged_models([run.info.experiment_id], output_format="list")
    assert (run.info.run_name, model.name) == ("relu 2x3 s0.5 #1", "relu 2x3 s0_5 #1")


def test_without_a_registry_the_net_is_in_mlflow_all_the_same(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home"), MLFLOW_REGISTRY_URI="nowhere://registry") as home:
        said = published(home, *small_set(tmp_path / "set"), *SHORT)
        (run,) = runs(home)
    assert said.startswith("cats: not registered (MLflow: ") and "\n" not in said
    assert run.info.status == "FINISHED" and len(run.outputs.model_outputs) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["''", "a/b", "a:b", "' '", "..", '"it\'s"', "'cats '", "c" * 251])
def test_names_that_no_registry_takes_are_refused(tmp_path: Path, name: str) -> None:
    said = nnlab("train", f"tracking.register={name}", home=tmp_path / "home")
    assert_refused(said, "tracking.register: ", "give null or a name of at most 250 letters")


def test_records_alone_cannot_be_registered(tmp_path: Path) -> None:
    said = nnlab("sweep", "tracking=none", "tracking.register=cats", "seed=1,2", home=tmp_path / "home")
    assert_refused(said, "tracking.register: cats", "tracking=none", "leave one of them out")


def test_where_no_net_finished_nothing_is_registered_and_a_line_says_so(tmp_path: Path) -> None:
    data = small_set(tmp_path / "set")
    with living_in(empty_store(tmp_path / "home")) as home:
        said = published(home, *data, *SHORT, "init.scale=1e200")
        assert said == "cats: nothing is registered, since no net finished"
        assert client(home).search_registered_models() == []


def test_a_net_that_learnt_nothing_is_registered_with_a_remark(tmp_path: Path) -> None:
    with living_in(empty_store(tmp_path / "home")) as home:
        said = published(home, *small_set(tmp_path / "set"), *SHORT, "init.scheme=zeros")
    assert said.endswith("with the alias best; this net is no better than a constant answer")


@pytest.mark.slow
def test_a_sweep_registers_its_best_cell_and_says_so(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    arguments = [*small_set(tmp_path / "set"), *SHORT, "seed=1,2"]
    said = done(nnlab("sweep", *arguments, home=home)).stdout
    assert "registered as cats, version 1, with the alias best" in said
    assert "version 1, with the alias best" in done(nnlab("sync", home=home)).stdout
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    (version,) = client(home).search_model_versions("name = 'cats'")
    assert version.tags["nnlab.fingerprint"] == parent.data.tags["nnlab.best_fingerprint"]
