"""The pictures of a cell show the right pixels in the right places."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnlab.cells import pictures as plots

CLASSES = ("non-cat", "cat")


def images(k: int, side: int = 64) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (k, side, side, 3)).astype(np.uint8)


def tile(sheet: np.ndarray, place: int, side: int, like: plots.Sheet, lines: int = 2) -> np.ndarray:
    """The pixels of the image at ``place`` in a sheet of images of ``side`` pixels."""
    top = plots.GAP + (plots.LINE + plots.GAP if like is plots.MISTAKES else 0)
    row, column = divmod(place, like.columns)
    y = top + row * (side + lines * plots.LINE + plots.GAP)
    x = plots.GAP + column * (side + plots.GAP)
    return sheet[y : y + side, x : x + side]


def shown(sheet: Image.Image, place: int) -> np.ndarray:
    """The mistake at ``place`` without its enlargement from 64 to 192 pixels."""
    return tile(np.asarray(sheet), place, 192, plots.MISTAKES)[::3, ::3]


def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are drawn from now on."""
    texts: list[str] = []
    plots._text.cache_clear()
    real = plots.ImageDraw.ImageDraw.text

    def text(self: Any, at: Any, text: str, *more: Any) -> None:
        texts.append(text)
        real(self, at, text, *more)

    monkeypatch.setattr(plots.ImageDraw.ImageDraw, "text", text)
    return texts


def test_only_the_misclassified_images_are_shown_the_surest_mistakes_first() -> None:
    x, y = images(12), np.zeros(12, np.int64)
    A_L = np.array([[0.1, 0.6, 0.2, 0.9, 0.7, 0.51, 0.55, 0.8, 0.65, 0.75, 0.95, 0.3]])
    sheet = plots.misclassified(x, y, A_L, CLASSES, probability=True)
    for place, example in enumerate([10, 3, 7, 9, 4, 8, 1, 6, 5]):
        np.testing.assert_array_equal(shown(sheet, place), x[example])
    assert (shown(sheet, 9) == 255).all(), "nine are wrong, there is no tenth"


def test_a_mistake_has_its_class_and_the_answer_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, y = written(monkeypatch), np.array([0, 1, 2, 0])
    A_L = np.array([[0.1, 0.2, 0.1, 0.8], [0.2, 0.2, 0.88, 0.1], [0.7, 0.6, 0.02, 0.1]])
    plots.misclassified(images(4), y, A_L, ("Katze", "Käse", "mouse"), probability=True)
    assert texts[-1] == "3 of 4 test pictures are misclassified; the surest mistakes come first"
    assert texts[:-1] == ["is mouse", "88% sure of Käse", "is Katze", "70% sure of mouse", "is Käse",
                          "60% sure of mouse"]  # fmt: skip


def test_outputs_that_are_no_probabilities_are_not_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = written(monkeypatch)
    plots.misclassified(images(1), np.array([0]), np.array([[1.7]]), CLASSES, probability=False)
    assert texts[:2] == ["is non-cat", "output 1.70 for cat"]


def test_more_mistakes_than_a_sheet_has_room_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = written(monkeypatch)
    plots.misclassified(images(50, 8), np.zeros(50, np.int64), np.full((1, 50), 0.9), CLASSES, True)
    assert texts[-1].startswith("50 of 50 test pictures are misclassified") and "(first 36)" in texts[-1]


def test_a_long_name_is_cut_at_the_width_of_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = written(monkeypatch)
    classes = ("a", "a name that goes on and on and on")
    plots.misclassified(images(1), np.array([0]), np.array([[0.9]]), classes, True)
    assert texts[1].startswith("90% sure of a name") and texts[1].endswith("...")


def test_the_letters_of_most_languages_can_be_drawn() -> None:
    unknown = plots._text("\U0010fffd", 40)
    for letter in "äøłçжωђ":
        assert (plots._text(letter, 40) != unknown).any(), letter


def test_a_net_without_mistakes_gives_an_empty_sheet() -> None:
    x, y = images(3), np.array([0, 1, 1])
    sheet = plots.misclassified(x, y, np.array([[0.1, 0.9, 0.8]]), CLASSES, probability=True)
    assert sheet.size[1] == 2 * plots.GAP + plots.LINE, "the heading alone"


def test_outputs_that_are_no_number_are_shown_too() -> None:
    x, y = images(2), np.array([0, 1])
    sheet = plots.misclassified(x, y, np.array([[np.nan, 0.2]]), CLASSES, probability=True)
    np.testing.assert_array_equal(shown(sheet, 0), x[1])
    np.testing.assert_array_equal(shown(sheet, 1), x[0])


def test_of_a_regression_the_largest_errors_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, x = written(monkeypatch), images(3)
    targets, A_L = (
        np.array([[0.5, 1.0], [0.5, 1.0], [0.5, 1.0]]),
        np.array([[0.5, 0.4, 3.0], [1.1, 1.0, 1.0]]),
    )
    sheet = plots.largest_errors(x, targets, A_L)
    for place, example in enumerate([2, 0, 1]):
        np.testing.assert_array_equal(shown(sheet, place), x[example])
    assert texts[:2] == ["is 0.5, 1", "said 3, 1"]


@pytest.mark.parametrize("side", [16, 64, 100])
def test_weights_are_grey_at_zero_and_reach_the_ends_at_their_largest(side: int) -> None:
    W1 = np.zeros((2, side * side * 3))
    W1[0, 0], W1[0, 5] = 2.0, -2.0
    sheet = np.asarray(plots.first_layer(W1, (side, side, 3)))
    zoom = max(1, 64 // side)
    unit = tile(sheet, 0, side * zoom, plots.UNITS, 1)[::zoom, ::zoom].reshape(-1)
    assert unit[0] == 255 and unit[5] == 0 and set(np.delete(unit, [0, 5])) == {127}
    assert set(tile(sheet, 1, side * zoom, plots.UNITS, 1).reshape(-1)) == {127}, (
        "a unit of zeros is grey, not broken"
    )


def test_weights_of_a_diverged_net_make_a_picture() -> None:
    assert plots.first_layer(np.full((1, 48), np.nan), (4, 4, 3)).size[0] > 0
