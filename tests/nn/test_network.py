"""The net: one step worked by hand, an independent implementation beside it, and invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnlab.nn.activations import ACTIVATIONS, activation
from nnlab.nn.inference import logits
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import targets
from nnlab.nn.network import Workspace, propagate
from nnlab.nn.optimizers import init
from nnlab.nn.tape import Tape
from nnlab.nn.training import Schedule, train

SOLVERS = pytest.mark.parametrize("solver", ["primal", "gram"])
LEAK = 0.1
CROSS_ENTROPY = ("sigmoid", "cross_entropy")


def run(network, Y, pair=CROSS_ENTROPY, lr=0.5, steps=5, l2=0.0):
    """The costs of some steps of gradient descent."""
    return train(network, Y, LOSSES[pair], init("gd", network.theta, lr), Schedule(steps, l2=l2))


def passes(network, Y, pair=CROSS_ENTROPY):
    """One forward and backward pass: J and the arrays, with the gradient left in the network."""
    batch = network.whole(Y, LOSSES[pair])
    propagate(np, network, LOSSES[pair], batch)
    return float(LOSSES[pair].cost(batch.logits[0], batch.targets)), batch.w


def problem(sizes, m, seed=0):
    """Images (m, n_0), Y (n_L, m) and weights for sizes [n_0, ..., n_L]."""
    random = np.random.RandomState(seed)
    images, y = random.rand(m, sizes[0]), random.randint(max(2, sizes[-1]), size=m)
    return images, targets(y, sizes[-1], np.dtype("float64")), draw("lecun", 1.0, sizes, seed)


def set_biases(network, biases):
    for (P, _), b in zip(network.blocks, biases, strict=True):
        P[:, -1] = b


class TestByHand:
    """A 2-2-1 net with ReLU and a sigmoid output; every number is a short binary fraction.

    Examples (1, 2) with y = 1 and (3, 1) with y = 0 are the columns of X = [[1, 3], [2, 1]].

        W1 = [[1, -1], [1, 1]]    b1 = (0, -1)      W2 = [[-1/2, 1]]    b2 = -2

        Z1 = [[-1, 2], [2, 3]]    A1 = [[0, 2], [2, 3]]
        Z2 = [[0 + 2 - 2, -1 + 3 - 2]] = [[0, 0]]   A2 = [[1/2, 1/2]]   J = log 2

        dZ2 = (A2 - Y)/2 = [[-1/4, 1/4]]
        dW2 = dZ2 A1^T = [[2/4, -2/4 + 3/4]] = [[1/2, 1/4]]             db2 = 0
        dA1 = W2^T dZ2 = [[1/8, -1/8], [-1/4, 1/4]]
        dZ1 = [[0, -1/8], [-1/4, 1/4]]              (the first unit is off for the first example)
        dW1 = dZ1 X^T = [[-3/8, -1/8], [-1/4 + 3/4, -2/4 + 1/4]] = [[-3/8, -1/8], [1/2, -1/4]]
        db1 = (-1/8, 0)

    With lambda = 2 and m = 2 each gradient gains lambda/m = 1 times its weight, and J gains
    lambda/(2m) = 1/2 of the squared weights, 4 + 5/4: 2 5/8.
    """

    IMAGES = np.array([[1.0, 2.0], [3.0, 1.0]])  # rows are examples
    Y = np.array([[1.0, 0.0]])
    W1, b1 = np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([[0.0], [-1.0]])
    W2, b2 = np.array([[-0.5, 1.0]]), np.array([[-2.0]])
    dW1, db1 = np.array([[-0.375, -0.125], [0.5, -0.25]]), np.array([[-0.125], [0.0]])
    dW2, db2 = np.array([[0.5, 0.25]]), np.array([[0.0]])

    @pytest.fixture(params=["primal", "gram"])
    def network(self, build, request):
        network = build(self.IMAGES, [self.W1, self.W2], "relu", request.param)
        set_biases(network, [[0.0, -1.0], -2.0])
        return network

    def assert_parameters(self, network, *expected):
        (W1, b1), (W2, b2) = network.parameters()
        for found, value in zip((W1, b1, W2, b2), expected, strict=True):
            np.testing.assert_array_equal(found, value)

    def test_forward(self, network):
        _, w = passes(network, self.Y)
        np.testing.assert_array_equal(network.forward_train()[:, :2], [[0.0, 0.0]])
        np.testing.assert_array_equal(w.Z[2][:, :2], [[0.0, 0.0]])
        np.testing.assert_array_equal(w.A[1][:, :2], [[0.0, 2.0], [2.0, 3.0]])

    def test_backward(self, network):
        cost, w = passes(network, self.Y)
        assert cost == np.log(2.0)
        np.testing.assert_array_equal(w.dZ[2][:, :2], [[-0.25, 0.25]])
        np.testing.assert_array_equal(w.dZ[1][:, :2], [[0.0, -0.125], [-0.25, 0.25]])
        np.testing.assert_array_equal(network.blocks[1][1], np.hstack([self.dW2, self.db2]))
        norms = [np.sqrt((self.dW1**2).sum()), np.sqrt((self.dW2**2).sum())]
        assert list(network.gradient_norms()) == [1, 2]
        np.testing.assert_allclose([*network.gradient_norms().values()], norms, rtol=1e-15)

    def test_step(self, network):
        assert run(network, self.Y, lr=1.0, steps=1) == np.log(2.0)
        self.assert_parameters(
            network, self.W1 - self.dW1, self.b1 - self.db1, self.W2 - self.dW2, self.b2 - self.db2
        )
        # now W1 = [[11/8, -7/8], [1/2, 5/4]], b1 = (1/8, -1), W2 = [[-1, 3/4]], b2 = -2:
        # Z1 = [[-1/4, 27/8], [2, 7/4]] and Z2 = [[3/2 - 2, -27/8 + 21/16 - 2]] = [[-1/2, -65/16]]
        cost = (np.log1p(np.exp(0.5)) + np.log1p(np.exp(-65 / 16))) / 2.0
        np.testing.assert_allclose(run(network, self.Y, steps=1), [cost], rtol=1e-15)

    def test_step_with_l2(self, network):
        assert run(network, self.Y, lr=1.0, steps=1, l2=2.0) == np.log(2.0) + 2.625
        self.assert_parameters(network, -self.dW1, self.b1 - self.db1, -self.dW2, self.b2 - self.db2)


# -- an independent implementation, as a textbook would write it -----------------------------------

ROOT = np.sqrt(2 / np.pi)


def u(z):
    return ROOT * (z + 0.044715 * z**3)


G = {  # g and g' as functions of z
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "tanh": (lambda z: np.sinh(z) / np.cosh(z), lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: z * (z > 0), lambda z: 1.0 * (z > 0)),
    "leaky_relu": (lambda z: np.where(z > 0, z, LEAK * z), lambda z: np.where(z > 0, 1.0, LEAK)),
    "elu": (lambda z: np.where(z > 0, z, np.exp(z) - 1), lambda z: np.where(z > 0, 1.0, np.exp(z))),
    "gelu": (
        lambda z: z / (1 + np.exp(-2 * u(z))),  # (1 + tanh u)/2 is the sigmoid of 2u
        lambda z: (1 + np.tanh(u(z))) / 2 + z / 2 / np.cosh(u(z)) ** 2 * ROOT * (1 + 0.134145 * z**2),
    ),
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
}


def textbook_cost_and_dZ(output, loss, Z, Y):
    """J and dJ/dZ_L in probabilities: dJ/dA first, then through the output's whole Jacobian."""
    n, m = Z.shape
    if output == "softmax":
        A = np.exp(Z) / np.exp(Z).sum(axis=0)
        jacobian = np.einsum("ij,ik->ijk", np.eye(n), A) - np.einsum("ik,jk->ijk", A, A)  # dA_i/dZ_j
    else:
        g, g_prime = G[output]
        A = g(Z)
        jacobian = np.einsum("ij,ik->ijk", np.eye(n), g_prime(Z))
    if loss == "squared_error":
        J, dA = ((A - Y) ** 2).sum() / (2 * m), (A - Y) / m
    elif output == "softmax":
        J, dA = -(Y * np.log(A)).sum() / m, -Y / A / m
    else:
        J = -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / m
        dA = ((1 - Y) / (1 - A) - Y / A) / m
    return J, np.einsum("ik,ijk->jk", dA, jacobian)


