"""A tape: played, it gives the bits of the same formula run at once, also when the numbers have changed."""

from itertools import pairwise

import numpy as np
import pytest

from nnlab.nn.activations import ACTIVATIONS, activation
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES, OUTPUTS
from nnlab.nn.metrics import targets
from nnlab.nn.optimizers import OPTIMIZERS, init
from nnlab.nn.tape import Tape, do
from nnlab.nn.training import L2, Minibatch, step

DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
LOSS = LOSSES["sigmoid", "cross_entropy"]
LEAK = 0.1
ROUNDS = 3  # plays of a tape, each with new numbers in its arrays


def play(tape):
    for call in tape.calls():
        call()


def play_twin(formula, arrays):
    """Run ``formula(xp, arrays, out)`` at once and from a tape on equal arrays, each time other numbers.

    Every array must have the same bits after it, not only ``out``.
    """
    random, taped, tape = np.random.RandomState(0), [a.copy() for a in arrays], Tape()
    out, taped_out = np.full_like(arrays[0], np.nan), np.full_like(arrays[0], np.nan)
    formula(tape, taped, taped_out)
    assert np.isnan(taped_out).all()  # nothing has run yet
    for _ in range(ROUNDS):
        for array, twin in zip(arrays, taped, strict=True):
            array[...] = twin[...] = 2.0 * random.randn(*array.shape)
        formula(np, arrays, out)
        play(tape)
        assert np.isfinite(out).all()
        for array, twin in zip([*arrays, out], [*taped, taped_out], strict=True):
            np.testing.assert_array_equal(array, twin, strict=True)


# -- the formulas ----------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(4, 23), (1, 1), (21, 216)])
def test_every_activation(name, shape, dtype):
    g, Z = activation(name, {"leak": LEAK}), np.empty(shape, dtype)
    play_twin(lambda xp, arrays, out: g.value(xp, arrays[0], out=out), [Z])


@DTYPES
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_in_its_own_array(name, dtype):
    """As a layer of an activation that is ``in_place`` keeps it: Z and A are one array."""
    g = activation(name, {"leak": LEAK})

    def formula(xp, arrays, out):
        A = arrays[0] if g.in_place else arrays[1]
        g.value(xp, arrays[0], out=A)
        g.slope(xp, arrays[0], A, out=out)

    play_twin(formula, [np.empty((4, 23), dtype), np.empty((4, 23), dtype)])


@DTYPES
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_slope(name, dtype):
    g = activation(name, {"leak": LEAK})

    def formula(xp, arrays, out):
        Z, A = arrays
        g.value(xp, Z, out=A)
        g.slope(xp, Z, A, out=out)

    play_twin(formula, [np.empty((4, 23), dtype), np.empty((4, 23), dtype)])


@DTYPES
@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output(name, dtype):
    play_twin(lambda xp, arrays, out: OUTPUTS[name](xp, arrays[0], out), [np.empty((3, 23), dtype)])


@DTYPES
@pytest.mark.parametrize(
    ("pair", "n_L"),
    [(pair, n_L) for pair in LOSSES for n_L in (1, 4) if pair[0] != "softmax" or n_L > 1],
)
def test_every_delta(pair, n_L, dtype):
    random, loss = np.random.RandomState(1), LOSSES[pair]
    Y = targets(random.randint(max(n_L, 2), size=23), n_L, np.dtype(dtype))
    prepared = loss.prepare(Y, random.rand(1, 23).astype(dtype))
    play_twin(
        lambda xp, arrays, out: loss.delta(xp, arrays[0], *prepared, out=out), [np.empty((n_L, 23), dtype)]
    )


@DTYPES
@pytest.mark.parametrize("pair", LOSSES)
def test_a_delta_follows_the_targets_and_weights_too(pair, dtype):
    """A minibatch writes those of its examples to the arrays that ``prepare`` gave at first."""
    loss = LOSSES[pair]
    one = np.ones((4, 23), dtype)
    prepared = loss.prepare(one, one[:1])
    play_twin(
        lambda xp, arrays, out: loss.delta(xp, arrays[0], *arrays[1:], out=out),
        [np.empty((4, 23), dtype), *(np.empty_like(array) for array in prepared)],
    )


