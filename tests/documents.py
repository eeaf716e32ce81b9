"""Helpers: the commands, keys, functions and links that a document names."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from markdown_it import MarkdownIt

from docs.examples import FILE, blocks
from nnlab.cli.main import cli
from nnlab.config import KEYS, ROOT, groups
from nnlab.config.overrides import is_group
from nnlab.config.schema import SECTIONS, is_key

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
VARIABLES = set(re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
KEY = re.compile(r"(?P<key>[a-z]+(\.\w+)+)(=.*)?")
EVERYWHERE = {"--help", "-h", "--debug", "--version"}


def spans(page: str) -> Iterator[str]:
    """The texts in ``code`` marks."""
    for token in MarkdownIt().enable("table").parse(page):
        yield from (child.content for child in token.children or [] if child.type == "code_inline")


def commands(page: str) -> Iterator[list[str]]:
    """The words of every command of nnlab or make: in blocks, and in code marks."""
    code = "\n".join(block.text for block in blocks(page) if block.language in ("bash", "console", ""))
    for line in [*code.replace("\\\n", " ").splitlines(), *spans(page)]:
        line = line.removeprefix("$ ")
        if re.match(r"(nnlab|make) ", line):
            yield shlex.split(line, comments=True)


def keys(page: str) -> Iterator[str]:
    """The keys of the configuration in code marks, such as `model.depth=3`."""
    for span in spans(page):
        found = KEY.fullmatch(span)
        if (
            found
            and found["key"].partition(".")[0] in SECTIONS
            and not found["key"].endswith((".py", ".h5", ".yaml"))
        ):
            yield found["key"]


def functions(page: str) -> Iterator[str]:
    """The dotted names of nnlab's modules and what is in them, such as `nnlab.nn.draw`."""
    for span in spans(page):
        package = re.fullmatch(r"nnlab\.(\w+)(\.\w+)+", span)
        if package and (ROOT / "nnlab" / package[1]).is_dir():
            yield span


def links(page: str) -> Iterator[str]:
    """The paths of links and pictures within the project, without their anchors."""
    for token in MarkdownIt().parse(page):
        for child in token.children or []:
            path = child.attrGet("src") or child.attrGet("href")
            if path and ":" not in str(path) and not str(path).startswith("#"):
                yield str(path).partition("#")[0]


def written(page: str) -> set[str]:
    """The files that a reader of the page writes."""
    return {found[1] for block in blocks(page) if (found := FILE.match(block.text))}


# -- what is wrong ---------------------------------------------------------------------------------


def wrong_in_command(words: list[str], own: str = "") -> list[str]:
    """The words of a command that do not exist; ``own`` is the text of the page, which may make some."""
    program, *rest = words
    if program == "make":
        return [word for word in rest if word.partition("=")[0] not in TARGETS | VARIABLES]
    command, rest = _command(rest)
    if command is None:
        return words[:2]
    options = {name for parameter in command.params for name in parameter.opts} | EVERYWHERE
    return [word for word in rest if not _right(word, command, options, own)]


def _command(words: list[str]) -> tuple[click.Command | None, list[str]]:
    command: click.Command | None = cli
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z]+", words[0]):
        command, words = command.get_command(click.Context(command), words[0]), words[1:]
    return command, words


def _right(word: str, command: click.Command, options: set[str], own: str) -> bool:
    name, is_override, _ = word.partition("=")
    if word.startswith("-"):
        return name in options or re.fullmatch(r"-?[\d.]+", word) is not None
    if command.name == "experiments" and word.islower():
        return (ROOT / "experiments" / word / "README.md").is_file() or f"experiments/{word}/" in own
    if command.context_settings.get("ignore_unknown_options") and is_override:
        return (
            name in KEYS
            or is_key(name)
            or name in groups.MEANINGS
            or is_group(name)
            or name.startswith("+")
        )
    return True


def exists(dotted: str) -> bool:
    """Can this name be imported?"""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def name_of(path: Path) -> str:
    """A document's path from the project's folder, as the name of a test."""
    return str(path.relative_to(ROOT))
