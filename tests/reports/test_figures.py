"""What the shared figures are made of: squares, curves, axes, colours."""

import math

import numpy as np
import pytest

from nnlab.reports.figures.axes import names, ranked_range
from nnlab.reports.figures.base import log_axis
from nnlab.reports.figures.colours import PALETTE, colours, transparent
from nnlab.reports.figures.heatmap import heatmap, square
from nnlab.reports.figures.learning_curves import LARGEST, curve
from nnlab.reports.figures.scatter import points_by_key
from nnlab.tracking.runs import Run, Sweep


def run(name: str, status: str = "finished", accuracy: float = 0.5, **params: object) -> Run:
    metrics = {"train/accuracy": accuracy, "train/majority": 0.4, "test/accuracy": accuracy}
    known = metrics if status in ("finished", "diverged") else {}
    return Run(name, name, status, params, known, started=0.0, ended=1.0, tags={}, artifacts="")


STUCK, LEARNT, BETTER = run("s", accuracy=0.4), run("a", accuracy=0.6), run("b", accuracy=0.9)
DIVERGED, FAILED = run("d", "diverged", accuracy=0.0), run("f", "failed")
PARENT = run("p")


def test_a_square_shows_the_mean_of_its_trained_nets_and_counts_the_rest() -> None:
    mixed = square([LEARNT, BETTER, DIVERGED, FAILED], "train/accuracy")
    assert mixed.value == pytest.approx(0.75) and mixed.state is None
    assert mixed.note == "2/4 ✕ failed" and mixed.hover.endswith("2 finished, 1 diverged, 1 failed")


def test_a_square_in_which_no_net_learnt_shows_the_most_frequent_state() -> None:
    assert square([DIVERGED, FAILED, DIVERGED], "train/accuracy").state == "diverged"
    assert square([STUCK, FAILED, STUCK], "train/accuracy").state == "stuck"
    assert square([run("r", "running")], "train/accuracy").state == "failed", "it has no mean to show"


def test_a_heatmap_says_which_pairs_of_values_the_sweep_lacks() -> None:
    cells = (run("a", x=1, y=1), run("b", x=2, y=2))
    means, states = heatmap(Sweep(PARENT, cells), cells, ("x", "y"), "train/accuracy", (0.0, 1.0)).data
    assert [list(row) for row in means.z] == [[0.5, None], [None, 0.5]]
    assert [list(row) for row in states.z] == [[None, None], [None, None]]
    assert [text == "not in the sweep" for row in means.hovertext for text in row] == [0, 1, 1, 0]


def test_a_curve_ends_where_one_of_its_runs_has_no_finite_cost() -> None:
    short, whole = np.array([4.0, 2.0, math.inf, 1.0]), np.array([2.0, 4.0, 1.0, 1.0])
    found = curve("name", [short, whole], diverged=False, points=100)
    assert found.steps.tolist() == [0, 1] and found.middle.tolist() == [3, 3]
    assert found.low.tolist() == [2, 2] and found.high.tolist() == [4, 4]
    assert len(curve("name", [np.array([math.nan])], diverged=True, points=100).steps) == 0


def test_a_curve_has_a_bounded_number_of_points_and_a_bounded_height() -> None:
    found = curve("name", [np.linspace(1e300, 0.0, 1001)], diverged=False, points=11)
    assert found.steps.tolist() == list(range(0, 1001, 100))
    assert found.middle[0] == np.float32(LARGEST)
    assert np.isnan(found.middle[-1]), "a cost of 0 has no place on a logarithmic axis"


def test_values_of_a_key_stand_in_order() -> None:
    values = ["b", 10, None, 2, [20, 7], "a"]
    sweep = Sweep(PARENT, tuple(run(str(v), key=v) for v in values))
    assert names(sweep, "key") == ["none", "2", "10", "20-7", "a", "b"]


def test_diverged_cells_do_not_set_the_range_of_a_metric() -> None:
    assert ranked_range(Sweep(PARENT, (LEARNT, BETTER, DIVERGED, FAILED))) == (0.6, 0.9)
    assert ranked_range(Sweep(PARENT, (DIVERGED, FAILED))) == (0.0, 1.0)


def test_a_key_of_many_values_has_no_legend() -> None:
    few = Sweep(PARENT, tuple(run(str(i), key=i % 3) for i in range(60)))
    many = Sweep(PARENT, tuple(run(str(i), key=i) for i in range(60)))
    grouped = points_by_key(few, "key", "train/accuracy", "test/accuracy")
    assert [len(group.x) for group in grouped] == [20, 20, 20]
    (one,) = points_by_key(many, "key", "train/accuracy", "test/accuracy")
    assert len(one.x) == len(set(one.colour)) == 60


@pytest.mark.parametrize(
    ("values", "low", "high", "dtick"),
    [
        ((1.0, 2.0), 0, math.log10(2), "D1"),
        ((1.0, 10.0), 0, 1, "D2"),
        ((1e-8, 1e8), -8, 8, 3),
        ((), 0, 1, "D2"),
    ],
)
def test_a_logarithmic_axis_holds_its_values(
    values: tuple[float, ...], low: float, high: float, dtick: object
) -> None:
    axis = log_axis([*values, 0.0, -1.0])
    assert axis["dtick"] == dtick and axis["range"][0] < low and high < axis["range"][1]


def test_colours_of_names_and_of_ordered_numbers() -> None:
    assert colours(["relu", "tanh"]) == list(PALETTE[:2]) == colours([1, 2])
    assert colours([1, 2, 3]) != list(PALETTE[:3]) and len(set(colours(list(range(30))))) == 30
    assert transparent("#0072B2") == "rgba(0,114,178,0.18)"
    assert transparent("rgb(1, 2, 3)") == "rgba(1, 2, 3,0.18)"
