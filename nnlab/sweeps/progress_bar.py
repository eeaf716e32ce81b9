"""The progress bar that all commands use: on a terminal, or as HTML in a notebook."""

import time
from collections.abc import Iterable
from html import escape
from typing import Any

from rich.console import RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from nnlab.sweeps.console import ERROR


class ProgressBar(Progress):
    """A bar, and ``below`` it a line of text that is cut off at the terminal's width."""

    below = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bar and the line; rich asks for them at each refresh."""
        yield self.make_tasks_table(self.tasks)
        if self.below:
            yield Text(self.below, no_wrap=True, overflow="ellipsis")


class NotebookBar(ProgressBar):
    """The same as HTML that is shown anew in one place; at its end the texts stay, without the bar.

    rich's own display needs ipywidgets, which not every front end has and no saved notebook shows.
    """

    _shown = 0.0  # when, by time.monotonic
    _place: Any = None  # IPython's handle of the place

    def start(self) -> None:
        """Take the place below the cell."""
        if not self.disable:
            from IPython import display  # loaded already, in a notebook's kernel

            show: Any = display.display
            self._place = show(self._content(), raw=True, display_id=True)

    def stop(self) -> None:
        """Leave the texts."""
        if self._place is not None:
            self._place.update(self._content(ended=True), raw=True)

    def add_task(self, description: str, *settings: Any, **fields: Any) -> TaskID:
        """Begin a task and show it."""
        task = super().add_task(description, *settings, **fields)
        if self._place is not None:
            self._place.update(self._content(), raw=True)
        return task

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """Change the task, and show it, ``refresh_per_second`` times at the most."""
        super().update(task_id, **changes)
        now = time.monotonic()
        if self._place is not None and now - self._shown >= 1.0 / self.live.refresh_per_second:
            self._shown = now
            self._place.update(self._content(), raw=True)

    def refresh(self) -> None:
        """Leave rich's own display alone."""

    def _content(self, ended: bool = False) -> dict[str, str]:
        """What IPython displays, by MIME type."""
        lines = [f"{task.completed:.0f}/{task.total or 0:.0f}" for task in self.tasks]
        shown = "".join(self._line(task, ended) for task in self.tasks)
        below = f'<div style="opacity:.75">{escape(self.below)}</div>' if self.below else ""
        return {
            "text/html": f'<div style="font-size:.9em">{shown}{below}</div>',
            "text/plain": "\n".join([*lines, self.below]),
        }

    def _line(self, task: Task, ended: bool) -> str:
        """The bar of a task and its texts, of which the time left stays away at the end."""
        shown = [column(task) for column in self.columns if isinstance(column, ProgressColumn)]
        texts = [column.plain for column in shown if isinstance(column, Text)]
        if ended:
            return f"<div>{escape(texts[0])}</div>"
        share = "" if task.total is None else f' value="{task.completed:.0f}" max="{task.total:.0f}"'
        bar = f"<progress{share}></progress>"
        return f"<div>{bar} {escape(' '.join(texts))}</div>"


def progress_bar(text: str, disable: bool = False, per_second: int = 10) -> ProgressBar:
    """A bar with ``text``, which may name fields of its task, and the time left.

    On a terminal it is on stderr and disappears at its end; what is printed meanwhile goes through
    ``say_above``.
    """
    notebook = ERROR.is_jupyter
    kind = NotebookBar if notebook else ProgressBar
    disable = disable or not (notebook or ERROR.is_terminal)  # else rich ends with an empty line
    columns = BarColumn(), TextColumn(text, markup=False), TextColumn("left:"), TimeRemainingColumn()
    return kind(
        *columns, console=ERROR, transient=True, disable=disable, refresh_per_second=per_second,
        redirect_stdout=False,
    )  # fmt: skip
