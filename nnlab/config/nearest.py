"""The name that was probably meant, for messages about a name that does not exist."""

from collections.abc import Sequence
from difflib import get_close_matches

FEW = 8  # names, which are all listed


def choose_among(name: str, names: Sequence[str]) -> str:
    """The remedy for a wrong name: `did you mean zero_init?`, and the names that there are if they are few.

    Meant is a name that has the wrong one in it, or that is spelled like it.
    """
    having = [one for one in names if name and name.lower() in one.lower()]
    found = having if len(having) == 1 else get_close_matches(name, names, n=1)
    listed = f"give one of {', '.join(names)}"
    if not found:
        return listed
    return f"did you mean {found[0]}?" + (f" Else {listed}" if len(names) <= FEW else "")
