"""The loop: what the costs are, when it ends, and what must not change a bit of it."""

import numpy as np
import pytest

from nnlab.nn import training
from nnlab.nn.activations import activation
from nnlab.nn.inference import logits
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES, Loss
from nnlab.nn.metrics import targets
from nnlab.nn.optimizers import OPTIMIZERS, init
from nnlab.nn.tape import do
from nnlab.nn.training import Schedule, block_length, train

SOLVERS = pytest.mark.parametrize("solver", ["primal", "gram"])
BATCHES = pytest.mark.parametrize("batch_size", [None, 5], ids=["full", "minibatch"])
CROSS_ENTROPY = ("sigmoid", "cross_entropy")


@pytest.fixture
def net(build, toy):
    """net(solver, ...) -> a fresh 6-4-n_L net on the toy set, and its Y (n_L, m)."""

    def net(solver="gram", n_L=1, dtype="float64", activation="tanh"):
        images = toy.train.features(dtype)
        network = build(images, draw("lecun", 1.0, [6, 4, n_L], 1), activation, solver)
        return network, targets(toy.train.y, n_L, np.dtype(dtype))

    return net


def run(network, Y, pair=CROSS_ENTROPY, optimizer="gd", lr=0.3, iterations=150, callbacks=(), **schedule):
    loss = pair if isinstance(pair, Loss) else LOSSES[pair]
    state = init(optimizer, network.theta, lr)
    return train(network, Y, loss, state, Schedule(iterations, **schedule), callbacks)


def assert_equal_nets(one, other):
    for pair, pair_other in zip(one.parameters(), other.parameters(), strict=True):
        for p, p_other in zip(pair, pair_other, strict=True):
            np.testing.assert_array_equal(p, p_other)


# -- the costs -------------------------------------------------------------------------------------


@SOLVERS
@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
def test_each_cost_is_j_before_its_update(net, toy, solver, optimizer):
    costs = run(*net(solver), optimizer=optimizer, iterations=70)
    assert costs.shape == (70,) and costs.dtype == np.float64
    for t in (0, 1, 63, 64, 69):  # the block's ends too
        network, Y = net(solver)
        if t:
            run(network, Y, optimizer=optimizer, iterations=t)
        Z_L = logits(network.parameters(), toy.train.features(), activation("tanh"))
        assert costs[t] == pytest.approx(LOSSES[CROSS_ENTROPY].cost(Z_L, Y), rel=1e-12)


def test_training_learns(net):
    for optimizer, lr in (("gd", 0.3), ("momentum", 0.1), ("adam", 0.05)):
        costs = run(*net("primal"), optimizer=optimizer, lr=lr)
        assert costs[-1] < 0.5 * costs[0]


@SOLVERS
def test_l2_adds_lambda_over_2m_of_the_squared_weights(net, toy, solver):
    l2, m = 0.7, toy.m
    network, Y = net(solver)
    costs = run(network, Y, l2=l2, iterations=40)
    for t in (0, 1, 39):
        network, Y = net(solver)
        if t:
            run(network, Y, l2=l2, iterations=t)
        parameters = network.parameters()
        J = LOSSES[CROSS_ENTROPY].cost(logits(parameters, toy.train.features(), activation("tanh")), Y)
        squares = sum(float((W**2).sum()) for W, _ in parameters)  # the biases are not in it
        assert costs[t] == pytest.approx(J + l2 / (2 * m) * squares, rel=1e-12)


def test_l2_shrinks_the_weights(net):
    sizes = []
    for l2 in (0.0, 1.0, 10.0):
        network, Y = net("primal")
        run(network, Y, l2=l2)
        sizes.append(sum(float((W**2).sum()) for W, _ in network.parameters()))
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_fresh_start_gives_the_same_bits(net):
    for options in ({}, {"batch_size": 5, "seed": 4}, {"l2": 0.3, "optimizer": "momentum"}):
        (one, Y), (other, _) = net(), net()
        np.testing.assert_array_equal(run(one, Y, **options), run(other, Y, **options))
        assert_equal_nets(one, other)


@SOLVERS
@BATCHES
def test_a_shorter_training_is_the_beginning_of_a_longer(net, solver, batch_size):
    long = run(*net(solver), iterations=150, batch_size=batch_size)
    for iterations in (1, 63, 64, 65, 128):
        short = run(*net(solver), iterations=iterations, batch_size=batch_size)
        np.testing.assert_array_equal(short, long[:iterations])


