"""Optimizers against the textbook's formulas, and what their ``linear`` flag promises."""

import numpy as np
import pytest

from nnlab.nn.optimizers import OPTIMIZERS, init

EVERY = pytest.mark.parametrize("name", OPTIMIZERS)


def one_step(state, theta, gradient):
    """A step as the training makes it: a linear optimizer has its gradients times the rate."""
    state.advance()
    gradient = state.scale * gradient
    state.step(np, theta, gradient * state.factor if state.optimizer.linear else gradient)


def run(name, theta, gradients, lr=0.1, decay=0.0, steps_per_epoch=1, **options):
    """Theta after each step."""
    theta = theta.copy()
    state = init(name, theta, lr, decay, options)
    state.steps_per_epoch = steps_per_epoch
    path = []
    for gradient in gradients:
        one_step(state, theta, gradient)
        path.append(theta.copy())
    return np.array(path)


def textbook_gd(theta, gradients, rates):
    path = []
    for g, rate in zip(gradients, rates, strict=True):
        theta = theta - rate * g
        path.append(theta)
    return np.array(path)


def textbook_momentum(theta, gradients, rates, momentum):
    path, v = [], 0.0
    for g, rate in zip(gradients, rates, strict=True):
        v = momentum * v + rate * g
        theta = theta - v
        path.append(theta)
    return np.array(path)


