"""The Python face in a notebook: a real kernel, its displays, an interrupt; the tutorial; the examples."""

import doctest
import importlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import client, empty_store, environment, living_in, markers, small_set, wait_for

from nnlab.config import ROOT

TUTORIAL = ROOT / "docs" / "tutorial.ipynb"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # Jupyter has some of its own


class Kernel:
    """A Jupyter kernel in a home."""

    def __init__(self, home: Path) -> None:
        from jupyter_client.manager import KernelManager  # seconds, which `make test` need not pay

        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=environment(home, PYTHONPATH=str(ROOT)), cwd=str(home))
        self._client = self.manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str) -> list[dict[str, Any]]:
        """The messages that a cell's output is made of."""
        messages: list[dict[str, Any]] = []
        self._client.execute_interactive(code, output_hook=messages.append, timeout=120)
        kinds = ("stream", "display_data", "update_display_data", "execute_result", "error")
        return [m["content"] | {"kind": m["msg_type"]} for m in messages if m["msg_type"] in kinds]

    def end(self) -> None:
        self._client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    started = Kernel(empty_store(tmp_path / "home"))
    yield started
    started.end()


def call(data: list[str], *overrides: str) -> str:
    return f"nnlab.sweep(*{[*data, *overrides]})"


def test_a_sweep_shows_its_progress_and_its_result(kernel: Kernel, tmp_path: Path) -> None:
    data = small_set(tmp_path / "set")
    kernel.run("import nnlab")
    begun, *changes, result = kernel.run(call(data, "model.depth=1,2,3", "trainer.iterations=3000"))
    assert begun["kind"] == "display_data"
    assert '<progress value="0" max="3"></progress> 0/3 cells' in changes[0]["data"]["text/html"]
    assert {change["kind"] for change in changes} == {"update_display_data"}
    assert {c["transient"]["display_id"] for c in changes} == {begun["transient"]["display_id"]}
    last = changes[-1]["data"]["text/html"]
    assert "3/3 cells" in last and "best test accuracy" in last and "<progress" not in last
    assert result["kind"] == "execute_result" and "<table>" in result["data"]["text/html"]
    assert "3 cells: 3 learnt" in result["data"]["text/plain"]


def test_a_mistake_is_a_line_without_traceback(kernel: Kernel) -> None:
    (error,) = kernel.run("import nnlab; nnlab.train('seed=1:5')")
    assert error["ename"] == "UserError"
    assert error["traceback"] == [f"UserError: {error['evalue']}"]


def test_an_interrupted_cell_keeps_the_finished_nets_and_the_kernel_goes_on(
    kernel: Kernel, tmp_path: Path
) -> None:
    home, data = tmp_path / "home", small_set(tmp_path / "set")
    sweep = call(data, "model.width=30", "seed=1,2,3,4,5,6", "trainer.iterations=15000", "sweep.jobs=2")
    kernel.run("import nnlab; nnlab.runs()")

    def interrupt() -> None:
        wait_for(lambda: markers(home))
        kernel.manager.interrupt_kernel()

    thread = threading.Thread(target=interrupt)
    thread.start()
    *_, error = kernel.run(sweep)
    thread.join()
    assert error["kind"] == "error" and error["ename"] == "KeyboardInterrupt"
    kept = markers(home)
    assert 0 < len(kept) < 6
    (parent,) = client(home).search_runs(["1"], "tags.`nnlab.kind` = 'sweep'")
    assert parent.info.status == "KILLED" and parent.data.tags["nnlab.finished"] == str(len(kept))
    time.sleep(2.0)
    assert markers(home) == kept, "no worker goes on"
    *_, result = kernel.run(sweep)
    assert "6 cells: 6 learnt" in result["data"]["text/plain"]
    assert kept.items() <= markers(home).items(), "what was finished is not trained again"


def test_the_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(TUTORIAL, as_version=4)
    assert len(notebook.cells) == 12
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    with living_in(empty_store(tmp_path / "home")):
        where = {"metadata": {"path": tmp_path}}
        NotebookClient(notebook, timeout=240, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("application/vnd.plotly.v1+json" in output.get("data", ()) for output in outputs) == 2
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stderr")
    assert len(printed.splitlines()) <= 2 and "painting 209" in printed, printed


EXAMPLES = ("nnlab.api", "nnlab.results.run", "nnlab.results.sweep")


@pytest.fixture(scope="module")
def painted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_store(tmp_path_factory.mktemp("examples") / "home")


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_of_the_docstrings_hold(module: str, painted_home: Path) -> None:
    with living_in(painted_home):
        result = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0 and result.attempted >= 3
