"""The command line: one file for each command, loaded when it is asked for."""

__all__ = [
    "main",
]
