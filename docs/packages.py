"""Draw the packages of nnlab and their imports into docs/packages.svg: `make packages`.

Each row is a package, with the first sentence of its docstring. A row imports the packages on whose
vertical line it has a dot; the line ends with an arrow at that package. So all arrows point downward.
"""

import ast
import textwrap
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "packages.svg"
ONE_FILE = ("api",)  # packages that are a single file
OF_NNLAB = ("__init__", "__main__", "lazy")  # what `import nnlab` and `python -m nnlab` run
# the colours of Okabe & Ito (2008), which colour-blind readers can tell apart
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
BOX, ROW, LANE, MARGIN = 560, 62, 24, 16  # pixels: a box's width, a row's height, between lines, around


def imports(package: Path) -> Iterator[str]:
    """The names of all packages of nnlab that a package's files import, wherever in the file.

    ``package`` is a folder, or the file of a package that is one file.
    """
    for path in sorted(package.rglob("*.py")) if package.is_dir() else [package]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                first, _, rest = name.partition(".")
                other = rest.partition(".")[0]
                if first == "nnlab" and other and (package.parent / other / "__init__.py").is_file():
                    yield other


def graph(root: Path = ROOT / "nnlab") -> dict[str, set[str]]:
    """For each package the other packages that it imports."""
    packages = sorted(path.parent for path in root.glob("*/__init__.py"))
    packages += [root / f"{name}.py" for name in ONE_FILE if (root / f"{name}.py").is_file()]
    return {package.stem: set(imports(package)) - {package.stem} for package in packages}


def ordered(edges: Mapping[str, set[str]]) -> list[str]:
    """The packages in an order where each is above all that it imports; ValueError if there is a circle."""

    def reached(name: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for other in edges[name] - seen:
            seen = reached(other, seen | {other})
        return seen

    below = {name: reached(name) for name in edges}
    if circle := [name for name in edges if name in below[name]]:
        raise ValueError(f"these packages import each other in a circle: {', '.join(circle)}")
    return sorted(edges, key=lambda name: (-len(below[name]), name))


def job(package: Path) -> str:
    """The first sentence of a package's docstring."""
    path = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())


def draw(edges: Mapping[str, set[str]], jobs: Mapping[str, str], modules: str) -> str:
    """The picture as SVG. ``modules``: the names of the single files, which all packages use."""
    names = ordered(edges)
    x_of = {name: MARGIN + BOX + LANE * (row + 1) for row, name in enumerate(names)}
    y_of = {name: MARGIN + ROW * row for row, name in enumerate(names)}
    parts: list[str] = []
    for name in names:
        parts += _box(y_of[name], name, jobs[name])
        if edges[name]:
            end = max(x_of[other] for other in edges[name])
            parts.append(f'<path d="M{MARGIN + BOX} {y_of[name] + 34} H{end}" stroke="#999"/>')
    for row, name in enumerate(names):
        if importers := [other for other in names if name in edges[other]]:
            x, y, colour = x_of[name], y_of[name] + 14, COLOURS[row % len(COLOURS)]
            top = y_of[importers[0]] + 34
            parts.append(f'<path d="M{x} {top} V{y} H{MARGIN + BOX + 7}" stroke="{colour}"/>')
            parts.append(f'<path d="M{MARGIN + BOX + 1} {y} l9 -4 v8 z" fill="{colour}" stroke="none"/>')
    for name in names:  # last, so that the dots are above all lines
        for other in sorted(edges[name]):
            at, colour = (
                f'cx="{x_of[other]}" cy="{y_of[name] + 34}"',
                COLOURS[names.index(other) % len(COLOURS)],
            )
            parts.append(f'<circle {at} r="4" fill="{colour}" stroke="none"/>')
    parts += _box(MARGIN + ROW * len(names), modules, "single files that every package may use")
    width, height = MARGIN * 2 + BOX + LANE * (len(names) + 1), MARGIN * 2 + ROW * (len(names) + 1) - 14
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" fill="none" stroke-width="1.6">'
    )
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>\n"])


def _box(y: int, name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, 70)
    size = f'x="{MARGIN}" y="{y}" width="{BOX}" height="{ROW - 14}"'
    parts = [f'<rect {size} rx="5" fill="#f4f6f8" stroke="#444" stroke-width="1"/>']
    middle = y + 29
    if len(name) < 20:
        parts.append(_text(MARGIN + 12, middle, name, 'font-size="15" font-weight="bold"'))
        left = MARGIN + 118
    else:
        parts.append(_text(MARGIN + 12, middle, name, 'font-size="13" font-weight="bold"'))
        left = MARGIN + 300
    for row, line in enumerate(lines):
        offset = middle - 1 + 15 * row - 7 * (len(lines) - 1)
        parts.append(_text(left, offset, line, 'font-size="12.5"'))
    return parts


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {style} fill="#111">{escape(text)}</text>'


def picture() -> str:
    """The picture of the packages as they are."""
    edges = graph()
    jobs = {name: job(ROOT / "nnlab" / name) for name in edges}
    stems = {path.stem for path in (ROOT / "nnlab").glob("*.py")} - {*ONE_FILE, *OF_NNLAB}
    single = sorted(stems)
    return draw(edges, jobs, ", ".join(single))


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    print(PICTURE.relative_to(ROOT))
