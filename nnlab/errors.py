"""The errors that a command reports in a line or two, and how texts from elsewhere are printed."""


class UserError(Exception):
    """A mistake outside the program: a file, a key or a value.

    Its text is one or two lines that name the file or key, what is wrong and the remedy; the
    command line prints it without a traceback and exits with 2.
    """


class Failed(Exception):
    """Something asked for did not come out: a cell failed, a verification did not hold. Exit 1."""


def printable(text: str, keep: str = "") -> str:
    """A text from elsewhere with `?` for what would steer a terminal; the characters in ``keep`` stay."""
    return "".join(c if c.isprintable() or c in keep else "?" for c in text)
