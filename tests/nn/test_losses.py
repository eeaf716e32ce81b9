"""Outputs and losses by hand, by central differences, in probabilities and at the extremes."""

import numpy as np
import pytest

from nnlab.nn.losses import LOSSES, OUTPUTS, output
from nnlab.nn.tape import Tape

PAIRS = pytest.mark.parametrize("pair", LOSSES, ids="-".join)
# each pair with one output and with several; softmax over one output would always be 1
SHAPES = pytest.mark.parametrize(
    ("pair", "n_L"),
    [(pair, n_L) for pair in LOSSES for n_L in (1, 2, 4) if pair[0] != "softmax" or n_L > 1],
)
EVERY_OUTPUT = pytest.mark.parametrize("name", OUTPUTS)
LOG2, LOG3 = np.log(2.0), np.log(3.0)


def delta_of(loss, Z, Y, weights=None):
    """The derivative by Z, every example with weight 1 or these (1, m)."""
    if weights is None:
        weights = np.ones((1, Y.shape[1]), Y.dtype)
    out = np.full_like(Z, np.nan)
    loss.delta(np, Z, *loss.prepare(Y, weights), out=out)
    return out


def one_hot(labels, n_L):
    return np.eye(n_L)[:, labels]


def example(n_L, m=6, seed=0):
    """Logits (n_L, m) and labels as 0 and 1, one-hot where there are several outputs."""
    random = np.random.RandomState(seed)
    labels = random.randint(max(n_L, 2), size=m)
    return 2.0 * random.randn(n_L, m), one_hot(labels, n_L) if n_L > 1 else labels[np.newaxis] * 1.0


def test_the_table_is_that_of_the_configuration():
    assert set(OUTPUTS) == {"sigmoid", "softmax", "identity"}
    assert {loss for _, loss in LOSSES} == {"cross_entropy", "squared_error"}
    assert {output for output, _ in LOSSES} == set(OUTPUTS)


@pytest.mark.parametrize(
    ("pair", "Z", "Y", "cost", "delta"),
    [
        # a = 1/2, 1/2, so -log(1/2) for every y
        (("sigmoid", "cross_entropy"), [[0.0, 0.0]], [[1.0, 0.0]], LOG2, [[-0.5, 0.5]]),
        # a = 3/4, 1/4: -log(3/4) and -log(3/4)
        (("sigmoid", "cross_entropy"), [[LOG3, -LOG3]], [[1, 0]], np.log(4 / 3), [[-0.25, 0.25]]),
        # a = (1/4, 1/2, 1/4), the label is the second: -log(1/2)
        (
            ("softmax", "cross_entropy"),
            [[0.0], [LOG2], [0.0]],
            [[0], [1], [0]],
            LOG2,
            [[0.25], [-0.5], [0.25]],
        ),
        # (1-3)^2/2 and (5-4)^2/2, their mean
        (("identity", "squared_error"), [[1.0, 5.0]], [[3.0, 4.0]], 1.25, [[-2.0, 1.0]]),
        # summed over outputs: (4 + 1)/2
        (("identity", "squared_error"), [[1.0], [5.0]], [[3.0], [4.0]], 2.5, [[-2.0], [1.0]]),
        # a = 3/4: (3/4 - 1)^2/2; (a - y) a (1 - a) = -1/4 * 3/16
        (("sigmoid", "squared_error"), [[LOG3]], [[1.0]], 1 / 32, [[-3 / 64]]),
        # a = (1/4, 1/2, 1/4), y = (1, 0, 0): (9/16 + 1/4 + 1/16)/2 = 7/16; d = a - y = (-3/4, 1/2, 1/4),
        # <a, d> = -3/16 + 1/4 + 1/16 = 1/8, delta = a (d - 1/8) = (-7/32, 3/16, 1/32)
        (
            ("softmax", "squared_error"),
            [[0.0], [LOG2], [0.0]],
            [[1], [0], [0]],
            7 / 16,
            [[-7 / 32], [3 / 16], [1 / 32]],
        ),
    ],
)
def test_by_hand(pair, Z, Y, cost, delta):
    Z, Y = np.array(Z), np.array(Y, float)
    assert LOSSES[pair].cost(Z, Y) == pytest.approx(cost, rel=1e-14)
    np.testing.assert_allclose(delta_of(LOSSES[pair], Z, Y), delta, rtol=1e-14)


@SHAPES
def test_delta_is_m_times_the_central_difference(pair, n_L):
    Z, Y = example(n_L)
    m, h = Z.shape[1], 1e-5
    differences = np.empty_like(Z)
    for place in np.ndindex(Z.shape):
        nudge = np.zeros_like(Z)
        nudge[place] = h
        above, below = LOSSES[pair].cost(Z + nudge, Y), LOSSES[pair].cost(Z - nudge, Y)
        differences[place] = m * (above - below) / (2.0 * h)
    np.testing.assert_allclose(delta_of(LOSSES[pair], Z, Y), differences, rtol=1e-7, atol=1e-8)


