"""The code digest: sha256 over every module of this package that can change a number of a cell.

These are the module that trains a cell and all that it imports, followed name by name to the module that
defines it. A package's face (its ``__init__``) only hands names on, so it does not bring in the rest of
its package. A module that stands beside the package in a checkout counts as well. Files are read from the
disk, whether git knows them or not.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from nnlab.records import source
from nnlab.records.source import Import, Source

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = "cells.train_cell"  # the module that trains a cell


@cache
def code_digest(package: Path = PACKAGE) -> str:
    """sha256 over the numeric modules without comments, docstrings, layout and the order of imports."""
    modules = numeric_modules(package)
    content = [(name, modules[name].imports, modules[name].lines) for name in sorted(modules)]
    return hashlib.sha256(repr(content).encode()).hexdigest()


def numeric_modules(package: Path) -> dict[str, Source]:
    """The modules that the one which trains a cell runs, by full name."""
    return _Modules(package).reached(f"{package.name}.{ROOT}")


def numeric_files(package: Path = PACKAGE) -> list[Path]:
    """The files of these modules."""
    return [module.path for module in numeric_modules(package).values() if module.path is not None]


class _Modules:
    """The modules of a package folder, each read once."""

    def __init__(self, package: Path) -> None:
        self._folder, self._name = package.parent, package.name
        self._checkout = (self._folder / "pyproject.toml").is_file()  # and not site-packages
        self._read: dict[str, Source] = {}

    def reached(self, root: str) -> dict[str, Source]:
        """A module and all that it imports, directly or through others.

        Python runs the face of every package that such a module lies in, so a face with code of its own
        counts too; what it imports beside that does not.
        """
        found: dict[str, Source] = {}
        waiting = [root]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._source(name)
                for imported in found[name].imports:
                    waiting += self._defining(name, imported)
        faces = {face: self._source(face) for name in found for face in _packages_of(name)}
        return found | {name: face for name, face in faces.items() if not face.only_imports}

    def _defining(self, importer: str, imported: Import) -> Iterator[str]:
        """The modules that define an imported name; none if it comes from another package."""
        module = self._absolute(importer, imported)
        if self._is_own(module):
            if self._is_package(module) and imported.name not in ("", "*"):
                yield from self._behind(module, imported.name, importer)
            else:
                yield module

    def _behind(self, package: str, name: str, importer: str) -> Iterator[str]:
        """The modules that define what a package's face calls ``name``.

        A face with other code besides imports counts as a module too.
        """
        face = self._source(package)
        if not face.only_imports:
            yield package
        handed_on = [one for one in face.imports if (one.alias or one.name) == name]
        if handed_on and importer != package:
            for one in handed_on:
                yield from self._defining(package, one)
        elif self._exists(f"{package}.{name}"):
            yield f"{package}.{name}"
        else:
            yield package  # through a star import, or computed

    def _is_own(self, module: str) -> bool:
        """Is it a module of the package or, in a checkout, one beside it?"""
        top = module.partition(".")[0]
        return top == self._name or (self._checkout and (self._exists(top) or self._is_package(top)))

    def _absolute(self, importer: str, imported: Import) -> str:
        if not imported.dots:
            return imported.module
        parts = importer.split(".")
        up = imported.dots - self._is_package(importer)
        return ".".join([*parts[: len(parts) - up], *filter(None, [imported.module])])

    def _source(self, name: str) -> Source:
        """A module that does not exist, as behind `except ImportError`, has nothing that counts."""
        if name not in self._read:
            self._read[name] = source.read(self._path(name)) if self._exists(name) else Source((), ())
        return self._read[name]

    def _path(self, name: str) -> Path:
        path = self._folder.joinpath(*name.split("."))
        return path / "__init__.py" if self._is_package(name) else path.with_suffix(".py")

    def _is_package(self, name: str) -> bool:
        """Is it a folder, with a face or without?"""
        folder = self._folder.joinpath(*name.split("."))
        return folder.is_dir() and (
            (folder / "__init__.py").is_file() or not folder.with_suffix(".py").is_file()
        )

    def _exists(self, name: str) -> bool:
        return self._path(name).is_file()


def _packages_of(module: str) -> Iterator[str]:
    """nnlab.nn.tape -> nnlab, nnlab.nn."""
    parts = module.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts)))
