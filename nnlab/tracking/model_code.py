"""The code of a served model: ``served_model`` and the modules of nnlab that it imports, as one file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nnlab

ROOT = Path(nnlab.__file__).parent.parent
FIRST = "nnlab.tracking.served_model"


def source() -> str:
    """The modules, each after the modules that it imports, without the imports between them."""
    parts: dict[str, str] = {}
    _add(FIRST, parts)
    return "\n\n".join(parts.values())


def _add(module: str, parts: dict[str, str]) -> None:
    """Add a module to ``parts``, and before it the modules that it imports."""
    if module in parts:
        return
    text = (ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8")
    imports = list(_own_imports(ast.parse(text), module))
    for node in imports:
        for name in node.names:
            _add(_defining(str(node.module), name.name), parts)
    dropped = {
        line for node in imports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    parts[module] = "".join(
        line for number, line in enumerate(text.splitlines(True), 1) if number not in dropped
    )


def _own_imports(tree: ast.Module, module: str) -> Iterator[ast.ImportFrom]:
    """A module's imports from nnlab; ValueError for an import with `as`, or of a whole module."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "nnlab":
            if any(name.asname for name in node.names):
                raise ValueError(f"{module}: {ast.unparse(node)}: a served model cannot rename its parts")
            yield node
        elif isinstance(node, ast.Import) and any(n.name.split(".")[0] == "nnlab" for n in node.names):
            raise ValueError(f"{module}: {ast.unparse(node)}: a served model needs names, not modules")


def _defining(module: str, name: str) -> str:
    """The module that defines a name: ``module``, or the module from which its package imports it."""
    face = ROOT / module.replace(".", "/") / "__init__.py"
    if not face.is_file():
        return module
    for node in ast.parse(face.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and name in {one.asname or one.name for one in node.names}:
            return _defining(str(node.module), name)
    raise ValueError(f"{module}.{name}: a served model needs names, not modules")
