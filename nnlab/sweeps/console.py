"""What commands print: the two consoles."""

import textwrap
from collections.abc import Callable, Iterable

from rich.console import Console, RenderableType

from nnlab.errors import printable

Say = Callable[[RenderableType], None]
OUT, ERROR = Console(highlight=False), Console(stderr=True, highlight=False)


def say(what: RenderableType) -> None:
    """Print a table, or a text as it is, without rich's markup and line breaks."""
    OUT.print(what, markup=False, soft_wrap=isinstance(what, str))


def keep_quiet(what: RenderableType) -> None:
    """Print nothing, in the place of ``say``: the Python face returns what a command prints."""


def wrapped(sentence: str, width: int) -> str:
    """A sentence in lines of at most ``width`` letters; a percent sign stays with its number."""
    return textwrap.fill(sentence.replace(" %", "\u00a0%"), width).replace("\u00a0", " ")


def complain(text: str) -> None:
    """Print to stderr; the text may quote a file or a server, so control characters become `?`."""
    ERROR.print(printable(text, keep="\n"), markup=False, soft_wrap=True)


def warn(doubts: Iterable[str]) -> None:
    """Print what is doubtful but not wrong, one line for each, to stderr."""
    for text in doubts:
        complain(f"note: {text}")


def say_above(text: str) -> None:
    """Print a text while a bar is shown: above it if both go to the terminal, else to stdout."""
    console = ERROR if OUT.is_terminal and ERROR.is_terminal else OUT
    console.print(text, markup=False, soft_wrap=True)