@DTYPES
@pytest.mark.parametrize("decay", [0.0, 0.5])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name, decay, dtype):
    """10 steps; theta, the moments and the rest of the state are the same after each."""
    random = np.random.RandomState(2)
    theta, gradient, tape = random.randn(37).astype(dtype), np.empty(37, dtype), Tape()
    taped_theta, taped_gradient = theta.copy(), np.empty(37, dtype)
    state, taped = init(name, theta, 0.1, decay), init(name, taped_theta, 0.1, decay)
    state.steps_per_epoch = taped.steps_per_epoch = 3
    before = theta.copy()
    do(tape, taped.advance)
    taped.step(tape, taped_theta, taped_gradient)
    np.testing.assert_array_equal(taped_theta, before)  # nothing has run yet
    assert taped.steps == 0
    for t in range(10):
        gradient[...] = taped_gradient[...] = random.randn(37)
        state.advance()
        state.step(np, theta, gradient)
        play(tape)
        assert state.steps == taped.steps == t + 1 and state.rate == taped.rate
        assert not np.array_equal(theta, before)
        before = theta.copy()
        np.testing.assert_array_equal(theta, taped_theta, strict=True)
        for moment, moment_taped in zip(state.moments, taped.moments, strict=True):
            np.testing.assert_array_equal(moment, moment_taped, strict=True)


# -- a whole step ----------------------------------------------------------------------------------


ALLOWED = [  # the Gram layer holds W1 only for an optimizer that is linear
    (solver, optimizer)
    for solver in ("primal", "gram")
    for optimizer in OPTIMIZERS
    if solver == "primal" or OPTIMIZERS[optimizer].linear
]
TRAININGS = [
    pytest.mark.parametrize(("solver", "optimizer"), ALLOWED),
    pytest.mark.parametrize("name", ACTIVATIONS),
    pytest.mark.parametrize("l2", [0.0, 0.7]),
    pytest.mark.parametrize("decay", [0.0, 0.5]),
    DTYPES,
]


def trainings(test):
    for mark in TRAININGS:
        test = mark(test)
    return test


@pytest.fixture
def start(build, toy):
    """start(solver, ...) -> a fresh 6-5-4-1 net on the toy set, its Y, state and L2 term."""

    def start(solver, optimizer, name, l2, decay, dtype):
        images = toy.train.features(dtype)
        network = build(images, draw("lecun", 1.0, [6, 5, 4, 1], 1), name, solver)
        state = init(optimizer, network.theta, 0.1, decay)
        state.steps_per_epoch = 2
        Y = targets(toy.train.y, 1, np.dtype(dtype))
        return network, Y, state, L2(network, l2, state) if l2 else None

    return start


def assert_equal(one, other):
    """The same bits in theta, gradient, state and penalties of the L2 term."""
    (network, _, state, l2), (network_other, _, state_other, l2_other) = one, other
    np.testing.assert_array_equal(network.theta, network_other.theta, strict=True)
    np.testing.assert_array_equal(network.gradient, network_other.gradient, strict=True)
    for moment, moment_other in zip(state.moments, state_other.moments, strict=True):
        np.testing.assert_array_equal(moment, moment_other, strict=True)
    assert (state.steps, state.rate) == (state_other.steps, state_other.rate)
    assert l2 is None or (l2.penalties == l2_other.penalties and l2.penalties)


@trainings
def test_a_step_on_the_whole_batch(start, solver, optimizer, name, l2, decay, dtype):
    """Each step writes its logits to their own place in a stack, as in a block of the loop."""
    at_once, taped, tape = *(start(solver, optimizer, name, l2, decay, dtype) for _ in range(2)), Tape()
    network, Y, state, term = at_once
    batch = network.whole(Y, LOSS, state.scale)
    taped_batch = taped[0].whole(Y, LOSS, taped[2].scale, runs=4)
    thetas = [network.theta.copy()]
    step(tape, taped[0], LOSS, taped_batch, *taped[2:])
    np.testing.assert_array_equal(taped[0].theta, thetas[0])  # nothing has run yet
    Z_L = taped_batch.w.Z[network.L]
    for place, calls in zip(taped_batch.w.logits, tape.runs(Z_L, list(taped_batch.w.logits)), strict=True):
        step(np, network, LOSS, batch, state, term)
        for call in calls:
            call()
        assert_equal(at_once, taped)
        np.testing.assert_array_equal(batch.w.Z[network.L], place, strict=True)
        thetas.append(network.theta.copy())
    assert all(np.isfinite(b).all() and not np.array_equal(a, b) for a, b in pairwise(thetas))


