"""The Gram layer is the primal layer in other coordinates: same costs, same weights, same norms."""

import numpy as np
import pytest
from harness import small_set
from hypothesis import given, settings
from hypothesis import strategies as st

from nnlab.cells.cell import resolve
from nnlab.cells.choose_solver import choose_solver
from nnlab.config import constraints as ranges
from nnlab.config.compose import compose
from nnlab.data import hdf5
from nnlab.errors import UserError
from nnlab.nn.activations import ACTIVATIONS, activation
from nnlab.nn.first_layer import PrimalLayer
from nnlab.nn.gram import gram
from nnlab.nn.gram_layer import GramLayer
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import targets
from nnlab.nn.network import Network, propagate
from nnlab.nn.optimizers import OPTIMIZERS, init
from nnlab.nn.training import Schedule, train

LINEAR = [name for name, optimizer in OPTIMIZERS.items() if optimizer.linear]
M = 13
CROSS_ENTROPY = ("sigmoid", "cross_entropy")


def problem(sizes, m=M, seed=0):
    """Images (m, n_0) as bright as photographs, Y (n_L, m) and weights for sizes [n_0, ..., n_L]."""
    random = np.random.RandomState(seed)
    images, y = random.rand(m, sizes[0]), random.randint(max(2, sizes[-1]), size=m)
    return images, targets(y, sizes[-1], np.dtype("float64")), draw("lecun", 1.0, sizes, seed)


def run(network, Y, optimizer, batch_size=None, l2=0.0, pair=CROSS_ENTROPY, iterations=20, decay=0.0):
    state = init(optimizer, network.theta, 0.05, decay)
    return train(network, Y, LOSSES[pair], state, Schedule(iterations, batch_size, seed=3, l2=l2))


def gradient_norms(network, Y, l2, pair=CROSS_ENTROPY):
    """Of a full-batch gradient, first without L2 (as the diagnostics take it) and then with."""
    propagate(np, network, LOSSES[pair], network.whole(Y, LOSSES[pair]))
    without = network.gradient_norms()
    squared = network.decay(l2 / Y.shape[1])
    return [*without.values(), *network.gradient_norms().values(), squared]


def assert_same(one, other, Y, l2=0.0, pair=CROSS_ENTROPY):
    """Two trained nets have the same weights, gradient norms and outputs on images never seen."""
    for (W, b), (W_other, b_other) in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(W, W_other, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(b, b_other, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(
        gradient_norms(one, Y, l2, pair), gradient_norms(other, Y, l2, pair), rtol=1e-9, atol=1e-12
    )
    images = np.random.RandomState(9).rand(5, one.parameters()[0][0].shape[1])
    Z = [net.forward(net.first.inputs(images)) for net in (one, other)]
    np.testing.assert_allclose(*Z, rtol=1e-10, atol=1e-11)


# -- gram = primal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", LINEAR)
@pytest.mark.parametrize("batch_size", [None, 5], ids=["full", "minibatch"])
@pytest.mark.parametrize("l2", [0.0, 0.7])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_gram_is_primal(build, optimizer, batch_size, l2, activation, depth):
    images, Y, weights = problem([40, *[6, 5, 4][: depth - 1], 1])
    primal, gram_ = (build(images, weights, activation, solver) for solver in ("primal", "gram"))
    costs, costs_gram = (run(net, Y, optimizer, batch_size, l2) for net in (primal, gram_))
    np.testing.assert_allclose(costs_gram, costs, rtol=1e-11)
    assert_same(gram_, primal, Y, l2)
    moved = primal.parameters()[0][0] - weights[0]
    assert np.linalg.norm(moved) > 1e-3  # it was a training


@pytest.mark.parametrize("optimizer", LINEAR)
@pytest.mark.parametrize("batch_size", [None, 5], ids=["full", "minibatch"])
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_gram_is_primal_while_the_rate_decays(build, optimizer, batch_size, l2):
    images, Y, weights = problem([40, 6, 5, 1])
    primal, gram_, constant = (build(images, weights, "tanh", s) for s in ("primal", "gram", "gram"))
    costs, costs_gram = (run(net, Y, optimizer, batch_size, l2, decay=0.3) for net in (primal, gram_))
    np.testing.assert_allclose(costs_gram, costs, rtol=1e-11)
    assert_same(gram_, primal, Y, l2)
    assert not np.allclose(run(constant, Y, optimizer, batch_size, l2), costs, rtol=1e-6)


@pytest.mark.parametrize("pair", LOSSES, ids="-".join)
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("n_0", [3, 40])  # more examples than inputs: C is not unique, W1 is
def test_gram_is_primal_with_every_loss_and_several_outputs(build, pair, depth, n_0):
    images, Y, weights = problem([n_0, *[6][: depth - 1], 3])
    primal, gram_ = (build(images, weights, "tanh", solver) for solver in ("primal", "gram"))
    costs, costs_gram = (run(net, Y, "momentum", 4, 0.2, pair) for net in (primal, gram_))
    np.testing.assert_allclose(costs_gram, costs, rtol=1e-11)
    assert_same(gram_, primal, Y, 0.2, pair)


@settings(deadline=None, max_examples=50)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=4),
    m=st.integers(1, 9),
    batch_size=st.none() | st.integers(1, 12),
    l2=st.floats(0.0, 5.0),
    optimizer=st.sampled_from(LINEAR),
    seed=st.integers(0, 1000),
)
def test_gram_equals_primal_for_all_shapes(build, sizes, m, batch_size, l2, optimizer, seed):
    images, Y, weights = problem(sizes, m, seed)
    primal, gram_ = (build(images, weights, "tanh", solver) for solver in ("primal", "gram"))
    costs, costs_gram = (run(net, Y, optimizer, batch_size, l2) for net in (primal, gram_))
    np.testing.assert_allclose(costs_gram, costs, rtol=1e-10)
    assert_same(gram_, primal, Y, l2)


