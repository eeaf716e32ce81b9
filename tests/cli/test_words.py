"""What people type wrong is answered with what was meant: spaces, ranges, dashes, names, addresses."""

from pathlib import Path

import pytest
from harness import assert_refused, living_in, nnlab, small_set, start, wait_for

from nnlab.cli.errors import explain
from nnlab.cli.main import cli
from nnlab.config import compose as composition


def said(*arguments: str) -> str:
    """The message for a command line that is refused; one or two lines."""
    with pytest.raises(Exception) as caught:
        cli.main(list(arguments), standalone_mode=False)
    text = explain(caught.value)
    assert text is not None and len(text.splitlines()) <= 2
    return text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("train seed=1:5:2", "for all from 1 to 5 in steps of 2, `nnlab sweep` takes 'seed=range(1,6,2)'"),
        ("sweep seed=[1,2]", "`nnlab sweep` takes seed=1,2 and trains them all"),
        ("train model.hidden=20", "give it in brackets, such as model.hidden=[20,7]"),
        ("train model.hidden=[[20,7],5]", "give null or a list of layer sizes of at least 1"),
        ("trian", "did you mean train?"),
        ("list", "give one of train, sweep,"),
    ],
)
def test_values_and_commands_of_another_form(home: Path, typed: str, meant: str) -> None:
    assert meant in said(*typed.split())


@pytest.mark.parametrize("typed", ["report", "rerun abc", "compare abc def", "predict abc a.png", "ui"])
def test_a_home_that_does_not_exist_is_not_called_unwritable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    absent = tmp_path / "absent"
    monkeypatch.setenv("NNLAB_HOME", str(absent))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert f"{absent}: there is no such folder" in said(*typed.split())
    assert not absent.exists()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sweep seed=1, 2, 3", "give seed=1,2,3"),
        ("sweep seed=1 ,2 ,3 model.depth=2", "give seed=1,2,3"),
        ("sweep model.depth=2 seed=1 2 3", "give seed=1,2,3"),
        ("sweep init.scale=0.1, 1e-2,", "give init.scale=0.1,1e-2"),
        ("train seed= 3", "give seed=3"),
        ("train seed = 3 model=deep", "give seed=3"),
        ("train model.hidden=[20, 7, 5] seed=1", "give 'model.hidden=[20,7,5]'"),
        ("sweep optimizer=gd, adam", "give optimizer=gd,adam"),
        ("rerun 7b1e5469 seed=1, 2", "give seed=1,2"),
    ],
)
def test_spaces_within_an_override(home: Path, typed: str, meant: str) -> None:
    text = said(*typed.split())
    assert text.endswith(f"a space ends an override; {meant}")


@pytest.mark.parametrize("value", ["1:5", "1-5", "1..5", "1...5"])
@pytest.mark.parametrize("command", ["train", "sweep"])
def test_a_range_as_other_programs_write_it(home: Path, command: str, value: str) -> None:
    text = said(command, f"seed={value}", *(["model.depth=1,2"] if command == "sweep" else []))
    assert text == (
        f"seed: {value} is not a number; for all from 1 to 5, `nnlab sweep` takes 'seed=range(1,6)'"
    )


def test_an_override_with_dashes(home: Path) -> None:
    assert "no dashes, seed=..." in said("train", "--seed", "3")
    assert "no dashes, model.depth=..." in said("sweep", "seed=1", "--model.depth=1,2")
    assert "no dashes, model=..." in said("sweep", "--model=deep")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("experiments zero", "did you mean zero_init?"),
        ("experiments satration", "did you mean saturation?"),
        ("experiments e", "give one of adam_and_rmsprop, "),
        ("sweep experiment=zero", "did you mean zero_init?"),
        ("train model=dep", "did you mean deep?"),
        ("train optimizer=sgd", "did you mean gd? Else give one of adam, gd, momentum"),
    ],
)
def test_a_name_that_is_nearly_right(home: Path, typed: str, meant: str) -> None:
    assert meant in said(*typed.split())


def test_a_list_in_the_place_of_a_name(home: Path) -> None:
    for command in ("train", "sweep"):
        assert "`nnlab sweep optimizer=gd,adam` trains one after the other" in said(
            command, "optimizer=[gd,adam]"
        )
    assert "experiment=zero_init,saturation" in said("sweep", "experiment=[zero_init,saturation]")
    assert "give one of adam" in said("train", "optimizer=[adam]")


