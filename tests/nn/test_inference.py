"""The forward pass of a finished net: the formulas, and the same bits for an example beside any others."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nnlab.nn.activations import ACTIVATIONS, activation
from nnlab.nn.inference import BLOCK, Net, answers, features, forward
from nnlab.nn.losses import OUTPUTS


def net(sizes: list[int], g: str = "relu", output: str = "sigmoid", dtype: str = "float64") -> Net:
    random = np.random.RandomState(sum(sizes))
    parameters = [
        (
            (random.randn(n_out, n_in) / np.sqrt(n_in)).astype(dtype),
            random.randn(n_out, 1).astype(dtype),
        )
        for n_in, n_out in pairwise(sizes)
    ]
    return Net(parameters, activation(g, {"leak": 0.1}), output)


def test_it_is_the_formula() -> None:
    """Z_l = W_l A_{l-1} + b_l with tanh between, and the sigmoid of the last."""
    made, X = net([5, 4, 3, 1], "tanh"), np.random.RandomState(0).randn(40, 5)
    (W1, b1), (W2, b2), (W3, b3) = made.parameters
    for x, z, a in zip(X, *(rows[0] for rows in forward(made, X)), strict=True):
        expected = W3 @ np.tanh(W2 @ np.tanh(W1 @ x + b1[:, 0]) + b2[:, 0]) + b3[:, 0]
        np.testing.assert_allclose(z, expected[0], rtol=1e-13)
        np.testing.assert_allclose(a, 1.0 / (1.0 + np.exp(-expected[0])), rtol=1e-13)


def assert_the_same_beside_any_others(made: Net, rows: np.ndarray) -> None:
    whole = forward(made, rows)
    random = np.random.RandomState(0)
    for size in (1, 2, 5, BLOCK, len(rows) - 1):
        order = random.permutation(len(rows))
        for start in range(0, len(rows), size):
            places = order[start : start + size]
            for found, expected in zip(forward(made, rows[places]), whole, strict=True):
                np.testing.assert_array_equal(found, expected[:, places])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("g", ACTIVATIONS)
def test_the_same_bits_beside_any_other_examples(g: str, output: str, dtype: str) -> None:
    rows = np.random.RandomState(1).rand(BLOCK + 11, 300).astype(dtype)
    for sizes in ([300, 20, 7, 5, 12], [300, 33, 1], [300, 1]):
        assert_the_same_beside_any_others(net(sizes, g, output, dtype), rows)


def test_the_same_bits_for_real_sizes() -> None:
    rows = features(np.random.RandomState(2).randint(0, 256, (BLOCK + 5, 64, 64, 3)).astype(np.uint8))
    assert_the_same_beside_any_others(net([12288, 20, 7, 5, 1]), rows)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"])
def test_the_same_bits_with_the_kernels_of_other_processors(kernel: str) -> None:
    """OpenBLAS brings all of them; this processor runs those whose instructions it has."""
    code = (
        "from threadpoolctl import threadpool_info, threadpool_limits; import sys, test_inference as t\n"
        "blas = threadpool_info()[0]; print(blas.get('architecture'))\n"
        "if blas['internal_api'] != 'openblas': sys.exit(77)\n"
        "with threadpool_limits(1):\n"
        "    t.test_the_same_bits_for_real_sizes()\n"
        "    for dtype in ('float64', 'float32'):\n"
        "        t.test_the_same_bits_beside_any_other_examples('relu', 'softmax', dtype)\n"
    )
    path = os.pathsep.join(str(Path(__file__).parents[i]) for i in (0, 2))  # this file and nnlab
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OPENBLAS_CORETYPE": kernel, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (77, -4):  # not OpenBLAS; SIGILL
        pytest.skip(f"{kernel}: not on this machine")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pass_with_nan_or_an_overflow_does_not_warn() -> None:
    made = net([3, 2, 1])
    made.parameters[0][0][0, 0] = np.nan
    _, A_L = forward(made, np.ones((2, 3)))
    assert np.isnan(A_L).all()
    assert [answer.name for answer in answers(A_L, ["no", "yes"])] == [None, None]
    made.parameters[0] = (np.full((2, 3), -1e200), np.zeros((2, 1)))
    forward(made._replace(g=activation("identity")), np.full((2, 3), 1e200))  # exp overflows


def test_answers_of_one_output_and_of_several() -> None:
    one, other = answers(np.array([[0.75, 0.25]]), ["no", "yes"])
    assert one == ("yes", 0.75, [0.25, 0.75]) and other == ("no", 0.75, [0.75, 0.25])
    (third,) = answers(np.array([[0.1], [0.2], [0.7]]), ["a", "b", "c"])
    assert third == ("c", 0.7, [0.1, 0.2, 0.7])
    assert answers(np.empty((1, 0)), ["no", "yes"]) == []