# -- divergence ------------------------------------------------------------------------------------


def diverging(network, Y, **options):
    """Squared error with steps far too large: the costs grow until they overflow."""
    with np.errstate(all="ignore"):
        return run(network, Y, ("identity", "squared_error"), lr=30.0, iterations=2000, **options)


@SOLVERS
@BATCHES
def test_divergence_ends_the_training_and_keeps_the_history(net, solver, batch_size):
    costs = diverging(*net(solver, activation="identity"), batch_size=batch_size)
    assert 2 < len(costs) < 2000
    assert np.isfinite(costs[:-1]).all() and not np.isfinite(costs[-1])
    with np.errstate(all="ignore"):
        before = run(
            *net(solver, activation="identity"), ("identity", "squared_error"),
            lr=30.0, iterations=len(costs) - 1, batch_size=batch_size,
        )  # fmt: skip
    np.testing.assert_array_equal(costs[:-1], before)


def test_the_history_of_a_divergence_does_not_depend_on_where_the_loop_pauses(net, monkeypatch):
    expected = diverging(*net(activation="identity"))
    for pause_every in (1, 3, 64):
        found = diverging(*net(activation="identity"), pause_every=pause_every)
        np.testing.assert_array_equal(found, expected)
    for length in (1, 7):
        monkeypatch.setattr(training, "block_length", lambda *_, n=length: n)
        np.testing.assert_array_equal(diverging(*net(activation="identity")), expected)


def test_callbacks_see_finite_costs_only(net):
    seen = []
    costs = diverging(*net(activation="identity"), pause_every=1, callbacks=[lambda s: seen.append(s.step)])
    assert seen == list(range(len(costs)))  # the last one, after the non-finite cost, is not shown


def test_a_start_that_is_not_finite_ends_at_once(net):
    network, Y = net("primal")
    network.theta[0] = np.nan
    with np.errstate(all="ignore"):
        assert np.isnan(run(network, Y)).tolist() == [True]


# -- minibatches -----------------------------------------------------------------------------------


def places_of_batches(build, solver, m, batch_size, iterations, seed=0):
    """The examples of each step: example i has the image i and the target i."""
    images = np.arange(float(m))[:, np.newaxis]
    network = build(images, [np.ones((1, 1))], "identity", solver)
    seen = []

    def delta(xp, Z, Y, weights, out):
        def write():
            real = np.flatnonzero(weights)
            np.testing.assert_allclose(Z[:, real], Y[:, real], rtol=1e-15)  # images belong to their targets
            seen.append(Y[0, real].astype(int).tolist())
            out.fill(0.0)

        do(xp, write)

    loss = Loss(lambda Z, Y: np.zeros(len(Z)), delta)
    run(network, images.T, loss, iterations=iterations, batch_size=batch_size, seed=seed)
    return seen


@SOLVERS
@pytest.mark.parametrize(
    ("m", "batch_size", "sizes"),
    [(10, 4, [4, 4, 2]), (10, 5, [5, 5]), (10, 1, [1] * 10), (10, 9, [9, 1]), (10, 10, [10]), (3, 8, [3])],
)
def test_an_epoch_has_each_example_once(build, solver, m, batch_size, sizes):
    steps, epochs = len(sizes), 4
    seen = places_of_batches(build, solver, m, batch_size, iterations=epochs * steps)
    orders = set()
    for epoch in range(epochs):
        batches = seen[epoch * steps : (epoch + 1) * steps]
        assert [len(batch) for batch in batches] == sizes
        order = [place for batch in batches for place in batch]
        assert sorted(order) == list(range(m))
        orders.add(tuple(order))
    if m > 3:
        assert len(orders) == epochs  # shuffled anew each time


def test_the_seed_decides_the_minibatches_and_nothing_else_does(build):
    one = places_of_batches(build, "primal", 10, 4, 30, seed=1)
    np.random.seed(0)
    assert places_of_batches(build, "gram", 10, 4, 30, seed=1) == one
    assert places_of_batches(build, "primal", 10, 4, 12, seed=1) == one[:12]
    assert places_of_batches(build, "primal", 10, 4, 30, seed=2) != one
    places_of_batches(build, "primal", 10, 4, 3, seed=2**32 - 1)


def test_the_full_batch_keeps_the_order(build):
    assert places_of_batches(build, "primal", 5, None, 3) == [list(range(5))] * 3


