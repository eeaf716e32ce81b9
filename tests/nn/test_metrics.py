"""Classes, accuracy and target matrices by hand."""

import numpy as np
import pytest

from nnlab.nn.metrics import accuracy, classes, targets


def test_one_output_is_class_1_above_a_half():
    A = np.array([[0.0, 0.49, 0.5, np.nextafter(0.5, 1.0), 1.0]])
    np.testing.assert_array_equal(classes(A), [0, 0, 0, 1, 1])


def test_several_outputs_take_the_largest_and_the_first_of_equals():
    A = np.array([[0.1, 0.5, 0.3], [0.2, 0.5, 0.3], [0.7, 0.0, 0.4]])
    np.testing.assert_array_equal(classes(A), [2, 0, 2])


@pytest.mark.parametrize("n_L", [1, 2, 3])
def test_classes_are_integers_one_per_example(n_L):
    found = classes(np.random.RandomState(0).rand(n_L, 7))
    assert found.shape == (7,) and found.dtype == np.int64


def test_accuracy():
    A, y = np.array([[0.9, 0.2, 0.6, 0.4]]), np.array([1, 0, 0, 1])
    assert accuracy(A, y) == 0.5
    assert accuracy(A, 1 - y) == 0.5
    assert accuracy(A, np.array([1, 0, 1, 0])) == 1.0
    assert accuracy(A, np.array([0, 1, 0, 1])) == 0.0
    assert isinstance(accuracy(A, y), float)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_targets(dtype):
    one = targets(np.array([1, 0, 1]), 1, np.dtype(dtype))
    np.testing.assert_array_equal(one, [[1, 0, 1]])
    three = targets(np.array([2, 0, 1, 2]), 3, np.dtype(dtype))
    np.testing.assert_array_equal(three, [[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]])
    assert one.dtype == three.dtype == dtype


@pytest.mark.parametrize("n_L", [1, 2, 5])
def test_targets_as_outputs_are_always_right(n_L):
    y = np.random.RandomState(0).randint(max(n_L, 2), size=30)
    assert accuracy(targets(y, n_L, np.dtype("float64")), y) == 1.0
