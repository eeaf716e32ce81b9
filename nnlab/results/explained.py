"""A user's mistake in Python: a UserError in the words of the command line, without the way to it."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from nnlab.config import explain
from nnlab.errors import Failed, UserError

P = ParamSpec("P")
R = TypeVar("R")
# a flag of the command line that is a parameter here, where it is no part of a command
FLAG = re.compile(r"--(tolerance|sweep|at-commit|trust-diff|config-dir|config-name)\b(?: DIR)?(?! [`\w]+`)")


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of the Python face raise a mistake as a UserError, and what failed as Failed.

    A notebook shows their one or two lines alone. A mistake in the program keeps its traceback.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            text = explain(error)
            if text is None:
                raise
            text = FLAG.sub(lambda flag: flag[1].replace("-", "_"), text)
            said = error if isinstance(error, UserError | Failed) else UserError(text)
            said.args = (text,)
        line = f"{type(said).__name__}: {text}"
        vars(said)["_render_traceback_"] = lambda: [line]  # IPython shows what it returns
        raise said.with_traceback(None) from None

    return call
