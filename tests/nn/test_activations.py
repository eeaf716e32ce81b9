"""Values, derivatives and extremes of every activation in the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.nn.activations import ACTIVATIONS, sigmoid
from nnlab.nn.operations import run

LEAK = 0.1
EVERY = pytest.mark.parametrize("name", ACTIVATIONS)


def apply(name, z, leak=LEAK, dtype=np.float64):
    A = np.array(z, dtype)
    run(ACTIVATIONS[name].apply(A, leak))
    return A


def slope(name, z, leak=LEAK, dtype=np.float64):
    """g'(z), got from A = g(z)."""
    A = apply(name, z, leak, dtype)
    out = np.full_like(A, np.nan)
    run(ACTIVATIONS[name].slope(A, out, leak))
    return out


def test_the_names_are_those_of_the_configuration():
    assert list(ACTIVATIONS) == ["sigmoid", "tanh", "relu", "leaky_relu", "identity"]


@pytest.mark.parametrize(
    ("name", "z", "a", "derivative"),
    [
        ("sigmoid", 0.0, 0.5, 0.25),
        ("sigmoid", np.log(3.0), 0.75, 0.1875),  # 1/(1 + 1/3), 3/4 * 1/4
        ("sigmoid", -np.log(3.0), 0.25, 0.1875),
        ("tanh", 0.0, 0.0, 1.0),
        ("tanh", np.log(2.0), 0.6, 0.64),  # (2 - 1/2)/(2 + 1/2), 1 - 0.36
        ("tanh", -np.log(2.0), -0.6, 0.64),
        ("relu", 3.0, 3.0, 1.0),
        ("relu", -3.0, 0.0, 0.0),
        ("relu", 0.0, 0.0, 0.0),
        ("relu", -0.0, 0.0, 0.0),
        ("leaky_relu", 3.0, 3.0, 1.0),
        ("leaky_relu", -3.0, -0.3, 0.1),
        ("leaky_relu", 0.0, 0.0, 0.1),
        ("leaky_relu", -0.0, 0.0, 0.1),
        ("identity", -3.0, -3.0, 1.0),
        ("identity", 0.0, 0.0, 1.0),
    ],
)
def test_by_hand(name, z, a, derivative):
    np.testing.assert_allclose(apply(name, [z]), [a], rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(slope(name, [z]), [derivative], rtol=1e-15, atol=1e-16)


@EVERY
def test_derivative_is_the_central_difference(name):
    z = np.linspace(-4.0, 4.0, 80)  # 0, where the ReLUs have a kink, is not among them
    h = 1e-5
    differences = (apply(name, z + h) - apply(name, z - h)) / (2.0 * h)
    np.testing.assert_allclose(slope(name, z), differences, rtol=1e-7, atol=1e-9)


@EVERY
def test_slope_leaves_the_outputs_alone(name):
    A = apply(name, [[-2.0, -0.5, 0.5], [2.0, 0.0, 1.0]])
    before = A.copy()
    run(ACTIVATIONS[name].slope(A, np.empty_like(A), LEAK))
    np.testing.assert_array_equal(A, before)


@EVERY
def test_the_operations_follow_their_arrays(name):
    Z, out = np.full(4, 0.5), np.empty(4)
    turn, write = ACTIVATIONS[name].apply(Z, LEAK), ACTIVATIONS[name].slope(Z, out, LEAK)
    for z in ([-2.0, -0.5, 0.5, 2.0], [3.0, -3.0, 0.0, 1.0]):
        Z[:] = z
        run([*turn, *write])
        np.testing.assert_array_equal(Z, apply(name, z))
        np.testing.assert_array_equal(out, slope(name, z))


@EVERY
def test_works_in_place_on_a_view(name):
    memory = np.linspace(-3.0, 3.0, 24).reshape(4, 6)
    before = memory.copy()
    run(ACTIVATIONS[name].apply(memory[:3, ::2], LEAK))
    np.testing.assert_array_equal(memory[:3, ::2], apply(name, before[:3, ::2]))
    np.testing.assert_array_equal(memory[3], before[3])
    np.testing.assert_array_equal(memory[:, 1::2], before[:, 1::2])


@EVERY
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extremes_are_stable(name, dtype):
    z = np.array([-1e30, -1e4, -800.0, -100.0, -1e-30, 0.0, 1e-30, 100.0, 800.0, 1e4, 1e30], dtype)
    with np.errstate(all="raise", over="ignore", under="ignore"):
        A, dZ = apply(name, z, dtype=dtype), slope(name, z, dtype=dtype)
    assert A.dtype == dZ.dtype == dtype
    assert np.isfinite(A).all()
    assert (dZ >= 0.0).all() and (dZ <= 1.0).all()
    assert (np.diff(A) >= 0.0).all()


@pytest.mark.parametrize(("name", "low"), [("sigmoid", 0.0), ("tanh", -1.0)])
def test_far_out_the_ends_are_reached(name, low):
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(apply(name, [-1e4, 1e4]), [low, 1.0])
        np.testing.assert_array_equal(slope(name, [-1e4, 1e4]), [0.0, 0.0])


@EVERY
def test_only_leaky_relu_knows_the_leak(name):
    z = np.linspace(-2.0, 2.0, 9)
    same = np.array_equal(apply(name, z, leak=0.01), apply(name, z, leak=0.5))
    assert same == (name != "leaky_relu")
    same = np.array_equal(slope(name, z, leak=0.01), slope(name, z, leak=0.5))
    assert same == (name != "leaky_relu")


def test_leaky_relu_with_leak_1_is_the_identity():
    z = np.linspace(-2.0, 2.0, 9)
    np.testing.assert_array_equal(apply("leaky_relu", z, leak=1.0), z)
    np.testing.assert_array_equal(slope("leaky_relu", z, leak=1.0), np.ones(9))


@given(st.floats(-700.0, 700.0))
def test_sigmoid_and_its_mirror_image_sum_to_1(z):
    both = np.array([z, -z])
    run(sigmoid(both, both))
    assert abs(both.sum() - 1.0) <= 1e-15


@EVERY
@given(z=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_never_falls(name, z):
    with np.errstate(over="ignore"):
        assert (np.diff(apply(name, sorted(z))) >= 0.0).all()
