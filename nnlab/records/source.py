"""What of a module's source can change a number: its tokens, without comments, docstrings and layout."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER)
F_START, F_END = (getattr(tokenize, f"FSTRING_{end}", -1) for end in ("START", "END"))  # from Python 3.12
FOR_TYPES = (["if", "TYPE_CHECKING", ":"], ["if", "typing", ".", "TYPE_CHECKING", ":"])


class Line(NamedTuple):
    """A logical line: a statement, or the head of a compound one."""

    level: int  # of indentation, 0 at the margin
    tokens: tuple[str, ...]
    is_text: bool  # nothing but plain strings, such as a docstring


class Import(NamedTuple):
    """One imported name: `from module import name as alias`; ``name`` is "" for `import module`."""

    dots: int  # of a relative import
    module: str
    name: str
    alias: str


@dataclass(frozen=True)
class Source:
    """What counts of a module."""

    imports: tuple[Import, ...]  # sorted, from all places in the module
    lines: tuple[tuple[int, tuple[str, ...]], ...]  # (level, tokens) of all other statements
    path: Path | None = None

    @property
    def only_imports(self) -> bool:
        """Is there nothing but imports, a docstring and ``__all__``, as in a package's face?"""
        return all(tokens[0] == "__all__" for _, tokens in self.lines)


def read(path: Path) -> Source:
    """The source of a module. What is imported for type checkers alone is left out: it never runs."""
    return Source(*_parsed(path.read_text("utf-8-sig")), path)


@lru_cache(1000)  # the code digest and the checkout's state need the same modules
def _parsed(source: str) -> tuple[tuple[Import, ...], tuple[tuple[int, tuple[str, ...]], ...]]:
    """The imports and the other statements, as in ``Source``."""
    imports: set[Import] = set()
    kept = []
    for line in _running(logical_lines(source)):
        statements = list(_import_statements(line.tokens))
        for statement in statements:
            imports |= set(_imported(" ".join(statement)))
        if statements != [line.tokens] and not line.is_text:  # more than an import
            kept.append((line.level, line.tokens))
    return tuple(sorted(imports)), tuple(kept)


def logical_lines(source: str) -> Iterator[Line]:
    """The statements of a module one after another."""
    tokens: list[str] = []
    level, only_text = 0, True
    for kind, text in _tokens(source):
        if kind == tokenize.INDENT:
            level += 1
        elif kind == tokenize.DEDENT:
            level -= 1
        elif kind == tokenize.NEWLINE:
            yield Line(level, tuple(tokens), only_text)
            tokens, only_text = [], True
        elif kind not in LAYOUT:
            tokens.append(text)
            only_text &= kind == tokenize.STRING
    assert not tokens


def _tokens(source: str) -> Iterator[tuple[int, str]]:
    """(kind, text) of each token; an f-string is one token in every version of Python, as in 3.11."""
    lines = source.splitlines(keepends=True)
    begun: list[tuple[int, int]] = []  # where the f-strings begin that are open
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == F_START:
            begun.append(token.start)
        elif token.type == F_END:
            start = begun.pop()
            if not begun:
                yield tokenize.STRING, _between(lines, start, token.end)
        elif not begun:
            yield token.type, token.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The source from one (row, column) to another; rows count from 1."""
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right]
    return "".join([lines[first - 1][left:], *lines[first : last - 1], lines[last - 1][:right]])


def _running(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines without the blocks under `if TYPE_CHECKING:`."""
    level = None  # of the `if` whose block is being left out
    for line in lines:
        if level is not None and line.level > level:
            continue
        head = list(line.tokens)
        level = line.level if any(head[: len(start)] == start for start in FOR_TYPES) else None
        if level is None:
            yield line


def _import_statements(tokens: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The import statements of a logical line, such as both of `if fast: import a; from b import c`."""
    start = 0
    for i, token in enumerate((*tokens, ";")):
        if token == ";":
            statement = tokens[start:i]
            start = i + 1
            if "import" in statement:
                begin = statement.index("import")
                if "from" in statement[:begin]:
                    begin = max(k for k in range(begin) if statement[k] == "from")
                yield statement[begin:]


def _imported(statement: str) -> Iterator[Import]:
    for node in ast.parse(statement).body:
        if isinstance(node, ast.Import):
            yield from (Import(0, alias.name, "", alias.asname or "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name != "TYPE_CHECKING":
                    yield Import(node.level, node.module or "", alias.name, alias.asname or "")
