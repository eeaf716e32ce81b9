"""Run the commands of a page as a reader would, and compare or renew what it shows of their output.

A page is run from top to bottom in a fresh clone with an empty home folder:

- ```` ```console ````: the lines after ``$`` are commands; the others are what they print. ``...`` stands
  for any text.
- ```` ```bash ```` and ```` ```python ````: run; what they print is not shown.
- ```` ```pycon ````: compared by doctest.
- A block whose first line is ``# PATH`` is a file that the reader writes, a ``diff`` one that he changes.

A block below ``<!-- not run: REASON -->`` is not run. `make examples` writes the output of today's commands
into the pages of the documentation.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / "experiments" / name / "README.md" for name in ("keepdims", "one_over_m")),
]
NOT_RUN = "<!-- not run:"
FILE = re.compile(r"(?:# |<!-- )([\w./-]+\.\w+)(?: -->)?\n")
END = "\x1e"  # after each command's output, with its place and exit code
SECONDS = 850.0
TYPED = ".venv/typed.txt"  # what was typed into Python so far: a block goes on where the one before ended
DOCTEST = "python -m doctest -o NORMALIZE_WHITESPACE"
PROGRAMS = ("nnlab", "mlflow", "pytest", "ruff", "mypy", "sphinx", "jupyter")


@dataclass(frozen=True)
class Block:
    """A block of code on a page; ``first`` is the number of its first line, from 0."""

    language: str
    text: str
    first: int
    run: bool


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page in Markdown."""
    comment = ""
    for token in MarkdownIt().parse(page):
        if token.type == "html_block":
            comment = token.content
        elif token.type == "fence" and token.map is not None:
            yield Block(token.info, token.content, token.map[0] + 1, not comment.startswith(NOT_RUN))
            comment = ""
        elif token.content:
            comment = ""


@dataclass
class Step:
    """A part of the script of a page: a command of a console, or a whole block."""

    script: str
    shown: str | None = None  # the output on the page; None where none is shown
    lines: slice = field(default_factory=lambda: slice(0, 0))  # where it stands on the page
    printed: str = ""
    code: int | None = None


def steps(page: str) -> list[Step]:
    """What a reader of the page does, in order."""
    found: list[Step] = []
    for block in blocks(page):
        if not block.run:
            continue
        if block.language == "console":
            found += _commands(block)
        elif block.language == "diff":
            found.append(Step(f"git apply - <<'END_OF_DIFF'\n{block.text}END_OF_DIFF"))
        elif file := FILE.match(block.text):
            path = quote(file[1])
            write = f"mkdir -p $(dirname {path}) && cat > {path} <<'END_OF_FILE'\n{block.text}END_OF_FILE"
            found.append(Step(write))
        elif block.language == "python":
            found.append(Step(f"python - <<'END_OF_CODE'\n{block.text}END_OF_CODE"))
        elif block.language == "pycon":
            typed = f"cat >> {TYPED} <<'END_OF_CODE'\n{block.text}\nEND_OF_CODE"
            found.append(Step(f"{typed}\n{DOCTEST} {TYPED}"))
        elif block.language == "bash":
            found.append(Step(block.text))
    return found


def _commands(block: Block) -> Iterator[Step]:
    lines = block.text.splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        begin = start + 1
        while begin < end and lines[begin - 1].endswith("\\"):
            begin += 1
        command = "\n".join([lines[start].removeprefix("$ "), *lines[start + 1 : begin]])
        place = slice(block.first + begin, block.first + end)
        yield Step(command, "\n".join(lines[begin:end]), place)


# -- running ---------------------------------------------------------------------------------------


