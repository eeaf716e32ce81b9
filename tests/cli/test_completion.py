"""The Tab key in a real bash: commands, flags, keys, values, files."""

import os
import pty
import select
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnlab.cli.completion import Bash
from nnlab.cli.main import cli

PROMPT = "ready> "


class Terminal:
    """An interactive bash in which `nnlab` is this program, with its completion."""

    def __init__(self, folder: Path) -> None:
        program = folder / "bin" / "nnlab"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nnlab "$@"\n')
        program.chmod(0o755)
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            path = f"{program.parent}:{os.environ['PATH']}"
            env = os.environ | {"PATH": path, "PS1": PROMPT, "TERM": "dumb", "INPUTRC": "/dev/null"}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], env)
        self.until(PROMPT)
        self.send('eval "$(_NNLAB_COMPLETE=bash_source nnlab)"; echo $((40+2))\n')
        self.until(f"42\r\n{PROMPT}")

    def send(self, text: str) -> None:
        os.write(self._file, text.encode())

    def until(self, end: str) -> str:
        """What the terminal shows, up to this text."""
        shown, deadline = "", time.monotonic() + 30
        while not shown.endswith(end) and end not in shown:
            assert time.monotonic() < deadline, f"{end!r} did not come: {shown!r}"
            if select.select([self._file], [], [], 0.1)[0]:
                shown += os.read(self._file, 65536).decode()
        return shown

    def line(self, typed: str, expected: str) -> None:
        """Type a text and Tab: the line becomes the expected one. Then remove it."""
        self.send(typed + "\t")
        self.until(expected)
        self.send("\x15\x0b")

    def close(self) -> None:
        self.send("exit\n")
        os.close(self._file)
        os.waitpid(self._pid, 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "my_train.h5").touch()
    (tmp_path / "mine" / "model").mkdir(parents=True)
    (tmp_path / "mine" / "model" / "wide.yaml").touch()
    shown = Terminal(tmp_path)
    yield shown
    shown.close()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_tab_key_in_bash(terminal: Terminal) -> None:
    terminal.line("nnlab tr", "nnlab train ")
    terminal.line("nnlab train --config-d", "--config-dir ")
    terminal.line("nnlab train seed=1 model.activ", "model.activation=")
    terminal.line("nnlab train model.activation=re", "activation=relu ")
    terminal.line("nnlab sweep model.activation=relu,ta", "=relu,tanh ")
    terminal.line("nnlab train optimizer=m", "optimizer=momentum ")
    terminal.line("nnlab train sweep.force=t", "sweep.force=true ")
    terminal.line("nnlab sweep experiment=zero", "experiment=zero_init ")
    terminal.line("nnlab train --config-dir mine model=w", "model=wide ")
    terminal.line("nnlab train data.train=my", "data.train=my_train.h5 ")


def proposed(*words: str) -> list[str]:
    """What is proposed for the last word, as a shell hands the words over."""
    *before, last = words
    found = Bash(cli, {}, "nnlab", "_NNLAB_COMPLETE").get_completions(list(before), last)
    return [item.value for item in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "init"], ["init=", "init.scheme=", "init.scale="]),
        (["train", "tracking", "="], ["mlflow", "none"]),
        (["train", "tracking", "=", "n"], ["none"]),
        (["sweep", "tracking", "=", "mlflow,n"], ["mlflow,none"]),
        (["train", "tracking=n"], ["tracking=none"]),  # zsh and fish: one word
        (["train", "optimizer.lr", "=", ""], []),
        (["train", "nope", "=", ""], []),
    ],
)
def test_what_is_proposed(words: list[str], expected: list[str]) -> None:
    assert proposed(*words) == expected


def test_after_a_value_the_next_key_is_proposed() -> None:
    for words in (["train", "seed", "=", "1", ""], ["train", "model", "=", "deep", ""], ["train", ""]):
        assert {"model=", "experiment=", "model.depth=", "seed="} <= set(proposed(*words))