@SHAPES
def test_cost_is_the_formula_in_the_outputs(pair, n_L):
    """The notes' formulas, which take A; near the middle they lose nothing."""
    Z, Y = example(n_L)
    name, loss = pair
    A = output(name, Z)
    if loss == "squared_error":
        each = (A - Y) ** 2 / 2.0
    elif name == "softmax":
        each = -Y * np.log(A)
    else:
        each = -Y * np.log(A) - (1.0 - Y) * np.log(1.0 - A)
    assert LOSSES[pair].cost(Z, Y) == pytest.approx(each.sum(axis=0).mean(), rel=1e-13, abs=1e-15)


@SHAPES
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extremes_are_stable(pair, n_L, dtype):
    Z = np.tile(np.array([-1e4, 1e4, 0.0, -1e4, 1e4], dtype), (n_L, 1))
    Z[:1] *= -1.0
    Y = one_hot([0, 0, 0, -1, -1], max(n_L, 2))[:n_L].astype(dtype)
    with np.errstate(all="raise", over="ignore", under="ignore"):
        cost, delta = LOSSES[pair].cost(Z, Y), delta_of(LOSSES[pair], Z, Y)
    assert cost.dtype == delta.dtype == dtype
    assert np.isfinite(cost) and cost >= 0.0
    assert np.isfinite(delta).all()


@pytest.mark.parametrize("name", ["sigmoid", "softmax"])
def test_cross_entropy_is_exact_far_out(name):
    """Right and sure costs nothing, wrong and sure costs |z|: not the infinity of -log(0)."""
    Z, Y = np.array([[1e4, 1e4]]), np.array([[1.0, 0.0]])
    if name == "softmax":
        Z, Y = np.vstack([Z, [[0.0, 0.0]]]), np.vstack([Y, 1.0 - Y])
    loss = LOSSES[name, "cross_entropy"]
    with np.errstate(over="ignore"):
        assert loss.cost(Z, Y) == 5e3
        np.testing.assert_array_equal(delta_of(loss, Z, Y)[0], [0.0, 1.0])


@SHAPES
@pytest.mark.parametrize("steps", [1, 2, 64])
def test_a_stack_gives_each_steps_cost_to_the_bit(pair, n_L, steps):
    Y = example(n_L, m=209)[1]
    stack = np.stack([example(n_L, m=209, seed=s)[0] for s in range(steps)])
    loss, tape, first, delta = LOSSES[pair], Tape(), stack[0], np.full_like(stack[0], np.nan)
    loss.delta(tape, first, *loss.prepare(Y, np.ones((1, 209))), out=delta)
    costs = loss.cost(stack, Y)
    assert costs.shape == (steps,)
    for Z, cost, calls in zip(stack, costs, tape.runs(first, list(stack)), strict=True):
        assert loss.cost(Z, Y) == cost
        for call in calls:
            call()
        np.testing.assert_array_equal(delta_of(loss, Z, Y), delta)


@SHAPES
def test_delta_weighs_each_example(pair, n_L):
    Z, Y = example(n_L)
    weights = np.array([[0.5, 0.25, 0.0, 1.0, 0.0, 2.0]])
    out = delta_of(LOSSES[pair], Z, Y, weights)
    np.testing.assert_allclose(out, weights * delta_of(LOSSES[pair], Z, Y), rtol=1e-15)
    assert (out[:, [2, 4]] == 0.0).all()


@PAIRS
def test_nothing_is_changed_in_place(pair):
    Z, Y = example(3)
    before = Z.copy(), Y.copy()
    LOSSES[pair].cost(Z, Y)
    delta_of(LOSSES[pair], Z, Y)
    output(pair[0], Z)
    np.testing.assert_array_equal((Z, Y), before)


@EVERY_OUTPUT
def test_output_is_not_a_view_and_keeps_type(name):
    for dtype in (np.float64, np.float32):
        Z = example(3)[0].astype(dtype)
        A = output(name, Z)
        assert A.shape == Z.shape and A.dtype == dtype and not np.shares_memory(A, Z)


@EVERY_OUTPUT
def test_probabilities_lie_between_0_and_1(name):
    with np.errstate(over="ignore"):
        A = output(name, np.array([[-1e4, 1e4, 0.0, 3.0], [1e4, -1e4, 0.0, -3.0]]))
    assert np.isfinite(A).all()
    if name != "identity":
        assert (A >= 0.0).all() and (A <= 1.0).all()
        np.testing.assert_allclose(A.sum(axis=0), 1.0, rtol=1e-15)


def test_softmax_does_not_see_a_common_shift():
    Z, Y = example(4)
    loss = LOSSES["softmax", "cross_entropy"]
    np.testing.assert_allclose(output("softmax", Z + 123.0), output("softmax", Z), rtol=1e-12)
    assert loss.cost(Z + 123.0, Y) == pytest.approx(loss.cost(Z, Y), rel=1e-12)


def test_two_softmax_outputs_are_one_sigmoid():
    Z, Y = example(1)
    two, labels = np.vstack([np.zeros_like(Z), Z]), np.vstack([1.0 - Y, Y])
    np.testing.assert_allclose(output("softmax", two)[1:], output("sigmoid", Z), rtol=1e-14)
    costs = (
        LOSSES["softmax", "cross_entropy"].cost(two, labels),
        LOSSES["sigmoid", "cross_entropy"].cost(Z, Y),
    )
    assert costs[0] == pytest.approx(costs[1], rel=1e-14)