@trainings
def test_a_step_on_minibatches(start, solver, optimizer, name, l2, decay, dtype):
    at_once, taped, tape = *(start(solver, optimizer, name, l2, decay, dtype) for _ in range(2)), Tape()
    (network, Y, state, term), k = at_once, 5
    minibatch, taped_minibatch = (Minibatch(n, Y, LOSS, s.scale / k, k) for n, _, s, _ in (at_once, taped))
    step(tape, taped[0], LOSS, taped_minibatch.batch, *taped[2:])
    random, before = np.random.RandomState(3), network.theta.copy()
    for _ in range(4):
        places = random.permutation(Y.shape[1])[:k]
        step(np, network, LOSS, minibatch.fill(places).batch, state, term)
        taped_minibatch.fill(places)
        play(tape)
        assert_equal(at_once, taped)
        np.testing.assert_array_equal(minibatch.batch.logits, taped_minibatch.batch.logits, strict=True)
        assert np.isfinite(network.theta).all() and not np.array_equal(network.theta, before)
        before = network.theta.copy()


# -- what a tape accepts ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "exp", "maximum", "sum", "matmul", "dot"])
def test_a_call_without_out_is_an_error_that_names_the_function(name):
    a = np.ones((2, 2))
    with pytest.raises(TypeError, match=rf"^{name}\b.*out="):
        getattr(Tape(), name)(a, a)


@pytest.mark.parametrize("name", ["no_such_function", "pi", "newaxis"])
def test_a_name_that_is_not_a_function_of_numpy_is_an_error(name):
    with pytest.raises(AttributeError, match=name):
        getattr(Tape(), name)


def test_a_call_returns_its_out_and_runs_only_when_played():
    tape, out = Tape(), np.zeros(3)
    assert tape.add(np.ones(3), 1.0, out=out) is out
    np.testing.assert_array_equal(out, np.zeros(3))
    play(tape)
    np.testing.assert_array_equal(out, np.full(3, 2.0))


def test_calls_run_in_their_order():
    tape, a = Tape(), np.ones(2)
    tape.add(a, 1.0, out=a)
    do(tape, a.__imul__, 3.0)
    tape.subtract(a, 1.0, out=a)
    tape.copyto(a, a * 0.0 + 5.0)
    tape.multiply(a, 2.0, out=a)
    calls, seen = tape.calls(), []
    for call in calls:
        call()
        seen.append(float(a[0]))
    assert seen == [2.0, 6.0, 5.0, 5.0, 10.0]


@pytest.mark.parametrize("number", [0.0, -1.5, 0.1, np.float64(0.1), np.nan])
@DTYPES
def test_numbers_have_the_type_of_the_arrays_beside_them(number, dtype):
    """So float32 stays float32, at once and when played."""

    def formula(xp, arrays, out):
        (a,) = arrays
        scratch = np.empty_like(a)
        for name in ("add", "subtract", "multiply"):
            getattr(xp, name)(a, number, out=scratch)
            getattr(xp, name)(number, scratch, out=a)
        xp.maximum(a, number, out=scratch)
        xp.minimum(scratch, number, out=a)
        xp.copyto(out, number)

    first, second = np.linspace(-2.0, 2.0, 9).astype(dtype), np.linspace(-2.0, 2.0, 9).astype(dtype)
    out, out_taped, tape = np.empty(9, dtype), np.empty(9, dtype), Tape()
    formula(np, [first], out)
    formula(tape, [second], out_taped)
    play(tape)
    np.testing.assert_array_equal(first, second, strict=True)
    np.testing.assert_array_equal(out, out_taped, strict=True)


@DTYPES
@pytest.mark.parametrize("name", ["multiply", "maximum"])
def test_a_number_beside_a_mask_keeps_its_value(name, dtype):
    mask, expected, out, tape = np.array([True, False]), np.empty(2, dtype), np.empty(2, dtype), Tape()
    getattr(np, name)(mask, 0.3, out=expected)
    getattr(tape, name)(mask, 0.3, out=out)
    play(tape)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "max", "min", "mean"])
