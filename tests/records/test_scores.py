"""Scores of diverged nets: none, and a constant answer's where a number is needed."""

from nnlab.records import counted, counted_states, measured, state

METRICS = {"train/accuracy": 0.0, "test/accuracy": 0.1, "test/cost": 3.0, "train/majority": 0.7}


def test_a_diverged_net_has_no_scores() -> None:
    assert measured("diverged", METRICS) == {"test/cost": 3.0, "train/majority": 0.7}
    assert measured("finished", METRICS) == METRICS
    assert measured("diverged", {"test/rmse": 1e300, "train/deviation": 1.0}) == {"train/deviation": 1.0}


def test_where_it_must_it_counts_as_a_constant_answer_on_the_same_set() -> None:
    found = counted("diverged", METRICS | {"test/majority": 0.6, "validation/majority": 0.5})
    scores = {"train/accuracy": 0.7, "validation/accuracy": 0.5, "test/accuracy": 0.6}
    assert {key: found[key] for key in scores} == scores and found["test/cost"] == 3.0
    regression = counted("diverged", {"train/deviation": 2.0, "test/deviation": 3.0})
    assert (regression["train/rmse"], regression["test/rmse"]) == (2.0, 3.0)
    assert counted("finished", METRICS) == METRICS


def test_an_earlier_record_knows_the_training_sets_constant_answer_alone() -> None:
    assert counted("diverged", METRICS)["test/accuracy"] == 0.7
    assert counted("diverged", {"size/parameters": 3.0}) == {"size/parameters": 3.0}


def test_stuck_is_what_a_constant_answer_does_as_well() -> None:
    assert state("finished", {"train/accuracy": 0.71, "train/majority": 0.7}) == "learnt"
    assert state("finished", {"train/accuracy": 0.7, "train/majority": 0.7}) == "stuck"
    assert state("finished", {"train/rmse": 0.9, "train/deviation": 1.0}) == "learnt"
    assert state("finished", {"train/rmse": 1.0, "train/deviation": 1.0}) == "stuck"
    assert state("diverged", METRICS) == "diverged" and state("failed", {}) == "failed"
    assert state("finished", {"train/accuracy": 0.1}) == "finished", "nothing to compare it with"


def test_states_are_told_in_one_order() -> None:
    told = counted_states(["diverged", "stuck", "running", "learnt", "failed", "learnt"])
    assert told == "2 learnt, 1 stuck, 1 diverged, 1 failed, 1 running"
    assert counted_states([]) == ""
