"""The page on a sweep in a real browser: the mouse, the keyboard, a phone."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, DESK, PHONE, Browser, browser
from harness import living_in, wait_for

from nnlab.cells.plan import Plan
from nnlab.cli.main import cli

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")]

PLACE = """(() => {  // of the square in column 1 and row 0 of the map, in the window
  const plot = document.getElementById("map"), box = plot.getBoundingClientRect();
  const x = plot._fullLayout.xaxis, y = plot._fullLayout.yaxis;
  return [box.left + x._offset + x.d2p(1), box.top + y._offset + y.d2p(0)];
})()"""


@pytest.fixture(scope="module")
def html(swept: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    with living_in(swept[0]):
        cli.main(["report", "--output", str(path)], standalone_mode=False)
    return path


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Path]]:
    folder = tmp_path_factory.mktemp("browser")
    with browser(folder) as one:
        yield one, folder


def test_a_click_on_a_square_shows_its_runs(chromium: tuple[Browser, Path], html: Path) -> None:
    page, _ = chromium
    page.open(html, DESK)
    page.value("document.getElementById('map').scrollIntoView({block: 'center'})")
    page.wait("document.querySelector('#map .heatmaplayer image') !== null")
    page.click(*page.value(PLACE))
    shown = page.wait("document.getElementById('square').innerText")
    assert "init.scale 1, model.depth 2" in shown and "2 learnt" in shown
    assert len(re.findall(r"nnlab rerun \w{8}", shown)) == 2
    assert page.value("document.getElementById('map').layout.shapes.length") == 1, "the frame around it"
    assert page.value("[...document.querySelectorAll('#choose-square select')].map((m) => m.value)") == [
        "1",
        "0",
    ]


def test_a_square_is_chosen_by_the_keyboard_alone(chromium: tuple[Browser, Path], html: Path) -> None:
    page, _ = chromium
    page.open(html, DESK)
    for _ in range(60):
        page.press("Tab")
        if page.value("document.activeElement.matches('#choose-square select')"):
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.value(outline) == "solid", "the focus is seen"
    page.press("ArrowDown")
    page.press("Tab")
    page.press("ArrowDown")
    page.press("Tab")
    page.press("Enter")
    shown = page.wait("document.getElementById('square').innerText")
    assert "init.scale 1, model.depth 3" in shown and "1 failed" in shown


@pytest.mark.parametrize("figure", ["map", "best"])
def test_a_figure_is_saved_as_svg(chromium: tuple[Browser, Path], html: Path, figure: str) -> None:
    page, folder = chromium
    page.open(html, DESK, dark=True)
    button = f"document.querySelector('.save[data-for={figure}] button[data-as=svg]')"
    page.value(f"{button}.scrollIntoView({{block: 'center'}})")
    page.wait(f"document.querySelector('#{figure} .main-svg') !== null")
    box = page.value(
        f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({button}.getBoundingClientRect())"
    )
    page.click(*box)
    path = folder / f"{figure}.svg"
    wait_for(lambda: path.is_file() and path.read_text().rstrip().endswith("</svg>"))
    root = ET.fromstring(path.read_text())
    assert root.tag.endswith("}svg") and len(list(root.iter())) > 50
    assert "rgb(255, 255, 255)" in path.read_text(), "in light colours, also in a dark window"


def test_a_phone_page_is_short_and_as_wide_as_the_phone(chromium: tuple[Browser, Path], html: Path) -> None:
    page, _ = chromium
    page.open(html, PHONE)
    page.resize(PHONE[0], 9 * PHONE[1])  # so that all figures are drawn
    page.wait("[...document.querySelectorAll('section > figure .plot')].every((plot) => plot.data)")
    assert page.value("document.documentElement.scrollWidth") == PHONE[0]
    page.resize(*PHONE)
    assert page.value("document.documentElement.scrollHeight") < 8 * PHONE[1]
    assert page.value("document.querySelectorAll('details[open]').length") == 0
