"""The page on a sweep as a whole, at the end of a sweep and by the command."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest
from harness import (
    cell,
    client,
    done,
    empty_store,
    environment,
    living_in,
    nnlab,
    runs,
    small_set,
    trained,
    wait_for,
    working_folder,
)
from pages import Page, built, copied, publish

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.run_cell import run_cell
from nnlab.cli.main import cli
from nnlab.errors import Failed, UserError
from nnlab.records import notes
from nnlab.reports import panels, sweep_report
from nnlab.sweeps.report import attach_report

NEW_PANEL = """
from nnlab.reports.figures.base import figure
from nnlab.reports.panel import Panel

PANEL = Panel(
    "extra", "Extra", "An extra panel", "<p>{{ n }} & {{ sweep.id }}</p>{{ figure(id, figures) }}",
    content=lambda results: {"n": f"<{len(results.sweep.cells)}>"},
    draw=lambda results: {"a </script> choice": figure([], 100), "other": figure([], 200)},
)
"""


def test_the_page_needs_no_network(page: Page) -> None:
    assert page.addresses and all(a.startswith(("#", "data:")) for a in page.addresses)
    assert not {"link", "iframe", "object", "embed"} & set(page.tags) - {"link"}
    assert page.tags.count("link") == 1, "the empty icon, which keeps browsers from asking for one"
    assert page.tags.count("script") == 4, "plotly, the figures, what draws them, the squares of the map"


def test_the_panels_stand_in_their_order_and_are_all_linked(page: Page) -> None:
    ids = [panel.id for panel in panels.all_panels()]
    assert ids == [
        "search", "map", "why", "best", "curves", "pairs", "weight", "spread", "price", "wrong", "failed",
        "again", "keys",
    ]  # fmt: skip
    ids.remove("search")  # this sweep is a grid
    ids.remove("keys")  # which is of single runs
    assert [a for a in page.addresses if a.startswith("#")] == [f"#s-{id}" for id in ids]
    assert [id for id in page.ids if id.startswith("s-")] == [f"s-{id}" for id in ids]


def test_a_new_panel_is_one_file(
    swept: tuple[Path, Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module beside the others has its place on the page, its link and its figures."""
    (tmp_path / "extra.py").write_text(NEW_PANEL)
    monkeypatch.setattr(panels, "__path__", [*panels.__path__, str(tmp_path)])
    page = built(swept[0])
    assert page.addresses[page.addresses.index("#s-again") + 1] == "#s-extra"
    assert page.ids[-2:] == ["extra", "figures"] and f"<12> & {swept[1].id}" in page.words
    assert [one["layout"]["height"] for one in page.figures["extra"].values()] == [100, 200]
    assert "a </script> choice" in page.figures["extra"], "which does not end the script of the figures"


@pytest.mark.parametrize(
    ("seeds", "fails", "words"),
    [
        ((1,), False, ["1 of 1", "Nothing failed", "Its configuration"]),
        ((1, 2), False, ["2 of 2"]),
        (
            (1, 2),
            True,
            [
                "0 of 2",
                "No cell has finished.",
                "No run has a curve.",
                "2 cells failed , all with: OSError: full",
            ],
        ),
    ],
)
def test_sweeps_of_one_configuration_and_of_failures(
    seeds: tuple[int, ...], fails: bool, words: list[str], tmp_path: Path
) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        data = small_set(tmp_path / "set")
        cells = [cell(*data, "optimizer.lr=0.5", "trainer.iterations=40", f"seed={seed}") for seed in seeds]
        for made in cells:
            made.folder(home).mkdir(parents=True)
            if fails:
                notes.write_failure(made.folder(home), "OSError: full", "Traceback", 0.0, 1.0)
            else:
                run_cell(made, home)
        publish(home, plans.make("sweep", cells, ["seed"]))
    page = built(home)
    for text in words:
        assert text in page.words
    assert "map" not in page.ids and "pairs" not in page.ids, "there is nothing to map"
    assert ("not colour images" in page.words) == (not fails)