def textbook(images, Y, weights, activation, pair, lr, l2, steps):
    """Full-batch gradient descent: the costs, and the parameters at the end as {"W1": ..., "b1": ...}."""
    p = {f"W{l}": W.copy() for l, W in enumerate(weights, start=1)}
    p |= {f"b{l}": np.zeros((len(W), 1)) for l, W in enumerate(weights, start=1)}
    L, m, costs = len(weights), Y.shape[1], []
    g, g_prime = G[activation]
    for _ in range(steps):
        A, Z = {0: images.T}, {}
        for l in range(1, L + 1):
            Z[l] = p[f"W{l}"] @ A[l - 1] + p[f"b{l}"]
            A[l] = g(Z[l])
        J, dZ = textbook_cost_and_dZ(*pair, Z[L], Y)
        costs.append(J + l2 / (2 * m) * sum((p[f"W{l}"] ** 2).sum() for l in range(1, L + 1)))
        grads = {}
        for l in range(L, 0, -1):
            grads[f"W{l}"] = dZ @ A[l - 1].T + l2 / m * p[f"W{l}"]
            grads[f"b{l}"] = dZ.sum(axis=1, keepdims=True)
            if l > 1:
                dZ = (p[f"W{l}"].T @ dZ) * g_prime(Z[l - 1])
        p = {name: p[name] - lr * grads[name] for name in p}
    return costs, p


