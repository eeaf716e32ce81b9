"""Overrides as a user typed them, on a command line or as texts in Python, made ready for Hydra."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from nnlab.config.overrides import begin_with, is_group, option_folder, with_home_folder
from nnlab.config.schema import KEYS
from nnlab.errors import UserError

OPEN, CLOSE = (",", "=", "[", "(", "{", ":"), (",", "=", "]", ")", "}")  # where a value goes on

GONE = {  # flags of Hydra's own command line that nnlab does not have
    "--multirun": "`nnlab sweep` trains several",
    "-m": "`nnlab sweep` trains several",
    "--run": "`nnlab train` trains one cell",
    "-r": "`nnlab train` trains one cell",
    "--info": "`--cfg all` shows what was composed",
    "-i": "`--cfg all` shows what was composed",
    "--hydra-help": "`--help` shows what there is",
    "--shell-completion": "`nnlab train --cfg job` lists the keys",
    "--experimental-rerun": "it reads a pickle, which may run code; use `nnlab rerun`",
    "--config-path": "`--config-dir` adds a folder of options",
}


def typed_overrides(
    texts: Sequence[str], command: str, config_dir: Path | None = None, config_name: str | None = None
) -> list[str]:
    """The overrides that these texts are, without `~`, and before them what the two flags stand for.

    ``command``, such as `nnlab train`, has the help. UserError for a flag that does not exist, a stray
    space, or what is no text.
    """
    for text in texts:
        _refuse_others(text, command)
    _refuse_spaces(texts)
    folder = [] if config_dir is None else [option_folder(config_dir)]
    name = [] if config_name is None else [begin_with(config_name)]
    return [*folder, *name, *map(with_home_folder, texts)]


def _refuse_others(text: str, command: str) -> None:
    """Raise a UserError for what is no override: a flag, or in Python a value of another type."""
    if not isinstance(text, str):
        raise UserError(
            f"{text!r}: an override is a text, as on the command line; give 'seed=1' or 'seed=1,2'"
        )
    flag, name = text.partition("=")[0], text.partition("=")[0].lstrip("-")
    if flag.startswith("-"):
        key = f"an override has no dashes, {name}=..." if name in KEYS or is_group(name) else None
        remedy = GONE.get(flag) or key or f"see `{command} --help`"
        raise UserError(f"{flag}: there is no such flag; {remedy}")


def _refuse_spaces(texts: Sequence[str]) -> None:
    """Raise a UserError for an override that the shell has split at its spaces: `seed=1, 2, 3`."""
    pieces: list[str] = []
    for text in [*texts, "end="]:
        if pieces and _goes_on(pieces[-1], text):
            pieces.append(text)
            continue
        if len(pieces) > 1 and "=" in (whole := _joined(pieces)):
            raise UserError(f"{' '.join(pieces)}: a space ends an override; give {shlex.quote(whole)}")
        pieces = [text]


def _goes_on(before: str, text: str) -> bool:
    """Is ``text`` the rest of the override ``before``, and not an override of its own?"""
    if re.match(r"[+~]*[A-Za-z_]", text) and "=" in text:
        return False
    return before.endswith(OPEN) or text.startswith(CLOSE) or bool(re.fullmatch(r"[-+.\deE]+,?", text))


def _joined(pieces: Sequence[str]) -> str:
    """The pieces as one text, with a comma where none of both sides has one."""
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece if whole.endswith(OPEN) or piece.startswith(CLOSE) else f",{piece}"
    return whole.rstrip(",")
