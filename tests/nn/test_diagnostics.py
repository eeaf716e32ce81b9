"""Layer statistics of nets whose dead and saturated units are known."""

import numpy as np
import pytest

from nnlab.nn.activations import ACTIVATIONS
from nnlab.nn.diagnostics import layer_statistics
from nnlab.nn.initializers import draw
from nnlab.nn.losses import LOSSES
from nnlab.nn.metrics import targets
from nnlab.nn.optimizers import init
from nnlab.nn.training import Schedule, train

SOLVERS = pytest.mark.parametrize("solver", ["primal", "gram"])
LOSS = LOSSES["sigmoid", "cross_entropy"]


@pytest.fixture
def net(build, toy):
    """net(activation, solver, hidden) -> a net on the toy set and its Y."""

    def net(activation="tanh", solver="primal", hidden=(4, 3)):
        weights = draw("lecun", 1.0, [6, *hidden, 1], 1)
        network = build(toy.train.features(), weights, activation, solver)
        return network, targets(toy.train.y, 1, np.dtype("float64"))

    return net


def known(build, activation, solver, z1, z2):
    """A net with the pre-activations z1 (n_1, 3) in its first layer and z2 (n_2,) in its second.

    The three examples are the unit vectors, so W1 is z1; W2 is 0, so b2 is z2.
    """
    weights = [np.array(z1), np.zeros((len(z2), len(z1))), np.ones((1, len(z2)))]
    network = build(np.eye(3), weights, activation, solver)
    network.blocks[1][0][:, -1] = z2
    return network


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(), (4,), (4, 3)])
def test_names(net, activation, hidden):
    figures = layer_statistics(*net(activation, hidden=hidden), LOSS)
    expected = {f"layer_{l}/gradient_norm" for l in range(1, len(hidden) + 2)}
    g = ACTIVATIONS[activation]
    for kind in ["dead"] * g.dies + ["saturated"] * bool(g.ends):
        expected |= {f"layer_{l}/{kind}" for l in range(1, len(hidden) + 1)}
    assert figures.keys() == expected
    assert all(type(value) is float and np.isfinite(value) for value in figures.values())


@SOLVERS
def test_dead_units(build, solver):
    """Of the first layer's four units one is 0 on every example, of the second's two one."""
    z1 = [[-1.0, -2.0, 0.0], [1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [-1.0, -1.0, 1e-9]]
    network = known(build, "relu", solver, z1, [-5.0, 5.0])
    figures = layer_statistics(network, np.array([[1.0, 0.0, 1.0]]), LOSS)
    assert figures["layer_1/dead"] == 0.25
    assert figures["layer_2/dead"] == 0.5
    assert "layer_1/saturated" not in figures


@SOLVERS
@pytest.mark.parametrize(("activation", "half"), [("sigmoid", 1.0), ("tanh", 0.5)])
def test_saturated_outputs(build, solver, activation, half):
    """Within 1% of the range's ends: sigmoid beyond |z| = log 99, tanh(z) = 2 sigmoid(2z) - 1 beyond
    half of it. Of the first layer's six outputs three are, of the second's two units one.
    """
    edge = half * np.log(99.0)
    z1 = [[edge + 1e-6, -edge - 1e-6, 0.0], [edge - 1e-6, -edge + 1e-6, 50.0]]
    network = known(build, activation, solver, z1, [1.0, -20.0])
    figures = layer_statistics(network, np.array([[1.0, 0.0, 1.0]]), LOSS)
    assert figures["layer_1/saturated"] == 0.5
    assert figures["layer_2/saturated"] == 0.5
    assert "layer_1/dead" not in figures


@SOLVERS
def test_gradient_norms_are_those_of_central_differences(net, toy, solver):
    network, Y = net("tanh", solver)
    figures = layer_statistics(network, Y, LOSS)
    primal, _ = net("tanh", "primal")
    for l, (P, _) in enumerate(primal.blocks, start=1):
        gradient, h = np.empty(P[:, :-1].shape), 1e-6
        for place in np.ndindex(gradient.shape):
            value, J = P[place], []
            for P[place] in (value + h, value - h):
                Z_L = primal.forward_train()
                J.append(float(LOSS.cost(Z_L, Y)))
            P[place] = value
            gradient[place] = (J[0] - J[1]) / (2.0 * h)
        assert figures[f"layer_{l}/gradient_norm"] == pytest.approx(np.linalg.norm(gradient), rel=1e-7)


@pytest.mark.parametrize("optimizer", ["gd", "momentum"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_after_training_both_solvers_show_the_same(net, optimizer, activation, l2):
    """With L2 too: the gradient meant is that of J without it."""
    figures = []
    for solver in ("primal", "gram"):
        network, Y = net(activation, solver)
        state = init(optimizer, network.theta, 0.1)
        train(network, Y, LOSS, state, Schedule(10, l2=l2))
        figures.append(layer_statistics(network, Y, LOSS))
    assert figures[0] == pytest.approx(figures[1], rel=1e-9)


@SOLVERS
def test_looking_changes_no_parameter(net, solver):
    network, Y = net("relu", solver)
    theta = network.theta.copy()
    first = layer_statistics(network, Y, LOSS)
    np.testing.assert_array_equal(network.theta, theta)
    assert layer_statistics(network, Y, LOSS) == first


@SOLVERS
@pytest.mark.parametrize("batch_size", [None, 5])
def test_looking_on_the_way_changes_no_bit_of_the_training(net, solver, batch_size):
    costs = []
    for look in (True, False):
        network, Y = net("relu", solver)
        state = init("momentum", network.theta, 0.1)
        callbacks = [lambda step, Y=Y: layer_statistics(step.network, Y, LOSS)] if look else []
        schedule = Schedule(30, batch_size, l2=0.3, pause_every=3)
        costs.append(train(network, Y, LOSS, state, schedule, callbacks))
    np.testing.assert_array_equal(*costs)


def test_a_dead_net_has_no_gradient(build):
    network = build(np.ones((3, 2)), [-np.ones((4, 2)), np.ones((1, 4))], "relu")
    figures = layer_statistics(network, np.array([[1.0, 0.0, 1.0]]), LOSS)
    assert figures == {"layer_1/gradient_norm": 0.0, "layer_2/gradient_norm": 0.0, "layer_1/dead": 1.0}
