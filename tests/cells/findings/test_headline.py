"""The headline: the sentences on made sweeps whose truth is known, and their truth on drawn ones."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made_sweeps import DEFAULT, Ending, Grid, sentences, swept

from nnlab.cells.findings import Predictions, shown
from nnlab.cells.findings.variation import columns
from nnlab.cells.ranking import Result

SEEDS: Grid = {"seed": [1, 2, 3]}
UNKNOWN = "Each configuration was trained once, so the noise of seeds is unknown."


def learnt(value: float = 0.9) -> Ending:
    return "learnt", value


def shallow(params: dict[str, Any]) -> Ending:
    """At scale 0.1 nothing deeper than 2 learns; else depth decides, and the seed a little."""
    if params["init.scale"] == 0.1 and params["model.depth"] > 2:
        return "stuck", 0.0
    return learnt(0.7 + 0.05 * params["model.depth"] + 0.01 * params.get("seed", 0))


def test_a_full_grid() -> None:
    said = sentences(swept({**DEFAULT, **SEEDS}, shallow))
    assert said[0] == "252 of 324 nets learnt; 72 got stuck (no better than a constant answer)."
    assert said[1] == "All 72 nets with init.scale 0.1 and with model.depth 3 or 5 got stuck, and no other."
    assert said[2].startswith(
        "What matters most for the training accuracy is init.scale: alone it explains"
    )
    assert re.search(r"the noise of seeds (under )?\d+ %\.$", said[2])
    assert said[3] == (
        "5 16 leaky_relu 1.0 and the 19 others that were tested cannot be told apart: "
        "mean test accuracy 0.87."
    )
    assert len(said) == 4


def test_a_partial_grid() -> None:
    """Of width 64 only depth 2 was trained."""
    said = sentences(
        swept(
            {**DEFAULT, **SEEDS},
            lambda p: ("", 0.0) if p["model.width"] == 64 and p["model.depth"] > 2 else shallow(p),
        )
    )
    assert said[:2] == [
        "204 of 252 nets learnt; 48 got stuck (no better than a constant answer).",
        "All 48 nets with init.scale 0.1 and with model.depth 3 or 5 got stuck, and no other.",
    ]
    assert said[2].startswith("In this partial grid, what matters most for the training accuracy is")


def test_one_seed() -> None:
    said = sentences(swept(DEFAULT, shallow))
    assert UNKNOWN in said and "interactions and noise" in said[2]
    assert not any("beyond" in one or "noise of seeds 0" in one for one in said)


def test_one_key() -> None:
    grid: Grid = {"model.depth": [2, 3, 5], **SEEDS}
    said = sentences(swept(grid, lambda p: learnt(0.7 + 0.02 * p["model.depth"] + 0.001 * p["seed"])))
    assert said == [
        "All 9 nets learnt.",
        "model.depth explains 100 % of the variance of the training accuracy, "
        "the noise of seeds under 1 %.",
        "5 is best with a mean test accuracy of 0.702; it can be told from the 2 others.",
    ]
    once = sentences(swept({"model.depth": [2, 3]}, lambda p: learnt(0.1 * p["model.depth"] + 0.6)))
    assert once == [
        "Both nets learnt.",
        UNKNOWN,
        "3 is best with a test accuracy of 0.800; next is 2 with 0.700.",
    ]


def test_folds_with_seeds_ranked_by_validation() -> None:
    grid: Grid = {"init.scale": [0.1, 1.0], "seed": [1, 2], "data.fold": [0, 1, 2]}
    results = swept(
        grid,
        lambda p: learnt(0.8 + 0.05 * (p["init.scale"] == 1.0) + 0.001 * p["data.fold"]),
        split="validation",
    )
    said = sentences(results, select_by="validation/accuracy")
    assert said[0] == "All 12 nets learnt."
    assert "the noise of seeds and folds under 1 %" in said[1]
    assert said[2] == (
        "1.0 is best with a mean validation accuracy of 0.751; it can be told from the 1 other."
    )


def test_a_regression() -> None:
    """The lowest rmse is the best; one that is not below the targets' deviation is a constant answer's."""
    grid: Grid = {"init.scale": [0.1, 1.0, 10.0], **SEEDS}
    errors = {0.1: 0.30, 1.0: 0.20, 10.0: 0.31}
    results = swept(grid, lambda p: learnt(errors[p["init.scale"]] + 0.01 * (p["seed"] % 2)), score="rmse")
    said = sentences(results, select_by="test/rmse")
    assert said[0] == "All 9 nets learnt." and "training rmse" in said[1]
    assert said[2] == "1.0 is best with a mean test rmse of 0.3067; it can be told from the 2 others."
    tied = swept(grid, lambda p: learnt(0.3 + 0.1 * ((p["seed"] * p["init.scale"]) % 2)), score="rmse")
    assert "cannot be told apart: mean test rmse 0." in sentences(tied, select_by="test/rmse")[-1]


def test_an_error_beyond_all_bounds_is_not_tied_and_not_all_of_the_variance() -> None:
    """One seed of rate 2 went to 1e90, and is finite: it counts as a constant answer, 0.65."""
    grid: Grid = {"optimizer.lr": [0.1, 0.2, 2.0], **SEEDS}

    def ends(params: dict[str, Any]) -> Ending:
        if params["optimizer.lr"] == 2.0 and params["seed"] == 3:
            return "learnt", 1e90
        return learnt(0.2 + 0.01 * ((10 * params["optimizer.lr"] * params["seed"]) % 2))

    said = sentences(swept(grid, ends, score="rmse"), select_by="test/rmse")
    assert said[-1] == "0.2 and 0.1 cannot be told apart: mean test rmse 0.3 to 0.31."
    assert said[1] == "Only nets with optimizer.lr 2 got stuck: 1 of 3."
    assert said[2] == "No key matters for the training rmse beyond the noise of seeds."


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("stuck", "All 108 nets got stuck (no better than a constant answer)."),
        ("failed", "All 108 nets failed with an error."),
        ("diverged", "All 108 nets diverged (the cost went to infinity)."),
    ],
)
def test_nothing_learnt(state: str, words: str) -> None:
    assert sentences(swept(DEFAULT, lambda _: (state, 0.0))) == [words]


def test_small_scales_are_stuck_and_large_ones_diverge() -> None:
    ends = {0.1: "stuck", 1.0: "learnt", 10.0: "diverged"}
    said = sentences(swept({**DEFAULT, **SEEDS}, lambda p: (ends[p["init.scale"]], 0.9)))
    assert said[0] == (
        "108 of 324 nets learnt; 108 got stuck (no better than a constant answer) "
        "and 108 diverged (the cost went to infinity)."
    )
    assert said[1:3] == [
        "All 108 nets with init.scale 0.1 got stuck, and no other.",
        "All 108 nets with init.scale 10 diverged, and no other.",
    ]


def test_few_learnt() -> None:
    """What is rare is described: here the nets that learnt."""
    said = sentences(
        swept(DEFAULT, lambda p: learnt() if p["model.activation"] == "relu" else ("stuck", 0.0))
    )
    assert said[:2] == [
        "27 of 108 nets learnt; 81 got stuck (no better than a constant answer).",
        "All 27 nets with relu learnt, and no other.",
    ]


def test_counts_where_a_rule_has_exceptions() -> None:
    random = np.random.RandomState(0)
    said = sentences(
        swept(
            {**DEFAULT, **SEEDS},
            lambda p: ("stuck", 0.0) if p["init.scale"] == 0.1 and random.rand() < 0.8 else learnt(),
        )
    )
    assert re.fullmatch(r"Only nets with init\.scale 0\.1 got stuck: \d+ of 108\.", said[1])
    everywhere = sentences(
        swept(
            {**DEFAULT, **SEEDS},
            lambda p: (
                ("stuck", 0.0) if random.rand() < (0.9 if p["init.scale"] == 0.1 else 0.1) else learnt()
            ),
        )
    )
    assert re.fullmatch(
        r"\d+ of 108 nets with init\.scale 0\.1 got stuck; of the other 216, \d+ did\.", everywhere[1]
    )


def test_where_all_learnt_is_said_if_the_rules_leave_it_open() -> None:
    random = np.random.RandomState(0)

    def ends(params: dict[str, Any]) -> Ending:
        lost = {0.1: 0.9, 1.0: 0.0, 10.0: 0.1}[params["init.scale"]]
        return ("stuck", 0.0) if random.rand() < lost else learnt()

    said = sentences(swept({**DEFAULT, **SEEDS}, ends))
    assert "All 108 nets with init.scale 1 learnt." in said


def test_a_second_rule_for_what_the_first_leaves() -> None:
    """All of sigmoid, and of the others those that are deep at a small scale."""

    def ends(params: dict[str, Any]) -> Ending:
        small = params["init.scale"] == 0.1 and params["model.depth"] == 5
        return ("stuck", 0.0) if small or params["model.activation"] == "sigmoid" else learnt()

    said = sentences(swept(DEFAULT, ends))
    assert said[1:3] == [
        "All 27 nets with sigmoid got stuck; of the other 81, 9 did.",
        "Of these 81, all 9 nets with init.scale 0.1 and with model.depth 5 got stuck, and no other.",
    ]


def test_a_third_key_is_named_where_nothing_less_is_without_exception() -> None:
    """In one corner of the grid, as where deep and large-scaled leaky_relu diverges."""
    corner = {"model.depth": 5, "model.activation": "leaky_relu", "init.scale": 10.0}
    said = sentences(
        swept(
            {**DEFAULT, **SEEDS}, lambda p: ("diverged", 0.0) if corner.items() <= p.items() else learnt()
        )
    )
    assert said[1] == (
        "All 9 nets with init.scale 10 and with leaky_relu and with model.depth 5 diverged, and no other."
    )


def test_failures_at_random_make_no_rule() -> None:
    random = np.random.RandomState(1)
    said = sentences(
        swept(
            {**DEFAULT, **SEEDS},
            lambda _: ("failed", 0.0) if random.rand() < 0.1 else learnt(random.rand()),
        )
    )
    assert len(said) == 3 and "failed with an error" in said[0]
    assert said[1] == "No key matters for the training accuracy beyond the noise of seeds."


def test_one_cell_and_its_seeds() -> None:
    assert sentences(swept({"model.depth": [2]}, lambda _: learnt())) == [
        "The net learnt.",
        "The net was trained once, so the noise of seeds is unknown.",
        "2 has a test accuracy of 0.800.",
    ]
    three = sentences(swept({"model.depth": [2], **SEEDS}, lambda p: learnt(0.7 + 0.1 * p["seed"] / 3)))
    assert three == [
        "All 3 nets learnt.",
        "2 has a mean test accuracy of 0.667 over 3 runs, from 0.63 to 0.70.",
    ]


def test_two_cells() -> None:
    said = sentences(
        swept({"model.depth": [2, 9]}, lambda p: learnt() if p["model.depth"] == 2 else ("stuck", 0.0))
    )
    assert said[:2] == [
        "1 of 2 nets learnt; 1 got stuck (no better than a constant answer).",
        "The one net with model.depth 9 got stuck, and no other.",
    ]


def test_optimizers_and_rates() -> None:
    grid: Grid = {"optimizer.name": ["gd", "adam"], "optimizer.lr": [0.001, 0.01, 0.1, 1.0], **SEEDS}

    def ends(params: dict[str, Any]) -> Ending:
        if params["optimizer.name"] == "adam" and params["optimizer.lr"] >= 0.1:
            return "diverged", 0.0
        return learnt(0.8 + 0.01 * params["seed"])

    said = sentences(swept(grid, ends))
    assert "All 6 nets with adam and with optimizer.lr 0.1 or 1 diverged, and no other." in said


def test_both_ends_of_a_range() -> None:
    grid: Grid = {"init.scale": [0.001, 0.01, 0.1, 1.0, 10.0, 100.0], **SEEDS}
    said = sentences(
        swept(grid, lambda p: ("stuck", 0.0) if p["init.scale"] in (0.001, 100.0) else learnt())
    )
    assert said[1] == "All 6 nets with init.scale 0.001 or 100 got stuck, and no other."
    wide = sentences(swept(grid, lambda p: learnt() if p["init.scale"] in (0.1, 1.0) else ("stuck", 0.0)))
    assert wide[1] == "All 6 nets with init.scale 0.1 or 1 learnt, and no other."


def test_all_values_but_some() -> None:
    (width,) = columns([{"model.width": value} for value in (2, 4, 8, 16, 32)], ["model.width"])
    assert width.text([0, 1, 3, 4]) == "a model.width other than 8"
    assert width.text([0, 3, 4]) == "model.width below 4 or above 8"
    assert width.text([0, 4]) == "model.width 2 or 32" and width.text([1, 2, 3]) == "model.width 4 to 16"


def test_keys_that_act_together() -> None:
    grid: Grid = {"model.depth": [2, 5], "init.scale": [0.1, 10.0], **SEEDS}
    said = sentences(
        swept(grid, lambda p: learnt(0.8 + 0.1 * ((p["model.depth"] == 2) == (p["init.scale"] == 0.1))))
    )
    assert said[1] == (
        "What matters most for the training accuracy is how the keys act together: "
        "their interactions explain 100 % of the variance."
    )


def test_no_better_than_a_constant_answer_on_unseen_examples() -> None:
    said = sentences(swept({"model.depth": [2, 3], **SEEDS}, lambda _: learnt(0.7)))
    assert said[-1] == (
        "No configuration has a better mean test accuracy than a constant answer; the best, 2, has 0.600."
    )


# -- ties --------------------------------------------------------------------------------------------


def answering(right: int, m: int = 1000) -> Predictions:
    """A net that is right on the first so many of m images."""
    y = np.arange(m) % 2
    p = np.where(np.arange(m) < right, y, 1 - y).astype(np.float64)
    return Predictions(p[np.newaxis], y)


SHARE = re.compile(r"(\d+) %")


@pytest.mark.parametrize("seed", range(40))
def test_the_shares_of_the_headline_add_up_to_100(seed: int) -> None:
    """Where each is at least 1 %: rounded one by one they often add up to 99 or 101."""
    random = np.random.RandomState(seed)
    effect = {key: random.uniform(0.01, 0.08) for key in DEFAULT}
    said = sentences(
        swept(
            {**DEFAULT, **SEEDS},
            lambda p: learnt(
                0.7
                + sum(effect[key] * (DEFAULT[key].index(p[key]) - 1) for key in DEFAULT)
                + 0.1 * effect["init.scale"] * (p["init.scale"] == 10) * (p["model.depth"] == 5)
                + 0.03 * random.randn()
            ),
        )
    )
    (shares,) = [one for one in said if "of the variance" in one]
    assert "under" in shares or sum(map(int, SHARE.findall(shares))) == 100, shares


def predicted(results: list[Result]) -> dict[str, Predictions]:
    return {run.id: answering(round(1000 * run.metrics["test/accuracy"])) for run in results}


def test_ties_by_the_test_images() -> None:
    """One seed: 0.80 and 0.795 differ on 5 of 1000 images, 0.80 and 0.70 on 100."""
    scores = {1: 0.90, 2: 0.895, 3: 0.80}
    results = swept({"model.depth": [1, 2, 3]}, lambda p: learnt(scores[p["model.depth"]]))
    assert sentences(results, predicted(results))[-1] == (
        "1 and 2 cannot be told apart: test accuracy 0.795 to 0.800."
    )


def test_seeds_that_overlap_are_a_tie_whatever_the_images_say() -> None:
    """Middle runs of 0.85 and 0.75 differ on 100 images, but the seeds spread over more than that."""
    spread = {1: 0.15, 2: 0.0, 3: -0.15}
    results = swept(
        {"model.depth": [1, 2], **SEEDS},
        lambda p: learnt(0.85 - 0.05 * p["model.depth"] + spread[p["seed"]] * (-1) ** p["model.depth"]),
    )
    assert "1 and 2 cannot be told apart: mean test accuracy 0.65 to 0.70." in sentences(
        results, predicted(results)
    )
    steady = swept({"model.depth": [1, 2], **SEEDS}, lambda p: learnt(0.95 - 0.05 * p["model.depth"]))
    assert sentences(steady, predicted(steady))[-1] == (
        "1 is best with a mean test accuracy of 0.800; it can be told from the 1 other."
    )


@pytest.mark.parametrize(
    ("state", "left_out"), [("diverged", "did not diverge"), ("failed", "did not fail"), ("stuck", "")]
)
def test_what_the_others_leave_out_is_said(state: str, left_out: str) -> None:
    """Depth 1 and 2 are compared; depth 3 ended otherwise, and so did one run of depth 2."""
    lost = {(2, 3), *((3, seed) for seed in (1, 2, 3))}
    results = swept(
        {"model.depth": [1, 2, 3], **SEEDS},
        lambda p: (
            (state, 0.0)
            if (p["model.depth"], p["seed"]) in lost
            else learnt(0.95 - 0.1 * p["model.depth"] + 0.001 * p["seed"])
        ),
    )
    said = sentences(results, predicted([run for run in results if run.state == "learnt"]))
    others = f"1 other that {left_out}" if left_out else "2 others"
    assert re.search(rf"{others}(\.| cannot)", said[-1]), said[-1]


def test_nets_of_other_test_sets_are_not_compared() -> None:
    results = swept({"data.name": ["painted", "catvnoncat"]}, lambda p: learnt(0.9))
    said = sentences(results, predicted(results))
    assert said[-1] == "catvnoncat is best with a test accuracy of 0.800; next is painted with 0.800."


# -- no sweep refutes its sentences ------------------------------------------------------------------

CONDITION = re.compile(r"(?:(?P<key>[a-z_]+\.[a-z_]+) )?(?P<values>.+)")
RULE = re.compile(
    r"(?P<n>All (?P<all>\d+) nets|Both nets|The one net|Only nets|(?P<some>\d+) of (?P<of>\d+) nets) with "
    r"(?P<where>.+?) (?P<verb>learnt|got stuck|diverged|failed)"
    r"(?P<end>, and no other\.|\.|: (?P<only>\d+) of (?P<in>\d+)\.|"
    r"; of the other (?P<out>\d+), (?P<did>\d+) did\.)"
)
STATE = {"learnt": "learnt", "got stuck": "stuck", "diverged": "diverged", "failed": "failed"}


def holds(condition: str, run: Result) -> bool:
    """Whether a condition, as it is written, holds of a cell. The test reads it anew."""
    found = CONDITION.fullmatch(condition)
    assert found
    key, text = found["key"] or "model.activation", found["values"]
    value = run.params[key]
    if other := re.fullmatch(r"a (\S+) other than (.+)", condition):
        return shown(run.params[other[1]]) not in re.split(", | or ", other[2])
    if outside := re.fullmatch(r"below (\S+) or above (\S+)", text):
        return bool(value < float(outside[1]) or value > float(outside[2]))
    if between := re.fullmatch(r"(\S+) to (\S+)", text):
        return bool(float(between[1]) <= value <= float(between[2]))
    return (value if isinstance(value, str) else f"{value:g}") in re.split(", | or ", text)


def without(results: list[Result], some: list[Result]) -> list[Result]:
    ids = {run.id for run in some}
    return [run for run in results if run.id not in ids]


def check(sentence: str, results: list[Result]) -> list[Result]:
    """Count the cells of a rule anew and compare all its numbers; returns the cells inside."""
    rule = RULE.fullmatch(sentence)
    assert rule, sentence
    parts = rule["where"].split(" and with ")
    inside = [run for run in results if all(holds(part, run) for part in parts)]
    outside = without(results, inside)
    n, n_out = (sum(run.state == STATE[rule["verb"]] for run in some) for some in (inside, outside))
    if rule["n"] in ("Both nets", "The one net") or rule["all"]:
        size = {"Both nets": 2, "The one net": 1}.get(rule["n"]) or int(rule["all"])
        assert size == len(inside) == n, sentence
    if rule["some"]:
        assert (int(rule["some"]), int(rule["of"])) == (n, len(inside)), sentence
    if "no other" in rule["end"]:
        assert n_out == 0, sentence
    if rule["only"]:
        assert (int(rule["only"]), int(rule["in"]), n_out) == (n, len(inside), 0), sentence
    if rule["out"]:
        assert (int(rule["out"]), int(rule["did"])) == (len(outside), n_out), sentence
    return inside


GRIDS: tuple[Grid, ...] = (
    DEFAULT,
    {**DEFAULT, **SEEDS},
    {"init.scale": [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0], "model.depth": [1, 2]},
    {"model.activation": ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"], "seed": [1, 2]},
)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("grid", GRIDS, ids=range(len(GRIDS)))
def test_no_cell_of_the_sweep_refutes_a_rule(grid: Grid, seed: int) -> None:
    """Sweeps that are partly drawn: a random rule, with random exceptions."""
    random = np.random.RandomState(seed)
    rates = {(key, value): random.choice([0.0, 0.0, 0.5, 1.0]) for key in grid for value in grid[key]}

    def ends(params: dict[str, Any]) -> Ending:
        if random.rand() < 0.1:
            return "", 0.0
        lost = max(rates[key, value] for key, value in params.items() if key != "seed")
        return (
            (random.choice(["stuck", "diverged", "failed"]), 0.0)
            if random.rand() < lost
            else learnt(random.rand())
        )

    results = swept(grid, ends)
    left = results
    for sentence in sentences(results):
        if found := re.match(r"(?:Of these (\d+), )?(.*)", sentence):
            left = left if found[1] else results
            assert not found[1] or int(found[1]) == len(left)
            if RULE.match(text := found[2][0].upper() + found[2][1:]):
                left = without(left, check(text, left))


def test_the_checks_of_rules_see_what_they_should() -> None:
    results = swept(
        {"init.scale": [0.1, 1.0]}, lambda p: learnt() if p["init.scale"] > 0.5 else ("stuck", 0.0)
    )
    check("The one net with init.scale 0.1 got stuck, and no other.", results)
    wrong: list[Callable[[], object]] = [
        lambda: check("The one net with init.scale 1 got stuck, and no other.", results),
        lambda: check("Both nets with init.scale 0.1 got stuck, and no other.", results),
        lambda: check("Only nets with init.scale 0.1 or 1 got stuck: 2 of 2.", results),
    ]
    for one in wrong:
        with pytest.raises(AssertionError):
            one()
