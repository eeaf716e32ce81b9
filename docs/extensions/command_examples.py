"""The examples in a command's help are blocks of code, which sphinx-click takes for lines of text."""

from typing import Any

from sphinx.application import Sphinx

MARK = "| "  # of a line that click does not wrap


def as_code(app: Sphinx, context: object, lines: list[str]) -> None:
    """Make one block of code of the lines that follow each other."""
    found: list[str] = []
    for line in lines:
        example = line.startswith(MARK)
        if example and not (found and found[-1].startswith("   ")):
            found += [".. code-block:: console", ""]
        found.append(f"   {line.removeprefix(MARK)}" if example else line)
    lines[:] = found


def setup(app: Sphinx) -> dict[str, Any]:
    """Change what sphinx-click reads."""
    app.connect("sphinx-click-process-description", as_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
