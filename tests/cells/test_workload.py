"""How large a training is: multiplications by hand, and what a constant answer reaches."""

from pathlib import Path

import pytest
from harness import cell, living_in, small_set

from nnlab.cells.load import dataset
from nnlab.cells.workload import training_size

LAYERS = [12, 5, 4, 1]  # the inputs are counted, not read


@pytest.mark.parametrize(
    ("overrides", "operations"),
    [
        # for each of 10 images three products with the upper weights, 4 * 5 + 1 * 4, two with W1, 5 * 12
        (["trainer.solver=primal"], 10 * (3 * 24 + 2 * 60)),
        (["trainer.solver=primal", "optimizer.l2=1"], 10 * (3 * 24 + 2 * 60)),
        (["trainer.solver=primal", "optimizer.batch_size=4"], 4 * (3 * 24 + 2 * 60)),
        # [C e] is 5 by 11, and the update of C; K itself comes once
        (["trainer.solver=gram"], 10 * 3 * 24 + 5 * 10 * 12),
        (["trainer.solver=gram", "optimizer.l2=1"], 10 * 3 * 24 + 5 * 10 * 12),
        (["trainer.solver=gram", "optimizer.batch_size=4"], 4 * 3 * 24 + 5 * 10 * 6),
        (["trainer.solver=gram", "optimizer.batch_size=4", "optimizer.l2=1"], 4 * 3 * 24 + 5 * 10 * 16),
    ],
)
def test_multiplications_by_hand(tmp_path: Path, overrides: list[str], operations: int) -> None:
    with living_in(tmp_path / "home"):
        cfg = cell(*small_set(tmp_path, m_train=10), *overrides, "trainer.iterations=7").config
        size = training_size(cfg, LAYERS, dataset(cfg).train)
    built = 10 * 10 * 12 if cfg.trainer.solver == "gram" else 0
    assert size["size/operations"] == built + 7 * operations
    assert size["size/parameters"] == 5 * 13 + 4 * 6 + 5
    assert 0.5 <= size["train/majority"] <= 1.0
