"""The same pictures and labels in many forms become the same arrays, and each change is said."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nnlab.data import array_file, importing
from nnlab.data.decoder import Decoded
from nnlab.data.importing import arrays as stored_arrays
from nnlab.errors import UserError

M, TEST = 20, 8
RANDOM = np.random.RandomState(0)
X, X_TEST = (RANDOM.randint(0, 256, (m, 6, 5, 3)).astype(np.uint8) for m in (M, TEST))
Y, Y_TEST = (RANDOM.randint(0, 2, m) for m in (M, TEST))
Y[:2] = Y_TEST[:2] = 0, 1
WORDS = np.array(["cat", "dog"])


def read_here(reader: str, paths: Sequence[Path], memory_mb: int) -> Iterator[Decoded]:
    """What `decoder.decode` answers, from this process."""
    assert reader == "arrays"
    for path in paths:
        try:
            arrays, notes = array_file.read(path, memory_mb=memory_mb)
            yield Decoded(path, arrays, tuple(notes))
        except UserError as error:
            yield Decoded(path, {}, problem=str(error))


@pytest.fixture(autouse=True)
def without_child(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The child that reads a file takes half a second: only the names' tests start it, and test_decoder."""
    if request.function is not test_arrays_are_found_by_usual_names:
        monkeypatch.setattr(stored_arrays, "decode", read_here)


def imported(*sources: Path, **options: Any) -> importing.Imported:
    return importing.read(list(sources), importing.Options(**options), lambda done, total: None)


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def both(path: Path, x: Any = lambda a: a, y: Any = lambda a: a, **more: np.ndarray) -> Path:
    """A file with both sets, changed by functions of the good arrays."""
    return npz(path, X_train=x(X), y_train=y(Y), X_test=x(X_TEST), y_test=y(Y_TEST), **more)


def assert_good(found: importing.Imported, classes: tuple[str, ...] = ("0", "1")) -> None:
    for array, expected in (
        (found.x["train"], X), (found.x["test"], X_TEST), (found.y["train"], Y), (found.y["test"], Y_TEST),
    ):  # fmt: skip
        assert array.dtype == expected.dtype
        np.testing.assert_array_equal(array, expected)
    assert found.classes == classes


PIXELS = {
    "uint8": (lambda a: a, ""),
    "0 to 1": (lambda a: a / 255.0, "pixels: float64 from 0 to 1 became uint8, multiplied by 255"),
    "0 to 1 in float32": (lambda a: (a / 255).astype("f4"), "became uint8, multiplied by 255"),
    "0 to 255": (lambda a: a.astype("f4"), "pixels: float32 from 0 to 255 became uint8, rounded"),
    "integers": (lambda a: a.astype(np.int64), "pixels: int64 from 0 to 255 became uint8"),
    "16 bits": (
        lambda a: a.astype(np.uint16) * 257,
        "pixels: uint16 from 0 to 65535 became uint8, divided",
    ),
    "channels first": (lambda a: a.transpose(0, 3, 1, 2), "axes: turned from (20, 3, 6, 5)"),
    "examples last": (lambda a: a.transpose(1, 2, 3, 0), "axes: turned from (6, 5, 3, 20)"),
    "reversed": (lambda a: a.T, "axes: turned from (3, 5, 6, 20) (channels, width, height, m)"),
}


@pytest.mark.parametrize("form", PIXELS)
def test_pixels_and_axes(tmp_path: Path, form: str) -> None:
    change, line = PIXELS[form]
    found = imported(both(tmp_path / "a.npz", x=change))
    assert_good(found)
    assert any(line in note for note in found.notes)


