"""A recorded run comes out the same bits again; what was changed is named as the cause."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from harness import assert_refused, done, empty_store, nnlab, points, runs, small_set, write_h5

from nnlab import record
from nnlab.rerun import compare, find_local

ROOT = Path(__file__).parent.parent
SWEEP = ("model.depth=2,3", "trainer.iterations=60", "optimizer.l2=0.1", "trainer.eval_every=20")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A home with a sweep of two cells over its own files, and the overrides that name these."""
    folder = tmp_path_factory.mktemp("swept")
    data = small_set(folder / "set")
    empty_store(folder / "home")
    done(nnlab("sweep", *data, *SWEEP, home=folder / "home"))
    return folder / "home", data


def records(home: Path) -> list[Path]:
    return sorted(path.parent for path in (home / "runs").glob(f"*/{record.MARKER}"))


def test_a_record_of_a_parallel_sweep_is_reproduced(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    folder = records(home)[0]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    out = done(nnlab("rerun", str(folder), home=home)).stdout
    assert "identical, bit for bit: 60 costs" in out
    assert {path: path.read_bytes() for path in folder.iterdir()} == before, "the record is untouched"
    (run,) = runs(home, f"tags.`nnlab.rerun_of` = '{record.read(folder).fingerprint}'")
    assert run.data.tags["nnlab.identical"] == "true" and run.info.status == "FINISHED"


def test_a_run_is_reproduced_from_the_store_alone(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, data = swept
    run = runs(home, "tags.`nnlab.kind` = 'cell' and params.`model.depth` = '3'")[0]
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{home}/mlflow.db"}
    elsewhere = tmp_path / "home"
    assert_refused(nnlab("rerun", run.info.run_id, home=elsewhere, **store), "data.test", "data.train")
    for name in (run.info.run_id[:12], run.info.run_name):
        out = done(nnlab("rerun", name, *data[1:], home=elsewhere, **store)).stdout
        assert "identical, bit for bit" in out


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


def test_another_seed_is_named(swept: tuple[Path, list[str]]) -> None:
    home, _ = swept
    out = failed(home, str(records(home)[0]), "seed=2")
    assert "seed: 1 -> 2" in out and "data (content)" not in out


def test_a_changed_line_of_the_numeric_code_is_named(swept: tuple[Path, list[str]], tmp_path: Path) -> None:
    home, _ = swept
    for part in ("nnlab", "conf", "hydra_plugins"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "nnlab" / "optimizers.py"
    changed = source.read_text().replace("gradient *= state.lr\n", "gradient *= state.lr * 1.000001\n", 1)
    assert changed != source.read_text()
    source.write_text(changed)
    out = failed(home, str(records(home)[0]), PYTHONPATH=str(tmp_path))
    assert "code (numeric modules): " in out and "train/cost differs from step 1 on" in out
    assert "seed" not in out and "data (content)" not in out
    loose = nnlab(
        "rerun", str(records(home)[0]), "--tolerance", "0.01", home=home, PYTHONPATH=str(tmp_path)
    )
    assert "the same within 0.01" in done(loose).stdout


def test_what_cannot_be_found_is_said(swept: tuple[Path, list[str]]) -> None:
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
