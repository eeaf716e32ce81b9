"""A text as Hydra reads it in an override, without Hydra."""


def quoted(text: str) -> str:
    """A text as the value of a Hydra override; it may have any characters."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
