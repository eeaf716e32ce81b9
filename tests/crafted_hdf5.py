"""HDF5 files that are crafted with h5py: good ones, and ones with links, bombs or odd types."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from harness import points

X, Y = points(30)
IMAGES = np.random.RandomState(0).randint(0, 256, (30, 4, 5, 3)).astype(np.uint8)
CLASSES = np.array([b"below", b"above"])
KEYS = ("train_set_x", "train_set_y", "list_classes")
CANARY = 77.25  # the only number in the canary, a file that nothing may read

Craft = Callable[[h5py.File, Path], None]  # changes a good file; the path is the canary's


@cache
def crafted(name: str, canary: Path) -> bytes:
    """A good file of the layout, changed by the craft of this name."""
    buffer = io.BytesIO()
    libver = "latest" if name in ("latest", "latest_chunks", "many_attributes") else "earliest"
    with h5py.File(buffer, "w", libver=libver) as file:
        for key, array in zip(KEYS, (X, Y, CLASSES), strict=True):
            file[key] = array
        CRAFTS[name](file, canary)
    content = buffer.getvalue()
    return unknown_filter(content, optional="optional" in name) if name.startswith("unknown") else content


def replace(file: h5py.File, key: str, **how: Any) -> h5py.Dataset:
    """Replace a dataset by another one of the same name."""
    del file[key]
    return file.create_dataset(key, **how)


def images(file: h5py.File, canary: Path) -> None:
    replace(file, "train_set_x", data=IMAGES)


def chunks(file: h5py.File, canary: Path) -> None:
    replace(file, "train_set_x", data=IMAGES, chunks=(10, 4, 5, 3), compression="gzip", shuffle=True)


def checked_chunks(file: h5py.File, canary: Path) -> None:
    replace(file, "train_set_x", data=X, chunks=(7, 2), compression="lzf", fletcher32=True)
    replace(file, "train_set_y", data=Y, chunks=(4,), scaleoffset=0)


def latest_chunks(file: h5py.File, canary: Path) -> None:
    replace(file, "train_set_x", data=IMAGES, chunks=(4, 4, 5, 3), maxshape=(None, 4, 5, 3))
    replace(file, "train_set_y", data=Y, chunks=(4,), maxshape=(60,))


def text_classes(file: h5py.File, canary: Path) -> None:
    replace(file, "list_classes", data=["dog", "chät" * 50], dtype=h5py.string_dtype())


def link(make: Callable[[Path, str], Any]) -> Craft:
    """Each array behind a link that ``make`` makes."""

    def craft(file: h5py.File, canary: Path) -> None:
        for key in KEYS:
            file.move(key, f"kept/{key}")
            file[key] = make(canary, key)

    return craft


def linked_groups(file: h5py.File, canary: Path) -> None:
    file["up"] = file["/"]
    group = file.create_group("a")
    group["a"], group["root"] = group, file["/"]
    file["soft"] = h5py.SoftLink("/soft")
    replace(file, "train_set_y", data=Y)
    del file["list_classes"]
    file["list_classes"] = file["/"]


def external_storage(file: h5py.File, canary: Path) -> None:
    for key, array in zip(KEYS, (X, Y, CLASSES), strict=True):
        where = [(str(canary), 0, h5py.h5f.UNLIMITED)]
        replace(file, key, shape=array.shape, dtype=array.dtype, external=where)


def relative_external_storage(file: h5py.File, canary: Path) -> None:
    where = [(f"../{canary.parent.name}/{canary.name}", 0, 16 * len(X))]
    replace(file, "train_set_x", shape=X.shape, dtype=X.dtype, external=where)


def create(
    file: h5py.File, key: str, kind: h5py.h5t.TypeID, shape: tuple[int, ...], source: str = ""
) -> None:
    """Replace a dataset through HDF5's own interface; with ``source`` its data are in that file.

    The file does not hold the time, as it would by h5py's interface: the same craft gives the same bytes.
    """
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    space = h5py.h5s.create_simple(shape)
    if source:
        properties.set_virtual(space, source.encode(), key.encode(), space)
    del file[key]
    h5py.h5d.create(file.id, key.encode(), kind, space, properties)


def virtual(file: h5py.File, canary: Path) -> None:
    create(file, "train_set_x", h5py.h5t.py_create(X.dtype), X.shape, str(canary))


def virtual_on_itself(file: h5py.File, canary: Path) -> None:
    create(file, "train_set_x", h5py.h5t.py_create(X.dtype), X.shape, ".")


def declared(**shapes: tuple[tuple[int, ...], Any, tuple[int, ...] | None]) -> Craft:
    """Arrays that declare a shape and hold no data; each is (shape, dtype, chunks)."""

    def craft(file: h5py.File, canary: Path) -> None:
        for short, (shape, dtype, chunk) in shapes.items():
            key = {"x": KEYS[0], "y": KEYS[1], "classes": KEYS[2]}[short]
            maxshape = (None,) * len(shape) if chunk else None
            replace(file, key, shape=shape, dtype=dtype, chunks=chunk, maxshape=maxshape)

    return craft


def typed(dtype: Any, key: str = "train_set_x") -> Craft:
    """An array of this type."""

    def craft(file: h5py.File, canary: Path) -> None:
        shape = X.shape if key == "train_set_x" else Y.shape if key == "train_set_y" else (2,)
        replace(file, key, shape=shape, dtype=dtype)

    return craft


def odd_integers(file: h5py.File, canary: Path) -> None:
    """Integers of 3 bytes that hold a shifted, signed number of 20 bits."""
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(20)
    kind.set_offset(2)
    kind.set_size(3)
    create(file, "train_set_y", kind, Y.shape)


def giant_integers(file: h5py.File, canary: Path) -> None:
    kind = h5py.h5t.STD_I64LE.copy()
    kind.set_size(2**12)
    kind.set_precision(2**15)
    create(file, "train_set_y", kind, Y.shape)


def bomb(size: int, key: str = "train_set_x") -> Craft:
    """A chunk far larger than its array: a few compressed kilobytes that unpack to ``size`` bytes."""

    def craft(file: h5py.File, canary: Path) -> None:
        if key == "train_set_x":
            data = replace(
                file, key, shape=(30, 2), dtype="u1", chunks=(30, size // 30), maxshape=(None, None),
                compression="gzip",
            )  # fmt: skip
            place: tuple[int, ...] = (0, 0)
        else:
            data = replace(
                file, key, shape=(30,), dtype="u1", chunks=(size,), maxshape=(None,), compression="gzip"
            )
            place = (0,)
        data.id.write_direct_chunk(place, _zeros(size))

    return craft


@cache
def _zeros(size: int) -> bytes:
    packer = zlib.compressobj(1)
    block = bytes(2**20)
    parts = [packer.compress(block) for _ in range(size // 2**20)]
    return b"".join([*parts, packer.compress(bytes(size % 2**20)), packer.flush()])


def overlong_chunk(file: h5py.File, canary: Path) -> None:
    """A small chunk whose compressed bytes unpack to 256 MB."""
    data = replace(file, "train_set_x", shape=(30, 2), dtype="u1", chunks=(30, 2), compression="gzip")
    data.id.write_direct_chunk((0, 0), _zeros(2**28))


def lzf(file: h5py.File, canary: Path) -> None:
    replace(file, "train_set_x", data=X, chunks=(30, 2), compression="lzf")


def unknown_filter(content: bytes, *, optional: bool) -> bytes:
    """The number of the LZF filter (32000) replaced by one that no library knows."""
    at = content.index(struct.pack("<H", 32_000))
    return (
        content[:at]
        + struct.pack("<H", 32_015)
        + content[at + 2 : at + 4]
        + bytes([optional])
        + content[at + 5 :]
    )


def many_attributes(file: h5py.File, canary: Path) -> None:
    for key in KEYS:
        for i in range(100):
            file[key].attrs[f"a{i}"] = np.zeros(20)


def deep(file: h5py.File, canary: Path) -> None:
    group = file
    for _ in range(200):
        group = group.create_group("g")
        group.attrs["of"] = h5py.Empty("f8")
    group["train_set_x"] = X


def many_members(file: h5py.File, canary: Path) -> None:
    del file["train_set_x"]
    for i in range(500):
        file.create_group(f"{i}\n\x1b[31m" * 3)


def strange_names(file: h5py.File, canary: Path) -> None:
    names = np.array([b"\x1b]0;t\x07" + b"\xff" * 1000, b"[red]\r\n\x00x"])
    replace(file, "list_classes", data=names)


def empty_spaces(file: h5py.File, canary: Path) -> None:
    for key, kind in zip(KEYS, ("f8", "i8", "S5"), strict=True):
        del file[key]
        file[key] = h5py.Empty(kind)


def values(x: Any = X, y: Any = Y, classes: Any = CLASSES) -> Craft:
    """A file with these arrays, good or wrong."""

    def craft(file: h5py.File, canary: Path) -> None:
        for key, array in zip(KEYS, (x, y, classes), strict=True):
            replace(file, key, data=array)

    return craft


def kept(file: h5py.File, canary: Path) -> None:
    """A good file, not changed."""


COMPOUND = np.dtype([("a", "f8"), ("b", "S4"), ("c", "i4", (3,))])
PLAIN: dict[str, Craft] = {
    "plain": kept,
    "latest": kept,
    "images": images,
    "chunks": chunks,
    "checked_chunks": checked_chunks,
    "latest_chunks": latest_chunks,
    "text_classes": text_classes,
    "many_attributes": many_attributes,
}
CRAFTS: dict[str, Craft] = PLAIN | {
    "soft_links": link(lambda canary, key: h5py.SoftLink(f"/kept/{key}")),
    "dangling_links": link(lambda canary, key: h5py.SoftLink("/nowhere")),
    "external_links": link(lambda canary, key: h5py.ExternalLink(str(canary), key)),
    "relative_links": link(
        lambda canary, key: h5py.ExternalLink(f"../{canary.parent.name}/{canary.name}", key)
    ),
    "links_to_itself": link(lambda canary, key: h5py.SoftLink(f"/{key}")),
    "linked_groups": linked_groups,
    "external_storage": external_storage,
    "relative_external_storage": relative_external_storage,
    "virtual": virtual,
    "virtual_on_itself": virtual_on_itself,
    "huge": declared(x=((2**40, 2**10), "u1", (1, 2**10)), y=((2**40,), "i8", (1,))),
    "huger": declared(x=((2**62, 2), "u1", (1, 1)), y=((2**62,), "i8", (1,))),
    "huge_images": declared(x=((10**7, 64, 64, 3), "u1", (1, 64, 64, 3)), y=((10**7,), "i8", (1,))),
    "huge_contiguous": declared(x=((2**31, 2), "u1", None), y=((2**31,), "i8", None)),
    "huge_chunk": declared(x=((30, 2), "f8", (2**28, 1))),
    "huge_label_chunk": declared(y=((30,), "i8", (2**28,))),
    "huge_class_chunk": declared(classes=((2,), "S5", (2**28,))),
    "huge_class_names": declared(classes=((2,), f"S{2**28}", (1,))),
    "many_tiny_chunks": declared(x=((4000, 1000), "u1", (1, 1)), y=((4000,), "i8", (1,))),
    "near_the_cap": declared(x=((8, 2**20), "u1", (8, 2**17)), y=((8,), "i8", None)),
    "long_rows": declared(x=((2, 1, 2**20, 3), "u1", (1, 1, 2**18, 3)), y=((2,), "i8", None)),
    "chunk_bomb": bomb(2**29),
    "label_chunk_bomb": bomb(2**29, "train_set_y"),
    "overlong_chunk": overlong_chunk,
    "unknown_filter": lzf,
    "unknown_optional_filter": lzf,
    "compound": typed(COMPOUND),
    "compound_labels": typed(COMPOUND, "train_set_y"),
    "references": typed(h5py.ref_dtype),
    "region_labels": typed(h5py.regionref_dtype, "train_set_y"),
    "variable_length": typed(h5py.vlen_dtype(np.dtype("f8"))),
    "enum_labels": typed(h5py.enum_dtype({"cat": 1, "dog": 0}), "train_set_y"),
    "opaque": typed(np.dtype("V16")),
    "half": typed(np.dtype("f2")),
    "quadruple": typed(np.dtype("longdouble")),
    "big_endian": typed(np.dtype(">f8")),
    "big_endian_labels": typed(np.dtype(">i4"), "train_set_y"),
    "text_as_numbers": typed(h5py.string_dtype(), "train_set_y"),
    "times": typed(h5py.opaque_dtype(np.dtype("M8[s]"))),
    "complex": typed(np.dtype("c16")),
    "array_type": typed(np.dtype(("f8", (2, 2)))),
    "odd_integers": odd_integers,
    "giant_integers": giant_integers,
    "deep": deep,
    "many_members": many_members,
    "strange_names": strange_names,
    "empty_spaces": empty_spaces,
    "nothing_finite": values(x=X * np.nan),
    "large_numbers": values(x=X * 1e300),
    "labels_far_out": values(y=Y * (2**63 - 1)),
    "unsigned_labels": values(y=Y.astype(np.uint64) * np.uint64(2**64 - 1)),
    "empty": values(x=X[:0], y=Y[:0]),
}  # fmt: skip
