"""The directives ``config-groups`` and ``config-keys SECTION``: tables made from nnlab's schema."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from nnlab.config import FILES, flatten, groups, reference
from nnlab.config.compose import compose

OF_THE_SET = {*FILES, "data.url", "data.sha256"}  # each option of the group `data` brings its own


def key_rows(section: str) -> list[tuple[str, ...]]:
    """Name, type and range, default and meaning of each key of a section."""
    defaults = flatten(dataclasses.asdict(compose([])))
    return [
        (f"`{key.name}`", key.wanted, _default(key.name, defaults), key.meaning)
        for key in dict(reference.sections())[section]
    ]


def _default(name: str, defaults: dict[str, Any]) -> str:
    if name in OF_THE_SET:
        return "of the set"
    if name in defaults:
        value = defaults[name]
        return f"`{'null' if value is None else str(value).lower() if isinstance(value, bool) else value}`"
    table = {key.removeprefix(f"{name}."): value for key, value in defaults.items() if key.startswith(name)}
    return ", ".join(f"`{key}={value}`" for key, value in table.items())


def group_rows() -> list[tuple[str, ...]]:
    """Name, meaning and options of each group."""
    return [
        (f"`{group}`", meaning, ", ".join(f"`{name}`" for name in groups.names(group)))
        for group, meaning in groups.MEANINGS.items()
    ]


def markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", r"\|") for text in line) + " |" for line in lines)


class ConfigKeys(SphinxDirective):
    """``config-keys SECTION``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table of the section's keys."""
        heading = ("key", "type and range", "default", "meaning")
        table = self.parse_text_to_nodes(markdown(heading, key_rows(self.arguments[0])))
        return [nodes.container("", *table, classes=["stacked", "keys"])]


class ConfigGroups(SphinxDirective):
    """``config-groups``."""

    def run(self) -> list[nodes.Node]:
        """The table of the groups."""
        table = self.parse_text_to_nodes(markdown(("group", "meaning", "options"), group_rows()))
        return [nodes.container("", *table, classes=["stacked"])]


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the directives known."""
    app.add_directive("config-keys", ConfigKeys)
    app.add_directive("config-groups", ConfigGroups)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
