"""A swept home and its page, made once for all tests of reports."""

import time
from pathlib import Path

import pytest
from harness import empty_store, living_in, load_mlflow, trained
from pages import ERROR, KEYS, SCALES, Page, built, images, publish

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.records import notes, record

load_mlflow()


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """Depth 2 and 3, three scales, two seeds: some learn, are stuck, diverge; one has failed."""
    folder = tmp_path_factory.mktemp("swept")
    shared = [*images(folder / "set"), "model.activation=leaky_relu", "model.width=4", "optimizer.lr=0.1"]
    home = empty_store(folder / "home")
    with living_in(home):
        cells = [
            trained(
                home, *shared, "trainer.iterations=200", f"model.depth={d}", f"init.scale={s}", f"seed={n}"
            )[0]
            for d in (2, 3)
            for s in SCALES
            for n in (1, 2)
        ]
        plan = plans.make("sweep", cells, KEYS)
        failed = cells[-3]  # 3 layers, scale 1, seed 2
        record.discard(failed.folder(home))
        notes.write_failure(failed.folder(home), ERROR, "Traceback ...", time.time(), time.time())
        publish(home, plan)
    return home, plan


@pytest.fixture(scope="session")
def page(swept: tuple[Path, Plan]) -> Page:
    return built(swept[0])
