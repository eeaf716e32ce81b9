"""The one error that a user can cause: what it is about, what is wrong, what to do."""


class UserError(Exception):
    """A mistake outside the program: a file, a key or a value.

    Its text is one or two lines that name the file or key, what is wrong and the remedy; the
    command line prints it without a traceback and exits with 2.
    """


class Failed(Exception):
    """Something asked for did not come out: a cell failed, a verification did not hold. Exit 1."""
