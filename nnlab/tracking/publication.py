"""The outcome of publishing a plan, and what is said of it."""

from dataclasses import dataclass

from nnlab.cells import Cell


@dataclass(frozen=True)
class Publication:
    """The outcome of publishing a plan."""

    published: int  # records that were published
    waiting: tuple[Cell, ...]  # cells with a record that the store does not have
    refused: tuple[str, ...]  # records that cannot be published, and why
    problem: str | None  # why the last try failed
    away: bool  # is the problem that the store cannot be reached?
    pages: tuple[str, str] | None  # of the UI, comparing the cells: charts and list; None without runs
    deleted: int = 0  # runs that stay deleted, because the user deleted them
    headless: bool = False  # is the parent run one of them?
    new_parent: bool = False  # was the parent run made anew?
    registration: str = ""  # what the model registry has of it, as a line
    alone: bool = False  # was it asked for that nothing is published?

    @property
    def complaints(self) -> list[str]:
        """Messages for the user; none if everything is published."""
        problem, waiting = self.problem, len(self.waiting)
        if problem is None and waiting:
            problem = "MLflow: interrupted before all was published"
        if problem is None:
            return list(self.refused)
        them = "it" if waiting == 1 else "them"
        return [*self.refused, problem, f"{on_waiting(waiting)}; `nnlab sync` publishes {them}"]

    @property
    def remark(self) -> str:
        """The line on records that stay alone, or on runs that stay deleted; empty without any."""
        if self.alone:
            return "nothing is published (tracking=none); `nnlab sync` publishes the records"
        return on_deleted(self.deleted) if self.deleted else ""


def on_waiting(count: int) -> str:
    """How many runs wait, as the beginning of a line."""
    return "1 run waits" if count == 1 else f"{count} runs wait"


def on_deleted(count: int) -> str:
    """The line on runs that stay deleted."""
    if count == 1:
        return "1 run that was deleted in MLflow stays deleted; `nnlab sync --restore` brings it back"
    return f"{count} runs that were deleted in MLflow stay deleted; `nnlab sync --restore` brings them back"