LABELS = {
    "column": (lambda y: y[:, None], ("0", "1"), ""),
    "row": (lambda y: y[None], ("0", "1"), ""),
    "-1 and 1": (lambda y: 2 * y - 1, ("-1", "1"), "labels: -1, 1 became 0, 1"),
    "floats -1 and 1": (lambda y: 2.0 * y - 1.0, ("-1", "1"), "whole floating-point numbers"),
    "1 and 2": (lambda y: y + 1.0, ("1", "2"), "labels: 1, 2 became 0, 1"),
    "true and false": (lambda y: y > 0, ("0", "1"), ""),
    "one-hot": (lambda y: np.eye(2)[y], ("0", "1"), "labels: one-hot columns"),
    "one-hot, turned": (lambda y: np.eye(2, dtype=int)[y].T, ("0", "1"), "labels: turned from (2, 20)"),
    "texts": (lambda y: WORDS[y], ("cat", "dog"), "labels: cat, dog became 0, 1"),
    "bytes": (lambda y: np.char.encode(WORDS)[y], ("cat", "dog"), "labels: cat, dog became 0, 1"),
}


@pytest.mark.parametrize("form", LABELS)
def test_labels(tmp_path: Path, form: str) -> None:
    change, classes, line = LABELS[form]
    found = imported(both(tmp_path / "a.npz", y=change))
    assert_good(found, classes)
    assert any(line in note for note in found.notes)


def test_names_of_classes_are_taken_and_texts_can_be_put_in_order(tmp_path: Path) -> None:
    named = imported(both(tmp_path / "a.npz", y=lambda y: y + 1, class_names=WORDS))
    assert_good(named, ("cat", "dog"))
    ordered = imported(both(tmp_path / "b.npz", y=lambda y: WORDS[y]), order=("dog", "cat"))
    np.testing.assert_array_equal(ordered.y["train"], 1 - Y)
    with pytest.raises(UserError, match="do not fit together"):
        imported(tmp_path / "b.npz", order=("dog", "cow"))


NAMES = [
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("xtrain", "ytrain", "xtest", "ytest"),
    ("trainX", "trainY", "testX", "testY"),
    ("train/data", "train/target", "test/data", "test/target"),
    ("train_set_x_orig", "train_set_y", "test_set_x_orig", "test_set_y"),
    ("images", "label", "test_images", "test_label"),
]


@pytest.mark.parametrize("names", NAMES)
def test_arrays_are_found_by_usual_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, array in zip(names, (X, Y, X_TEST, Y_TEST), strict=True):
            file[name] = array
        file["ids"] = np.arange(M)
    found = imported(tmp_path / "a.h5")
    assert_good(found)
    assert "not used: a.h5: ids (20,) int64" in found.notes


def test_files_say_by_their_names_which_set_they_hold(tmp_path: Path) -> None:
    train, test = npz(tmp_path / "my_train.npz", a=X, b=Y), npz(tmp_path / "test.npz", a=X_TEST, b=Y_TEST)
    by_hand: dict[importing.Slot, str] = {("train", "x"): "a", ("train", "y"): "b"}
    for order in ((train, test), (test, train)):
        assert_good(imported(*order, names=by_hand))
    singles = {"X_train": X, "y_train": Y, "X_test": X_TEST, "y_test": Y_TEST}
    for name, array in singles.items():
        np.save(tmp_path / f"{name}.npy", array)
    assert_good(imported(*(tmp_path / f"{name}.npy" for name in singles)))


def test_matlab_files(tmp_path: Path) -> None:
    """MATLAB holds (height, width, channels, m) or (m, height, width, channels), the file the reverse."""
    for axes in ((1, 2, 3, 0), (0, 1, 2, 3)):
        with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
            for name, array, kind in (
                ("Xtrain", X.transpose(axes), "uint8"), ("ytrain", Y[:, None] + 1.0, "double"),
                ("Xtest", X_TEST.transpose(axes), "uint8"), ("ytest", Y_TEST[None] + 1.0, "double"),
            ):  # fmt: skip
                file[name] = array.T
                file[name].attrs["MATLAB_class"] = np.bytes_(kind)
        found = imported(tmp_path / "a.mat")
        assert_good(found, ("1", "2"))
        assert any("as MATLAB shows them" in note for note in found.notes)


