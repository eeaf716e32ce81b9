"""Fixtures that many tests share."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from nnlab.data.dataset import Dataset, Split
from nnlab.nn.activations import activation as function
from nnlab.nn.first_layer import FirstLayer, PrimalLayer
from nnlab.nn.gram import gram
from nnlab.nn.gram_layer import GramLayer
from nnlab.nn.network import Network


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Cells are trained with one thread; and tests that run in parallel then share the cores well."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty NNLAB_HOME, into which nnlab writes everything."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("NNLAB_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real set. Without it the test is skipped; if its files are broken, it fails."""
    given = os.environ.get("NNLAB_DATA")
    if not given:
        pytest.skip("NNLAB_DATA is not set: it should name the folder that has catvnoncat/")
    folder = Path(given) / "catvnoncat"
    if not folder.is_dir():
        pytest.skip(f"NNLAB_DATA={given} has no folder catvnoncat")
    return folder


@pytest.fixture
def toy() -> Dataset:
    """23 training and 7 test examples of 6 features; the class is a noisy linear function of them."""
    random = np.random.RandomState(0)

    def split(name: str, m: int) -> Split:
        x = random.randn(m, 6)
        y = (x[:, 0] - x[:, 1] + 0.3 * random.randn(m) > 0.0).astype(np.int64)
        return Split(Path(f"{name}.h5"), x, y, ("no", "yes"))

    return Dataset(split("toy_train", 23), split("toy_test", 7))


@pytest.fixture(scope="session")
def build() -> Callable[..., Network]:
    """build(images (m, n_0), [W1, ..., WL], activation, solver): the net before its first step."""

    def build(
        images: np.ndarray,
        weights: Sequence[np.ndarray],
        activation: str = "tanh",
        solver: str = "primal",
        leak: float = 0.1,
    ) -> Network:
        W1, *upper = (W.astype(images.dtype) for W in weights)
        first: FirstLayer = PrimalLayer(images, W1)
        if solver == "gram":
            first = GramLayer(images, gram(images), W1)
        return Network(first, upper, function(activation, {"leak": leak}))

    return build
