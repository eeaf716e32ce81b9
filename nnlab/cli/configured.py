"""A command that takes overrides: its flags, a help that lists the keys, completion of keys and values.

It is loaded for `--help` and at each completion, so it does without Hydra.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnlab.cli.path import GivenPath
from nnlab.config import FILES, groups, reference

OVERRIDES: dict[str, Any] = {  # for commands that take overrides, with flags anywhere between them
    "max_content_width": 120,
    "ignore_unknown_options": True,
    "allow_extra_args": True,
    "help_option_names": ["-h", "--help"],
}


def configured(run: Callable[[list[str]], None]) -> Callable[..., None]:
    """Give a command its flags; it runs with its overrides, or shows the configuration that they make."""

    @click.pass_context
    @wraps(run)
    def command(
        context: click.Context,
        cfg: str | None,
        resolve: bool,
        package: str | None,
        config_dir: Path | None,
        config_name: str | None,
    ) -> None:
        from nnlab.cli.overrides import read, show  # loads what --help does not need

        overrides = read(context, config_dir, config_name)
        if not show(overrides, cfg, resolve, package):
            run(overrides)

    flagged: Callable[..., None] = command
    for flag in reversed(_flags()):
        flagged = flag(flagged)
    return flagged


def _flags() -> list[Callable[[Callable[..., None]], Callable[..., None]]]:
    return [
        click.option("--cfg", "-c", type=click.Choice(["job", "hydra", "all"]),
                     help="Show the configuration instead of running it."),
        click.option("--resolve", is_flag=True, help="With --cfg: put values in the place of references."),
        click.option("--package", "-p", metavar="KEY", help="With --cfg: show this part alone."),
        click.option("--config-dir", metavar="DIR", help="Look for config groups in DIR too.",
                     type=GivenPath(exists=True, file_okay=False)),
        click.option("--config-name", metavar="NAME", help="Begin with NAME.yaml, not with config.yaml."),
    ]  # fmt: skip


class ConfiguredCommand(click.Command):
    """`nnlab train` or `nnlab sweep`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags, then groups and keys with their values."""
        super().format_options(ctx, formatter)
        with formatter.section("Groups (a name brings values that go together)"):
            formatter.write_dl(
                [
                    (group, f"{meaning} [{', '.join(groups.names(group))}]")
                    for group, meaning in groups.MEANINGS.items()
                ]
            )
        for section, keys in reference.sections():
            with formatter.section(f"Keys of {section}" if len(keys) > 1 else section.capitalize()):
                formatter.write_dl([(key.name, f"{key.meaning} [{key.wanted}]") for key in keys])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """The line on top of the help."""
        return [*super().collect_usage_pieces(ctx), "[KEY=VALUE]..."]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Flags; groups and keys, each with `=`; or the values of the key before the cursor."""
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        folders = [ctx.params["config_dir"]] if ctx.params.get("config_dir") else []
        names = list(_names(folders))
        key, given, value = incomplete.partition("=")
        if not given:
            key, value = _key_before(ctx.args, incomplete, names), incomplete
        if not key:
            return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]
        if key in FILES:
            return [CompletionItem(value, type="file")]
        begun = value[: value.rfind(",") + 1]  # earlier values of a swept key
        texts = [begun + one for one in _values(key, folders)]
        start = f"{key}=" if given else ""
        return [CompletionItem(start + text) for text in texts if text.startswith(value)]


def _key_before(arguments: list[str], incomplete: str, names: list[str]) -> str:
    """The key whose value is begun in bash, where `seed=1` are the words `seed`, `=` and `1`; else nothing.

    Of `seed=` click leaves `seed` and an empty word.
    """
    if arguments[-1:] == ["="]:
        return "".join(arguments[-2:-1])
    last = "".join(arguments[-1:])
    return last if not incomplete and last in names and arguments[-2:-1] != ["="] else ""


def _names(folders: list[Path]) -> Iterator[str]:
    yield from groups.MEANINGS
    yield from (path.name for folder in folders for path in sorted(folder.iterdir()) if path.is_dir())
    yield from (key.name for _, keys in reference.sections() for key in keys)


def _values(key: str, folders: list[Path]) -> list[str]:
    known = {one.name: one.values for _, keys in reference.sections() for one in keys}
    return list(known[key]) if key in known else groups.names(key, folders)
