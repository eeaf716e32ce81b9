"""The pictures of a cell show the right pixels in the right places."""

import numpy as np
import pytest

from nnlab.cells import pictures as plots

CLASSES = ("non-cat", "cat")


def images(k: int, side: int = 64) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (k, side, side, 3)).astype(np.uint8)


def tile(sheet: np.ndarray, place: int, side: int) -> np.ndarray:
    """The pixels of the image at ``place`` in a sheet of images of ``side`` pixels."""
    x = plots.GAP + place % plots.COLUMNS * (side + plots.GAP)
    y = plots.GAP + place // plots.COLUMNS * (side + plots.LABEL + plots.GAP)
    return sheet[y : y + side, x : x + side]


def test_only_the_misclassified_images_are_shown_in_their_order() -> None:
    x, y = images(12), np.zeros(12, np.int64)
    predicted = np.array([0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0])
    sheet = np.asarray(plots.misclassified(x, y, predicted, CLASSES))
    for place, example in enumerate(np.flatnonzero(predicted)):
        np.testing.assert_array_equal(tile(sheet, place, 128)[::2, ::2], x[example])
    assert (tile(sheet, 9, 128) == 255).all(), "nine are wrong, there is no tenth"


def test_a_net_without_mistakes_gives_an_empty_sheet() -> None:
    x, y = images(3), np.array([0, 1, 1])
    assert (np.asarray(plots.misclassified(x, y, y, CLASSES)) == 255).all()


def test_outputs_that_are_no_number_are_shown_too() -> None:
    x, y = images(2), np.array([0, 1])
    sheet = np.asarray(plots.misclassified(x, y, np.array([-1, -1]), CLASSES))
    np.testing.assert_array_equal(tile(sheet, 1, 128)[::2, ::2], x[1])


@pytest.mark.parametrize("side", [16, 64, 100])
def test_weights_are_grey_at_zero_and_reach_the_ends_at_their_largest(side: int) -> None:
    W1 = np.zeros((2, side * side * 3))
    W1[0, 0], W1[0, 5] = 2.0, -2.0
    sheet = np.asarray(plots.first_layer(W1, (side, side, 3)))
    zoom = max(1, 64 // side)
    unit = tile(sheet, 0, side * zoom)[::zoom, ::zoom].reshape(-1)
    assert unit[0] == 255 and unit[5] == 0 and set(np.delete(unit, [0, 5])) == {127}
    assert set(tile(sheet, 1, side * zoom).reshape(-1)) == {127}, "a unit of zeros is grey, not broken"


def test_weights_of_a_diverged_net_make_a_picture() -> None:
    assert plots.first_layer(np.full((1, 48), np.nan), (4, 4, 3)).size[0] > 0