def run(page: str, folder: Path) -> list[Step]:
    """Run the steps of a page in a clone in ``folder``, and keep what each prints and its exit code."""
    clone, home = folder / "nnlab", folder / "home"
    _clone(clone)
    home.mkdir()
    todo = steps(page)
    script = "\n".join(
        f"{step.script}\nprintf '\\n{END}%s %s\\n' {place} $?" for place, step in enumerate(todo)
    )
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    paths = f"{clone}/.venv/bin:{Path(sys.executable).parent}:{os.defpath}"
    environment = kept | {"HOME": str(home), "PATH": paths, "COLUMNS": "100", "PYTHONPATH": str(clone)}
    process = subprocess.Popen(
        ["bash"], cwd=clone, env=environment, text=True, process_group=0,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        printed = process.communicate(script, timeout=SECONDS)[0]
    finally:
        with_children = process.pid
        subprocess.run(["kill", "-TERM", "--", f"-{with_children}"], capture_output=True, check=False)
    for part in printed.split("\n" + END)[1:]:
        place, code = part.partition("\n")[0].split()
        todo[int(place)].code = int(code)
    texts = re.split(rf"\n{END}\d+ \d+\n", printed)
    for step, text in zip(todo, texts, strict=False):
        text = text.replace(str(clone), "~/nnlab").replace(str(home), "~").strip("\n")
        step.printed = "\n".join(line.rstrip() for line in text.splitlines())
    return todo


def _clone(to: Path) -> None:
    """This checkout with its changes, and a .venv that runs the packages of this process."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(ROOT), str(to)], check=True)
    for name in [
        *_git("diff", "--name-only", "-z", "HEAD"),
        *_git("ls-files", "-z", "-o", "--exclude-standard"),
    ]:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).unlink(missing_ok=True)
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            shutil.copyfile(ROOT / name, to / name)
    programs = to / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        (programs / name).write_text(f'#!/bin/sh\nexec {quote(sys.executable)} -m {name} "$@"\n')
    (programs / "python").write_text(f'#!/bin/sh\nexec {quote(sys.executable)} "$@"\n')
    (programs / "activate").write_text("")
    for path in programs.iterdir():
        path.chmod(0o755)
    for mark in ("ready", "docs-ready"):
        (to / ".venv" / mark).write_text(f"{to}\n")  # for make: all is installed


def _git(*arguments: str) -> list[str]:
    """The names that git lists, of files in this checkout."""
    listed = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name]


# -- comparing and renewing ------------------------------------------------------------------------

MASKS = (  # what differs from run to run
    (re.compile(r"[\u2500-\u257f]+"), " "),  # the lines of a table
    (re.compile(r"\b[0-9a-f]{7,}\b"), "ID"),
    (re.compile(r"\b\d[\d.]*(e[-+]?\d+)? (ms|s|min|kB|MB)\b"), "AMOUNT"),
    (re.compile(r"\s+"), " "),
)
ROUNDED = (  # what differs on another processor, which may round differently
    (re.compile(r"\b[a-z_]+ \d[\dx-]* s[\d.]+( #\d+)?"), "NET"),
    (re.compile(r"\d+(\.\d+)?(e[-+]?\d+)?"), "NUMBER"),
)
LEFT_OUT = "..."


def same(shown: str, printed: str) -> bool:
    """Is the output the one that the page shows, but for its numbers and the order of nets?"""
    expected = re.escape(_masked(shown, *ROUNDED)).replace(re.escape(LEFT_OUT), ".*")
    return re.fullmatch(expected, _masked(printed, *ROUNDED)) is not None


def renewed(page: str, done: list[Step]) -> str:
    """The page with the output of today's commands; what it leaves out stays left out.

    If all of it differs only in ids and times, the page stays as it is.
    """
    lines, other = page.splitlines(), False
    for step in reversed(done):
        if step.shown is not None:
            printed = _shortened(step.printed.splitlines(), step.shown.splitlines())
            other = other or _masked("\n".join(printed)) != _masked(step.shown)
            lines[step.lines] = printed
    return "\n".join(lines) + "\n" if other else page


def _shortened(printed: list[str], shown: list[str]) -> list[str]:
    """The output without what the page leaves out; a part in the middle is known by its first line."""
    text = "\n".join(shown)
    first, *others = [
        part.splitlines() for part in re.split(rf"^{re.escape(LEFT_OUT)}$\n?", text, flags=re.M)
    ]
    kept, place = printed[: len(first)] if others else printed, len(first)
    for number, part in enumerate(others, start=1):
        if number == len(others):
            place = max(place, len(printed) - len(part))
        elif part:
            place = next((i for i in range(place, len(printed)) if same(part[0], printed[i])), len(printed))
        kept = [*kept, LEFT_OUT, *printed[place : place + len(part)]]
        place += len(part)
    return kept


def _masked(text: str, *more: tuple[re.Pattern[str], str]) -> str:
    for pattern, mask in (*MASKS, *more):
        text = pattern.sub(mask, text)
    return text.strip()


def main() -> None:
    """Renew the pages named by the arguments, or all of them."""
    for path in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        page = path.read_text("utf-8")
        if not steps(page):
            continue
        with tempfile.TemporaryDirectory() as folder:
            done = run(page, Path(folder))
        for step in done:
            if step.code:
                print(f"{path}: exit code {step.code} of {step.script}\n{step.printed}")
        path.write_text(renewed(page, done), "utf-8")
        print(f"{path}: {len(done)} steps")


if __name__ == "__main__":
    main()