def test_what_of_hydra_can_be_set(home: Path) -> None:
    for key in ("hydra.nope", "hydra.run.dir", "hydra.launcher.n_job"):
        text = said("sweep", f"{key}=3")
        assert text.startswith(f"{key}: ") and "hydra.launcher.n_jobs" in text and "joblib|basic" in text
    assert "give one of joblib, basic" in said("train", "hydra/launcher=3")
    of_basic = said("sweep", "hydra/launcher=basic", "hydra.launcher.n_jobs=2")
    assert "hydra.launcher.n_jobs (of joblib)" in of_basic


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("127.0.0.1:5000", "give http://127.0.0.1:5000"),
        ("127.0.0.1", "give http://127.0.0.1"),
        ("localhost:5000/mlflow", "give http://localhost:5000/mlflow"),
        ("//localhost:5000", "give http://localhost:5000"),
        ("[::1]:5000", "give http://[::1]:5000"),
        ("mlflow.example.org", "give http://mlflow.example.org"),
        ("me:secret@tracking:5000", "give http://tracking:5000"),
        ('"http://127.0.0.1:5000"', "quotes or spaces"),
        ("'sqlite:///a.db'", "quotes or spaces"),
        (" http://127.0.0.1:5000", "quotes or spaces"),
        ("http:127.0.0.1:5000", "begins with http://"),
        ("mlflow.db", "give sqlite:///mlflow.db"),
    ],
)
def test_an_address_of_a_store_that_is_mistyped(home: Path, given: str, meant: str) -> None:
    with living_in(home, MLFLOW_TRACKING_URI=given):
        text = said("report")
    assert text.startswith("MLFLOW_TRACKING_URI: ") and meant in text and "secret" not in text
    assert not any(home.iterdir()), "and nothing is written"


def test_a_folder_that_belongs_to_nnlab_and_is_missing_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent = tmp_path / "site-packages" / "conf"
    monkeypatch.setattr(composition, "CONF", absent)
    for command in ("train", "sweep", "gradcheck"):
        text = said(command)
        assert text.startswith(f"{absent}: there is no such folder") and "make setup" in text


@pytest.mark.slow
def test_experiments_with_a_grid_each_are_refused_with_the_commands_to_give(tmp_path: Path) -> None:
    """Also where they draw their data; and any group whose options bring grids."""
    home = tmp_path / "home"
    quick = ["trainer.iterations=5", "hydra/launcher=basic"]
    refused = nnlab("sweep", *quick, "experiment=zero_init,saturation", home=home)
    assert_refused(refused, "experiment: zero_init, saturation bring grids of their own")
    for name in ("zero_init", "saturation"):
        assert f"nnlab sweep {' '.join(quick)} experiment={name}" in refused.stderr
    with living_in(home):
        drawn = said("sweep", "experiment=init_scale,edge_of_chaos", "model.width=4,5")
        assert "nnlab sweep model.width=4,5 experiment=init_scale ; nnlab sweep" in drawn
        assert not (home / "data").exists()
        for name in ("one", "two"):
            path = tmp_path / "conf" / "sizes" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("# @package _global_\nhydra: {sweeper: {params: {seed: '1,2'}}}\n")
        own = ["--config-dir", str(tmp_path / "conf"), *small_set(tmp_path / "set")]
        assert "+sizes: one, two bring grids of their own" in said("sweep", *own, "+sizes=one,two")


@pytest.mark.slow
def test_ctrl_c_is_the_way_to_end_the_ui(home: Path) -> None:
    server = start("ui", "--port", "5371", home=home)
    try:
        wait_for((home / "mlflow.db").exists)
    finally:
        server.send_signal(2)
        _, complaints = server.communicate(timeout=30)
    assert server.returncode == 130 and complaints.splitlines()[-1] == "the UI has ended"
    assert "Traceback" not in complaints and "what is finished" not in complaints


@pytest.mark.slow
def test_ctrl_c_while_the_pictures_are_painted_claims_no_nets(tmp_path: Path) -> None:
    home = tmp_path / "home"
    painting = start("data", "ready", home=home)
    try:
        wait_for((home / "data" / "painted").exists)
    finally:
        painting.send_signal(2)
        _, complaints = painting.communicate(timeout=60)
    assert painting.returncode == 130 and "Traceback" not in complaints
    last = complaints.splitlines()[-1]
    assert last == "interrupted; what is finished is kept, and the same command does the rest"