def test_equal_examples_and_black_ones_do_no_harm(build):
    """K is singular then; nothing is ever divided by it."""
    images, Y, weights = problem([40, 5, 1])
    images[1] = images[0]
    images[2] = 0.0
    primal, gram_ = (build(images, weights, "relu", solver) for solver in ("primal", "gram"))
    costs, costs_gram = (run(net, Y, "gd", None, 0.7) for net in (primal, gram_))
    np.testing.assert_allclose(costs_gram, costs, rtol=1e-11)
    assert_same(gram_, primal, Y, 0.7)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_a_layer_that_need_not_decay_gives_the_same_bits(batch_size):
    images, Y, weights = problem([40, 5, 1])
    layers = [GramLayer(images, gram(images), weights[0], decays=decays) for decays in (True, False)]
    costs, costs_without = (
        run(Network(layer, weights[1:], activation("relu")), Y, "momentum", batch_size) for layer in layers
    )
    np.testing.assert_array_equal(costs_without, costs)
    for found, expected in zip(layers[1].weights(), layers[0].weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(AssertionError):
        layers[1].decay(0.1)


def test_adam_would_leave_the_span(build):
    """Why the pairing is refused: forced through, it trains another net."""
    images, Y, weights = problem([40, 5, 1])
    primal, gram_ = (build(images, weights, "tanh", solver) for solver in ("primal", "gram"))
    assert not np.allclose(run(primal, Y, "adam"), run(gram_, Y, "adam"), rtol=1e-3)


# -- one layer by itself ---------------------------------------------------------------------------


@pytest.fixture(params=["primal", "gram"])
def layer(request):
    images, _, (W1,) = problem([7, 3], m=5)
    layer = PrimalLayer(images, W1) if request.param == "primal" else GramLayer(images, gram(images), W1)
    layer.bind(np.zeros(layer.size), np.zeros(layer.size))
    layer.P[:, -1] = [0.5, -1.0, 2.0]
    return layer


def test_forward_is_the_affine_map(layer):
    images, _, (W1,) = problem([7, 3], m=5)
    other = np.random.RandomState(4).randn(6, 7)
    for inputs, rows in ((layer.whole(), images), (layer.inputs(other), other)):
        Z1 = np.full((3, inputs.k), np.nan)
        layer.forward(np, inputs, Z1)
        np.testing.assert_allclose(Z1[:, : len(rows)], W1 @ rows.T + [[0.5], [-1.0], [2.0]], rtol=1e-13)


def minibatch(layer, places):
    inputs = layer.minibatch(len(places))
    layer.gather(np.array(places), inputs)
    return inputs


def backward(layer, batch, inputs, dZ1):
    """The layer's backward pass, with dZ1 where the loop puts it and 0 after the examples."""
    padded = np.empty_like(dZ1) if batch is not None else layer.whole_dZ1()
    padded[...] = 0.0
    padded[:, : dZ1.shape[1]] = dZ1
    layer.backward(np, inputs, padded)


@pytest.mark.parametrize("places", [None, [3], [4, 0, 2]])
def test_a_step_along_the_gradient_is_dZ_times_the_images(layer, places):
    images, _, (W1,) = problem([7, 3], m=5)
    batch = None if places is None else np.array(places)
    inputs = layer.whole() if batch is None else minibatch(layer, batch)
    chosen = images if batch is None else images[batch]
    dZ1 = np.random.RandomState(4).randn(3, len(chosen))
    layer.dP[...] = np.nan  # any values that an earlier step left
    backward(layer, batch, inputs, dZ1)
    assert layer.gradient_norm() == pytest.approx(np.linalg.norm(dZ1 @ chosen), rel=1e-13)
    layer.P[...] -= layer.dP
    W, b = layer.weights()
    np.testing.assert_allclose(W, W1 - dZ1 @ chosen, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(b[:, 0], [0.5, -1.0, 2.0] - dZ1.sum(axis=1), rtol=1e-13)


def test_a_gradient_does_not_remember_the_decay_before_it(layer):
    images, _, _ = problem([7, 3], m=5)
    dZ1 = np.random.RandomState(4).randn(3, 5)
    backward(layer, None, layer.whole(), dZ1)
    layer.decay(0.3)
    backward(layer, None, layer.whole(), dZ1)
    assert layer.gradient_norm() == pytest.approx(np.linalg.norm(dZ1 @ images), rel=1e-13)


def test_decay_by_itself_shrinks_the_weights(layer):
    _, _, (W1,) = problem([7, 3], m=5)
    backward(layer, None, layer.whole(), np.zeros((3, 5)))
    assert layer.decay(0.25) == pytest.approx((W1**2).sum(), rel=1e-14)
    assert layer.gradient_norm() == pytest.approx(0.25 * np.linalg.norm(W1), rel=1e-14)
    assert not layer.dP[:, -1].any()


def test_decay_makes_use_of_the_pass_before_it(layer):
    layer.P[...] = np.random.RandomState(4).randn(*layer.P.shape)
    inputs = layer.whole()
    layer.forward(np, inputs, np.empty((3, inputs.k)))
    layer.dP[...] = 0.0
    W, _ = layer.weights()
    assert layer.decay(0.25, inputs) == pytest.approx((W**2).sum(), rel=1e-13)
    assert layer.gradient_norm() == pytest.approx(0.25 * np.linalg.norm(W), rel=1e-13)


def test_a_gradient_of_0_has_norm_0(layer):
    backward(layer, None, layer.whole(), np.zeros((3, 5)))
    assert layer.gradient_norm() == 0.0


def test_weights_are_a_copy(layer):
    W, b = layer.weights()
    kept = W.copy(), b.copy()
    layer.P[...] += 1.0
    np.testing.assert_array_equal(W, kept[0])
    np.testing.assert_array_equal(b, kept[1])


@pytest.mark.parametrize("places", [[2, 0], slice(1, 4)], ids=["minibatch", "part"])
def test_some_examples_have_their_columns(layer, places):
    taken = layer.take(places) if isinstance(places, slice) else minibatch(layer, places)
    np.testing.assert_array_equal(taken.columns, layer.whole().columns[:, places])
    if isinstance(layer, GramLayer):
        np.testing.assert_array_equal(taken.start, layer.whole().start[:, places])


def test_a_minibatch_is_filled_anew(layer):
    inputs = minibatch(layer, [2, 0])
    layer.gather(np.array([4, 1]), inputs)
    np.testing.assert_array_equal(inputs.columns, layer.whole().columns[:, [4, 1]])
    if isinstance(layer, GramLayer):
        np.testing.assert_array_equal(inputs.places, [4, 1])


def test_gram_by_hand():
    """K = [[5, 1], [1, 10]] plus 1, a border of ones for e, zeros up to a cache line of 8 numbers."""
    expected = np.zeros((8, 8))
    expected[:3, :3] = [[6.0, 2.0, 1.0], [2.0, 11.0, 1.0], [1.0, 1.0, 0.0]]
    K = gram(np.array([[1.0, 2.0], [3.0, -1.0]]))
    np.testing.assert_array_equal(K, expected)
    assert K.ctypes.data % 64 == 0
    assert gram(np.ones((7, 2))).shape == (8, 8) and gram(np.ones((8, 2))).shape == (16, 16)
    assert gram(np.ones((8, 2), np.float32)).shape == (16, 16)


def test_k_and_the_images_are_shared_and_never_written(build):
    images, Y, weights = problem([40, 5, 1])
    images.setflags(write=False)
    K = gram(images)
    K.setflags(write=False)
    first = GramLayer(images, K, weights[0])
    again = GramLayer(images, K, weights[0])
    for one in (first, again):
        one.bind(np.zeros(one.size), np.zeros(one.size))
    network = build(images, weights, "relu", "gram")
    run(network, Y, "momentum", 4, 0.7)
    first.P[...] += 1.0
    np.testing.assert_array_equal(again.weights()[0], weights[0])


# -- which solver ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solver", "n_0", "n_1", "m", "batch_size", "memory_mb"),
    [
        ("gram", 12288, 20, 209, None, 2048),  # the course's nets
        ("gram", 12288, 1, 209, None, 2048),
        ("gram", 12288, 20, 209, 64, 2048),
        ("primal", 20, 16, 1000, None, 2048),  # many more examples than inputs
        ("primal", 784, 16, 60000, 64, 2**20),  # a step would touch all 60000 coefficients
        ("gram", 100000, 64, 12000, None, 2048),  # K takes 1099 MB,
        ("primal", 100000, 64, 12000, None, 1024),  # which are too many here
    ],
)
def test_the_solver_chosen(solver, n_0, n_1, m, batch_size, memory_mb):
    found, why = choose_solver((n_0, n_1, m), batch_size, memory_mb)
    assert found == solver
    assert ("memory_mb" in why) == (memory_mb == 1024) and (found == "primal" or f"all {n_0} inputs" in why)


def test_the_norm_that_l2_asks_of_minibatches_is_counted():
    """At 2000 images it is fifty times the rest of a step; on the full batch it is left by the pass."""
    chosen = {
        (batch_size, l2): choose_solver((12288, 20, 2000), batch_size, 2048, l2)[0]
        for batch_size in (None, 32)
        for l2 in (0.0, 0.1)
    }
    assert chosen.pop((32, 0.1)) == "primal" and set(chosen.values()) == {"gram"}


@pytest.mark.parametrize("m", [20, 200])
def test_the_choice_does_not_depend_on_the_length_of_a_training(m, home):
    data = small_set(home / "set", m_train=m, n=50)
    solvers = [
        resolve(compose([*data, f"trainer.iterations={n}"])).config.trainer.solver for n in (1, 10**5)
    ]
    assert solvers[0] == solvers[1]


@pytest.mark.parametrize("name", [n for n, optimizer in OPTIMIZERS.items() if not optimizer.linear])
def test_gram_with_an_optimizer_that_is_not_linear_is_refused_with_the_remedy(name, home):
    with pytest.raises(
        UserError, match=rf"^trainer\.solver: .*{name}.*give trainer\.solver=primal or auto$"
    ):
        compose([f"optimizer.name={name}", "trainer.solver=gram"])
    for solver in ("primal", "auto"):
        compose([f"optimizer.name={name}", f"trainer.solver={solver}"])


def test_gram_and_every_linear_optimizer_are_allowed(home):
    for name in LINEAR:
        compose([f"optimizer.name={name}", "trainer.solver=gram"])
    assert ranges.RANGES["trainer.solver"][0]("gram")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_auto_is_resolved(optimizer, home):
    solver = "gram" if OPTIMIZERS[optimizer].linear else "primal"
    random = np.random.RandomState(0)
    for split, m in (("train", 4), ("test", 3)):
        hdf5.write(home / f"{split}.h5", split, random.rand(m, 200), np.arange(m) % 2, ("no", "yes"))
    files = [f"data.train={home}/train.h5", f"data.test={home}/test.h5"]
    cell = resolve(compose(["data=hdf5", *files, f"optimizer.name={optimizer}"]))
    assert cell.config.trainer.solver == solver
