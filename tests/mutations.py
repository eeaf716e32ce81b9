"""Hostile HDF5 files by number: the same seed and number give the same file.

Some are crafted with h5py (links, virtual sets, bombs, odd types), some are good or crafted files whose
bytes were flipped, cut, spliced, or whose structures were given numbers that make readers stumble.
"""

import io
import random
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
CANARY = 77.25  # the only number in the file that nothing may read

# beginnings of HDF5's own structures, whose numbers follow them
SIGNATURES = (
    b"\x89HDF\r\n\x1a\n", b"TREE", b"HEAP", b"SNOD", b"GCOL", b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"BTHD",
    b"BTLF", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"SMTB", b"FSHD",
)  # fmt: skip
NUMBERS = [
    0,
    1,
    2,
    7,
    8,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
    2**63,
    2**64 - 1,
]

Craft = Callable[[h5py.File, Path], None]  # the file so far, and the canary


def number(index: int, seed: int, canary: Path) -> bytes:
    """The hostile file of this number."""
    rng = random.Random(f"{seed} {index}")
    name = rng.choice(sorted(CRAFTS))
    content = crafted(name, canary)
    if name in PLAIN or rng.random() < 0.6:
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            content = rng.choice(MUTATIONS)(content, rng, canary)
    return content


@cache
def crafted(name: str, canary: Path) -> bytes:
    """A file of the layout after one craft."""
    buffer = io.BytesIO()
    libver = "latest" if name in ("latest", "latest_chunks", "many_attributes") else "earliest"
    with h5py.File(buffer, "w", libver=libver) as file:
        for key, array in zip(KEYS, (X, Y, CLASSES), strict=True):
            file[key] = array
        CRAFTS[name](file, canary)
    content = buffer.getvalue()
    return unknown_filter(content, "optional" in name) if name.startswith("unknown") else content


# -- crafts ----------------------------------------------------------------------------------------


def replace(file: h5py.File, key: str, **how: Any) -> h5py.Dataset:
    """Another dataset under the same name."""
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
    """Each array in turn behind a link to elsewhere."""

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


def virtual(file: h5py.File, canary: Path) -> None:
    layout = h5py.VirtualLayout(X.shape, X.dtype)
    layout[:] = h5py.VirtualSource(canary, "train_set_x", X.shape)
    del file["train_set_x"]
    file.create_virtual_dataset("train_set_x", layout)


def virtual_on_itself(file: h5py.File, canary: Path) -> None:
    layout = h5py.VirtualLayout(X.shape, X.dtype)
    layout[:] = h5py.VirtualSource(".", "train_set_x", X.shape)
    del file["train_set_x"]
    file.create_virtual_dataset("train_set_x", layout)


def declared(**shapes: tuple[tuple[int, ...], Any, tuple[int, ...] | None]) -> Craft:
    """Arrays declared at any shape that hold no data: (shape, dtype, chunks)."""

    def craft(file: h5py.File, canary: Path) -> None:
        for short, (shape, dtype, chunk) in shapes.items():
            key = {"x": KEYS[0], "y": KEYS[1], "classes": KEYS[2]}[short]
            maxshape = (None,) * len(shape) if chunk else None
            replace(file, key, shape=shape, dtype=dtype, chunks=chunk, maxshape=maxshape)

    return craft


def typed(dtype: Any, key: str = "train_set_x") -> Craft:
    """An array of an odd type."""

    def craft(file: h5py.File, canary: Path) -> None:
        shape = X.shape if key == "train_set_x" else Y.shape if key == "train_set_y" else (2,)
        replace(file, key, shape=shape, dtype=dtype)

    return craft


def odd_integers(file: h5py.File, canary: Path) -> None:
    """Integers of 3 bytes with a shifted, signed 20-bit number in them."""
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(20)
    kind.set_offset(2)
    kind.set_size(3)
    del file["train_set_y"]
    space = h5py.h5s.create_simple((30,))
    h5py.h5d.create(file.id, b"train_set_y", kind, space)


