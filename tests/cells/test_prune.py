"""Pruning: what goes, what is kept and why; and that a kill in the middle leaves nothing half."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import cell, living_in, small_set, trained

from nnlab.cells import Cell, prune
from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.records import cell_lock, notes, record

QUICK = ("model.depth=2", "model.width=3", "trainer.solver=primal")


class Home:
    """A home in which cells are trained and planned."""

    def __init__(self, folder: Path) -> None:
        self.path, self._data = folder / "home", small_set(folder / "set")

    def cell(self, *overrides: str) -> Cell:
        return cell(*self._data, *QUICK, *overrides)

    def train(self, *overrides: str) -> Cell:
        return trained(self.path, *self._data, *QUICK, *overrides)[0]

    def plan(self, kind: str, *cells: Cell) -> Plan:
        made = plans.make(kind, cells, [])
        plans.save(made, plans.path_of(self.path, made.id))
        report = self.path / "reports" / made.id / "report.html"
        if kind == "sweep":
            report.parent.mkdir(parents=True)
            report.write_text("a page")
        return made

    def age(self, *cells: Cell) -> None:
        """Make these records those of other code."""
        for one in cells:
            path = one.folder(self.path) / record.MARKER
            path.write_text(json.dumps(json.loads(path.read_text()) | {"code_digest": "0" * 64}))

    def fail(self, one: Cell) -> Cell:
        one.folder(self.path).mkdir(parents=True)
        notes.write_failure(one.folder(self.path), "MemoryError: too big\nmore", "Traceback", 1.0, 2.0)
        return one

    def found(self, *reasons: str) -> prune.Found:
        """What goes if the store has every record."""
        markers = self.path.glob(f"runs/*/{record.MARKER}")
        everything = {json.loads(path.read_text())["fingerprint"] for path in markers}
        return prune.find(self.path, reasons or prune.REASONS, lambda: everything)

    def going(self, *reasons: str) -> dict[str, str]:
        """The paths that go, with their reasons."""
        return {
            str(one.path.relative_to(self.path)): one.why.reason for one in self.found(*reasons).unneeded
        }


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    with living_in(made.path):
        yield made


def name(one: Cell) -> str:
    return f"runs/{one.fingerprint[:16]}"


def iterations(n: int) -> str:
    return f"trainer.iterations={n}"


def test_records_of_this_code_are_needed(home: Home) -> None:
    cells = [home.train(iterations(5), f"seed={seed}") for seed in (1, 2)]
    home.plan("sweep", *cells)
    assert home.going() == {}


def test_a_sweep_of_other_code_goes_as_a_whole(home: Home) -> None:
    old = [home.train(iterations(5), f"seed={seed}") for seed in (1, 2)]
    sweep = home.plan("sweep", *old)
    home.plan("train", home.train(iterations(5), "seed=3"))
    home.age(*old)
    found = home.found()
    assert [str(one.path.relative_to(home.path)) for one in found.unneeded] == [
        f"reports/{sweep.id}", f"plans/{sweep.id}.json", *sorted(map(name, old)),
    ], "report and plan before the records"  # fmt: skip
    assert {one.why.reason for one in found.unneeded} == {"old code"}
    for one in found.unneeded[2:]:
        assert one.size == sum(path.stat().st_size for path in one.path.iterdir()) > 0
    assert all(map(prune.remove, found.unneeded))
    assert home.going() == {} and len(list((home.path / "runs").iterdir())) == 1
    assert len(list((home.path / "plans").glob("*"))) == 1


def test_one_record_that_is_needed_keeps_its_sweep(home: Home) -> None:
    """Also the cells of another sweep that share a cell with it."""
    a, b, c = (home.train(iterations(5), f"seed={seed}") for seed in (1, 2, 3))
    home.plan("sweep", a, b)
    home.plan("sweep", b, c)
    home.age(b, c)
    assert home.going() == {}
    home.age(a)
    assert {name(one) for one in (a, b, c)} < home.going().keys()


def test_a_shorter_training_of_the_same_cell_is_superseded(home: Home) -> None:
    short, long = home.train(iterations(5)), home.train(iterations(9))
    home.plan("train", long)
    plan = home.plan("train", short)
    assert home.going() == {f"plans/{plan.id}.json": "superseded", name(short): "superseded"}
    (_, one) = home.found().unneeded
    assert one.why.words == f"{name(long)} trained the same for 9 iterations"


def test_what_differs_in_more_than_its_length_is_not_superseded(home: Home) -> None:
    home.train(iterations(5), "seed=2")
    home.train(iterations(5), "init.scale=2")
    home.train(iterations(9))
    diverging = ("model.output=identity", "model.loss=squared_error", "optimizer.lr=1e9")
    home.train(iterations(3), *diverging)
    assert record.read(home.train(iterations(300), *diverging).folder(home.path)).status == "diverged"
    assert home.going() == {}


def test_a_sweep_over_the_iterations_is_needed(home: Home) -> None:
    short, long = home.train(iterations(5)), home.train(iterations(9))
    home.plan("sweep", short, long)
    assert home.going() == {}


def test_what_a_failed_or_unfinished_cell_left(home: Home) -> None:
    failed = home.fail(home.cell(iterations(5)))
    plan = home.plan("train", failed)
    cut_off = home.cell(iterations(6))
    cut_off.folder(home.path).mkdir()
    (cut_off.folder(home.path) / "history.npz").write_bytes(b"half")
    (cut_off.folder(home.path) / "lock").write_text("1234")  # its worker was killed
    expected = {f"plans/{plan.id}.json": "failed", name(failed): "failed", name(cut_off): "unfinished"}
    assert home.going() == expected
    assert home.going("unfinished") == {name(cut_off): "unfinished"}
    assert all(map(prune.remove, home.found().unneeded))
    assert list((home.path / "runs").iterdir()) == []


def test_a_failed_cell_of_a_sweep_that_is_needed_stays(home: Home) -> None:
    home.plan("sweep", home.train(iterations(5)), home.fail(home.cell(iterations(6))))
    assert home.going() == {}


def test_a_running_cell_and_the_cells_of_a_running_sweep_stay(home: Home) -> None:
    one = home.train(iterations(5))
    home.age(one)
    plan = home.plan("train", one)
    with cell_lock(one.folder(home.path)):
        assert home.going() == {}
    with plans.running(home.path, plan):
        assert home.going() == {}
    found = home.found().unneeded
    with plans.running(home.path, plan), cell_lock(one.folder(home.path)):
        assert [prune.remove(each) for each in found] == [False, False], "it has begun in the meantime"
    assert record.exists(one.folder(home.path)) and plans.path_of(home.path, plan.id).exists()


def test_what_a_verdict_names_and_what_was_repeated_stays(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, repeated = (home.train(iterations(5), f"seed={seed}") for seed in (1, 2))
    home.age(named, repeated)
    assert len(home.going()) == 2
    (home.path / "reruns" / "20260101-000000" / repeated.fingerprint[:8]).mkdir(parents=True)
    assert home.going() == {name(named): "old code"}
    verdict = tmp_path / "experiments" / "mine" / "verdict.json"
    verdict.parent.mkdir(parents=True)
    verdict.write_text(json.dumps({"runs": [named.fingerprint[:16]]}))
    monkeypatch.setattr(prune, "verdict_folder", lambda: tmp_path / "experiments")
    assert home.going() == {}


def test_records_that_no_store_has_stay(home: Home) -> None:
    one = home.train(iterations(5))
    home.age(one)
    found = prune.find(home.path, prune.REASONS, set)
    assert (found.unneeded, found.unpublished) == ([], 1)


def test_damage_is_not_taken_for_old(home: Home) -> None:
    one = home.train(iterations(5))
    (one.folder(home.path) / record.MARKER).write_text("{")
    assert prune.find(home.path, prune.REASONS, set).unneeded == []
    path = plans.path_of(home.path, "0" * 12)
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(Exception, match="not a readable plan"):
        prune.find(home.path, prune.REASONS, set)


def test_a_kill_in_the_middle_leaves_no_record_that_is_believed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The marker goes first, so the rest is one that was cut off; the next prune removes it."""
    old = home.train(iterations(5))
    home.age(old)

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    (one,) = home.found().unneeded
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune.remove(one)
    assert old.folder(home.path).is_dir() and not record.exists(old.folder(home.path))
    assert home.going() == {name(old): "unfinished"}
    assert prune.remove(home.found().unneeded[0]) and not old.folder(home.path).exists()


@pytest.mark.slow
def test_many_records_are_looked_at(home: Home) -> None:
    one = home.train(iterations(5))
    text = (one.folder(home.path) / record.MARKER).read_text()
    for i in range(1000):
        folder = record.folder(home.path, f"{i:064x}"[::-1])
        folder.mkdir()
        (folder / record.MARKER).write_text(text.replace(one.fingerprint, f"{i:064x}"[::-1]))
    assert home.going() == {}
