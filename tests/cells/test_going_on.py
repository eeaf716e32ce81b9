"""Going on: a training in several parts, each with its record, has the bits of one training."""

import itertools
from pathlib import Path

import checked_sets
import numpy as np
import pytest
from harness import small_set

from nnlab.cells import Cell, bases, beginning_of, lineage, resolve, run_cell
from nnlab.cells.going_on import OTHER_MACHINE, STATELESS
from nnlab.config.compose import compose
from nnlab.records import notes, record
from nnlab.records.record import Record

STEPS = 150  # more than two blocks of a full batch
LINEAR = [
    ["optimizer=gd", "trainer.solver=gram"], ["optimizer=momentum", "trainer.solver=gram"],
    ["optimizer=gd", "trainer.solver=primal"], ["optimizer=momentum", "trainer.solver=primal"],
]  # fmt: skip
OTHERS = [["optimizer=rmsprop"], ["optimizer=adam"]]
AXES = [
    [[], ["optimizer.batch_size=7"]],
    [[], ["optimizer.l2=0.3"]],
    [[], ["optimizer.decay=0.1"]],
    [[], ["trainer.dtype=float32"]],
    [
        ["model.depth=1"],
        ["model.depth=2", "model.width=5"],
        ["model.hidden=[6,5,3]", "model.activation=tanh"],
    ],
    [[], ["trainer.eval_every=20"]],
]
MATRIX = [[*itertools.chain(*parts)] for parts in itertools.product([*LINEAR, *OTHERS], *AXES)]
STREAMED = [
    ["optimizer.batch_size=7", "data.memory_mb=1", *optimizer, *more]
    for optimizer in (["optimizer=gd"], ["optimizer=adam"])
    for more in ([], ["optimizer.l2=0.3", "trainer.eval_every=20"])
]
SHORT = [*MATRIX[::10], *STREAMED]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, list[str]]]:
    """A home that notes which sets were checked, and sets by their number of features."""
    folder = tmp_path_factory.mktemp("going_on")
    return folder, {n: small_set(folder / f"set-{n}", m_train=40, n=n) for n in (11, 9000)}


