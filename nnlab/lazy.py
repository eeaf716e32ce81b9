"""The names that `import nnlab` gives; each loads its module when it is first used.

They stand here and not in ``nnlab/__init__.py``, since code of its own there would belong to every record's
code digest. ``nnlab/__init__.pyi`` tells them to type checkers and editors.
"""

from importlib import import_module

NAMES = {
    "Failed": "nnlab.errors",
    "Rerun": "nnlab.reruns",
    "Run": "nnlab.results",
    "Sweep": "nnlab.results",
    "SweepRerun": "nnlab.reruns",
    "UserError": "nnlab.errors",
    "load": "nnlab.api",
    "nn": "nnlab.nn",
    "rerun": "nnlab.api",
    "runs": "nnlab.api",
    "sweep": "nnlab.api",
    "train": "nnlab.api",
}


def attribute(name: str) -> object:
    """The module's ``__getattr__``: what ``nnlab.name`` is."""
    if name not in NAMES:
        raise AttributeError(f"module 'nnlab' has no attribute {name!r}", name=name)
    module = import_module(NAMES[name])
    found: object = module if name == "nn" else getattr(module, name)
    return found


def attributes() -> list[str]:
    """The module's ``__dir__``."""
    return sorted(NAMES)
