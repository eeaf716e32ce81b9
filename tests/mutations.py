"""Hostile HDF5 files by number: the same seed and number give the same file.

Some are files of ``crafted_hdf5``. Others are such files with bits flipped, with parts cut, inserted or
replaced, or with other numbers in HDF5's own structures.
"""

import random
import struct
from pathlib import Path

from crafted_hdf5 import CRAFTS, PLAIN, crafted

# the first bytes of HDF5's own structures; their numbers follow
SIGNATURES = (
    b"\x89HDF\r\n\x1a\n", b"TREE", b"HEAP", b"SNOD", b"GCOL", b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"BTHD",
    b"BTLF", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"SMTB", b"FSHD",
)  # fmt: skip
# numbers at the limits of integer types
NUMBERS = (
    0, 1, 2, 7, 8, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 1,
)  # fmt: skip


def number(index: int, seed: int, canary: Path) -> bytes:
    """The hostile file of this number."""
    rng = random.Random(f"{seed} {index}")
    name = rng.choice(sorted(CRAFTS))
    content = crafted(name, canary)
    if name in PLAIN or rng.random() < 0.6:
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            content = rng.choice(MUTATIONS)(content, rng, canary)
    return content


def flip(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Bits flipped."""
    mutated = bytearray(content)
    for _ in range(rng.choice([1, 2, 4, 16])):
        mutated[rng.randrange(len(mutated))] ^= 1 << rng.randrange(8)
    return bytes(mutated)


def early(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Bytes overwritten near the start, where HDF5 keeps its first structures."""
    mutated = bytearray(content)
    for _ in range(rng.choice([1, 2, 4])):
        mutated[rng.randrange(min(2048, len(mutated)))] = rng.choice(
            [0, 1, 127, 128, 255, rng.randrange(256)]
        )
    return bytes(mutated)


def cut(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """The end removed, or replaced by zeros."""
    kept = content[: rng.randrange(len(content))]
    return kept + bytes(rng.choice([0, len(content) - len(kept)]))


def splice(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """A piece of this or of another file inserted, or written over other bytes."""
    other = rng.choice([content, crafted(rng.choice(sorted(PLAIN)), canary)])
    start = rng.randrange(len(other))
    piece = other[start : start + rng.choice([4, 8, 64, 512, 4096])]
    at = rng.randrange(len(content))
    return content[:at] + piece + content[at + rng.choice([0, len(piece)]) :]


def header(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """A number in one of HDF5's structures replaced by one of ``NUMBERS`` or by an offset in the file."""
    found = [at for signature in SIGNATURES for at in _all(content, signature)]
    if not found:
        return flip(content, rng, canary)
    at = rng.choice(found) + rng.randrange(4, 96)
    width = rng.choice([1, 2, 4, 8])
    value = rng.choice([*NUMBERS, len(content), len(content) - 1, rng.choice(found)])
    packed = struct.pack("<Q", value % 2**64)[:width]
    return content[:at] + packed + content[at + width :]


def offset(content: bytes, rng: random.Random, canary: Path) -> bytes:
    """Any aligned 8 bytes replaced by one of ``NUMBERS`` or by the offset of another structure."""
    found = [at for signature in SIGNATURES for at in _all(content, signature)] or [0]
    at = rng.randrange(max(1, min(len(content), 6144) // 8)) * 8
    value = rng.choice([*NUMBERS, rng.choice(found), rng.randrange(len(content))])
    return content[:at] + struct.pack("<Q", value) + content[at + 8 :]


def _all(content: bytes, signature: bytes) -> list[int]:
    """The first 50 offsets of a signature."""
    places: list[int] = []
    at = content.find(signature)
    while at >= 0 and len(places) < 50:
        places.append(at)
        at = content.find(signature, at + 1)
    return places


MUTATIONS = (flip, early, cut, splice, header, offset)


def endless(canary: Path) -> bytes:
    """A heap of texts whose free space has size 0: libhdf5 advances by 0 bytes without end."""
    content = crafted("text_classes", canary)
    at = content.index(b"GCOL") + 16
    while int.from_bytes(content[at : at + 2], "little"):  # objects have numbers from 1, free space has 0
        at += 16 + -(-int.from_bytes(content[at + 8 : at + 16], "little") // 8) * 8
    return content[: at + 8] + bytes(8) + content[at + 16 :]