def giant_integers(file: h5py.File, canary: Path) -> None:
    kind = h5py.h5t.STD_I64LE.copy()
    kind.set_size(2**12)
    kind.set_precision(2**15)
    del file["train_set_y"]
    h5py.h5d.create(file.id, b"train_set_y", kind, h5py.h5s.create_simple((30,)))


def bomb(size: int, key: str = "train_set_x") -> Craft:
    """One chunk far larger than its array: a few compressed kilobytes that unpack to ``size`` bytes."""

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


def unknown_filter(content: bytes, flags: int) -> bytes:
    """The number of the LZF filter (32000) replaced by one that nobody has."""
    at = content.index(struct.pack("<H", 32_000))
    return (
        content[:at]
        + struct.pack("<H", 32_015)
        + content[at + 2 : at + 4]
        + bytes([flags])
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
    """Other good or wrong arrays."""

    def craft(file: h5py.File, canary: Path) -> None:
        for key, array in zip(KEYS, (x, y, classes), strict=True):
            replace(file, key, data=array)

    return craft


def kept(file: h5py.File, canary: Path) -> None:
    """The file as it is."""


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


# -- mutations -------------------------------------------------------------------------------------


def flip(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Bits flipped."""
    mutated = bytearray(content)
    for _ in range(rng.choice([1, 2, 4, 16])):
        mutated[rng.randrange(len(mutated))] ^= 1 << rng.randrange(8)
    return bytes(mutated)


def early(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Bytes overwritten where the first structures stand."""
    mutated = bytearray(content)
    for _ in range(rng.choice([1, 2, 4])):
        mutated[rng.randrange(min(2048, len(mutated)))] = rng.choice(
            [0, 1, 127, 128, 255, rng.randrange(256)]
        )
    return bytes(mutated)


def cut(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """The end lost, or lost and filled with zeros."""
    kept = content[: rng.randrange(len(content))]
    return kept + bytes(rng.choice([0, len(content) - len(kept)]))


def splice(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """A piece of this or of another file in place of, or between, its bytes."""
    other = rng.choice([content, crafted(rng.choice(sorted(PLAIN)), canary)])
    start = rng.randrange(len(other))
    piece = other[start : start + rng.choice([4, 8, 64, 512, 4096])]
    at = rng.randrange(len(content))
    return content[:at] + piece + content[at + rng.choice([0, len(piece)]) :]


def header(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """A number in one of HDF5's structures replaced by one at a border, or by a place in the file."""
    found = [at for signature in SIGNATURES for at in _all(content, signature)]
    if not found:
        return flip(content, rng, canary)
    at = rng.choice(found) + rng.randrange(4, 96)
    width = rng.choice([1, 2, 4, 8])
    value = rng.choice([*NUMBERS, len(content), len(content) - 1, rng.choice(found)])
    packed = struct.pack("<Q", value % 2**64)[:width]
    return content[:at] + packed + content[at + width :]


def place(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Any aligned 8 bytes replaced by a number at a border or the place of another structure."""
    found = [at for signature in SIGNATURES for at in _all(content, signature)] or [0]
    at = rng.randrange(max(1, min(len(content), 6144) // 8)) * 8
    value = rng.choice([*NUMBERS, rng.choice(found), rng.randrange(len(content))])
    return content[:at] + struct.pack("<Q", value) + content[at + 8 :]


def _all(content: bytes, signature: bytes) -> list[int]:
    places: list[int] = []
    at = content.find(signature)
    while at >= 0 and len(places) < 50:
        places.append(at)
        at = content.find(signature, at + 1)
    return places


MUTATIONS = (flip, early, cut, splice, header, place)


def endless(canary: Path) -> bytes:
    """A heap of texts whose free space has size 0: libhdf5 steps over it for ever."""
    content = crafted("text_classes", canary)
    at = content.index(b"GCOL") + 16
    while int.from_bytes(content[at : at + 2], "little"):  # objects are numbered, free space is 0
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    return content[: at + 8] + bytes(8) + content[at + 16 :]
