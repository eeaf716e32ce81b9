"""What the shared figures are made of: squares, curves, axes, colours."""

import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from nnlab.reports.figures.axes import names, places_axis, ranked_range
from nnlab.reports.figures.base import log_axis
from nnlab.reports.figures.colours import PALETTE, colours, contrast, sampled, transparent
from nnlab.reports.figures.heatmap import Map, heatmap
from nnlab.reports.figures.learning_curves import LARGEST, curve
from nnlab.reports.figures.scatter import Metric, points_by_key, scatter
from nnlab.reports.figures.small_multiples import Part, small_multiples
from nnlab.reports.figures.square import STATES, square
from nnlab.reports.figures.theory import trainable_depth
from nnlab.reports.panels.curves import Keys
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
    assert mixed.note == "2/4 ✕△" and mixed.hover.endswith("2 learnt, 1 diverged, 1 failed")


def test_a_square_in_which_no_net_learnt_shows_the_most_frequent_state() -> None:
    mixed = square([DIVERGED, FAILED, DIVERGED], "train/accuracy")
    assert (mixed.state, mixed.note) == ("diverged", "1/3 △")
    assert square([STUCK, FAILED, STUCK], "train/accuracy").state == "stuck"
    assert square([run("r", "running")], "train/accuracy").state == "failed", "it has no mean to show"


def scatters(figure: go.Figure, mode: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.type == "scatter" and trace.mode == mode]


def test_a_heatmap_says_which_pairs_of_values_the_sweep_lacks() -> None:
    cells = (run("a", x=1, y=1), run("b", x=2, y=2))
    drawn = heatmap(Sweep(PARENT, cells), [Map("", cells)], ("x", "y"), "train/accuracy", (0.0, 1.0))
    means, states, numbers = drawn.data
    assert [list(row) for row in means.z] == [[0.5, None], [None, 0.5]]
    assert [list(row) for row in states.z] == [[None, None], [None, None]]
    assert [bool(text) for row in means.hovertext for text in row] == [True, False, False, True]
    assert list(numbers.text) == ["0.50", "0.50"]