def test_rows_of_numbers_are_features_or_flattened_pictures(tmp_path: Path) -> None:
    flat = both(tmp_path / "a.npz", x=lambda a: a.reshape(len(a), -1))
    np.testing.assert_array_equal(imported(flat).x["train"], X.reshape(M, -1))
    assert_good(imported(flat, shape=(6, 5, 3)))
    first = both(tmp_path / "b.npz", x=lambda a: a.transpose(0, 3, 1, 2).reshape(len(a), -1))
    assert_good(imported(first, shape=(3, 6, 5)))
    table = both(tmp_path / "c.npz", x=lambda a: a[:, 0, :, 0] / 7.0 - 9.0)
    np.testing.assert_array_equal(imported(table).x["train"], X[:, 0, :, 0] / 7.0 - 9.0)
    turned = both(tmp_path / "d.npz", x=lambda a: a[:, 0, :, 0].T)
    np.testing.assert_array_equal(imported(turned).x["test"], X_TEST[:, 0, :, 0])


def test_axes_by_hand_and_grey_pictures(tmp_path: Path) -> None:
    odd = both(tmp_path / "a.npz", x=lambda a: a.transpose(0, 2, 1, 3))
    assert_good(imported(odd, axes="mwhc"))
    grey = imported(both(tmp_path / "b.npz", x=lambda a: a[..., 0]))
    np.testing.assert_array_equal(grey.x["train"], X[..., :1])
    square = npz(tmp_path / "c.npz", x=X[:, :5].T, y=Y)
    assert any("give --axes chwm" in note for note in imported(square).notes)


def test_real_targets_stay_numbers(tmp_path: Path) -> None:
    found = imported(both(tmp_path / "a.npz", y=lambda y: y + 0.25))
    assert found.classes == () and found.y["train"].dtype == np.float64
    np.testing.assert_array_equal(found.y["train"][:, 0], Y + 0.25)
    assert any("real targets of a regression" in note for note in found.notes)
    prices = imported(both(tmp_path / "c.npz", y=lambda y: np.arange(len(y)) * 100.0))
    assert prices.classes == ()
    whole = imported(both(tmp_path / "b.npz"), targets=True)
    assert whole.classes == () and whole.y["test"].shape == (TEST, 1)


def test_pictures_are_resized_on_demand(tmp_path: Path) -> None:
    found = imported(both(tmp_path / "a.npz"), size=8)
    assert found.x["train"].shape == (M, 8, 8, 3)
    assert "pictures: resized from 6 x 5 to 8 x 8" in found.notes


# -- one set, equal examples -----------------------------------------------------------------------


def test_a_single_set_is_divided_by_share_and_seed_and_class(tmp_path: Path) -> None:
    y = np.repeat([0, 1], [90, 10])
    x = RANDOM.rand(100, 4)
    source = npz(tmp_path / "a.npz", x=x, y=y)
    found = imported(source, test_share=0.3)
    assert [np.bincount(found.y[split]).tolist() for split in ("train", "test")] == [[63, 7], [27, 3]]
    assert any(note.startswith("divided: 30 of 100") for note in found.notes)
    together = np.concatenate([found.x["train"], found.x["test"]])
    np.testing.assert_array_equal(np.unique(together, axis=0), np.unique(x, axis=0))
    np.testing.assert_array_equal(imported(source, test_share=0.3).x["test"], found.x["test"])
    assert not np.array_equal(imported(source, test_share=0.3, seed=2).x["test"], found.x["test"])


