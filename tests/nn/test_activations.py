"""Values, derivatives and extremes of every activation in the table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlab.nn.activations import ACTIVATIONS, activation, sigmoid

LEAK = 0.1
EVERY = pytest.mark.parametrize("name", ACTIVATIONS)
KNOWN = ("sigmoid", "tanh", "relu", "leaky_relu", "identity")


def apply(name, z, leak=LEAK, dtype=np.float64):
    """g(z), in the array of z where the activation allows it."""
    g, Z = activation(name, {"leak": leak}), np.array(z, dtype)
    A = Z if g.in_place else np.full_like(Z, np.nan)
    g.value(np, Z, out=A)
    return A


def slope(name, z, leak=LEAK, dtype=np.float64):
    """g'(z), from Z and A as a layer keeps them."""
    g, A = activation(name, {"leak": leak}), apply(name, z, leak, dtype)
    Z = A if g.in_place else np.array(z, dtype)
    out = np.full_like(A, np.nan)
    g.slope(np, Z, A, out=out)
    return out


def test_the_table_has_the_course_activations():
    assert set(KNOWN) <= ACTIVATIONS.keys()


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
        ("elu", 3.0, 3.0, 1.0),
        ("elu", np.log(0.25), -0.75, 0.25),
        ("elu", 0.0, 0.0, 1.0),
        # u = sqrt(2/pi) (1 + 0.044715) = 0.833559..., t = tanh(u) = 0.682384...: (1 + t)/2, and with
        # (1 - t^2)/2 sqrt(2/pi) (1 + 3 * 0.044715) added; -1 has the difference to 1 of both
        ("gelu", 1.0, 0.8411919906082768, 1.0829640838457826),
        ("gelu", -1.0, -0.15880800939172324, -0.08296408384578262),
        ("gelu", 0.0, 0.0, 0.5),
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
def test_value_and_slope_change_only_their_output(name):
    g, Z = activation(name), np.array([[-2.0, -0.5, 0.5], [2.0, 0.0, 1.0]])
    A, before = np.empty_like(Z), Z.copy()
    g.value(np, Z, out=A)
    np.testing.assert_array_equal(Z, before)
    kept = A.copy()
    g.slope(np, Z, A, out=np.empty_like(A))
    np.testing.assert_array_equal(Z, before)
    np.testing.assert_array_equal(A, kept)


@EVERY
def test_works_on_a_view(name):
    g, memory = activation(name, {"leak": LEAK}), np.linspace(-3.0, 3.0, 24).reshape(4, 6)
    before, view = memory.copy(), memory[:3, ::2]
    g.value(np, before[:3, ::2] if not g.in_place else view, out=view)
    np.testing.assert_array_equal(view, apply(name, before[:3, ::2]))
    np.testing.assert_array_equal(memory[3], before[3])
    np.testing.assert_array_equal(memory[:, 1::2], before[:, 1::2])


@EVERY
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extremes_are_finite(name, dtype):
    z = np.array([-1e30, -1e4, -800.0, -100.0, -1e-30, 0.0, 1e-30, 100.0, 800.0, 1e4, 1e30], dtype)
    with np.errstate(all="raise", over="ignore", under="ignore"):
        A, dZ = apply(name, z, dtype=dtype), slope(name, z, dtype=dtype)
    assert A.dtype == dZ.dtype == dtype
    assert np.isfinite(A).all() and np.isfinite(dZ).all()
    if name in KNOWN:
        assert (dZ >= 0.0).all() and (dZ <= 1.0).all()
        assert (np.diff(A) >= 0.0).all()


@pytest.mark.parametrize("name", [name for name, g in ACTIVATIONS.items() if g.ends])
def test_far_out_the_ends_are_reached(name):
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(apply(name, [-1e4, 1e4]), ACTIVATIONS[name].ends)
        np.testing.assert_array_equal(slope(name, [-1e4, 1e4]), [0.0, 0.0])


def test_which_activations_saturate_and_die():
    assert {name: ACTIVATIONS[name].ends for name in KNOWN} == {
        "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": None, "leaky_relu": None, "identity": None,
    }  # fmt: skip
    assert [name for name in KNOWN if ACTIVATIONS[name].dies] == ["relu"]


@EVERY
def test_only_an_activation_with_a_leak_depends_on_it(name):
    z, has_leak = np.linspace(-2.0, 2.0, 9), "leak" in ACTIVATIONS[name].options
    assert has_leak == (name == "leaky_relu") or name not in KNOWN
    same = np.array_equal(apply(name, z, leak=0.01), apply(name, z, leak=0.5))
    assert same != has_leak
    same = np.array_equal(slope(name, z, leak=0.01), slope(name, z, leak=0.5))
    assert same != has_leak


def test_an_option_that_is_not_given_has_its_default():
    out = np.empty(1)
    activation("leaky_relu").value(np, np.array([-1.0]), out=out)
    np.testing.assert_array_equal(out, [-0.01])


def test_leaky_relu_with_leak_1_is_the_identity():
    z = np.linspace(-2.0, 2.0, 9)
    np.testing.assert_array_equal(apply("leaky_relu", z, leak=1.0), z)
    np.testing.assert_array_equal(slope("leaky_relu", z, leak=1.0), np.ones(9))


@given(st.floats(-700.0, 700.0))
def test_sigmoid_and_its_mirror_image_sum_to_1(z):
    both = np.array([z, -z])
    sigmoid(np, both, both)
    assert abs(both.sum() - 1.0) <= 1e-15


@pytest.mark.parametrize("name", KNOWN)
@given(z=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_the_course_activations_never_fall(name, z):
    with np.errstate(over="ignore"):
        assert (np.diff(apply(name, sorted(z))) >= 0.0).all()
