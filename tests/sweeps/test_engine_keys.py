"""The engine that a command asks for: its name, its workers, and their old names."""

from pathlib import Path

import pytest
from harness import assert_refused, done, markers, nnlab, small_set

from nnlab.config import EngineConfig
from nnlab.config.compose import composed, typed
from nnlab.errors import UserError
from nnlab.sweeps.engine_keys import chosen


def asked(texts: list[str]) -> EngineConfig:
    config = composed(texts)
    return chosen(config, typed(config))


def test_the_default_is_this_machine_with_a_worker_for_each_core() -> None:
    engine = asked([])
    assert (engine.name, engine.workers, engine.batch_seconds) == ("local", None, 5.0)


@pytest.mark.parametrize("key", ["engine.workers", "sweep.jobs", "hydra.launcher.n_jobs"])
def test_the_number_of_workers_and_its_old_names(key: str) -> None:
    assert asked([f"{key}=5"]).workers == 5
    assert asked([f"{key}=5", "engine.workers=5"]).workers == 5
    if key != "engine.workers":
        with pytest.raises(UserError, match=rf"engine\.workers: 3 workers, but {key}=5"):
            asked([f"{key}=5", "engine.workers=3"])


@pytest.mark.parametrize("texts", [["engine=inline"], ["hydra/launcher=basic"], ["engine.name=inline"]])
def test_this_process(texts: list[str]) -> None:
    for more in ([], ["sweep.jobs=1"], ["hydra/launcher=basic"]):
        assert asked([*texts, *more]).name == "inline"
    with pytest.raises(UserError, match=r"engine\.workers: 5 workers, but engine=inline is one process"):
        asked([*texts, "sweep.jobs=5"])


@pytest.mark.parametrize(("launcher", "engine"), [("basic", "local"), ("joblib", "inline")])
def test_the_launcher_and_the_engine_at_odds(launcher: str, engine: str) -> None:
    with pytest.raises(UserError, match=rf"engine: {engine}, but hydra/launcher={launcher} means"):
        asked([f"hydra/launcher={launcher}", f"engine={engine}"])
    asked([f"hydra/launcher={launcher}"])


@pytest.mark.parametrize("number", ["0", "-2"])
def test_a_number_of_workers_that_cannot_be(number: str) -> None:
    with pytest.raises(UserError, match=r"hydra\.launcher\.n_jobs: .*all cores"):
        asked([f"hydra.launcher.n_jobs={number}"])
    with pytest.raises(UserError, match=r"engine\.workers: .*at least 1"):
        asked([f"engine.workers={number}"])


@pytest.mark.slow
def test_what_is_no_engine_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    """An engine or launcher that does not exist, and a launcher that Hydra finds."""
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    assert_refused(nnlab("sweep", *data, "engine=cloud", home=home), "engine", "inline, local")
    assert_refused(nnlab("sweep", *data, "hydra/launcher=ray", home=home), "hydra/launcher", "joblib")
    options = tmp_path / "conf" / "hydra" / "launcher"
    options.mkdir(parents=True)
    (options / "mine.yaml").write_text("_target_: mine.Launcher\n")
    arguments = ["sweep", *data, "--config-dir", str(tmp_path / "conf"), "hydra/launcher=mine"]
    assert_refused(nnlab(*arguments, home=home), "hydra/launcher: mine", "engine=NAME")
    assert not (home / "runs").exists()


@pytest.mark.parametrize("texts", [["engine.address=1.2.3.4:1"], ["engine=ray", "engine.cluster=local"]])
def test_a_key_of_another_engine(texts: list[str]) -> None:
    with pytest.raises(UserError, match=rf"^{texts[-1].partition('=')[0]}: has no effect with engine="):
        asked(texts)


def test_an_address_of_rays_client() -> None:
    for address in ("ray://first:10001", "tcp://first:6379"):
        with pytest.raises(
            UserError, match=rf"^engine\.address: {address} is no address of a cluster's head"
        ):
            asked(["engine=ray", f"engine.address='{address}'"])
    assert asked(["engine=ray", "engine.address='first:6379'"]).address == "first:6379"


@pytest.mark.parametrize("texts", ["engine=local,inline", "engine.workers=1,2", "sweep.jobs=1,2"])
def test_a_sweep_has_one_engine(tmp_path: Path, texts: str) -> None:
    refused = nnlab("sweep", *small_set(tmp_path / "set"), texts, home=tmp_path / "home")
    assert_refused(refused, texts.partition("=")[0], "holds for the whole sweep")


@pytest.mark.slow
def test_data_may_be_swept(tmp_path: Path) -> None:
    """The values that all cells share are no whole configuration then."""
    home, (_, train, test) = tmp_path / "home", small_set(tmp_path / "set")
    other = small_set(tmp_path / "other", m_train=31)[1].partition("=")[2]
    swept = [
        "data=hdf5",
        f"{train},{other}",
        test,
        "trainer.iterations=5",
        "tracking=none",
        "engine=inline",
    ]
    done(nnlab("sweep", *swept, home=home))
    assert len(markers(home)) == 2
