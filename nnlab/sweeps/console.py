"""What commands print: the two consoles, and the progress bar that all of them use."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nnlab.errors import printable

OUT, ERROR = Console(highlight=False), Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a text as it is, without rich's markup and line breaks."""
    OUT.print(text, markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """Print to stderr; the text may quote a file or a server, so control characters become `?`."""
    ERROR.print(printable(text, keep="\n"), markup=False, soft_wrap=True)


def progress_bar(
    text: str, transient: bool = True, disable: bool = False, per_second: int = 10
) -> Progress:
    """A bar on stderr with ``text``, which may name fields of its task, and the time left."""
    columns = BarColumn(), TextColumn(text), TextColumn("left:"), TimeRemainingColumn()
    return Progress(
        *columns, console=ERROR, transient=transient, disable=disable, refresh_per_second=per_second
    )
