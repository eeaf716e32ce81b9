"""The command line's errors: what Hydra, OmegaConf and nnlab find wrong, in one or two lines."""

import re
import sys
import traceback

from hydra.errors import MissingConfigException, OverrideParseException
from rich.console import Console

from nnlab.config.compose import unknown_key
from nnlab.errors import Failed, UserError

ERROR = Console(stderr=True, highlight=False)


def fail(error: Exception, debug: bool, code: int) -> None:
    """Say in a line or two what went wrong, and exit."""
    if debug:
        traceback.print_exception(error)
    text = str(error if isinstance(error, UserError | Failed) else _explain(error))
    shown = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)  # it may quote a file
    ERROR.print(f"nnlab: {shown}", markup=False, soft_wrap=True)
    sys.exit(code)


def _explain(error: Exception) -> Exception:
    """What Hydra or OmegaConf found wrong, as one line that names the key and the remedy."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return UserError(f"{group}: there is no option {name!r}; give one of {', '.join(error.options)}")
    if isinstance(error, OverrideParseException):
        name, given, value = error.override.partition("=")
        if not given:
            return UserError(f"{name}: is no override; give key=value, such as seed=2")
        remedy = f"a text goes in quotes of its own, \"{name}='...'\""
        return UserError(f"{name}: {value} cannot be read; {remedy}")
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    text = f"{error}\n{deepest}"
    key = re.search(r"full_key: (\S+)", text)
    if missing := re.search(r"Key '([^']+)' (?:is )?not in", text):
        return unknown_key(key[1] if key else missing[1])
    if missing := re.search(r"Could not override '([^']+)'", text):
        return unknown_key(missing[1])
    if several := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return UserError(f"{several[1]}: one value is needed here; `nnlab sweep` trains several")
    reason = str(deepest).strip().splitlines()[0].rstrip(".")
    where = f"{key[1]}: " if key and key[1] not in reason else ""
    return UserError(f"{where}{reason}; `nnlab train --cfg job` shows keys and values")
