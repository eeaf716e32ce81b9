"""The course's published tables, reproduced on its own images: every printed cost and accuracy."""

import json
from pathlib import Path

import numpy as np
import pytest
from harness import done, empty_store, histories, nnlab, runs

from nnlab.cells.cell import resolve
from nnlab.cells.run_cell import run_cell
from nnlab.config.compose import compose
from nnlab.records.lock import cell_lock

TABLES = json.loads((Path(__file__).parents[1] / "goldens" / "course1_tables.json").read_text())["tables"]
EVERY_TABLE = pytest.mark.parametrize("table", TABLES, ids=[table["name"] for table in TABLES])
FEW = 201  # steps with W1 in full in the default run; each table prints three costs by then

pytestmark = pytest.mark.usefixtures("real_data", "home")


def overrides(table):
    """A table's settings as overrides."""
    typed = ["data=catvnoncat", f"seed={table['seed']}"]
    for group in ("model", "init", "optimizer", "trainer"):
        typed += [f"{group}.{key}={value}".replace(" ", "") for key, value in table[group].items()]
    return typed


@pytest.fixture
def run(home):
    """run(table, solver, iterations): the record."""

    def run(table, solver="auto", iterations=None):
        steps = iterations or table["trainer"]["iterations"]
        wanted = [f"trainer.solver={solver}", f"trainer.iterations={steps}"]
        cell = resolve(compose([*overrides(table), *wanted]))
        with cell_lock(cell.folder(home)) as mine:
            assert mine
            record = run_cell(cell, home)
        assert record.status == "finished"
        return record

    return run


def costs_of(record):
    return record.arrays("history")["train/cost"]


def assert_printed(costs, table):
    """Every printed cost, to its printed digits, as far as ``costs`` goes."""
    printed = {int(step): cost for step, cost in table["cost"].items() if int(step) < len(costs)}
    digits = table["printed_digits"]
    tolerance = 1e-12 if digits == 12 else 0.5 * 10.0**-digits
    wrong = {
        step: (costs[step], cost) for step, cost in printed.items() if abs(costs[step] - cost) > tolerance
    }
    assert not wrong, f"step: (cost, printed) {wrong}"
    assert len(printed) == -(-len(costs) // 100)


def test_the_tables_are_whole():
    assert [table["name"] for table in TABLES] == ["logistic", "two_layer", "deep"]
    assert [len(table["cost"]) for table in TABLES] == [20, 25, 25]


@EVERY_TABLE
def test_the_published_table(run, table):
    record = run(table)
    assert record.config["trainer"]["solver"] == "gram"
    costs = costs_of(record)
    assert len(costs) == table["trainer"]["iterations"]
    assert_printed(costs, table)
    assert record.metrics["train/accuracy"] == pytest.approx(table["train_accuracy"], abs=1e-9)
    assert record.metrics["test/accuracy"] == pytest.approx(table["test_accuracy"], abs=1e-9)


@EVERY_TABLE
def test_the_named_models_are_the_published_ones(home, table):
    """A named model such as model=deep, with the table's initializer and rate, is the same cell."""
    others = [typed for typed in overrides(table) if not typed.startswith("model.")]
    named = resolve(compose([f"model={table['name']}", *others]))
    assert named.fingerprint == resolve(compose(overrides(table))).fingerprint


@EVERY_TABLE
def test_the_beginning_with_w1_in_full(run, table):
    record = run(table, "primal", FEW)
    assert record.config["trainer"]["solver"] == "primal"
    costs = costs_of(record)
    assert_printed(costs, table)
    np.testing.assert_allclose(costs_of(run(table, "gram", FEW)), costs, rtol=0.0, atol=1e-12)


@pytest.mark.slow
@EVERY_TABLE
def test_the_published_table_with_w1_in_full(run, table):
    primal, gram = run(table, "primal"), run(table, "gram")
    costs = costs_of(primal)
    assert_printed(costs, table)
    np.testing.assert_allclose(costs_of(gram), costs, rtol=0.0, atol=1e-12)
    for figure in ("train/accuracy", "test/accuracy"):
        published = table[figure.replace("/", "_")]
        assert primal.metrics[figure] == pytest.approx(published, abs=1e-9)
    ours, theirs = gram.arrays("weights"), primal.arrays("weights")
    assert ours.keys() == theirs.keys() | {"C", "c", "e"}  # what a longer training goes on from
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0.0, atol=1e-10)


def documented_commands():
    """The documents' commands for the tables, in their order."""
    page = (Path(__file__).parents[2] / "docs" / "howto" / "course-photographs.md").read_text()
    return [
        line.split()[1:] for line in page.splitlines() if line.startswith("nnlab train data=catvnoncat")
    ]


@pytest.mark.slow  # the same cells as above, which are trained in-process there
@pytest.mark.parametrize("solver", ["gram", "primal"])
@pytest.mark.parametrize("place", range(3), ids=[table["name"] for table in TABLES])
def test_the_documented_commands_read_back_through_mlflow(home, place, solver):
    table, command = TABLES[place], documented_commands()[place]
    empty_store(home)
    done(nnlab(*command, f"trainer.solver={solver}", home=home, timeout=280))
    (run,) = runs(home)
    assert run.data.params["trainer.solver"] == solver
    costs = {step: value for step, value, _ in histories(home, run)["train/cost"]}
    assert_printed([costs.get(step, np.nan) for step in range(max(costs) + 1)], table)
    assert run.data.metrics["train/accuracy"] == pytest.approx(table["train_accuracy"], abs=1e-9)
    assert run.data.metrics["test/accuracy"] == pytest.approx(table["test_accuracy"], abs=1e-9)
