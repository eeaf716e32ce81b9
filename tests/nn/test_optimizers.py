"""Optimizers against the textbook's formulas, and what their ``linear`` flag promises."""

import numpy as np
import pytest

from nnlab.nn.operations import run as apply
from nnlab.nn.optimizers import OPTIMIZERS, init

EVERY = pytest.mark.parametrize("name", OPTIMIZERS)


def run(name, theta, gradients, lr=0.1, **options):
    """Theta after each step."""
    theta = theta.copy()
    state = init(name, theta, lr, **options)
    path = []
    for gradient in gradients:
        apply(OPTIMIZERS[name].update(theta, state.scale * gradient, state))
        path.append(theta.copy())
    return np.array(path)


def textbook_gd(theta, gradients, lr):
    path = []
    for g in gradients:
        theta = theta - lr * g
        path.append(theta)
    return np.array(path)


def textbook_momentum(theta, gradients, lr, momentum):
    path, v = [], 0.0
    for g in gradients:
        v = momentum * v + g
        theta = theta - lr * v
        path.append(theta)
    return np.array(path)


def textbook_adam(theta, gradients, lr, beta1, beta2, epsilon):
    """Kingma & Ba 2015, algorithm 1, line by line."""
    path, first, second = [], 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        first = beta1 * first + (1.0 - beta1) * g
        second = beta2 * second + (1.0 - beta2) * g**2
        first_hat = first / (1.0 - beta1**t)
        second_hat = second / (1.0 - beta2**t)
        theta = theta - lr * first_hat / (np.sqrt(second_hat) + epsilon)
        path.append(theta)
    return np.array(path)


TEXTBOOK = {"gd": textbook_gd, "momentum": textbook_momentum, "adam": textbook_adam}
CASES = [
    ("gd", {}),
    ("momentum", {"momentum": 0.9}),
    ("momentum", {"momentum": 0.5}),
    ("adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ("adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}),
    ("adam", {"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3}),
]


@pytest.fixture
def start():
    return np.random.RandomState(0).randn(7)


@pytest.fixture
def gradients():
    return np.random.RandomState(1).randn(12, 7) * np.logspace(-3, 3, 7)


def test_every_optimizer_has_its_textbook_here():
    assert OPTIMIZERS.keys() == TEXTBOOK.keys() == {name for name, _ in CASES}


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("lr", [1.0, 0.0075])
def test_textbook(name, options, lr, start, gradients):
    expected = TEXTBOOK[name](start, gradients, lr, **options)
    np.testing.assert_allclose(run(name, start, gradients, lr, **options), expected, rtol=1e-12, atol=1e-13)


def test_by_hand():
    """Gradients 1 and then 2, from 0."""
    theta, gradients = np.zeros(1), np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(run("gd", theta, gradients, lr=0.5), [[-0.5], [-1.5]])
    # v = 1, then 1/2 + 2
    np.testing.assert_array_equal(
        run("momentum", theta, gradients, lr=0.5, momentum=0.5), [[-0.5], [-1.75]]
    )
    # betas 1/2: first moments 1/2, 5/4; corrected 1, 5/3; second 1/2, 9/4; corrected 1, 3
    expected = [[-0.5], [-0.5 - 0.5 * (5 / 3) / np.sqrt(3)]]
    path = run("adam", theta, gradients, lr=0.5, beta1=0.5, beta2=0.5, epsilon=1e-300)
    np.testing.assert_allclose(path, expected, rtol=1e-15)


def test_adams_first_step_is_lr_whatever_the_gradients_size(start, gradients):
    step = run("adam", start, gradients[:1], lr=0.01, epsilon=1e-20)[0] - start
    np.testing.assert_allclose(step, -0.01 * np.sign(gradients[0]), rtol=1e-12)


def test_momentum_0_is_gradient_descent_to_the_bit(start, gradients):
    np.testing.assert_array_equal(
        run("momentum", start, gradients, momentum=0.0), run("gd", start, gradients)
    )


@EVERY
def test_linear_means_superposition(name):
    """From 0, the path under a g + b h is a times the path under g plus b times that under h."""
    g, h = np.random.RandomState(2).randn(2, 8, 5)
    zero = np.zeros(5)
    together = run(name, zero, 2.0 * g - 3.0 * h)
    apart = 2.0 * run(name, zero, g) - 3.0 * run(name, zero, h)
    assert np.allclose(together, apart, rtol=1e-12, atol=1e-13) == OPTIMIZERS[name].linear


@EVERY
def test_linear_means_that_it_commutes_with_a_change_of_coordinates(name):
    """What the Gram layer rests on: stepping on coefficients C and on C X^T is the same."""
    random = np.random.RandomState(3)
    coefficients, images = random.randn(8, 4), random.randn(4, 9)
    held = run(name, np.zeros(4), coefficients) @ images
    formed = run(name, np.zeros(9), coefficients @ images)
    assert np.allclose(held, formed, rtol=1e-12, atol=1e-13) == OPTIMIZERS[name].linear


def test_which_are_linear():
    assert {name: o.linear for name, o in OPTIMIZERS.items()} == {
        "gd": True,
        "momentum": True,
        "adam": False,
    }


@EVERY
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_state_is_zeros_like_theta_and_theta_stays_in_its_memory(name, dtype):
    theta, gradient = np.ones(5, dtype), np.ones(5, dtype)
    state = init(name, theta, 0.1)
    assert len(state.moments) == OPTIMIZERS[name].moments
    assert state.step == 0
    for moment in state.moments:
        assert moment.dtype == dtype and moment.shape == theta.shape and not moment.any()
    view = theta[1:3]
    apply(OPTIMIZERS[name].update(theta, gradient, state))
    assert theta.dtype == dtype
    assert (theta < 1.0).all() and (view < 1.0).all()
    assert all(moment.dtype == dtype for moment in state.moments)


@EVERY
def test_two_states_do_not_share(name, start, gradients):
    alone = run(name, start, gradients)
    a, b = start.copy(), start.copy()
    state_a, state_b = init(name, a, 0.1), init(name, b, 0.1)
    for gradient in gradients:
        apply(OPTIMIZERS[name].update(a, state_a.scale * gradient, state_a))
        apply(OPTIMIZERS[name].update(b, -gradient, state_b))
    np.testing.assert_array_equal(a, alone[-1])


@EVERY
@pytest.mark.parametrize("size", [0.0, 1e-200, 1e150])
def test_extreme_gradients_give_finite_steps(name, size):
    with np.errstate(all="raise", under="ignore"):
        path = run(name, np.zeros(3), np.full((5, 3), size))
    assert np.isfinite(path).all()
    if size == 0.0:
        assert not path.any()


@EVERY
def test_finds_the_bottom_of_a_bowl(name):
    bottom, curvature = np.array([1.0, -2.0, 3.0]), np.array([1.0, 2.0, 0.5])
    theta = np.zeros(3)
    state = init(name, theta, 0.05)
    for _ in range(600):
        apply(OPTIMIZERS[name].update(theta, state.scale * curvature * (theta - bottom), state))
    np.testing.assert_allclose(theta, bottom, atol=1e-3)
