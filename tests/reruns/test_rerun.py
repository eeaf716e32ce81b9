"""A rerun gives the same bits; if something was changed, it is named as the cause."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from harness import (
    assert_refused,
    client,
    done,
    empty_store,
    environment,
    living_in,
    nnlab,
    points,
    runs,
    small_set,
    start,
    trained,
    wait_for,
    write_h5,
)

from nnlab.cells.recorded_config import configuration
from nnlab.config.layers import hidden_sizes
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.records.find import find_local
from nnlab.reruns.compare import compare

ROOT = Path(__file__).parents[2]
SWEEP = ("model.depth=2,3", "trainer.iterations=60", "optimizer.l2=0.1", "trainer.eval_every=20")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A home with a sweep of two cells and its data files, and the overrides that name the files."""
    folder = tmp_path_factory.mktemp("swept")
    data = small_set(folder / "set")
    empty_store(folder / "home")
    done(nnlab("sweep", *data, *SWEEP, home=folder / "home"))
    return folder / "home", data


def records(home: Path) -> list[Path]:
    return sorted(path.parent for path in (home / "runs").glob(f"*/{record.MARKER}"))


@pytest.mark.slow
def test_a_record_of_a_parallel_sweep_is_reproduced(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    folder = records(home)[0]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    out = done(nnlab("rerun", str(folder), home=home)).stdout
    assert "identical, bit for bit: 60 costs" in out
    assert {path: path.read_bytes() for path in folder.iterdir()} == before, "the record is untouched"
    (run,) = runs(home, f"tags.`nnlab.rerun_of` = '{record.read(folder).fingerprint}'")
    assert run.data.tags["nnlab.identical"] == "true" and run.info.status == "FINISHED"


@pytest.mark.slow
def test_a_run_is_reproduced_from_the_store_alone(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, data = swept
    done(nnlab("rerun", str(records(home)[0]), home=home))  # its run bears a name of its own
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    elsewhere = tmp_path / "home"
    (again, *_), (cell, *_) = (
        runs(home, f"tags.`nnlab.kind` = 'cell' and tags.`nnlab.rerun_of` {known} NULL")
        for known in ("IS NOT", "IS")
    )
    for run, files in ((cell, []), (cell, data[1:]), (again, [])):  # the files where the run says, or named
        for name in (run.info.run_id[:12], run.info.run_name):
            out = done(nnlab("rerun", name, *files, home=elsewhere, **store)).stdout
            assert "identical, bit for bit" in out


@pytest.mark.slow
def test_files_that_moved_are_found_by_their_content(tmp_path: Path) -> None:
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path / "set")
    done(nnlab("train", *data, "trainer.iterations=20", home=home))
    (folder,) = records(home)
    (tmp_path / "moved").mkdir()
    for split in ("train", "test"):
        (tmp_path / "set" / f"{split}.h5").rename(tmp_path / "moved" / f"{split}.h5")
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db", "NNLAB_DATA": str(tmp_path)}
    remedy = "nnlab rerun RUN data.train=FILE data.test=FILE"
    for run, where in ((str(folder), home), (runs(home)[0].info.run_id, tmp_path / "elsewhere")):
        assert_refused(
            nnlab("rerun", run, home=where, **store), "data.test and data.train: no file", remedy
        )
        here = store | {"NNLAB_DATA": str(tmp_path / "moved")}
        assert "identical, bit for bit" in done(nnlab("rerun", run, home=where, **here)).stdout


def failed(home: Path, *arguments: str, **env: str) -> str:
    ended = nnlab("rerun", *arguments, home=home, **env)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stdout


def test_changed_data_are_named(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    x, y = points(30)
    other = write_h5(tmp_path / "other.h5", x=x, y=1 - y)
    out = failed(home, str(records(home)[0]), f"data.train={other}")
    assert "train/cost differs from step 0 on" in out and "data (content): " in out
    assert "code (numeric modules)" not in out


@pytest.mark.parametrize(
    ("recorded", "overrides", "hidden"),
    [
        (["model.hidden=[4,3]"], [], [4, 3]),
        (["model.hidden=[4,3]"], ["model.hidden=[5]"], [5]),
        (["model.hidden=[4,3]"], ["model.hidden=null", "model.depth=2", "model.width=6"], [6]),
        (["model.depth=3", "model.width=2"], [], [2, 2]),
        (["model.depth=3", "model.width=2"], ["model.hidden=[5]"], [5]),
        (["model.depth=3", "model.width=2"], ["model.depth=2"], [2]),
    ],
)
def test_the_layers_of_a_record_are_taken_or_replaced(
    tmp_path: Path, recorded: list[str], overrides: list[str], hidden: list[int]
) -> None:
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *small_set(tmp_path), *recorded, "trainer.iterations=1")
        assert hidden_sizes(configuration(rec, True, overrides).model) == hidden


def test_a_depth_beside_recorded_layers_is_refused(tmp_path: Path) -> None:
    with living_in(tmp_path / "home") as home:
        _, rec = trained(home, *small_set(tmp_path), "model.hidden=[4,3]", "trainer.iterations=1")
        with pytest.raises(UserError, match=r"add model\.hidden=null to use model\.depth"):
            configuration(rec, True, ["model.depth=2"])


@pytest.mark.slow
def test_a_name_of_two_runs_shows_how_they_differ(tmp_path: Path) -> None:
    home, data = empty_store(tmp_path / "home"), small_set(tmp_path)
    for layers in ("[4,3]", "[4,5]"):
        done(nnlab("train", *data, f"model.hidden={layers}", "trainer.iterations=1", home=home))
    ids = {run.data.params["model.hidden"]: run.info.run_id[:12] for run in runs(home)}
    for run in runs(home):
        client(home).update_run(run.info.run_id, name="twice")
    refused = nnlab("rerun", "twice", home=home)
    assert_refused(refused, *(f"{ids[layers]} (model.hidden={layers})" for layers in ids))


@pytest.mark.slow
def test_another_seed_is_named(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    out = failed(home, str(records(home)[0]), "seed=2")
    assert "seed: 1 -> 2" in out and "data (content)" not in out


@pytest.mark.slow
def test_a_changed_line_of_the_numeric_code_is_named(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    for part in ("nnlab", "conf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "nnlab" / "nn" / "optimizers.py"
    step = "    xp.subtract(theta, g, out=theta)\n"  # the first is that of gradient descent
    changed = source.read_text().replace(step, f"    xp.multiply(g, 1.000001, out=g)\n{step}", 1)
    assert changed != source.read_text()
    source.write_text(changed)
    out = failed(home, str(records(home)[0]), PYTHONPATH=str(tmp_path))
    assert "code (numeric modules): " in out and "train/cost differs from step 1 on" in out
    assert "seed" not in out and "data (content)" not in out
    loose = nnlab(
        "rerun", str(records(home)[0]), "--tolerance", "0.01", home=home, PYTHONPATH=str(tmp_path)
    )
    assert "the same within 0.01" in done(loose).stdout


@pytest.mark.slow
def test_a_sweep_is_verified_cell_by_cell(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    kept = set((home / "reruns").glob("*"))
    ended = done(nnlab("rerun", "--sweep", parent.data.tags["nnlab.sweep"][:5], home=home, COLUMNS="120"))
    assert ended.stdout.count(" identical ") == 2 and "2 of 2 cells came out the same" in ended.stdout
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    assert parent.data.tags["nnlab.identical"] == "true"
    assert kept == set((home / "reruns").glob("*")), "identical reruns of a sweep are not kept"


@pytest.mark.slow
def test_a_sweep_that_is_not_reproduced_says_where(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home = shutil.copytree(swept[0], tmp_path / "home", ignore=shutil.ignore_patterns("reruns"))
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    sweep = parent.data.tags["nnlab.sweep"]
    spoiled = record.read(records(home)[0])
    history = spoiled.arrays("history")
    history["train/cost"][17] += 1e-3
    np.savez(spoiled.folder / "history.npz", **history)
    ended = nnlab("rerun", "--sweep", sweep, home=home, COLUMNS="120")
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    (row,) = (line for line in ended.stdout.splitlines() if " differs " in line)
    assert " 17 " in row and "0.001" in row and "1 of 2 cells came out the same" in ended.stdout
    (kept,) = (home / "reruns").glob(f"*/*/runs/*/{record.MARKER}")
    assert record.read(kept.parent).fingerprint == spoiled.fingerprint
    (spoiled.folder / record.MARKER).unlink()
    ended = nnlab("rerun", "--sweep", sweep, "--tolerance", "1e-9", home=home, COLUMNS="120")
    assert ended.returncode == 1 and "no record" in ended.stdout and "within 1e-09" in ended.stdout
    other = nnlab("rerun", "--sweep", sweep, "seed=9", home=home, COLUMNS="120")
    assert other.returncode == 1 and "seed: 1 -> 9" in other.stdout


@pytest.mark.slow
def test_an_unknown_sweep_and_options_that_exclude_each_other(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    assert_refused(nnlab("rerun", home=home), "name a run")
    assert_refused(nnlab("rerun", "--sweep", "abc", "--at-commit", home=home), "--at-commit")
    assert_refused(nnlab("rerun", "relu", "--sweep", "abc", home=home), "relu", "either")
    more = nnlab("rerun", "relu", "tanh", home=home)
    assert_refused(more, "tanh: one run at a time is trained again, here relu", "key=value")


@contextmanager
def server(folder: Path, store: Path) -> Iterator[str]:
    """A real MLflow server over a store, which keeps the artifacts too; yields its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{store}/mlflow.db",
        "--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts",
    ]  # fmt: skip
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = environment(folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", PATH=path)
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"

    def up() -> bool:
        assert process.poll() is None, (folder / "server.log").read_text()
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False

    try:
        wait_for(up, 120)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@pytest.mark.slow
def test_an_empty_clone_repeats_a_run_and_its_sweep_from_a_server_alone(tmp_path: Path) -> None:
    """The records come through HTTP; there is no other place to find them."""
    data = small_set(tmp_path / "set")
    made, clone = tmp_path / "made", tmp_path / "clone"
    for part in ("nnlab", "conf"):
        shutil.copytree(ROOT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    store = empty_store(tmp_path / "store")
    with server(tmp_path, store) as address:
        uri = {"MLFLOW_TRACKING_URI": address, "PYTHONPATH": str(clone)}
        done(nnlab("sweep", *data, *SWEEP, home=made, **uri))
        shutil.rmtree(made)
        (parent,) = runs(store, "tags.`nnlab.kind` = 'sweep'")
        cells = runs(store, "tags.`nnlab.kind` = 'cell'")
        empty = {"home": tmp_path / "empty", "COLUMNS": "120"} | uri
        for name in (cells[0].info.run_id, cells[1].info.run_name):
            again = done(nnlab("rerun", name, *data[1:], **empty))
            assert "identical, bit for bit" in again.stdout
        for name in (parent.data.tags["nnlab.sweep"], parent.info.run_id[:12], parent.info.run_name):
            whole = done(nnlab("rerun", "--sweep", name, *data[1:], **empty))
            assert "2 of 2 cells came out the same" in whole.stdout
        whole = done(nnlab("rerun", "--sweep", parent.info.run_id, **empty))
        assert "2 of 2 cells came out the same" in whole.stdout, "the files have the recorded content"
        (tmp_path / "set").rename(tmp_path / "elsewhere")
        refused = nnlab("rerun", "--sweep", parent.info.run_id, **empty)
        assert_refused(refused, "data.train", "no file here has the content")
        (parent,) = runs(store, "tags.`nnlab.kind` = 'sweep'")
        assert parent.data.tags["nnlab.identical"] == "true"
        best = parent.data.tags["nnlab.best_fingerprint"]
        (cell,) = runs(store, f"tags.`nnlab.fingerprint` = '{best}' and tags.`nnlab.sweep` != ''")
        loaded = tmp_path / "loaded.json"
        code = (
            "import json, sys, mlflow.pyfunc, numpy as np\n"
            f"model = mlflow.pyfunc.load_model('models:/{cell.outputs.model_outputs[0].model_id}')\n"
            f"print(json.dumps(model.predict(np.ones((3, 2)))), file=open({str(loaded)!r}, 'w'))\n"
        )
        subprocess.run([sys.executable, "-c", code], env=environment(tmp_path, **uri), check=True)
        assert {answer["class"] for answer in json.loads(loaded.read_text())} <= {"below", "above"}


# -- the numeric contract --------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_bits_however_a_cell_is_trained(tmp_path: Path) -> None:
    """One worker and eight, in this process and through joblib, a cell alone and in a batch, cold,
    and in a sweep that was killed and resumed."""
    data = small_set(tmp_path / "set", n=50)
    grid = ["model.depth=2,3", "model.width=40", "seed=1,2", "trainer.iterations=3000", "optimizer.l2=0.1"]
    one = ["model.depth=3", "model.width=40", "seed=2", "trainer.iterations=3000", "optimizer.l2=0.1"]
    ways = {
        "joblib, 8 workers": [*grid, "hydra.launcher.n_jobs=8", "sweep.jobs=8"],
        "joblib, 1 worker": [*grid, "hydra.launcher.n_jobs=1", "sweep.jobs=1"],
        "in the driver": [*grid, "hydra/launcher=basic"],
    }
    homes = {}
    for number, (way, arguments) in enumerate(ways.items()):
        homes[way] = empty_store(tmp_path / str(number))
        done(nnlab("sweep", *data, *arguments, home=homes[way]))
    homes["alone"] = empty_store(tmp_path / "alone")
    done(nnlab("train", *data, *one, home=homes["alone"]))
    homes["resumed"] = empty_store(tmp_path / "resumed")
    driver = start("sweep", *data, *grid, home=homes["resumed"])
    wait_for(lambda: records(homes["resumed"]))
    driver.send_signal(signal.SIGTERM)
    driver.communicate(timeout=60)
    done(nnlab("sweep", *data, *grid, home=homes["resumed"]))
    expected = {folder.name: record.read(folder) for folder in records(homes["joblib, 8 workers"])}
    assert len(expected) == 4
    for way, home in homes.items():
        found = records(home)
        assert len(found) == (1 if way == "alone" else 4), way
        for folder in found:
            assert compare(expected[folder.name], record.read(folder), 0.0) == [], way


def test_a_run_that_is_not_found_is_an_error(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    assert_refused(nnlab("rerun", "no such run", home=home), "no such run")


def test_a_record_with_a_strange_key_is_refused(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    folder = shutil.copytree(records(home)[0], tmp_path / "copy")
    marker = json.loads((folder / record.MARKER).read_text())
    marker["config"]["model"]["hook"] = "os.system"
    (folder / record.MARKER).write_text(json.dumps(marker))
    assert_refused(nnlab("rerun", str(folder), home=home), "model.hook")


def test_find_local(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    fingerprint = record.read(records(home)[0]).fingerprint
    for text in (fingerprint, fingerprint[:16], fingerprint[:8], str(records(home)[0])):
        found = find_local(text, home)
        assert found is not None and found.fingerprint == fingerprint
    assert find_local("0123456789abcdef", home) is None and find_local("../..", home) is None


def test_compare_sees_a_single_bit(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    one = record.read(records(home)[0])
    folder = shutil.copytree(one.folder, tmp_path / "copy")
    weights = one.arrays("weights")
    weights["W1"][1, 0] = np.nextafter(weights["W1"][1, 0], np.inf)
    np.savez(folder / "weights.npz", **weights)
    (difference,) = compare(one, record.read(folder), 0.0)
    assert difference.name == "W1" and difference.place == (1, 0) and difference.largest < 1e-15
    assert compare(one, record.read(folder), 1e-12) == []
