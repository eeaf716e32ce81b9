"""A headless Chromium with a real mouse and keyboard, by its DevTools protocol over a pipe."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PHONE, DESK = (390, 844), (1500, 900)  # pixels of a window


class Browser:
    """One page; commands are those of https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, commands: int, answers: int, downloads: Path) -> None:
        self._commands, self._answers = commands, answers
        self._count, self._rest, self._session = 0, b"", ""
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer["error"]
                found: dict[str, Any] = answer["result"]
                return found

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._answers, 1 << 20)
            assert part, "Chromium has ended"
            self._rest += part
        one, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(one)
        return answer

    def open(self, path: Path, size: tuple[int, int], dark: bool = False) -> None:
        """Load a file into a window of (width, height) pixels."""
        self.resize(*size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")

    def resize(self, width: int, height: int) -> None:
        """The window's size in pixels; a narrow one is a phone's."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def value(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 30.0) -> Any:
        """The value of an expression, as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.value(script)):
            assert time.monotonic() < end, f"still not so: {script}"
            time.sleep(0.05)
        return value

    def click(self, x: float, y: float) -> None:
        """Move the mouse to a place of the window and press it."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press one key, such as Tab, Enter, ArrowRight."""
        code = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}[
            key
        ]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )  # fmt: skip


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser of its own, whose profile and downloads are in ``folder``."""
    to_read, commands = os.pipe()
    answers, to_write = os.pipe()

    with subprocess.Popen(
        [
            "bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "bash",
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
            "--hide-scrollbars", f"--user-data-dir={folder}/profile", "about:blank",
        ],
        pass_fds=(to_read, to_write), stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        try:
            yield Browser(commands, answers, folder)
        finally:
            process.terminate()
            os.close(commands)
            os.close(answers)
