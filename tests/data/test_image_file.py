"""Image files: every common format gives the same picture; any other file is refused in one line."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from nnlab.data import image_file
from nnlab.errors import UserError

SHAPE = (16, 16, 3)
pillow_heif.register_heif_opener()  # here, to write HEIC files


def read(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    return image_file.read(path, shape).pixels


def picture(width: int = 16, height: int = 16) -> Image.Image:
    """Red grows to the right, green downward; blue is a corner at the upper left."""
    y, x = np.mgrid[:height, :width]
    blue = 255 * ((x < width // 4) & (y < height // 4))
    rgb = np.stack([255 * x // (width - 1), 255 * y // (height - 1), blue], axis=-1)
    return Image.fromarray(rgb.astype(np.uint8))


def saved(path: Path, image: Image.Image, **options: object) -> Path:
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    "name", ["a.png", "a.bmp", "a.tiff", "a.webp", "a.jpg", "a.gif", "a.avif", "a.heic"]
)
def test_a_file_of_the_right_size_is_not_changed(tmp_path: Path, name: str) -> None:
    exact = {"lossless": True} if name == "a.webp" else {}
    found = read(saved(tmp_path / name, picture(), **exact), SHAPE)
    assert found.shape == SHAPE and found.dtype == np.uint8
    if name in ("a.jpg", "a.gif", "a.avif", "a.heic"):
        assert np.abs(found.astype(int) - np.asarray(picture())).mean() < 25
    else:
        np.testing.assert_array_equal(found, np.asarray(picture()))


@pytest.mark.parametrize("size", [(160, 160), (320, 80), (7, 5), (1, 1)])
def test_any_size_is_resampled_as_a_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    wide = saved(tmp_path / "a.png", picture(160, 160).resize(size))
    found = read(wide, SHAPE).astype(int)
    assert found.shape == SHAPE
    # a picture of 16 or more pixels a side comes out like the original, of fewer like its mean colour
    expected = picture() if min(size) >= 16 else picture().resize(size).resize((16, 16))
    assert np.abs(found - np.asarray(expected)).mean() < 8


def test_channels_are_those_that_the_net_takes(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", picture())
    assert read(path, (16, 16, 1)).shape == (16, 16, 1)
    assert (read(path, (16, 16, 4))[..., 3] == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_picture_upright(tmp_path: Path, orientation: int) -> None:
    stored = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    turned = picture() if stored is None else picture().transpose(stored)
    exif = Image.Exif()
    exif[274] = orientation
    path = saved(tmp_path / "a.png", turned, exif=exif)
    np.testing.assert_array_equal(read(path, SHAPE), np.asarray(picture()))


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    half = picture().convert("RGBA")
    half.putalpha(Image.fromarray(np.repeat([[0] * 8 + [255] * 8], 16, axis=0).astype(np.uint8)))
    found = read(saved(tmp_path / "a.png", half), SHAPE)
    assert (found[:, :8] == 255).all()
    np.testing.assert_array_equal(found[:, 8:], np.asarray(picture())[:, 8:])
    flat = Image.new("P", (16, 16), 1)
    flat.putpalette([0, 0, 0, 200, 10, 10])
    assert (read(saved(tmp_path / "b.png", flat, transparency=1), SHAPE) == 255).all()
    assert (read(saved(tmp_path / "c.png", flat), SHAPE) == [200, 10, 10]).all()


def test_16_bits_keep_their_scale(tmp_path: Path) -> None:
    grey = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    for name in ("a.png", "a.tiff"):
        found = read(saved(tmp_path / name, Image.fromarray(grey)), SHAPE)
        assert np.abs(found[..., 0].astype(int) - grey / 257.0).max() <= 0.5
        assert (found[..., 0] == found[..., 2]).all()


def test_grey_bilevel_and_cmyk(tmp_path: Path) -> None:
    grey = read(saved(tmp_path / "g.png", picture().convert("L")), SHAPE)
    np.testing.assert_array_equal(grey[..., 1], np.asarray(picture().convert("L")))
    assert set(np.unique(read(saved(tmp_path / "1.png", picture().convert("1")), SHAPE))) == {0, 255}
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # red
    found = read(saved(tmp_path / "c.jpg", ink, quality=95), SHAPE)
    assert (found[..., 0] > 245).all() and (found[..., 1:] < 10).all()


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    path = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert (read(path, SHAPE) == [255, 0, 0]).all()


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "PNG"])
@pytest.mark.parametrize("name", ["a.jpg", "a.heic", "a.txt", "a"])
def test_the_content_decides_not_the_name(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(kind))
    assert np.abs(read(tmp_path / name, SHAPE).astype(int) - np.asarray(picture())).mean() < 25


@pytest.mark.parametrize("name", ["a.heic", "a.avif"])
def test_a_turned_photograph_is_turned_once(tmp_path: Path, name: str) -> None:
    """The container of these formats turns the picture itself; EXIF must not turn it again."""
    exif = Image.Exif()
    exif[274] = 6
    turned = picture(64, 64).transpose(Image.Transpose.ROTATE_90)
    found = read(saved(tmp_path / name, turned, exif=exif.tobytes(), quality=95), (64, 64, 3))
    assert np.abs(found.astype(int) - np.asarray(picture(64, 64))).mean() < 10


def test_what_is_changed_is_said(tmp_path: Path) -> None:
    same = saved(tmp_path / "same.png", picture())
    assert image_file.read(same, SHAPE).changes == []
    exif = Image.Exif()
    exif[274] = 3
    half = picture(32, 16).convert("RGBA")
    half.putalpha(100)
    found = image_file.read(saved(tmp_path / "all.png", half, exif=exif), SHAPE)
    assert found.changes == [
        "turned upright, as its EXIF data say",
        "its transparent parts made white",
        "resized to 16 x 16, in other proportions",
    ]
    grey = image_file.read(saved(tmp_path / "g.png", picture(32, 32).convert("L")), SHAPE)
    assert grey.changes == ["converted from grey to RGB", "resized to 16 x 16"]


# -- misuse ----------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A PNG whose header declares this size, with the data of a few pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    picture(64, 64).save(buffer, kind)
    return buffer.getvalue()


def half(kind: str) -> bytes:
    return encoded(kind)[: len(encoded(kind)) // 2]


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%stdout) (w) file\n"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1"
REFUSED = {
    "a page of text": (b"<html>not found</html>", "not an image"),
    "nothing": (b"", "empty"),
    "a program": (EPS, "not an image"),
    "half a PNG": (half("PNG"), "cut short"),
    "half a JPEG": (half("JPEG"), "cut short"),
    "half a GIF": (half("GIF"), "cut short"),
    "half a WebP": (half("WEBP"), "cut short"),
    "half a TIFF": (half("TIFF"), "a.img"),
    "half a HEIC": (half("HEIF"), "HEIC"),
    "half an AVIF": (half("AVIF"), "AVIF"),
    "the brands of a HEIC and noise": (HEIC + bytes(range(256)) * 8, "damaged HEIC image"),
    "a huge PNG": (png(60_000, 60_000), "million pixels"),
    "a large PNG": (png(9_600, 9_600), "million pixels"),
    "a PNG of one column": (png(1, 70_000_000), "on a side"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_a_good_image_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    content, word = REFUSED[case]
    path = tmp_path / "a.img"
    path.write_bytes(content)
    with pytest.raises(UserError, match=word) as caught:
        read(path, SHAPE)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_path_that_is_not_a_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path, word in (
        (tmp_path, "folder"),
        (tmp_path / "no.png", "no such"),
        (tmp_path / "pipe.png", "not"),
    ):
        with pytest.raises(UserError, match=word):
            read(path, SHAPE)


def test_samples_without_a_known_maximum_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.tiff", Image.fromarray(np.ones((16, 16), np.float32)))
    with pytest.raises(UserError, match="its pixels are F"):
        read(path, SHAPE)


def test_random_bytes_raise_no_other_error(tmp_path: Path) -> None:
    """Good files with random bytes in them give a picture or a UserError of one line."""
    random, path = np.random.RandomState(0), tmp_path / "a.img"
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF", "HEIF"):
        good = np.frombuffer(encoded(kind), np.uint8)
        for _ in range(25):
            bad = good.copy()
            bad[random.randint(0, min(len(bad), 400), 6)] = random.randint(0, 256, 6)
            path.write_bytes(bad.tobytes())
            try:
                assert read(path, SHAPE).shape == SHAPE
            except UserError as error:
                assert "\n" not in str(error)