@pytest.mark.parametrize("activation", G)
@pytest.mark.parametrize("pair", LOSSES, ids="-".join)
@pytest.mark.parametrize("l2", [0.0, 0.7])
@SOLVERS
def test_parity_with_the_textbook(build, activation, pair, l2, solver):
    images, Y, weights = problem([9, 5, 4, 3], m=13)
    network = build(images, weights, activation, solver, LEAK)
    costs = run(network, Y, pair, lr=0.3, steps=12, l2=l2)
    expected, p = textbook(images, Y, weights, activation, pair, lr=0.3, l2=l2, steps=12)
    np.testing.assert_allclose(costs, expected, rtol=1e-11)
    for l, (W, b) in enumerate(network.parameters(), start=1):
        np.testing.assert_allclose(W, p[f"W{l}"], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(b, p[f"b{l}"], rtol=1e-10, atol=1e-12)


# -- what the class promises -----------------------------------------------------------------------


@SOLVERS
def test_biases_start_at_0_and_weights_as_given(build, solver):
    images, _, weights = problem([6, 4, 3, 1], m=5)
    for (W, b), drawn in zip(build(images, weights, solver=solver).parameters(), weights, strict=True):
        np.testing.assert_array_equal(W, drawn)
        np.testing.assert_array_equal(b, np.zeros((len(drawn), 1)))


@SOLVERS
def test_parameters_are_a_copy(build, solver):
    images, Y, weights = problem([6, 4, 1], m=5)
    network = build(images, weights, solver=solver)
    before = network.parameters()
    kept = [(W.copy(), b.copy()) for W, b in before]
    run(network, Y)
    for (W, b), (W_kept, b_kept) in zip(before, kept, strict=True):
        np.testing.assert_array_equal(W, W_kept)
        np.testing.assert_array_equal(b, b_kept)
    for W in weights:
        W.fill(np.nan)  # the weights given are not held either, but for the Gram layer's start
    if solver == "primal":
        assert all(np.isfinite(W).all() for W, _ in network.parameters())


def test_blocks_are_the_parameters_and_theta_holds_them_all(build):
    images, Y, weights = problem([6, 4, 3, 1], m=5)
    network = build(images, weights)
    run(network, Y)
    blocks = [np.hstack(pair) for pair in network.parameters()]
    for (P, dP), expected in zip(network.blocks, blocks, strict=True):
        np.testing.assert_array_equal(P, expected)
        assert np.shares_memory(P, network.theta) and np.shares_memory(dP, network.gradient)
    np.testing.assert_array_equal(
        network.theta, np.concatenate([blocks[0].ravel(), *(P.T.ravel() for P in blocks[1:])])
    )


@SOLVERS
def test_decay_adds_the_weights_and_returns_their_squares(build, solver):
    images, Y, weights = problem([6, 4, 3, 1], m=5)
    network = build(images, weights, solver=solver)
    run(network, Y, l2=0.5)
    parameters = network.parameters()
    network.gradient[...] = 0.0
    squares = [float((W**2).sum()) for W, _ in parameters]
    assert network.decay(0.25) == pytest.approx(sum(squares), rel=1e-13)
    norms = [*network.gradient_norms().values()]
    np.testing.assert_allclose(norms, 0.25 * np.sqrt(squares), rtol=1e-12)
    network.theta -= network.gradient
    for (W, b), (W_before, b_before) in zip(network.parameters(), parameters, strict=True):
        np.testing.assert_allclose(W, 0.75 * W_before, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(b, b_before, rtol=1e-12, atol=1e-15)  # not shrunk


@SOLVERS
def test_a_pass_leaves_theta_alone_and_can_be_repeated(build, solver):
    images, Y, weights = problem([6, 4, 3, 1], m=5)
    network = build(images, weights, solver=solver)
    theta = network.theta.copy()
    first, gradient = passes(network, Y)[0], network.gradient.copy()
    assert passes(network, Y)[0] == first
    np.testing.assert_array_equal(network.gradient, gradient)
    np.testing.assert_array_equal(network.theta, theta)


@pytest.mark.parametrize("sizes", [[6, 1], [6, 4, 3, 1]], ids=["logistic", "deep"])
@SOLVERS
def test_each_run_of_a_batch_leaves_its_own_logits(build, solver, sizes):
    images, Y, weights = problem(sizes, m=5)
    network = build(images, weights, solver=solver)
    batch, tape = network.whole(Y, LOSSES[CROSS_ENTROPY], runs=3), Tape()
    propagate(tape, network, LOSSES[CROSS_ENTROPY], batch)
    expected = []
    for calls in tape.runs(batch.w.Z[network.L], list(batch.w.logits)):
        expected.append(network.forward_train()[:, :5])
        for call in calls:
            call()
        network.theta -= network.gradient
    np.testing.assert_array_equal(batch.logits, expected)
    assert (batch.logits[0] != batch.logits[1]).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
@SOLVERS
def test_logits_are_the_forward_pass(build, name, solver):
    images, Y, weights = problem([6, 4, 3, 2], m=5)
    network = build(images, weights, name, solver, LEAK)
    run(network, Y, steps=3)
    expected = network.forward_train()[:, :5]
    found = logits(network.parameters(), images, activation(name, {"leak": LEAK}))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@SOLVERS
def test_float32_stays_float32(build, solver):
    images, Y, weights = problem([6, 4, 1], m=5)
    network = build(images.astype(np.float32), weights, solver=solver)
    run(network, Y.astype(np.float32), l2=0.1)
    w = Workspace(network, 2)
    arrays = [network.theta, network.gradient, w.logits, w.all_slopes, *w.A.values(), *w.dZ.values()]
    arrays += [p for pair in network.parameters() for p in pair]
    assert {a.dtype for a in arrays} == {np.dtype("float32")}


# -- invariances -----------------------------------------------------------------------------------

small = st.integers(1, 6)
nets = st.fixed_dictionaries(
    {
        "sizes": st.lists(small, min_size=2, max_size=5),  # n_0 ... n_L
        "m": st.integers(1, 8),
        "seed": st.integers(0, 1000),
    }
)
solvers = st.sampled_from(["primal", "gram"])
activations = st.sampled_from(sorted(ACTIVATIONS))
properties = settings(deadline=None, max_examples=50)


@properties
@given(net=nets, activation=activations, solver=solvers, k=st.integers(1, 8))
def test_shapes(build, net, activation, solver, k):
    images, Y, weights = problem(**net)
    n_0, *sizes = net["sizes"]
    network = build(images, weights, activation, solver)
    layers = range(1, len(sizes) + 1)
    assert network.n == dict(zip(layers, sizes, strict=True)) and len(sizes) == network.L
    w = Workspace(network, k, runs=3)
    Z_L = network.forward(network.first.inputs(np.ones((k, n_0))))
    assert Z_L.shape == (sizes[-1], k)
    shapes = {l: (n_l, k) for l, n_l in network.n.items()}
    assert {l: dZ.shape for l, dZ in w.dZ.items()} == {l: Z.shape for l, Z in w.Z.items()} == shapes
    shapes.pop(network.L)
    assert {l: A.shape for l, A in w.A.items()} == {l: S.shape for l, S in w.slopes.items()} == shapes
    assert w.logits.shape == (3, sizes[-1], k) and w.Z[network.L] is not w.logits[1]
    assert run(network, Y, pair=("identity", "squared_error"), lr=1e-3).shape == (5,)
    shapes = [(W.shape, b.shape) for W, b in network.parameters()]
    assert shapes == [(W.shape, (len(W), 1)) for W in weights]
    assert len(network.gradient_norms()) == len(sizes)


@properties
@given(net=nets, activation=activations, solver=solvers, data=st.data())
def test_permuting_hidden_units_changes_no_output(build, net, activation, solver, data):
    images, Y, weights = problem(**net)
    permuted = [W.copy() for W in weights]
    for l in range(len(weights) - 1):
        order = data.draw(st.permutations(range(len(weights[l]))))
        permuted[l] = permuted[l][order]
        permuted[l + 1] = permuted[l + 1][:, order]
    costs, outputs = [], []
    for start in (weights, permuted):
        network = build(images, start, activation, solver)
        costs.append(run(network, Y, ("identity", "squared_error"), lr=0.05))
        outputs.append(logits(network.parameters(), images, network.g))
    np.testing.assert_allclose(costs[0], costs[1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-8, atol=1e-10)


@properties
@given(net=nets, activation=activations, solver=solvers, data=st.data())
def test_permuting_examples_changes_no_cost(build, net, activation, solver, data):
    images, Y, weights = problem(**net)
    order = data.draw(st.permutations(range(net["m"])))
    here = run(build(images, weights, activation, solver), Y, lr=0.1)
    there = run(build(images[order], weights, activation, solver), Y[:, order], lr=0.1)
    np.testing.assert_allclose(here, there, rtol=0.0, atol=1e-12)


@properties
@given(net=nets, solver=solvers)
def test_identity_layers_collapse_to_one_linear_map(build, net, solver):
    images, Y, weights = problem(**net)
    network = build(images, weights, "identity", solver)
    run(network, Y, ("identity", "squared_error"), lr=0.01, steps=3)  # biases are no longer 0
    W, b = network.parameters()[0]
    for W_l, b_l in network.parameters()[1:]:
        W, b = W_l @ W, W_l @ b + b_l
    Z_L = network.forward_train()[:, : len(images)]
    np.testing.assert_allclose(Z_L, W @ images.T + b, rtol=1e-10, atol=1e-11)