@pytest.fixture
def sets(
    checked: tuple[Path, dict[int, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> dict[int, list[str]]:
    """Sets that many tests read, so that each is checked only once; the records stand elsewhere."""
    folder, sets = checked
    monkeypatch.setenv("NNLAB_HOME", str(folder))
    return sets


def planned(overrides: list[str], steps: int) -> Cell:
    checked_sets.note_here(overrides)
    return resolve(compose([*overrides, f"trainer.iterations={steps}", "records.state=true"]))


def trained(cell: Cell, home: Path) -> Record:
    """The record of a cell, which goes on from what the home has of it."""
    folder = cell.folder(home)
    folder.mkdir(parents=True, exist_ok=True)
    base = bases([cell], home).records.get(cell.fingerprint)
    return run_cell(cell, home, beginning=beginning_of(cell, base, home))


def assert_same(one: Record, two: Record) -> None:
    """All arrays and metrics to the bit, but for times."""
    assert (one.status, one.fingerprint) == (two.status, two.fingerprint)
    assert one.files.keys() == two.files.keys()
    for file in (name.removesuffix(".npz") for name in one.files if name.endswith(".npz")):
        a, b = one.arrays(file), two.arrays(file)
        assert a.keys() == b.keys()
        for name in a:
            assert (a[name].dtype, a[name].tobytes()) == (b[name].dtype, b[name].tobytes()), name
    without_time = [{k: v for k, v in rec.metrics.items() if k != "time/train_s"} for rec in (one, two)]
    assert without_time[0] == without_time[1]


def check(overrides: list[str], home: Path, cuts: list[int]) -> None:
    whole = trained(planned(overrides, STEPS), home / "whole")
    assert not whole.continued_from
    last = None
    for steps in (*cuts, STEPS):
        rec = trained(planned(overrides, steps), home / "parts")
        assert rec.continued_from == (last.fingerprint if last else "")
        last = rec
    assert last is not None
    assert_same(whole, last)


def cuts(overrides: list[str]) -> list[int]:
    """One or two places to cut, other ones for each."""
    random = np.random.RandomState(abs(sum(map(len, overrides))) + 7 * len(overrides))
    return sorted({int(n) for n in random.randint(1, STEPS, random.randint(1, 3))})


@pytest.mark.parametrize("overrides", SHORT, ids=" ".join)
def test_a_training_in_parts_has_the_bits_of_one(
    overrides: list[str], sets: dict[int, list[str]], tmp_path: Path
) -> None:
    check([*sets[9000 if overrides in STREAMED else 11], *overrides], tmp_path, cuts(overrides))


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [one for one in MATRIX if one not in SHORT], ids=" ".join)
def test_every_training_in_parts_has_the_bits_of_one(
    overrides: list[str], sets: dict[int, list[str]], tmp_path: Path
) -> None:
    check([*sets[11], *overrides], tmp_path, cuts(overrides))


@pytest.mark.parametrize("cut", [1, 63, 64, 65, 127, 128, 149])
def test_it_may_be_cut_anywhere(cut: int, sets: dict[int, list[str]], tmp_path: Path) -> None:
    check([*sets[11], "optimizer=momentum", "model.depth=3"], tmp_path, [cut])


def test_a_training_that_diverges_after_the_cut(home: Path) -> None:
    """Its net is that of the end of its block, which does not depend on the cut."""
    overrides = [*small_set(home / "set", m_train=40, n=11), "model.activation=identity", "model.depth=3",
                 "optimizer.lr=0.7", "init.scale=3"]  # fmt: skip
    whole = trained(planned(overrides, 400), home / "whole")
    steps = len(whole.arrays("history")["train/cost"])
    assert whole.status == "diverged" and steps > 6
    assert trained(planned(overrides, 5), home / "parts").status == "finished"
    assert_same(whole, trained(planned(overrides, 400), home / "parts"))


def test_the_longest_shorter_record_is_taken(home: Path) -> None:
    data = small_set(home / "set")
    records = {steps: trained(planned(data, steps), home) for steps in (10, 40, 20)}
    assert records[20].continued_from == records[10].fingerprint, "40 is longer"
    assert trained(planned(data, 30), home).continued_from == records[20].fingerprint
    assert trained(planned(data, 50), home).continued_from == records[40].fingerprint
    record.discard(records[40].folder)
    assert bases([planned(data, 45)], home).records.popitem()[1].config["trainer"]["iterations"] == 30
    assert not trained(planned([*data, "seed=2"], 50), home).continued_from


def test_its_time_is_the_sum(home: Path) -> None:
    data = small_set(home / "set")
    first = trained(planned(data, 20), home)
    second = trained(planned(data, 40), home)
    assert second.metrics["time/train_s"] > first.metrics["time/train_s"]


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (["optimizer=adam"], STATELESS),
        (["optimizer=momentum", "trainer.solver=primal"], STATELESS),
        (["records.weights=none"], STATELESS),
        (["records.weights=dual", "optimizer=momentum", "records.state=false"], STATELESS),
        (["records.state=false", "trainer.solver=gram"], STATELESS),
        ([], None),
        (["records.weights=dual", "trainer.solver=gram"], None),
        (["records.weights=dual", "trainer.solver=gram", "optimizer=momentum"], None),
        (["trainer.solver=primal"], None),
    ],
)
def test_what_a_record_keeps_decides(kept: list[str], why: str | None, home: Path) -> None:
    data = small_set(home / "set", n=70)
    cells = [resolve(compose([*data, *kept, f"trainer.iterations={steps}"])) for steps in (10, 30)]
    trained(cells[0], home)
    found = bases(cells[1:], home)
    assert (list(found.refused.values()), len(found.records)) == (([why], 0) if why else ([], 1))
    whole = trained(cells[1], home / "whole")
    assert_same(whole, trained(cells[1], home))


def test_another_machine_starts_from_scratch(home: Path) -> None:
    cells = [planned(small_set(home / "set"), steps) for steps in (10, 30)]
    rec = trained(cells[0], home)
    marker = rec.folder / record.MARKER
    marker.write_text(marker.read_text().replace('"numpy": "', '"numpy": "0.'))
    found = bases(cells[1:], home)
    assert list(found.refused.values()) == [OTHER_MACHINE] and not found.records
    assert any(OTHER_MACHINE in line for line in found.lines())
    # a worker looks as well: its driver may be on a machine of another kind
    beginning = beginning_of(cells[1], record.read(rec.folder), home)
    cells[1].folder(home).mkdir(exist_ok=True)
    assert not run_cell(cells[1], home, beginning=beginning).continued_from


def test_damaged_things_cost_only_time(home: Path) -> None:
    cells = [planned(small_set(home / "set"), steps) for steps in (10, 30, 50)]
    rec = trained(cells[0], home)
    (rec.folder / "weights.npz").write_bytes(b"no zip")
    assert not trained(cells[1], home).continued_from
    with (home / lineage.FILE).open("a") as file:
        file.write(f"{lineage.of(cells[2])} 4")  # a line that was cut off
    cells[2].folder(home).mkdir()
    notes.write_checkpoint(cells[2].folder(home), b"")
    assert trained(cells[2], home).status == "finished"
    assert notes.read_checkpoint(cells[2].folder(home)) is None, "a record makes it needless"
