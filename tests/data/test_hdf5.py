"""The checks of HDF5 files: each way in which a file can be wrong has its own crafted file."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from harness import points, small_set, write_h5

from nnlab.data import hdf5
from nnlab.data.dataset import PART_MB
from nnlab.data.hdf5 import SplitName
from nnlab.errors import UserError

MEMORY_MB = 100
IMAGES = np.random.RandomState(0).randint(0, 256, (30, 4, 5, 3)).astype(np.uint8)


def refusal(path: Path, memory_mb: int = MEMORY_MB) -> str:
    """The message of a refused file: one or two lines with its path, what is wrong and the remedy."""
    with pytest.raises(UserError) as caught:
        hdf5.read(path, "train", memory_mb)
    message = str(caught.value)
    assert len(message.splitlines()) <= 2
    assert str(path) in message
    assert ";" in message, "what is wrong; the remedy"
    return message


# -- right files -----------------------------------------------------------------------------------


def test_features_come_back_unscaled(tmp_path: Path) -> None:
    x, y = points(30)
    split = hdf5.read(write_h5(tmp_path / "a.h5", x=x, y=y), "train", MEMORY_MB)
    np.testing.assert_array_equal(split.features(), x)
    np.testing.assert_array_equal(split.y, y)
    assert split.classes == ("below", "above")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32"])
def test_two_dimensional_numbers_are_features_of_any_type(tmp_path: Path, dtype: str) -> None:
    x = np.arange(60).reshape(30, 2).astype(dtype)
    split = hdf5.read(write_h5(tmp_path / "a.h5", x=x), "train", MEMORY_MB)
    np.testing.assert_array_equal(split.features(), x.astype(np.float64))
    assert split.features().dtype == np.float64 and split.features("float32").dtype == np.float32


def test_images_are_flattened_in_c_order_and_divided_by_255(tmp_path: Path) -> None:
    split = hdf5.read(write_h5(tmp_path / "a.h5", x=IMAGES), "train", MEMORY_MB)
    rows = split.features()
    assert rows.shape == (30, 60)
    i, row, column, channel = 7, 2, 3, 1
    assert rows[i, (row * 5 + column) * 3 + channel] == IMAGES[i, row, column, channel] / 255
    assert rows.min() >= 0.0 and rows.max() <= 1.0


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32"])
def test_labels_may_be_a_column(tmp_path: Path, dtype: str) -> None:
    x, y = points(30)
    flat = hdf5.read(write_h5(tmp_path / "flat.h5", x=x, y=y), "train", MEMORY_MB)
    column = hdf5.read(
        write_h5(tmp_path / "column.h5", x=x, y=y[:, np.newaxis].astype(dtype)), "train", MEMORY_MB
    )
    assert column.y.shape == (30,) and column.y.dtype == np.int64
    np.testing.assert_array_equal(column.y, y)
    assert column.digest == flat.digest


def test_class_names_may_be_variable_length_text(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", classes=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("list_classes", data=["dog", "chät"], dtype=h5py.string_dtype())
    assert hdf5.read(path, "train", MEMORY_MB).classes == ("dog", "chät")


@pytest.mark.parametrize("split", ["train", "test"])
def test_read_returns_what_write_wrote(tmp_path: Path, split: SplitName) -> None:
    x, y = points(30)
    hdf5.write(tmp_path / "a.h5", split, x, y, ("below", "above"))
    back = hdf5.read(tmp_path / "a.h5", split, MEMORY_MB)
    np.testing.assert_array_equal(back.x, x)
    np.testing.assert_array_equal(back.y, y)
    assert back.classes == ("below", "above")


# -- not an HDF5 file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"just some text, long enough to be one", "not an HDF5 file"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"<html><head><title>Sign in</title></head></html>", "web page"),
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 2572022\n", "Git LFS"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an HDF5 file"),
    ],
    ids=["text", "html", "html-2", "empty", "lfs", "png"],
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)
    assert word in refusal(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.h5")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path)


def test_without_the_course_set_the_message_says_how_to_fetch_it(tmp_path: Path) -> None:
    assert "nnlab data fetch" in refusal(tmp_path / "catvnoncat" / "train_catvnoncat.h5")


@pytest.mark.parametrize("share", [0.002, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    whole = write_h5(tmp_path / "whole.h5", x=IMAGES).read_bytes()
    path = tmp_path / "cut.h5"
    path.write_bytes(whole[: int(share * len(whole))])
    message = refusal(path)
    assert "cut short" in message or "not an HDF5 file" in message


def test_a_truncated_file_of_compressed_chunks_is_refused(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", x=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_set_x", data=IMAGES, compression="gzip", chunks=(10, 4, 5, 3))
    path.write_bytes(path.read_bytes()[:-200])
    refusal(path)


def test_files_with_random_bytes_are_read_or_refused(tmp_path: Path) -> None:
    whole = write_h5(tmp_path / "whole.h5").read_bytes()
    random = np.random.RandomState(0)
    path, refused = tmp_path / "flipped.h5", 0
    for _ in range(150):
        content = bytearray(whole)
        for place in random.randint(len(content), size=4):
            content[place] = random.randint(256)
        path.write_bytes(content)
        try:
            hdf5.read(path, "train", MEMORY_MB)
        except UserError as error:
            refused += 1
            assert str(path) in str(error) and len(str(error).splitlines()) <= 2
    assert refused > 20


# -- data in other places --------------------------------------------------------------------------


def soft_link(file: h5py.File, key: str, elsewhere: Path) -> None:
    file["/inside"] = file[key][()]
    del file[key]
    file[key] = h5py.SoftLink("/inside")


def external_link(file: h5py.File, key: str, elsewhere: Path) -> None:
    del file[key]
    file[key] = h5py.ExternalLink(str(elsewhere), key)


def external_storage(file: h5py.File, key: str, elsewhere: Path) -> None:
    data = file[key][()]
    del file[key]
    file.create_dataset(key, data.shape, data.dtype, external=[(str(elsewhere), 0, h5py.h5f.UNLIMITED)])


def virtual(file: h5py.File, key: str, elsewhere: Path) -> None:
    data = file[key][()]
    del file[key]
    layout = h5py.VirtualLayout(data.shape, data.dtype)
    layout[:] = h5py.VirtualSource(elsewhere, key, data.shape)
    file.create_virtual_dataset(key, layout)


def group(file: h5py.File, key: str, elsewhere: Path) -> None:
    del file[key]
    file.create_group(key)


@pytest.mark.parametrize("key", ["train_set_x", "train_set_y", "list_classes"])
@pytest.mark.parametrize(
    ("craft", "word"),
    [
        (soft_link, "link"),
        (external_link, "link"),
        (external_storage, "other files"),
        (virtual, "other files"),
        (group, "group"),
    ],
)
def test_an_array_in_another_place_is_refused(
    tmp_path: Path, craft: Callable[[h5py.File, str, Path], None], word: str, key: str
) -> None:
    elsewhere = write_h5(tmp_path / "elsewhere.h5")
    path = write_h5(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        craft(file, key, elsewhere)
    message = refusal(path)
    assert word in message and key in message


# -- wrong arrays ----------------------------------------------------------------------------------

X, Y = points(30)
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no x": ({"x": None}, ["train_set_x"]),
    "no y": ({"y": None}, ["train_set_y", "missing"]),
    "one-dimensional x": ({"x": X[:, 0]}, ["train_set_x", "shape (30,)"]),
    "grey images without a channel axis": ({"x": IMAGES[..., 0]}, ["shape (30, 4, 5)"]),
    "five-dimensional x": ({"x": IMAGES[..., np.newaxis]}, ["(30, 4, 5, 3, 1)"]),
    "scalar x": ({"x": 1.0}, ["shape ()"]),
    "float images": ({"x": IMAGES / 255.0}, ["float64", "uint8"]),
    "int images": ({"x": IMAGES.astype(np.int64)}, ["int64", "uint8"]),
    "text as x": ({"x": np.array([[b"a", b"b"]] * 30)}, ["train_set_x"]),
    "complex x": ({"x": X.astype(np.complex128)}, ["complex128"]),
    "text as labels": ({"y": np.array([b"cat"] * 30)}, ["train_set_y", "integers", "nnlab data import"]),
    "fractions as labels": ({"y": Y / 2}, ["float64", "integers"]),
    "NaN as a label": ({"y": np.where(np.arange(30) == 4, np.nan, Y)}, ["float64", "integers"]),
    "infinity as a label": ({"y": np.where(np.arange(30) == 4, np.inf, Y)}, ["float64", "integers"]),
    "boolean labels": ({"y": Y.astype(bool)}, ["bool", "integers", "nnlab data import"]),
    "too few labels": ({"y": Y[:-1]}, ["(29,)", "30"]),
    "one-hot labels": ({"y": np.eye(2, dtype=np.int64)[Y]}, ["(30, 2)", "nnlab data import"]),
    "labels in two rows": ({"y": np.stack([Y, Y])}, ["(2, 30)"]),
    "labels -1 and +1": ({"y": 2 * Y - 1}, ["-1 to 1", "0 to 1", "nnlab data import"]),
    "labels -1 and +1 without names": ({"y": 2 * Y - 1, "classes": None}, ["-1", "nnlab data import"]),
    "numbers, not classes": ({"y": 1000 * np.arange(30), "classes": None}, ["29000", "floats"]),
    "scalar label": ({"y": 1}, ["shape ()"]),
    "empty set": ({"x": X[:0], "y": Y[:0]}, ["empty"]),
    "no features": ({"x": X[:, :0]}, ["empty"]),
    "images without pixels": ({"x": IMAGES[:, :0]}, ["empty"]),
    "label above the classes": ({"y": Y + 1}, ["1 to 2", "0 to 1"]),
    "negative label": ({"y": Y - 1}, ["-1 to 0", "0 to 1"]),
    "one class": ({"classes": np.array([b"cat"]), "y": Y * 0}, ["list_classes", "2 to"]),
    "numbers as classes": ({"classes": np.arange(2)}, ["list_classes", "bytes"]),
    "classes in a table": ({"classes": np.array([[b"a", b"b"]])}, ["list_classes"]),
    "absurdly many classes": ({"classes": np.array([b"a"] * 20_000)}, ["list_classes"]),
    "NaN": ({"x": np.where(np.arange(30)[:, np.newaxis] == 17, np.nan, X)}, ["example 17", "finite"]),
    "infinity": ({"x": np.where(np.arange(30)[:, np.newaxis] == 3, -np.inf, X)}, ["example 3"]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arrays_are_refused(tmp_path: Path, wrong: str) -> None:
    arrays, words = WRONG[wrong]
    message = refusal(write_h5(tmp_path / "a.h5", **arrays))
    for word in words:
        assert word in message


def test_labels_of_variable_length_text_are_refused(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", y=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("train_set_y", data=["cat"] * 30, dtype=h5py.string_dtype())
    assert "object" in refusal(path)


def test_references_as_features_are_refused(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", x=None)
    with h5py.File(path, "a") as file:
        references = file.create_dataset("train_set_x", (30, 2), dtype=h5py.ref_dtype)
        references[0, 0] = file.ref
    assert "train_set_x" in refusal(path)


def test_the_message_on_another_layout_names_its_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["images"], file["labels"] = X, Y
    assert "images, labels" in refusal(path)


def test_hostile_key_names_stay_within_two_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["one\ntwo\nthree\n\x1b[31mfour"] = X
    assert "\x1b" not in refusal(path)


# -- size ------------------------------------------------------------------------------------------


def peak_mb(call: Callable[[], Any]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def declare(path: Path, **shapes: tuple[tuple[int, ...], Any]) -> Path:
    """A small file whose arrays are declared at any size and hold no data."""
    with h5py.File(path, "w") as file:
        for key, (shape, dtype) in shapes.items():
            file.create_dataset(key, shape, dtype, chunks=(1, *shape[1:]) if len(shape) > 1 else (1,))
    return path


@pytest.mark.parametrize("shape", [(10_000_000, 64, 64, 3), (2**40, 2**10), (2**62, 1)])
def test_a_huge_declared_set_is_refused_before_it_is_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = declare(
        tmp_path / "a.h5",
        train_set_x=(shape, np.uint8),
        train_set_y=(shape[:1], np.int64),
        list_classes=((2,), "S3"),
    )
    assert path.stat().st_size < 100_000
    messages: list[str] = []
    assert peak_mb(lambda: messages.append(refusal(path))) < 10
    assert "bytes in the file" in messages[0] or "data.memory_mb" in messages[0]


def test_the_limit_is_the_size_as_float64(tmp_path: Path) -> None:
    x = np.zeros((100, 8192), np.uint8)  # 0.8 MB in the file, 6.25 MB in use
    path = write_h5(tmp_path / "a.h5", x=x, y=np.arange(100) % 2)
    assert hdf5.read(path, "train", memory_mb=6).streamed
    assert not hdf5.read(path, "train", memory_mb=7).streamed


def test_one_example_must_fit(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", x=np.zeros((30, 2**17 + 1), np.uint8))
    assert "data.memory_mb" in refusal(path, memory_mb=1)


def test_huge_class_names_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = write_h5(tmp_path / "a.h5", classes=None)
    with h5py.File(path, "a") as file:
        file.create_dataset("list_classes", (2,), f"S{200 * 2**20}", chunks=(1,))

    def read() -> None:
        with pytest.raises(UserError, match="list_classes"):
            hdf5.read(path, "train", MEMORY_MB)

    assert peak_mb(read) < MEMORY_MB


# -- the digest ------------------------------------------------------------------------------------


def digest(path: Path, split: SplitName = "train") -> str:
    return hdf5.read(path, split, MEMORY_MB).digest


def test_the_digest_depends_only_on_the_content(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    plain = write_h5(tmp_path / "a.h5", x=IMAGES)
    packed = write_h5(tmp_path / "folder" / "another name.hdf5", x=None)
    with h5py.File(packed, "a") as file:
        file.create_dataset(
            "train_set_x", data=IMAGES, chunks=(7, 2, 2, 3), compression="gzip", shuffle=True
        )
        file["train_set_x"].attrs["note"] = "attributes do not matter"
        file["more"] = 1
    as_test = write_h5(tmp_path / "test.h5", "test", x=IMAGES)
    assert digest(plain) == digest(packed) == digest(as_test, "test")


def test_the_digest_depends_on_every_array(tmp_path: Path) -> None:
    changed = IMAGES.copy()
    changed[29, 3, 4, 2] ^= 1
    variants: list[dict[str, Any]] = [
        {},
        {"x": changed},
        {"x": IMAGES.reshape(30, 5, 4, 3)},
        {"x": IMAGES.reshape(30, -1)},
        {"y": 1 - Y},
        {"classes": np.array([b"above", b"below"])},
    ]
    paths = [
        write_h5(tmp_path / f"{i}.h5", **({"x": IMAGES} | changes)) for i, changes in enumerate(variants)
    ]
    assert len({digest(path) for path in paths}) == len(variants)


PART = PART_MB * 2**20 // 16  # examples of two numbers that are read at a time


def test_the_digest_of_many_examples_covers_the_last_chunk(tmp_path: Path) -> None:
    x, y = points(2 * PART + 5)
    first = digest(write_h5(tmp_path / "a.h5", x=x, y=y))
    x[-1, -1] += 1e-12
    assert digest(write_h5(tmp_path / "b.h5", x=x, y=y)) != first


def test_infinity_in_the_last_chunk_is_found(tmp_path: Path) -> None:
    x, y = points(PART + 5)
    x[-1, 0] = np.inf
    assert f"example {PART + 4}" in refusal(write_h5(tmp_path / "a.h5", x=x, y=y))


# -- both splits -----------------------------------------------------------------------------------


def test_load_gives_both_splits(tmp_path: Path) -> None:
    small_set(tmp_path)
    data = hdf5.load(tmp_path / "train.h5", tmp_path / "test.h5", MEMORY_MB)
    assert (data.m, data.n_0, len(data.test.y), data.classes) == (30, 2, 12, ("below", "above"))


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"x": np.zeros((30, 3))}, "(3,)"),
        ({"x": IMAGES}, "(4, 5, 3)"),
        ({"classes": np.array([b"above", b"below"])}, "list_classes"),
        ({"classes": np.array([b"below", b"above", b"on"])}, "list_classes"),
    ],
)
def test_splits_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict[str, Any], word: str) -> None:
    write_h5(tmp_path / "train.h5")
    other = write_h5(tmp_path / "test.h5", "test", **arrays)
    with pytest.raises(UserError) as caught:
        hdf5.load(tmp_path / "train.h5", other, MEMORY_MB)
    message = str(caught.value)
    assert word in message and str(other) in message and "data.test" in message
    assert len(message.splitlines()) <= 2
