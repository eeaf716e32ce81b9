"""Pages on one run, on many cells and of a comparison; the map alone; a page in a browser."""

import re
import shutil
import subprocess
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from harness import living_in, runs
from pages import Page
from PIL import Image

from nnlab.cells.plan import Plan
from nnlab.cli.main import cli
from nnlab.errors import UserError
from nnlab.records import record
from nnlab.records.record import Record
from nnlab.reports import run_comparison, sweep_report
from nnlab.reports.panels import trainability, two_keys, why
from nnlab.reports.records import Records
from nnlab.reports.sweep_results import SweepResults
from nnlab.tracking.runs import Run, Sweep

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MOST_BYTES = 6_000_000


def report(home: Path, *arguments: object) -> None:
    with living_in(home):
        cli.main(["report", *map(str, arguments)], standalone_mode=False)


def test_the_page_of_a_single_run(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    report(swept[0], "leaky 3x4 s1 #1", "--output", tmp_path / "run.html")
    page = Page((tmp_path / "run.html").read_text())
    assert {"why", "curves"} <= set(page.figures) and not {"map", "pairs", "spread"} & set(page.figures)
    (line,) = page.figures["curves"][""]["data"]
    assert line["name"] == "leaky 3x4 s1 #1"
    assert "init.scale 1 " in page.words and "optimizer.lr 0.1 " in page.words, "its configuration"


def test_the_page_of_a_run_leaves_that_of_its_sweep_alone(swept: tuple[Path, Plan]) -> None:
    home, plan = swept
    report(home)
    before = sweep_report.path_of(home, plan.id).read_bytes()
    report(home, "leaky 3x4 s1 #1")
    assert sweep_report.path_of(home, plan.id).read_bytes() == before
    (run,) = runs(home, "attributes.run_name = 'leaky 3x4 s1 #1'")
    assert sweep_report.path_of(home, run.info.run_id[:12]).is_file()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_map_alone(swept: tuple[Path, Plan], tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "pictures" / f"map.{suffix}"
    report(swept[0], "--map", path)
    if suffix == "png":
        colours = {c for _, c in Image.open(path).convert("RGB").getcolors(10**6) or ()}
        assert {(0xD5, 0xD8, 0xDC), (0x86, 0x8E, 0x99)} <= colours, "of stuck and diverged squares"
    else:
        assert path.read_text().startswith("<?xml")


def test_a_map_that_cannot_be(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"map.gif: the name of a picture ends with .png, .svg, .pdf"):
        report(swept[0], "--map", tmp_path / "map.gif")
    with pytest.raises(UserError, match="varies no key but seed and fold"):
        report(swept[0], "leaky 3x4 s1 #1", "--map", tmp_path / "map.png")


def test_a_comparison_has_the_panels_of_a_report(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    records = [record.read(p) for p in sorted((swept[0] / "runs").iterdir()) if record.exists(p)]
    two = [rec for rec in records if rec.config["init"]["scale"] == 1.0][:2]
    found = run_comparison.compare(two)
    run_comparison.write(found, two, tmp_path / "two.html")
    page = Page((tmp_path / "two.html").read_text())
    assert {"curves", "why"} == set(page.figures)
    assert [line["name"] for line in page.figures["curves"][""]["data"]] == found.names


# -- many cells -------------------------------------------------------------------------------------------


class Same(Records):
    """Every run has the arrays of one record."""

    def __init__(self, rec: Record, count: int) -> None:
        super().__init__({f"{i:08x}": rec for i in range(count)})


def made(swept: tuple[Path, Plan], depths: int, scales: int, seeds: int) -> tuple[Sweep, Records]:
    """Cells as a sweep of tanh and relu nets has them: deep ones with a small scale are stuck."""
    folders = [p for p in sorted((swept[0] / "runs").iterdir()) if record.exists(p)]
    rec = next(r for r in map(record.read, folders) if r.status == "finished")
    random, cells = np.random.RandomState(0), []
    values = product(("relu", "tanh"), range(2, 2 + depths), np.geomspace(0.1, 10, scales), range(seeds))
    for i, (activation, depth, scale, seed) in enumerate(values):
        lost = scale < 1.0 and depth > 3
        score = 0.4 if lost else float(random.uniform(0.6, 1.0))
        metrics = {"train/accuracy": score, "train/majority": 0.5, "test/accuracy": 0.9 * score}
        metrics |= {
            "train/cost": 1.2 - score,
            "size/parameters": 10.0 * depth,
            "size/operations": 1e6 * depth,
        }
        metrics |= {"time/train_s": float(random.uniform(0.1, 0.2))}
        metrics |= {f"layer_{l}/gradient_norm": 1e-6 if lost else 0.1 for l in range(1, depth + 1)}
        dead = {f"layer_{l}/dead": float(lost) for l in range(1, depth)}
        params = {"model.activation": activation, "model.depth": depth, "init.scale": float(scale)}
        params |= {"seed": seed, "init.scheme": "lecun", "model.width": 4, "data.name": "hdf5"}
        name = f"{activation} {depth}x4 s{scale:g} #{seed}"
        metrics |= dead if activation == "relu" else {}
        tags = {"nnlab.sweep": "made", "nnlab.data_digest": rec.data_digest}
        cells.append(Run(f"{i:08x}", name, "finished", params, metrics, 0.0, 1.0, tags, ""))
    return Sweep(cells[0], tuple(cells)), Same(rec, len(cells))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("depths", "scales", "seeds"),
    [(40, 40, 1), pytest.param(10, 10, 50, marks=pytest.mark.slow), (50, 100, 1)],
)
def test_the_page_of_many_cells_is_small(
    swept: tuple[Path, Plan], tmp_path: Path, depths: int, scales: int, seeds: int
) -> None:
    """40 x 40 nets of two activations, and 10,000 nets: 50 on each of 200 squares, or one on each."""
    sweep, source = made(swept, depths, scales, seeds)
    html = sweep_report._page(SweepResults(sweep, source, tmp_path, None, tmp_path))  # type: ignore[arg-type]
    page = Page(html)
    assert len(html.encode()) < MOST_BYTES
    if 2 * depths * scales <= trainability.MOST_CHOSEN:
        assert len(page.squares["squares"]) == 2 * depths * scales
    else:
        assert not page.squares and "So many squares cannot be chosen" in page.words
    assert f"And {len(sweep.cells) - 250} more" in page.words


@pytest.mark.slow
def test_the_work_for_many_cells_grows_with_their_number(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    """10,000 cells in less than four times the time of 2,500 by more than a third, and under 20 s."""
    seconds = []
    for seeds in (12, 50):
        sweep, source = made(swept, 10, 10, seeds)
        results = SweepResults(sweep, source, tmp_path, None, tmp_path)  # type: ignore[arg-type]
        begun = time.process_time()
        sweep_report._page(results)
        seconds.append(time.process_time() - begun)
    assert seconds[1] < 1.35 * 50 / 12 * seconds[0] and seconds[1] < 20.0, seconds


@pytest.mark.slow
def test_a_key_of_too_many_values_is_named(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    """As of a random search: without an axis of the map, which the page says."""
    sweep, source = made(swept, 2, 101, 1)
    words = Page(sweep_report._page(SweepResults(sweep, source, tmp_path, None, tmp_path))).words  # type: ignore[arg-type]
    assert "No axis is drawn for init.scale: more than 100 values." in words
    assert "has no net that learnt. Choose a square" in words
    only = tuple(cell for cell in sweep.cells if "relu 2x4" in cell.name)
    alone = SweepResults(replace(sweep, cells=only), source, tmp_path, None, tmp_path)  # type: ignore[arg-type]
    page = Page(sweep_report._page(alone))
    assert "No axis is drawn for init.scale" in page.words and "map" not in page.figures


def test_causes_are_told_apart(swept: tuple[Path, Plan]) -> None:
    sweep, _ = made(swept, 3, 3, 2)
    stuck = [cell for cell in sweep.cells if cell.state == "stuck"]
    assert len(stuck) == 2 * 1 * 2, "two activations, one depth and scale, two seeds"
    (words,) = why.sentences(sweep)
    assert words == (
        "Of the 4 nets that got stuck, 2 have a layer whose units are all dead (at least 95 %; "
        "all at init.scale 0.1); 2 have a layer whose gradient has vanished (norm below 0.0001; "
        "all at init.scale 0.1)."
    )


def test_the_most_telling_pair_is_first(swept: tuple[Path, Plan]) -> None:
    sweep, _ = made(swept, 3, 3, 2)
    assert two_keys.pairs(sweep)[0] == ("init.scale", "model.depth")
    scores = {pair: two_keys.told(sweep, pair) for pair in two_keys.pairs(sweep)}
    assert scores["init.scale", "model.depth"] > max(
        score for pair, score in scores.items() if "model.activation" in pair
    )


def test_the_line_of_the_theory_is_over_the_map(swept: tuple[Path, Plan]) -> None:
    sweep, _ = made(swept, 10, 9, 1)
    relu, tanh = trainability.maps(sweep, sweep.cells)[::-1]
    assert relu.line and tanh.line and (relu.title, tanh.title) == ("relu", "tanh")
    # lecun, tanh, scale 0.1 to 10 in 9 steps: 6 xi = 6 / |log 0.316^2| = 2.6 layers at the third
    at = np.interp(2.0, tanh.line.x, tanh.line.y)
    assert at == pytest.approx(np.interp(np.log(2.606), np.log(range(2, 12)), range(10)), abs=0.1)


# -- in a browser -----------------------------------------------------------------------------------------

PROBE = """<script>
window.onerror = (message) => { document.title = "error: " + message; };
setTimeout(() => {
  const menus = document.querySelectorAll("#choose-square select");
  menus[0].value = 1;
  document.querySelector("#choose-square button").click();
  setTimeout(() => {
    const rows = asCSV(figureOf("map")).split("\\n").length - 2;
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const frames = document.getElementById("map").layout.shapes.length;
    document.title = `rows ${rows}, too wide ${wide}, frames ${frames}`;
  }, 500);
}, 2000);
</script></body>"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_square_is_chosen_without_a_mouse(swept: tuple[Path, Plan], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    report(swept[0], "--output", path)
    path.write_text(path.read_text().replace("</body>", PROBE))
    shown = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={tmp_path}/user",
            "--virtual-time-budget=15000", "--window-size=600,900", "--dump-dom", f"file://{path}",
        ],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = re.search(r"<title>(.*?)</title>", shown)
    assert found is not None and found[1] == "rows 6, too wide 0, frames 1"
    assert "init.scale 1, model.depth 2" in shown and "2 learnt" in shown
    place = shown[shown.index('id="square"') :]
    assert re.search(r"<td><code>nnlab rerun \w{8}</code></td>", place) and "plotly" in place
