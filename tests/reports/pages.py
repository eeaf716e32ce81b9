"""Helpers: a sweep of coloured images, and a page read back out of its HTML."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from harness import living_in, write_h5

from nnlab.cells import plan as plans
from nnlab.cells.plan import Plan
from nnlab.cells.summary import summarize
from nnlab.reports import sweep_report
from nnlab.tracking.publisher import Publisher
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import Store

KEYS = ("model.depth", "init.scale", "seed")
SCALES = {"1e-9": "stuck", "1": "finished", "1e200": "diverged"}
ERROR = "MemoryError: <b>no room</b>"


def images(folder: Path) -> list[str]:
    """Colour images of 4 x 4, bright ones of class 1, some of the test set labelled wrong."""
    folder.mkdir(parents=True)
    for seed, (split, m) in enumerate((("train", 30), ("test", 20))):
        random = np.random.RandomState(seed)
        y = np.arange(m) % 3 // 2  # a third is of class 1
        x = random.randint(0, 120, (m, 4, 4, 3)) + 120 * y[:, None, None, None]
        labels = np.where(np.arange(m) < 3, 1 - y, y) if split == "test" else y
        names = np.array([b"dark", b"bright"])
        write_h5(folder / f"{split}.h5", split, x=x.astype(np.uint8), y=labels, classes=names)
    return ["data=hdf5", *(f"data.{split}={folder}/{split}.h5" for split in ("train", "test"))]


def publish(home: Path, plan: Plan) -> None:
    plans.save(plan, plans.path_of(home, plan.id))
    publisher = Publisher(plan, home)
    publisher.publish(last=True)
    publisher.close(summarize(plan, home), "finished")


def copied(swept: tuple[Path, Plan], folder: Path) -> Path:
    """A home with the same store, to be changed."""
    return shutil.copytree(swept[0], folder / "home")


class Page(HTMLParser):
    """The text of a page without its scripts, its addresses, and the figures' JSON."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self._silent = False
        self.feed(html)
        self.words = re.sub(r"\s+", " ", self.words)
        content = re.search(r'<script type="application/json" id="figures">(.*?)</script>', html, re.DOTALL)
        assert content is not None
        self.figures: dict[str, dict[str, Any]] = json.loads(content[1])
        squares = re.search(r'<script type="application/json" id="squares">(.*?)</script>', html, re.DOTALL)
        self.squares: dict[str, Any] = json.loads(squares[1]) if squares else {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._silent = tag in ("script", "style")
        self.ids += [str(value) for name, value in attrs if name == "id"]
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href", "action", "data")]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words += f"{data} "


def built(home: Path, **env: str) -> Page:
    with living_in(home, **env):
        reader = Reader(Store(home, "nnlab"))
        return Page(sweep_report.build(reader, reader.sweep(None), home))
