"""Docstrings are plain text with formulas: their ``*``, ``|`` and ``_`` are no mark-up, ``code`` is.

An example, from ``>>>`` to an empty line, stays as it is.
"""

import re
from typing import Any

from sphinx.application import Sphinx

CODE = re.compile(r"(``.*?``|`[^`]+`)")
NDARRAY = re.compile(
    r"~?numpy\.ndarray\[tuple\[~?(?:typing\.)?Any, \.\.\.\], ~?numpy\.dtype\[~?numpy\.(\w+)\]\]"
)


def escape(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Escape all marks outside of code; leave out what Python itself writes on the fields of a tuple."""
    if lines and lines[0].startswith("Alias for field number"):
        lines.clear()
    typed = False
    for number, line in enumerate(lines):
        typed = bool(line.strip()) and (typed or line.lstrip().startswith(">>>"))
        if typed:
            continue
        parts = CODE.split(line)
        parts[::2] = [re.sub(r"([\\*|_`])", r"\\\1", part) for part in parts[::2]]
        lines[number] = "".join(parts)


def short(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    arguments: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """Write the types of arrays as the code does."""
    return tuple(None if text is None else NDARRAY.sub(_array, text) for text in (arguments, returned))


def _array(found: re.Match[str]) -> str:
    return "Array" if found[1] == "floating" else f"NDArray[{found[1]}]"


def setup(app: Sphinx) -> dict[str, Any]:
    """Change what autodoc reads."""
    app.connect("autodoc-process-docstring", escape)
    app.connect("autodoc-process-signature", short)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