def test_curves_are_not_set_apart_by_values_that_come_once() -> None:
    cells = [run(f"{i}", lr=0.01 + i, depth=i % 3, scale=0.1 * i, kind="ab"[i % 2]) for i in range(24)]
    keys = Keys(Sweep(PARENT, tuple(cells)))
    assert {keys.column, keys.row, keys.line} == {"depth", "kind", None}
    batches = [run(f"{i}", batch=(None, 64)[i % 2], kind="ab"[i // 2 % 2], scale=i // 4) for i in range(16)]
    three = Keys(Sweep(PARENT, tuple(batches)))
    assert {three.column, three.row} == {"batch", "kind"}
    assert three.named == {"kind"}, "of a number, or of none, the key is told too"
    alone = Keys(Sweep(PARENT, tuple(run(f"{i}", lr=0.01 + i) for i in range(24))))
    assert (alone.line, alone.column, alone.row) == ("lr", None, None)


def test_numbers_and_signs_are_readable_on_every_colour() -> None:
    accuracies = [0.41 + 0.59 * i / 40 for i in range(41)]  # lower ones are of stuck nets
    for low in range(0, 41, 9):  # a heatmap of nine columns writes its numbers
        cells = [run(str(a), accuracy=a, x=a) for a in accuracies[low : low + 9]]
        drawn = heatmap(
            Sweep(PARENT, tuple(cells)), [Map("", cells)], ("x", None), "train/accuracy", (0, 1)
        )
        (numbers,) = scatters(drawn, "text")
        for ink, cell in zip(numbers.textfont.color, cells, strict=True):
            assert contrast(ink, sampled([cell.metrics["train/accuracy"]])[0]) >= 4.5
    cells = [run("s", accuracy=0.4, x=1), run("d", "diverged", x=2), run("f", "failed", x=3)]
    drawn = heatmap(Sweep(PARENT, tuple(cells)), [Map("", cells)], ("x", None), "train/accuracy", (0, 1))
    signs = scatters(drawn, "markers")
    assert len({sign.marker.symbol for sign in signs}) == len(signs) == 3, "told apart without colour"
    for sign, look in zip(signs, STATES.values(), strict=True):
        assert contrast(sign.marker.color, look.colour) >= 4.5
    (key,) = [note.text for note in drawn.layout.annotations if "stuck" in note.text]
    assert all(f"{look.letter} {state}" in key for state, look in STATES.items())


def test_a_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("rgb(119, 119, 119)", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_large_heatmap_has_no_numbers_but_its_signs() -> None:
    cells = [
        run(f"{x} {y}", "diverged" if x > 30 else "finished", accuracy=0.9, x=x, y=y)
        for x in range(40)
        for y in range(40)
    ]
    drawn = heatmap(Sweep(PARENT, tuple(cells)), [Map("", cells)], ("x", "y"), "train/accuracy", (0, 1))
    assert not scatters(drawn, "text")
    (signs,) = scatters(drawn, "markers")
    assert len(signs.x) == 9 * 40 and signs.marker.size < 6
    assert len(drawn.layout.xaxis.tickvals) <= 8 and drawn.layout.xaxis.range == (-0.5, 39.5)


def test_there_is_one_colour_bar_for_all_heatmaps() -> None:
    cells = [run(f"{a} {x}", x=x, **{"model.activation": a}) for a in ("tanh", "relu") for x in (1, 2)]
    maps = [Map(a, [c for c in cells if c.params["model.activation"] == a]) for a in ("tanh", "relu")]
    drawn = heatmap(Sweep(PARENT, tuple(cells)), maps, ("x", None), "train/accuracy", (0.4, 1.0))
    means = [trace for trace in drawn.data if trace.type == "heatmap" and trace.coloraxis == "coloraxis"]
    assert len(means) == 2 and {trace.xaxis for trace in means} == {"x", "x2"}
    assert (drawn.layout.coloraxis.cmin, drawn.layout.coloraxis.cmax) == (0.4, 1.0)
    others = [trace for trace in drawn.data if trace.type == "heatmap" and trace.coloraxis is None]
    assert not any(trace.showscale for trace in others)


def test_activations_stand_in_the_order_of_their_table() -> None:
    given = ["relu", "sigmoid", "gelu", "tanh", "leaky_relu"]
    sweep = Sweep(PARENT, tuple(run(a, **{"model.activation": a}) for a in given))
    assert names(sweep, "model.activation") == ["sigmoid", "tanh", "relu", "leaky_relu", "gelu"]


@pytest.mark.parametrize(
    ("scheme", "activation", "edge"),
    [
        ("lecun", "tanh", 1.0),
        ("he", "relu", 1.0),
        ("normal", "relu", math.sqrt(2 / 50)),
        ("glorot", "tanh", 1.0),
    ],
)
def test_the_theory_has_no_bound_at_the_edge_of_chaos(scheme: str, activation: str, edge: float) -> None:
    params = {"init.scheme": scheme, "model.activation": activation, "model.width": 50}
    below, at, above = (trainable_depth(params, edge * share) for share in (0.7, 1.0, 1.5))
    assert below is not None and above is not None and at is not None
    assert at > 1e6 and below == pytest.approx(6 / abs(math.log(0.49)), rel=1e-6) and above < 110


def test_the_theory_is_silent_where_it_says_nothing() -> None:
    known = {"init.scheme": "lecun", "model.activation": "tanh", "model.width": 50}
    assert trainable_depth(known | {"init.scheme": "zeros"}, 1.0) is None
    assert trainable_depth(known | {"model.activation": "gelu"}, 1.0) is None
    assert trainable_depth(known | {"model.width": None}, 1.0) is None
    assert trainable_depth(known, 1e200) is None


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


def test_cells_of_one_place_are_one_point_that_tells_their_number() -> None:
    x, y = Metric("train/accuracy", "train"), Metric("test/accuracy", "test")
    cells = [run(str(i), accuracy=0.4 + 0.1 * (i % 3), key=i % 2) for i in range(60)]
    groups = points_by_key(Sweep(PARENT, tuple(cells)), "key", x, y)
    assert [[len(runs) for runs in group.runs] for group in groups] == [[10, 10, 10]] * 2
    (one,) = points_by_key(Sweep(PARENT, tuple(run(str(i), key=i) for i in range(60))), "key", x, y)
    assert [len(runs) for runs in one.runs] == [60], "a key of many values has no plot for each"
    drawn = scatter(groups, x, y)
    assert [len(trace.x) for trace in drawn.data] == [3, 3] and drawn.data[0].text[0] == "0 and 9 more"


def test_ten_thousand_cells_are_a_bounded_number_of_points() -> None:
    random = np.random.RandomState(0)
    cells = [
        run(str(i), accuracy=float(a), key=i % 2) for i, a in enumerate(random.uniform(0.0, 1.0, 10_000))
    ]
    x, y = Metric("train/accuracy", "train"), Metric("test/accuracy", "test")
    groups = points_by_key(Sweep(PARENT, tuple(cells)), "key", x, y)
    assert sum(len(group.x) for group in groups) < 200
    assert sum(len(runs) for group in groups for runs in group.runs) == 10_000


@pytest.mark.parametrize(
    ("values", "low", "high", "dtick"),
    [
        ((6.0, 9.0), math.log10(6), math.log10(9), "D1"),
        ((1.0, 10.0), 0, 1, "D2"),
        ((0.4, 1.3), math.log10(0.4), math.log10(1.3), "D2"),  # 0.5 and 1: those between would touch
        ((1e-8, 1e8), -8, 8, 3),
        ((), 0, 1, "D2"),
    ],
)
def test_a_logarithmic_axis_holds_its_values(
    values: tuple[float, ...], low: float, high: float, dtick: object
) -> None:
    axis = log_axis([*values, 0.0, -1.0])
    assert axis["dtick"] == dtick and axis["range"][0] < low and high < axis["range"][1]


def test_long_names_have_room_beside_a_small_plot() -> None:
    """Each letter needs 8 pixels at least; the title of the axis and its marks need 30 more."""
    narrow, wide = (
        small_multiples([Part("", [], {}, places_axis(["gd", name], 10))] * 2, "x", "y")
        for name in ("sgd", "momentum")
    )
    assert narrow.layout.margin.l == 66 and wide.layout.margin.l >= 30 + 8 * len("momentum")
    assert wide.layout.meta["gap"][0] - narrow.layout.meta["gap"][0] == wide.layout.margin.l - 66
    (short,) = places_axis(["/data/of/mine/train_pictures.h5"], 10)["ticktext"]
    assert short == "/data/of/mine/t…"


def test_colours_of_names_and_of_ordered_numbers() -> None:
    assert colours(["relu", "tanh"]) == list(PALETTE[:2]) == colours([1, 2])
    assert colours([1, 2, 3]) != list(PALETTE[:3]) and len(set(colours(list(range(30))))) == 30
    assert transparent("#0072B2") == "rgba(0, 114, 178, 0.18)"
    assert transparent("rgb(1, 2, 3)") == "rgba(1, 2, 3, 0.18)"


def test_a_low_error_is_bright() -> None:
    cells = [
        replace(run(str(e), x=e), metrics={"train/rmse": e, "train/deviation": 1.0}) for e in (0.1, 0.9)
    ]
    drawn = heatmap(Sweep(PARENT, tuple(cells)), [Map("", cells)], ("x", None), "train/rmse", (0.0, 1.0))
    assert drawn.layout.coloraxis.reversescale is True
    (numbers,) = scatters(drawn, "text")
    for ink, share in zip(numbers.textfont.color, (0.9, 0.1), strict=True):
        assert contrast(ink, sampled([share])[0]) >= 4.5
