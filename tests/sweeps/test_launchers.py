"""The launchers: where workers run, and how many there are."""

from pathlib import Path

import pytest
from harness import assert_refused, nnlab, small_set

from nnlab.config.compose import composed
from nnlab.errors import UserError
from nnlab.sweeps.launchers import chosen, in_processes, in_this_process
from nnlab.threads import cores


def test_joblib_has_a_worker_for_each_core() -> None:
    launcher = chosen(composed([]))
    assert (launcher.launch, launcher.workers) == (in_processes, cores())


def test_its_own_number_of_workers_and_that_of_the_sweep() -> None:
    assert chosen(composed(["hydra.launcher.n_jobs=3"])).workers == 3
    assert chosen(composed(["hydra.launcher.n_jobs=3", "sweep.jobs=5"])).workers == 5


def test_basic_is_this_process() -> None:
    launcher = chosen(composed(["hydra/launcher=basic", "sweep.jobs=5"]))
    assert (launcher.launch, launcher.workers) == (in_this_process, 1)


@pytest.mark.parametrize("number", ["0", "-2"])
def test_a_number_of_workers_that_cannot_be(number: str) -> None:
    with pytest.raises(UserError, match=r"hydra\.launcher\.n_jobs: .*all cores"):
        chosen(composed([f"hydra.launcher.n_jobs={number}"]))


def test_another_launcher_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    """One that does not exist, and one that Hydra finds."""
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    assert_refused(nnlab("sweep", *data, "hydra/launcher=ray", home=home), "hydra/launcher", "joblib")
    options = tmp_path / "conf" / "hydra" / "launcher"
    options.mkdir(parents=True)
    (options / "mine.yaml").write_text("_target_: mine.Launcher\n")
    arguments = ["sweep", *data, "--config-dir", str(tmp_path / "conf"), "hydra/launcher=mine"]
    assert_refused(nnlab(*arguments, home=home), "hydra/launcher: mine", "joblib or basic")
