"""docs/reference/mlflow.md names every metric and tag that nnlab writes into MLflow."""

import re
from pathlib import Path

import pytest
from harness import client, done, empty_store, nnlab, runs, small_set

from nnlab.config import ROOT

PAGE = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "reference" / "mlflow.md").read_text("utf-8")))


@pytest.mark.slow
def test_the_page_names_what_stands_in_the_store(home: Path, tmp_path: Path) -> None:
    empty_store(home)
    common = [*small_set(tmp_path), "trainer.iterations=4", "trainer.eval_every=2", "data.validation=0.2"]
    done(nnlab("sweep", *common, "model.activation=relu,tanh", "hydra/launcher=basic", home=home))
    child = runs(home, "tags.`nnlab.kind` = 'cell'")[0]
    done(nnlab("rerun", child.info.run_id, home=home))

    found = runs(home)
    assert len(found) == 4
    metrics = {re.sub(r"layer_\d+", "layer_l", key) for run in found for key in run.data.metrics}
    tags = {key for run in found for key in run.data.tags if key.startswith("nnlab.")}
    tags |= {key for key in client(home).get_experiment_by_name("nnlab").tags if key.startswith("nnlab.")}
    missing = sorted((metrics | tags) - PAGE)
    assert not missing
    assert {"train/cost", "layer_l/dead", "layer_l/saturated"} <= metrics
    assert {"nnlab.kind", "nnlab.rerun_of", "nnlab.store"} <= tags