def test_options_of_a_call_are_kept(name, axis, keepdims):
    a = np.random.RandomState(4).randn(5, 7)
    expected, tape = getattr(np, name)(a, axis=axis, keepdims=keepdims), Tape()
    out = np.full_like(expected, np.nan)
    getattr(tape, name)(a, axis=axis, keepdims=keepdims, out=out)
    play(tape)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("name", ["sum", "max"])
def test_without_an_axis_a_call_takes_all_elements(name):
    a, out, tape = np.arange(6.0).reshape(2, 3), np.empty(()), Tape()
    getattr(tape, name)(a, out=out)
    play(tape)
    assert out == getattr(np, name)(a)


# -- runs ------------------------------------------------------------------------------------------


def test_runs_put_another_array_in_the_place_of_one():
    """Read, written, and both; arrays and calls of other kinds stay as they are."""
    tape, Z, total, counted = Tape(), np.zeros(3), np.zeros(3), []
    places = [np.full(3, 10.0 * i) for i in range(1, 4)]
    tape.add(Z, 1.0, out=Z)
    tape.copyto(Z, Z)
    tape.add(total, Z, out=total)
    do(tape, counted.append, "a call")
    totals = []
    for calls in tape.runs(Z, places):
        for call in calls:
            call()
        totals.append(float(total[0]))
    assert totals == [11.0, 32.0, 63.0]
    assert [float(place[0]) for place in places] == [11.0, 21.0, 31.0]
    assert counted == ["a call"] * 3
    np.testing.assert_array_equal(Z, np.zeros(3))


def test_runs_can_be_played_again_and_in_any_order():
    tape, Z, out = Tape(), np.zeros(2), np.zeros(2)
    tape.multiply(Z, 2.0, out=out)
    places = [np.full(2, 1.0), np.full(2, 2.0)]
    runs = list(tape.runs(Z, places))
    for i in (1, 0, 1):
        for call in runs[i]:
            call()
        np.testing.assert_array_equal(out, 2.0 * places[i])


def test_runs_leave_the_tape_as_it_was():
    tape, Z, out = Tape(), np.ones(2), np.zeros(2)
    tape.multiply(Z, 2.0, out=out)
    list(tape.runs(Z, [np.full(2, 9.0)]))
    play(tape)
    np.testing.assert_array_equal(out, [2.0, 2.0])


@pytest.mark.parametrize(
    "keep",
    [
        lambda tape, Z, out: tape.add(Z[:1], 1.0, out=out[:1]),
        lambda tape, Z, out: tape.add(out[:1], 1.0, out=Z[1:]),
        lambda tape, Z, out: tape.dot(Z.T, out, out=out),
        lambda tape, Z, out: tape.copyto(out, Z.view(np.int64)),
        lambda tape, Z, out: tape.add(Z, Z[:1], out=out),
        lambda tape, Z, out: tape.maximum(Z[:], 0.0, out=out),
    ],
    ids=["read", "written", "transposed", "other type", "whole and part", "all of it by another name"],
)
def test_runs_refuse_a_formula_that_uses_a_part_of_the_array(keep):
    tape, Z, out = Tape(), np.ones((2, 2)), np.ones((2, 2))
    keep(tape, Z, out)
    with pytest.raises(ValueError, match="uses a part of an array that differs from run to run"):
        list(tape.runs(Z, [np.ones((2, 2))]))


def test_runs_take_a_formula_that_uses_parts_of_other_arrays():
    tape, Z, other = Tape(), np.ones(2), np.array([1.0, 2.0, 3.0, 4.0])
    tape.add(Z, other[1:3], out=other[:2])
    (calls,) = tape.runs(Z, [np.array([10.0, 20.0])])
    for call in calls:
        call()
    np.testing.assert_array_equal(other, [12.0, 23.0, 3.0, 4.0])


# -- do --------------------------------------------------------------------------------------------


def test_do_calls_at_once_without_a_tape():
    seen = []
    do(np, seen.append, 1)
    assert seen == [1]


def test_do_on_a_tape_calls_whenever_it_is_played():
    seen, tape = [], Tape()
    do(tape, seen.append, 1)
    do(tape, seen.extend, [2, 3])
    assert seen == []
    play(tape)
    play(tape)
    assert seen == [1, 2, 3, 1, 2, 3]