@pytest.mark.slow
def test_the_validation_score_ranks_where_all_cells_hold_examples_out(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home):
        shared = [*small_set(tmp_path / "set"), "trainer.iterations=40", "data.validation=0.2"]
        cells = [trained(home, *shared, f"optimizer.lr={lr}")[0] for lr in (0.5, 0.01)]
        plan = plans.make("sweep", cells, ["optimizer.lr"])
        assert plan.select_by == "validation/accuracy"
        publish(home, plan)
    words = built(home).words
    assert "used to select" not in words and "ranked by validation/accuracy" in words


# -- at the end of a sweep ---------------------------------------------------------------------------


def test_the_report_is_attached_to_the_parent(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    with living_in(home):
        path = attach_report(plan, home)
    assert path == home / "reports" / plan.id / "report.html"
    (parent,) = runs(home, "tags.`nnlab.kind` = 'sweep'")
    artifact = client(home).download_artifacts(parent.info.run_id, "report.html", str(tmp_path))
    assert Path(artifact).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_a_report_that_cannot_be_made_is_one_line(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home = copied(swept, tmp_path)
    shutil.rmtree(home / "reports", ignore_errors=True)
    (home / "reports").write_text("in the way")
    with living_in(home), pytest.raises(Failed, match="reports") as caught:
        attach_report(swept[1], home)
    assert "\n" not in str(caught.value)


def test_a_sweep_does_not_wait_long_for_a_report(
    swept: tuple[Path, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr("nnlab.sweeps.report.REPORT_WITHIN", 0.05)
    monkeypatch.setattr(sweep_report, "build", lambda *given: str(released.wait(60)))
    with living_in(swept[0]):
        with pytest.raises(Failed, match="not done within"):
            attach_report(swept[1], swept[0])
        working = [thread for thread in threading.enumerate() if thread.name == "report"]
        assert len(working) == 1, "it still works when nobody waits any more"
        released.set()
        working[0].join(60)


# -- the command -------------------------------------------------------------------------------------


def test_the_command_writes_the_latest_report(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    home, plan = swept
    out = done(nnlab("report", "--output", tmp_path / "talk.html", home=home)).stdout
    assert out.strip() == str(tmp_path / "talk.html")
    assert plan.id in Page((tmp_path / "talk.html").read_text()).words


def test_an_unknown_sweep(swept: tuple[Path, Plan]) -> None:
    with living_in(swept[0]), pytest.raises(UserError, match=f"no such sweep: .*{swept[1].id}"):
        cli.main(["report", "no such sweep"], standalone_mode=False)


def test_no_sweep_yet_and_a_store_that_is_away(tmp_path: Path) -> None:
    home = empty_store(tmp_path / "home")
    with living_in(home), pytest.raises(UserError, match="no sweep yet; `nnlab sweep`"):
        cli.main(["report"], standalone_mode=False)
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    with living_in(home, **away), pytest.raises(Failed, match=r"MLflow: [^\n]+$"):
        cli.main(["report"], standalone_mode=False)


@pytest.mark.slow
def test_a_server_alone_is_enough(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    """An empty home and a real server: the same page, but for the pictures."""
    home, plan = swept
    with subprocess.Popen(
        [sys.executable, "-m", "nnlab", "ui", "--port", "5731"],
        env=environment(home),
        cwd=working_folder(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            wait_for(lambda: answers("http://127.0.0.1:5731/health"))
            uri = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5731"}
            path = Path(done(nnlab("report", plan.id[:6], home=tmp_path / "empty", **uri)).stdout.strip())
        finally:
            os.killpg(server.pid, 15)
    served = Page(path.read_text())
    assert f"nnlab in {uri['MLFLOW_TRACKING_URI']}" in served.words
    assert (
        "files of another machine" in served.words
        and len(served.figures) == 8
        and served.squares["squares"]
    )


def answers(address: str) -> bool:
    try:
        return bool(urlopen(address, timeout=1).status == 200)
    except OSError:
        return False
