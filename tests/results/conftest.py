"""A home with a published sweep of images and a training, made once for all tests of this folder."""

import warnings
from collections.abc import Iterator

import pytest
from harness import empty_store, living_in, load_mlflow, runs
from homes import Home, write_pictures

import nnlab


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Depth 2 and 3, three scales, two seeds: some learn, are stuck, diverge; and one net of no sweep."""
    load_mlflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own types
        import mlflow.pyfunc  # noqa: F401
    folder = tmp_path_factory.mktemp("made")
    data = write_pictures(folder / "set")
    shared = [*data, "model.activation=leaky_relu", "optimizer.lr=0.1", "hydra/launcher=basic"]
    grid = ["model.width=4", "model.depth=2,3", "init.scale=1e-9,1,1e200", "seed=1,2"]
    with living_in(empty_store(folder / "home")) as home:
        sweep = nnlab.sweep(*shared, *grid, "trainer.iterations=200")
        run = nnlab.train(*shared, "model.hidden=[5,3]", "trainer.iterations=60")
        assert len(runs(home)) == 14
    return Home(home, sweep, run, data)


@pytest.fixture
def lived(made: Home) -> Iterator[Home]:
    """Within the test NNLAB_HOME is that home."""
    with living_in(made.folder):
        yield made