def test_equal_examples_stay_on_one_side(tmp_path: Path) -> None:
    x = np.repeat(RANDOM.rand(20, 4), 3, axis=0)
    found = imported(npz(tmp_path / "a.npz", x=x, y=np.arange(60) // 3 % 2))
    sides = [set(map(tuple, found.x[split])) for split in ("train", "test")]
    assert sides[1] and not sides[0] & sides[1]
    assert any("training examples are equal to others of that set" in note for note in found.notes)


def test_equal_examples_are_said(tmp_path: Path) -> None:
    x_test, y = X_TEST.copy(), Y.copy()
    x_test[:2] = X[:2]
    x = X.copy()
    x[5], y[5], y[4] = x[4], 1, 0
    found = imported(npz(tmp_path / "a.npz", X_train=x, y_train=y, X_test=x_test, y_test=Y_TEST))
    for line in (
        "doubtful: 2 test examples are equal to training examples",
        "doubtful: 1 training examples are equal to others of that set",
        "doubtful: 1 examples are equal to another one of another label",
    ):
        assert line in found.notes


# -- misuse ----------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no known names": ({"arr_0": X, "arr_1": Y}, "--x NAME"),
    "no labels": ({"x": X}, "--y NAME"),
    "two could be meant": ({"images": X, "features": X, "y": Y}, "choose one: --x images"),
    "other lengths": ({"x": X, "y": Y[:7]}, "do not fit together"),
    "no channels": ({"x": np.zeros((M, 6, 5, 7)), "y": Y}, "--axes"),
    "five axes": ({"x": np.zeros((M, 2, 2, 2, 3)), "y": Y}, "--axes"),
    "standardized": ({"x": RANDOM.randn(M, 6, 5, 3), "y": Y}, "0 to 1 or 0 to 255"),
    "not finite": ({"x": np.full((M, 3), np.nan), "y": Y}, "not finite"),
    "labels not finite": ({"x": X, "y": np.full(M, np.nan)}, "not a finite number"),
    "several labels": ({"x": X, "y": np.ones((M, 3), int)}, "not one-hot"),
    "a row of no class": (
        {"x": X, "y": np.eye(2)[Y] * (np.arange(M) != 5)[:, None]},
        r"not one-hot \(example 5 has no 1\); give one label an example, or --targets",
    ),
    "one class": ({"x": X, "y": np.ones(M, int)}, "the labels have 1 class"),
    "objects": ({"x": X, "y": WORDS[Y].astype(object)}, "y holds Python objects"),
    "prices": ({"x": X, "y": np.arange(M) * 100}, "--targets"),
    "texts": ({"x": WORDS[Y], "y": Y}, "must be numbers"),
    "too many for the names": ({"x": X, "y": np.arange(M), "classes": WORDS}, "do not fit together"),
    "sets of unlike scale": (
        {"x_train": X / 255, "y_train": Y, "x_test": X_TEST / 1.0, "y_test": Y_TEST},
        "up to 1 and 255",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_understood_is_refused_with_the_remedy(tmp_path: Path, case: str) -> None:
    arrays, words = REFUSED[case]
    with pytest.raises(UserError, match=words) as caught:
        imported(npz(tmp_path / "a.npz", **arrays))
    assert "\n" not in str(caught.value)


def test_names_by_hand_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--x: there is no array pixels; found: .*X_train"):
        imported(both(tmp_path / "a.npz"), names={("train", "x"): "pixels"})


def test_arrays_beyond_the_memory_are_refused(tmp_path: Path) -> None:
    source = npz(tmp_path / "a.npz", x=np.zeros((200, 1000)), y=np.arange(200) % 2)
    with pytest.raises(UserError, match="--memory-mb allows 1"):
        imported(source, memory_mb=1)


def test_different_texts_stay_different_classes(tmp_path: Path) -> None:
    found = imported(both(tmp_path / "a.npz", y=lambda y: np.where(y > 0, b"caf\xe9", b"caf\xe8")))
    assert_good(found, ("caf\\xe8", "caf\\xe9"))


def test_a_blank_label_is_no_class(tmp_path: Path) -> None:
    path = both(tmp_path / "a.npz", y=lambda y: np.where(y > 0, "cat", " "))
    with pytest.raises(UserError, match=r"the label of example \d+ is blank"):
        imported(path)
