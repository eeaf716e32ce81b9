"""What a record keeps of the weights: W1 from its dual coefficients has the bits of the W1 itself."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from harness import nnlab, small_set

from nnlab.cells import net_of, resolve, run_cell
from nnlab.cells.weights import form, weights
from nnlab.config.compose import compose
from nnlab.errors import UserError
from nnlab.records.record import Record

GRAM = ["trainer.iterations=70", "trainer.solver=gram"]
OPTIONS = [
    [],
    ["optimizer.l2=0.7"],
    ["optimizer.decay=0.1", "optimizer.l2=0.1", "optimizer=momentum"],
    ["trainer.dtype=float32", "optimizer.l2=0.7"],
    ["optimizer.batch_size=7", "optimizer.l2=0.3"],
    ["data.folds=3", "data.fold=1"],
    ["data.validation=0.25", "trainer.eval_every=20"],
    ["model=logistic"],
    ["init=orthogonal", "model.hidden=[9,4]"],
    ["optimizer.lr=1e12", "optimizer.l2=1"],  # diverges
]


def trained(data: list[str], home: Path, *overrides: str) -> Record:
    cell = resolve(compose([*data, *GRAM, *overrides]))
    cell.folder(home).mkdir(parents=True, exist_ok=True)
    return run_cell(cell, home)


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_W1_from_its_coefficients_has_the_bits_of_W1_itself(options: list[str], home: Path) -> None:
    data = small_set(home / "set", n=37)
    full = trained(data, home / "full", *options)
    dual = trained(data, home, *options, "records.weights=dual")
    assert (form(full), form(dual)) == ("full", "dual")
    assert full.fingerprint == dual.fingerprint, "what is kept is no part of what is trained"
    rebuilt, arrays = weights(dual), weights(full)
    assert "W1" not in dual.arrays("weights") and rebuilt.keys() == arrays.keys()
    for name, array in arrays.items():
        assert rebuilt[name].dtype == array.dtype
        np.testing.assert_array_equal(
            rebuilt[name].view(f"u{array.itemsize}"), array.view(f"u{array.itemsize}")
        )


def test_a_cell_of_the_primal_solver_keeps_W1_itself(home: Path) -> None:
    rec = trained(small_set(home / "set"), home, "trainer.solver=primal", "records.weights=dual")
    assert form(rec) == "full" and rec.arrays("weights")["W1"].shape == (16, 2)


def test_without_the_data_or_the_weights_a_line_says_what_is_gone(home: Path) -> None:
    data = small_set(home / "set")
    dual = trained(data, home, "records.weights=dual")
    assert len(net_of(dual).parameters) == 3
    (home / "set" / "train.h5").rename(home / "away.h5")
    with pytest.raises(UserError) as gone:
        net_of(dual)
    assert "records.weights=dual" in str(gone.value) and "train.h5" in str(gone.value)
    assert "\n" not in str(gone.value)
    (home / "away.h5").rename(home / "set" / "train.h5")
    bare = trained(data, home, "records.weights=none")
    assert form(bare) == "none" and not (bare.folder / "weights.npz").exists()
    with pytest.raises(
        UserError, match=r"keeps no weights \(records\.weights=none\); train it again"
    ) as none:
        weights(bare)
    assert "\n" not in str(none.value)


def test_other_data_in_the_place_of_the_recorded_ones_are_refused(home: Path) -> None:
    dual = trained(small_set(home / "set"), home, "records.weights=dual")
    small_set(home / "set", m_train=31)
    with pytest.raises(UserError, match="another content"):
        weights(dual)


@pytest.mark.slow
def test_commands_on_records_of_each_form(home: Path) -> None:
    data = small_set(home / "set")

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return nnlab(*words, home=home)

    common = [*data, *GRAM, "seed=1,2", "sweep.force=true", "tracking=none"]
    for kept, said in (("dual", "records keep W1 as coefficients"), ("none", "records keep no weights")):
        ended = run("sweep", *common, f"records.weights={kept}")
        assert ended.returncode == 0 and said in ended.stdout, ended.stderr
        folders = [path.parent for path in home.glob("runs/*/record.json")]
        assert len(folders) == 2
        files = {path.name for path in folders[0].iterdir()} - {"dirty.diff", "lock"}
        assert len(files) == (5 if kept == "dual" else 4) and ("weights.npz" in files) == (kept == "dual")
        again = run("rerun", folders[0].name)
        assert again.returncode == 0 and "identical, bit for bit" in again.stdout, (
            again.stdout + again.stderr
        )
        if kept == "dual":
            again = run("rerun", folders[0].name, "records.weights=full")
            assert again.returncode == 0 and "all weights" in again.stdout, again.stdout + again.stderr