def textbook_adam(theta, gradients, rates, beta1, beta2, epsilon):
    """Kingma & Ba 2015, algorithm 1, line by line."""
    path, first, second = [], 0.0, 0.0
    for t, (g, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = beta1 * first + (1.0 - beta1) * g
        second = beta2 * second + (1.0 - beta2) * g**2
        first_hat = first / (1.0 - beta1**t)
        second_hat = second / (1.0 - beta2**t)
        theta = theta - rate * first_hat / (np.sqrt(second_hat) + epsilon)
        path.append(theta)
    return np.array(path)


def textbook_rmsprop(theta, gradients, rates, beta2, epsilon):
    """The course's second part: the mean of the squared gradients, without a correction of its start."""
    path, second = [], 0.0
    for g, rate in zip(gradients, rates, strict=True):
        second = beta2 * second + (1.0 - beta2) * g**2
        theta = theta - rate * g / (np.sqrt(second) + epsilon)
        path.append(theta)
    return np.array(path)


TEXTBOOK = {
    "gd": textbook_gd,
    "momentum": textbook_momentum,
    "adam": textbook_adam,
    "rmsprop": textbook_rmsprop,
}
CASES = [
    ("gd", {}),
    ("momentum", {"momentum": 0.9}),
    ("momentum", {"momentum": 0.5}),
    ("adam", {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}),
    ("adam", {"beta1": 0.5, "beta2": 0.9, "epsilon": 0.1}),
    ("adam", {"beta1": 0.0, "beta2": 0.0, "epsilon": 1e-3}),
    ("rmsprop", {"beta2": 0.9, "epsilon": 1e-8}),
    ("rmsprop", {"beta2": 0.5, "epsilon": 0.1}),
]


@pytest.fixture
def start():
    return np.random.RandomState(0).randn(7)


@pytest.fixture
def gradients():
    return np.random.RandomState(1).randn(12, 7) * np.logspace(-3, 3, 7)


def test_the_known_and_all_linear_optimizers_have_their_textbook_here():
    assert TEXTBOOK.keys() == {name for name, _ in CASES}
    assert {name for name, o in OPTIMIZERS.items() if o.linear} <= TEXTBOOK.keys() <= OPTIMIZERS.keys()


@pytest.mark.parametrize(("name", "options"), CASES)
@pytest.mark.parametrize("lr", [1.0, 0.0075])
@pytest.mark.parametrize(("decay", "steps_per_epoch"), [(0.0, 1), (0.5, 1), (0.5, 5)])
def test_textbook(name, options, lr, decay, steps_per_epoch, start, gradients):
    """The course's decay of the rate: lr / (1 + decay * epoch), with epochs from 0."""
    rates = [lr / (1.0 + decay * (t // steps_per_epoch)) for t in range(len(gradients))]
    expected = TEXTBOOK[name](start, gradients, rates, **options)
    path = run(name, start, gradients, lr, decay, steps_per_epoch, **options)
    np.testing.assert_allclose(path, expected, rtol=1e-12, atol=1e-13)


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


def test_adams_first_step_is_lr_for_every_gradient(start, gradients):
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
    known = {"gd": True, "momentum": True, "adam": False}
    assert {name: OPTIMIZERS[name].linear for name in known} == known


@EVERY
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_rate_falls_from_epoch_to_epoch_and_the_factor_with_it(name, dtype):
    state = init(name, np.zeros(2, dtype), 0.5, decay=1.0)
    state.steps_per_epoch, rates, factors = 2, [], []
    for _ in range(7):
        state.advance()
        rates.append(state.rate)
        factors.append(float(state.factor))
    expected = [0.5, 0.5, 0.5 / 2, 0.5 / 2, 0.5 / 3, 0.5 / 3, 0.5 / 4]
    assert rates == pytest.approx(expected, rel=1e-15)
    # a linear optimizer's gradients have the 0.5 in them already
    assert state.scale == (0.5 if OPTIMIZERS[name].linear else 1.0)
    assert [state.scale * f for f in factors] == pytest.approx(expected, rel=float(np.finfo(dtype).eps))
    assert state.steps == 7 and state.factor.dtype == dtype


@EVERY
def test_without_decay_the_rate_stays(name):
    state = init(name, np.zeros(2), 0.3)
    for _ in range(3):
        state.advance()
        assert state.rate == 0.3 and state.factor == 0.3 / state.scale


@EVERY
def test_a_rate_that_decays_gives_other_steps_from_the_second_epoch_on(name, start, gradients):
    constant, decaying = (run(name, start, gradients, 0.1, decay, 3) for decay in (0.0, 0.5))
    np.testing.assert_array_equal(constant[:3], decaying[:3])
    assert (constant[3:] != decaying[3:]).any(axis=1).all()


@EVERY
def test_a_state_that_does_not_count_steps_needs_no_advance(name, start, gradients):
    theta, state = start.copy(), init(name, start, 0.1)
    assert state.counts == (not OPTIMIZERS[name].linear)
    assert init(name, start, 0.1, decay=0.1).counts
    if not state.counts:
        for gradient in gradients:
            state.step(np, theta, state.scale * gradient)
        np.testing.assert_array_equal(theta, run(name, start, gradients)[-1])


@EVERY
def test_an_option_that_is_not_given_has_its_default(name, start, gradients):
    defaults = {key: option.default for key, option in OPTIMIZERS[name].options.items()}
    assert all(OPTIMIZERS[name].options[key].holds(value) for key, value in defaults.items())
    np.testing.assert_array_equal(run(name, start, gradients), run(name, start, gradients, **defaults))
    others = run(name, start, gradients, not_an_option_of_any=1.0)
    np.testing.assert_array_equal(run(name, start, gradients), others)


@EVERY
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_state_is_zeros_like_theta_and_theta_stays_in_its_memory(name, dtype):
    theta, gradient = np.ones(5, dtype), np.ones(5, dtype)
    state = init(name, theta, 0.1)
    assert len(state.moments) == OPTIMIZERS[name].moments
    assert state.steps == 0
    for moment in state.moments:
        assert moment.dtype == dtype and moment.shape == theta.shape and not moment.any()
    view = theta[1:3]
    one_step(state, theta, gradient)
    assert theta.dtype == dtype
    assert (theta < 1.0).all() and (view < 1.0).all()
    assert all(moment.dtype == dtype for moment in state.moments)


@EVERY
def test_two_states_do_not_share(name, start, gradients):
    alone = run(name, start, gradients)
    a, b = start.copy(), start.copy()
    state_a, state_b = init(name, a, 0.1), init(name, b, 0.1)
    for gradient in gradients:
        one_step(state_a, a, gradient)
        one_step(state_b, b, -gradient)
    np.testing.assert_array_equal(a, alone[-1])


@EVERY
@pytest.mark.parametrize("size", [0.0, 1e-200, 1e150])
def test_extreme_gradients_give_finite_steps(name, size):
    with np.errstate(all="raise", under="ignore"):
        path = run(name, np.zeros(3), np.full((5, 3), size))
    assert np.isfinite(path).all()
    if size == 0.0:
        assert not path.any()


@pytest.mark.parametrize("name", ["gd", "momentum", "adam"])
def test_finds_the_bottom_of_a_bowl(name):
    assert_finds_the_bottom(name, 600, 0.05)


@EVERY
def test_finds_the_bottom_of_a_bowl_with_a_rate_that_decays(name):
    """Then an optimizer whose steps are as long as the rate gets there too."""
    assert_finds_the_bottom(name, 10_000, 0.5, decay=0.1)


def assert_finds_the_bottom(name, steps, lr, decay=0.0):
    bottom, curvature = np.array([1.0, -2.0, 3.0]), np.array([1.0, 2.0, 0.5])
    theta = np.zeros(3)
    state = init(name, theta, lr, decay)
    for _ in range(steps):
        one_step(state, theta, curvature * (theta - bottom))
    np.testing.assert_allclose(theta, bottom, atol=1e-3)
