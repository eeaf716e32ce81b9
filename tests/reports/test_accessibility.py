"""The page for those who hear it: headings in order, and words for every figure, picture and control."""

from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from harness import living_in

from nnlab.cells.plan import Plan
from nnlab.reports import sweep_report
from nnlab.tracking.reader import Reader
from nnlab.tracking.store import Store

Tag = tuple[str, dict[str, str | None]]


class Tags(HTMLParser):
    """All tags with their attributes, in the order of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Tag] = []
        self._open = 0
        self.labelled: list[bool] = []  # of each menu
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open += tag == "label"
        if tag == "select":
            self.labelled.append(self._open > 0)

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag == "label"

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def html(swept: tuple[Path, Plan]) -> str:
    with living_in(swept[0]):
        reader = Reader(Store(swept[0], "nnlab"))
        return sweep_report.build(reader, reader.sweep(None), swept[0])


@pytest.fixture(scope="module")
def tags(html: str) -> Tags:
    return Tags(html)


def test_headings_are_in_order_and_skip_no_level(tags: Tags) -> None:
    levels = [int(tag[1]) for tag, _ in tags.found if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1 and levels.count(1) == 1 and levels.count(2) == 11
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_figure_and_picture_has_words_of_its_own(tags: Tags) -> None:
    plots = [one for one in tags.of("div") if one.get("class") == "plot"]
    words = [one["aria-label"] for one in plots]
    assert len(plots) == 8 and all(one["role"] == "img" for one in plots)
    assert all(text and len(text.split()) > 3 for text in words) and len(set(words)) == len(words)
    assert tags.of("img") and all(one["alt"] for one in tags.of("img"))


def test_every_control_has_a_name_and_can_be_reached(tags: Tags) -> None:
    assert tags.labelled and all(tags.labelled), "each menu stands in its label"
    buttons = [one for one in tags.of("button") if one.get("data-as")]
    assert len(buttons) == 16 and len({one["aria-label"] for one in buttons}) == 16
    assert not [one for _, one in tags.found if "onclick" in one or one.get("tabindex") not in (None, "0")]
    assert {"aria-live": "polite", "role": "region"}.items() <= next(
        one.items() for one in tags.of("div") if one.get("id") == "square"
    ), "what a chosen square shows is read aloud"


def test_the_page_says_its_language_and_what_its_parts_are(tags: Tags, html: str) -> None:
    assert tags.of("html") == [{"lang": "en"}] and len(tags.of("main")) == 1
    assert tags.of("nav") == [{"aria-label": "parts of this page"}]
    assert ":focus-visible { outline: 3px solid" in html
