"""Initial weights: the frozen random stream, the schemes' spread, orthogonality."""

from itertools import pairwise

import numpy as np
import pytest

from nnlab.nn.initializers import INITIALIZERS, draw

SIZES = [6, 5, 4, 1]
EVERY = pytest.mark.parametrize("scheme", INITIALIZERS)
RANDOM = pytest.mark.parametrize("scheme", [s for s in INITIALIZERS if s != "zeros"])
STD = {  # of the weights between n_in and n_out units
    "normal": lambda n_in, n_out: 1.0,
    "lecun": lambda n_in, n_out: np.sqrt(1.0 / n_in),
    "he": lambda n_in, n_out: np.sqrt(2.0 / n_in),
    "glorot": lambda n_in, n_out: np.sqrt(2.0 / (n_in + n_out)),
}


def randn(seed, sizes=SIZES):
    """The stream that is promised: randn(n_out, n_in), first layer first."""
    random = np.random.RandomState(seed)
    return [random.randn(n_out, n_in) for n_in, n_out in pairwise(sizes)]


def test_the_table_has_the_known_schemes():
    assert {*STD, "orthogonal", "zeros"} <= INITIALIZERS.keys()


@EVERY
def test_shapes_and_type(scheme):
    drawn = draw(scheme, 0.5, SIZES, seed=3)
    assert [W.shape for W in drawn] == [(5, 6), (4, 5), (1, 4)]
    assert all(W.dtype == np.float64 and W.flags.c_contiguous for W in drawn)


def test_the_stream_is_the_one_numpy_froze():
    (W,) = draw("normal", 1.0, [3, 1], seed=1)
    np.testing.assert_allclose(W, [[1.62434536, -0.61175641, -0.52817175]], atol=5e-9)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_normal_is_the_stream_itself(seed):
    for W, expected in zip(draw("normal", 1.0, SIZES, seed), randn(seed), strict=True):
        np.testing.assert_array_equal(W, expected)


def test_normal_times_a_hundredth_is_randn_times_a_hundredth():
    for W, expected in zip(draw("normal", 0.01, SIZES, 1), randn(1), strict=True):
        np.testing.assert_array_equal(W, expected * 0.01)


@pytest.mark.parametrize("scheme", STD)
@pytest.mark.parametrize("scale", [1.0, 0.1, 10.0])
def test_each_scheme_is_the_stream_times_its_std(scheme, scale):
    sizes = pairwise(SIZES)
    for W, Z, (n_in, n_out) in zip(draw(scheme, scale, SIZES, 4), randn(4), sizes, strict=True):
        np.testing.assert_allclose(W, Z * scale * STD[scheme](n_in, n_out), rtol=1e-15)


@pytest.mark.parametrize(
    ("scheme", "std"),
    [("normal", 1.0), ("lecun", 1 / 4), ("he", np.sqrt(1 / 8)), ("glorot", 1 / 5)],
)
def test_std_by_hand_for_16_inputs_and_34_outputs(scheme, std):
    (W,) = draw(scheme, 1.0, [16, 34], seed=1)
    np.testing.assert_allclose(W, std * randn(1, [16, 34])[0], rtol=1e-15)


@pytest.mark.parametrize("scheme", STD)
def test_the_drawn_weights_have_that_std_and_mean_0(scheme):
    (W,) = draw(scheme, 3.0, [400, 250], seed=0)  # 100 000 draws: std to 1%, mean to 0.02 std
    std = 3.0 * STD[scheme](400, 250)
    assert W.std() == pytest.approx(std, rel=0.01)
    assert abs(W.mean()) < 0.02 * std


@RANDOM
def test_the_seed_decides(scheme):
    one, again, other = (draw(scheme, 1.0, SIZES, seed) for seed in (1, 1, 2))
    for a, b, c in zip(one, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


@EVERY
def test_more_layers_leave_the_first_ones_as_they_were(scheme):
    for a, b in zip(draw(scheme, 1.0, [6, 5, 4], 1), draw(scheme, 1.0, SIZES, 1), strict=False):
        np.testing.assert_array_equal(a, b)


@EVERY
def test_the_scale_multiplies(scheme):
    for a, b in zip(draw(scheme, 1.0, SIZES, 1), draw(scheme, 8.0, SIZES, 1), strict=True):
        np.testing.assert_array_equal(8.0 * a, b)  # a power of two: exact
        assert np.array_equal(a, b) != INITIALIZERS[scheme].scaled


@EVERY
def test_the_global_stream_is_left_alone(scheme):
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    draw(scheme, 1.0, SIZES, 1)
    assert np.random.rand() == expected


def test_zeros():
    assert not any(W.any() for W in draw("zeros", 10.0, SIZES, 1))


@pytest.mark.parametrize(("n_in", "n_out"), [(9, 4), (4, 9), (6, 6), (7, 1), (1, 7), (1, 1)])
@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_orthogonal(n_in, n_out, scale):
    (W,) = draw("orthogonal", scale, [n_in, n_out], seed=2)
    fewer = W @ W.T if n_out <= n_in else W.T @ W
    np.testing.assert_allclose(fewer, scale**2 * np.eye(min(n_in, n_out)), atol=1e-14)


@pytest.mark.parametrize(("n_in", "n_out"), [(9, 4), (4, 9), (6, 6)])
def test_orthogonal_is_the_drawn_matrix_made_orthonormal(n_in, n_out):
    """Gram-Schmidt on the stream: the same span vector by vector, none of them with its sign turned."""
    (drawn,) = randn(2, [n_in, n_out])
    (W,) = draw("orthogonal", 1.0, [n_in, n_out], seed=2)
    columns, Q = (drawn.T, W.T) if n_out < n_in else (drawn, W)
    R = Q.T @ columns
    np.testing.assert_allclose(Q @ R, columns, atol=1e-13)
    np.testing.assert_allclose(np.tril(R, -1), 0.0, atol=1e-13)
    assert (np.diag(R) > 0.0).all()
