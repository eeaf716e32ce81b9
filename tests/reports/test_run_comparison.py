"""`nnlab compare`: what differs between records, the paired test, the curves."""

import re
from pathlib import Path

import numpy as np
import pytest
from harness import done, empty_store, living_in, load_mlflow, nnlab, points, small_set, trained, write_h5

from nnlab.cells import plan as plans
from nnlab.cells.findings import significance as statistics
from nnlab.cli.main import cli
from nnlab.errors import Failed, UserError
from nnlab.nn.metrics import classes
from nnlab.records import record
from nnlab.records.record import Record
from nnlab.reports import run_comparison
from nnlab.tracking.publisher import Publisher

load_mlflow()
QUICK = ("model.depth=2", "model.width=3", "trainer.iterations=80")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_store(tmp_path_factory.mktemp("compare") / "home")


@pytest.fixture(scope="module")
def pair(home: Path) -> list[Record]:
    """A net that learns and one that does not, on the same data."""
    data = small_set(home.parent / "set", m_test=40)
    with living_in(home):
        return [
            trained(home, *data, *QUICK, *more)[1]
            for more in (("optimizer.lr=0.5",), ("init.scheme=zeros", "seed=2"))
        ]


def test_what_differs_is_named_and_nothing_else(pair: list[Record]) -> None:
    found = run_comparison.compare(pair)
    assert found.differences == [
        ["init.scheme", "lecun", "zeros"],
        ["optimizer.lr", "0.5", "0.0075"],
        ["seed", "1", "2"],
    ]
    assert found.notes == [] and len(set(found.names)) == 2


def test_the_paired_test_is_on_the_same_images(pair: list[Record]) -> None:
    arrays = [rec.arrays("predictions") for rec in pair]
    right = [classes(a["test"]) == a["y_test"] for a in arrays]
    assert right[0].sum() > right[1].sum() + 9, "the first has learnt"
    a, b, p = statistics.mcnemar(*right)
    (row,) = run_comparison.compare(pair).pairs
    assert row[1:] == [f"{a} | {b}", f"{p:.3g}", f"{p:.3g}", "yes"]
    outcomes = {row[0]: row[1:] for row in run_comparison.compare(pair).outcomes}
    low, high = statistics.interval(int(right[0].sum()), 40)
    assert outcomes["right on test"][0] == f"{right[0].sum()}/40"
    assert outcomes["95 % interval"][0] == f"{low:.3f}–{high:.3f}"
    assert outcomes["steps"] == ["80", "80"]


def test_several_pairs_are_adjusted_for_their_number(pair: list[Record]) -> None:
    rows = run_comparison.compare([*pair, pair[1]]).pairs
    assert len(rows) == 3 and rows[2][1:] == ["0 | 0", "1", "1", "no"]
    assert float(rows[0][3]) == pytest.approx(3 * float(rows[0][2]), rel=1e-2)


def test_a_record_compared_with_itself(pair: list[Record]) -> None:
    found = run_comparison.compare([pair[0], pair[0]])
    assert found.differences == [] and len(set(found.names)) == 1 and "differs" in found.notes[0]


def test_other_test_images_are_not_paired(pair: list[Record], home: Path, tmp_path: Path) -> None:
    data = small_set(tmp_path / "set", m_test=40)
    x, y = points(40, seed=7)
    write_h5(tmp_path / "set" / "test.h5", "test", x=x, y=y)
    with living_in(home):
        other = trained(home, *data, *QUICK, "optimizer.lr=0.5")[1]
    found = run_comparison.compare([pair[0], other])
    assert found.pairs == [] and "other test images" in found.notes[0]
    assert [row[0] for row in found.differences] == ["data (content)"]


@pytest.mark.slow
def test_the_command_by_folder_and_by_run(pair: list[Record], home: Path, tmp_path: Path) -> None:
    """One from its folder, one from the store: a table, the page, no traceback."""
    with living_in(home):
        cell = plans.make("train", [_cell(pair[1])], [])
        plans.save(cell, plans.path_of(home, cell.id))
        publisher = Publisher(cell, home)
        publisher.publish(last=True)
        run_id = publisher.run_of(cell.cells[0])
    assert run_id is not None
    page = tmp_path / "two.html"
    out = done(nnlab("compare", pair[0].folder, run_id[:12], "--output", page, home=home)).stdout
    assert re.search(r"init\.scheme +lecun +zeros", out) and "80/80" not in out
    assert f"curves: {page}" in out
    text = page.read_text()
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert headings[:4] == [
        "What differs", "What came out", "Do their predictions differ?", "Learning curves",
    ]  # fmt: skip
    assert headings[4].startswith("Why") and len(headings) == 5 and 'id="figures"' in text
    assert re.findall(r'(?:src|href)="([^"]*)"', text[: text.index("<script>")]) == ["data:,"]


def _cell(rec: Record) -> plans.Cell:
    from nnlab.config.schema import from_dict

    config = rec.config | {"tracking": {"experiment": "nnlab", "max_points": 250}}
    config |= {"sweep": {"force": False, "grid": {}}}
    return plans.Cell(from_dict(config), rec.fingerprint)


def test_a_diverged_run_is_drawn_to_its_end(pair: list[Record], home: Path, tmp_path: Path) -> None:
    data = small_set(tmp_path / "set")
    with living_in(home):
        lost = trained(home, *data, "model.activation=leaky_relu", "init.scale=1e200", *QUICK)[1]
    assert lost.status == "diverged"
    records = [pair[0], lost]
    run_comparison.write(run_comparison.compare(records), records, tmp_path / "page.html")
    assert '"name":"diverged"' in (tmp_path / "page.html").read_text()
    found = run_comparison.compare([*records, pair[1]])
    outcomes = {row[0]: row[1:] for row in found.outcomes}
    assert outcomes["status"][1] == "diverged"
    for what in ("right on test", "95 % interval", "train accuracy"):
        assert outcomes[what][1] == "" and outcomes[what][0], what
    assert len(found.pairs) == 1 and "diverged, so there is no score and no paired test" in found.notes[0]


def test_misuse(home: Path, pair: list[Record]) -> None:
    with living_in(home):
        for arguments, words in (
            (["compare", str(pair[0].folder)], "two or more"),
            (["compare", str(pair[0].folder), "no such run"], "no such run: no run of experiment nnlab"),
        ):
            with pytest.raises(UserError, match=words):
                cli.main(arguments, standalone_mode=False)
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    with living_in(home, **away), pytest.raises(Failed, match=r"MLflow: [^\n]+$"):
        cli.main(["compare", "abcd", "some run"], standalone_mode=False)


def test_a_damaged_record_is_one_line(pair: list[Record], tmp_path: Path) -> None:
    broken = record.Record(**(vars(pair[0]) | {"folder": tmp_path}))
    np.savez(tmp_path / "other.npz", x=np.zeros(1))
    with pytest.raises(UserError, match=r"predictions\.npz: damaged or missing"):
        run_comparison.compare([pair[0], broken])