@SOLVERS
def test_a_minibatchs_cost_is_that_of_its_examples(net, toy, solver):
    costs = run(*net(solver), batch_size=5, iterations=1, seed=3)
    places = np.random.RandomState([3, 0]).permutation(toy.m)[:5]
    network, Y = net(solver)
    Z_L = logits(network.parameters(), toy.train.features()[places], activation("tanh"))
    assert costs[0] == pytest.approx(LOSSES[CROSS_ENTROPY].cost(Z_L, Y[:, places]), rel=1e-12)


# -- pauses and blocks -----------------------------------------------------------------------------


@SOLVERS
@BATCHES
@pytest.mark.parametrize("pause_every", [1, 7, 50, 64, 100, 150, 1000])
def test_pauses_change_no_bit(net, solver, batch_size, pause_every):
    plain, Y = net(solver)
    expected = run(plain, Y, batch_size=batch_size, l2=0.1)
    network, Y = net(solver)
    seen = []

    def look(step):
        assert step.network is network
        np.testing.assert_array_equal(step.costs, expected[: step.step])
        seen.append(step.step)

    costs = run(network, Y, batch_size=batch_size, l2=0.1, pause_every=pause_every, callbacks=[look])
    np.testing.assert_array_equal(costs, expected)
    assert_equal_nets(network, plain)
    assert set(range(0, 151, pause_every)) <= set(seen)
    assert seen == sorted(set(seen)) and seen[0] == 0 and seen[-1] == 150


@SOLVERS
@BATCHES
def test_a_callback_sees_the_net_after_so_many_updates(net, solver, batch_size):
    seen = {}
    network, Y = net(solver)
    run(
        network, Y, iterations=70, batch_size=batch_size, pause_every=35,
        callbacks=[lambda step: seen.__setitem__(step.step, step.network.theta.copy())],
    )  # fmt: skip
    for step in (35, 70):
        network, Y = net(solver)
        run(network, Y, iterations=step, batch_size=batch_size)
        np.testing.assert_array_equal(seen[step], network.theta)


def test_callbacks_are_called_in_their_order(net):
    seen = []
    callbacks = [lambda step: seen.append(("a", step.step)), lambda step: seen.append(("b", step.step))]
    run(*net(), iterations=2, pause_every=1, callbacks=callbacks)
    assert seen == [(name, step) for step in range(3) for name in "ab"]


@SOLVERS
@pytest.mark.parametrize("pair", LOSSES, ids="-".join)
@pytest.mark.parametrize("n_L", [1, 2])
def test_the_block_length_changes_no_bit(net, monkeypatch, solver, pair, n_L):
    found = []
    for length in (1, 3, 64, 1000):
        monkeypatch.setattr(training, "block_length", lambda *_, n=length: n)
        network, Y = net(solver, n_L)
        found.append((run(network, Y, pair, l2=0.1), network))
    for costs, network in found[1:]:
        np.testing.assert_array_equal(costs, found[0][0])
        assert_equal_nets(network, found[0][1])


@pytest.mark.parametrize(
    ("m", "batch_size", "length"),
    [(1, None, 64), (23, None, 64), (10**5, None, 16), (10**6, None, 1), (10**12, None, 1), (23, 5, 1)],
)
def test_a_block_has_1_to_64_steps(net, m, batch_size, length):
    """10^9 multiplications, six for each parameter and example: the 6-4-1 net over K has 102 parameters."""
    network = net()[0]
    assert network.theta.size == 102
    assert block_length(network, m, batch_size) == length


# -- float32 ---------------------------------------------------------------------------------------


@SOLVERS
@BATCHES
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_float32_stays_near_float64(net, solver, batch_size, optimizer):
    if solver == "gram" and not OPTIMIZERS[optimizer].linear:
        solver = "primal"
    lr = 0.05 if optimizer in ("gd", "momentum", "adam") else OPTIMIZERS[optimizer].lr
    options = {"optimizer": optimizer, "lr": lr, "l2": 0.1, "batch_size": batch_size}
    (single, Y32), (double, Y64) = net(solver, dtype="float32"), net(solver)
    costs = run(single, Y32, **options)
    assert all(p.dtype == np.float32 for pair in single.parameters() for p in pair)
    np.testing.assert_allclose(costs, run(double, Y64, **options), rtol=1e-4)
    for (W, b), (W64, b64) in zip(single.parameters(), double.parameters(), strict=True):
        np.testing.assert_allclose(W, W64, atol=1e-3)
        np.testing.assert_allclose(b, b64, atol=1e-3)
