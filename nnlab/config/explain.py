"""Errors that Hydra or the system raises for a user's mistake, as one or two lines."""

import errno
import re

from nnlab.config.nearest import choose_among
from nnlab.config.paths import home
from nnlab.config.schema import unknown_key
from nnlab.errors import Failed, UserError

# OmegaConf's messages about a text such as 1:5, 1-5, 1..5 or 1:5:2 where a number is needed, about a list
# there, and about a number where a list is needed
RANGE = re.compile(
    r"Value '((-?\d+) ?(?::|-|\.\.\.?) ?(-?\d+)(?: ?: ?([1-9]\d*))?)' .* converted to (?:Integer|Float)"
)
LIST = re.compile(r"Value '\[([^'\[\]]+)\]' of type 'list' .* converted to")
# and Hydra's about a `+` before what the configuration has already, a key or a group
ALREADY = re.compile(r"An item is already at '([^']+)'|Multiple values for ([^ ]+)\. To override")
NO_LIST = re.compile(r"Invalid value assigned: \w+ is not a ListConfig")


def explain(error: Exception) -> str | None:
    """The line or two for an error that a user can cause; None for a mistake in the program."""
    if isinstance(error, UserError | Failed):
        return str(error)
    return _of_hydra(error) or _of_system(error)


def _of_hydra(error: Exception) -> str | None:
    """The message for an error of Hydra or OmegaConf, made from the attributes of the error."""
    from hydra.errors import HydraException, MissingConfigException, OverrideParseException
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

    from nnlab.config.overrides import unknown_hydra_key

    if not isinstance(error, HydraException | OmegaConfBaseException):
        return None
    if isinstance(error, MissingConfigException) and error.missing_cfg_file and error.options:
        group, _, name = error.missing_cfg_file.rpartition("/")
        return f"{group}: there is no option {name!r}; {choose_among(name, error.options)}"
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    key = deepest.full_key if isinstance(deepest, OmegaConfBaseException) else None
    if key and isinstance(deepest, ConfigAttributeError | ConfigKeyError):
        return str(unknown_hydra_key(key) if key.startswith("hydra") else unknown_key(key))
    if key and (text := _of_shape(key, str(deepest))):
        return text
    if found := ALREADY.search(str(deepest)):
        name = found[1] or found[2]
        return f"+{name}: the configuration has {name} already; leave out the +"
    reason = str(deepest).strip().splitlines()[0].rstrip(".")
    where = f"{key}: " if key and key not in reason else ""
    return f"{where}{reason}; `nnlab train --cfg job` shows keys and values"


def _of_shape(key: str, message: str) -> str | None:
    """The message for a range or a list where one number is needed, or a number where a list is."""
    if found := RANGE.search(message):
        text, first, last, step = found[1], int(found[2]), int(found[3]), found[4]
        each, more = (f" in steps of {step}", f",{step}") if step else ("", "")
        return (
            f"{key}: {text} is not a number; for all from {first} to {last}{each}, "
            f"`nnlab sweep` takes '{key}=range({first},{last + 1}{more})'"
        )
    if found := LIST.search(message):
        values = ",".join(value.strip() for value in found[1].split(","))
        return f"{key}: is one value and no list; `nnlab sweep` takes {key}={values} and trains them all"
    if NO_LIST.search(message):
        return f"{key}: is a list; give it in brackets, such as {key}=[20,7]"
    return None


def _unreadable(override: str) -> str:
    name, given, value = override.partition("=")
    if not given:
        return f"{name}: is not an override; give key=value, such as seed=2"
    return f"{name}: {value} cannot be read; a text goes in quotes of its own, \"{name}='...'\""


def _of_system(error: Exception) -> str | None:
    """A full disk, or a file that cannot be read or written."""
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{home()}: {error.strerror}; make room and run the same command again"
    if error.filename is None:
        return None
    return f"{error.filename}: {error.strerror}; check the path and its permissions"
