"""The commands of the README and of the documentation, run as a reader would, print what the pages show."""

from dataclasses import replace
from pathlib import Path

import pytest
from documents import name_of

from docs.examples import PAGES, blocks, renewed, run, same, steps

RUN = [page for page in PAGES if steps(page.read_text("utf-8"))]


@pytest.mark.slow
@pytest.mark.timeout(900)  # a page is a dozen commands, and the machine may be busy
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    done = run(page.read_text("utf-8"), tmp_path)
    assert not [step for step in done if step.code != 0]
    other = [step for step in done if step.shown is not None and not same(step.shown, step.printed)]
    assert not other, "`make examples` renews what the pages show"


def test_there_are_pages_to_run() -> None:
    assert len(RUN) > 10


PAGE = """\
```console
$ echo one; echo two; echo 'run 0123abcd in 0.31 s'
one
...
run 4567cdef in 0.07 s
$ false
```

<!-- not run: it would fail -->
```bash
exit 3
```

```yaml
# deep/er/file.yaml
key: 1
```

```pycon
>>> a = 1
```

Text between.

```pycon
>>> a + 1
3
```
"""


def test_a_page_is_run(tmp_path: Path) -> None:
    echo, false, write, first, second = run(PAGE, tmp_path)
    assert echo.printed == "one\ntwo\nrun 0123abcd in 0.31 s"
    assert [step.code for step in (echo, false, write, first)] == [0, 1, 0, 0]
    assert (tmp_path / "nnlab" / "deep" / "er" / "file.yaml").read_text() == "# deep/er/file.yaml\nkey: 1\n"
    assert second.code == 1 and "Got:\n    2" in second.printed, "3 is wrong"


def test_a_block_that_is_not_run_is_known() -> None:
    assert [block.run for block in blocks(PAGE)] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("cost 0.5 in 3 s", "cost 0.4 in 12.5 s", True),
        ("a table ┃ 0.5 │", "a table ┃ 0.5   │ ", True),
        ("record 0123456789ab", "record fedcba987654", True),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("relu 3x16 s1 #1  0.8", "tanh 20-7-5 s0.1 #2  0.79", True),
        ("12 learnt", "12 stuck", False),
        ("one line", "one line\nand one more", False),
        ("cost 0.5", "costs 0.5", False),
    ],
)
def test_words_are_compared_and_numbers_are_not(shown: str, printed: str, equal: bool) -> None:
    assert same(shown, printed) == equal


def test_a_page_is_renewed_and_keeps_what_it_leaves_out() -> None:
    page = "```console\n$ ls\nold\n...\nbest 3\nold\n...\nold\n$ pwd\n/here\n```\n"
    ls, pwd = steps(page)
    printed = "first\nsecond\nbest 7\nthird\nfourth\nlast"
    done = [replace(ls, printed=printed), replace(pwd, printed="/here")]
    expected = "```console\n$ ls\nfirst\n...\nbest 7\nthird\n...\nlast\n$ pwd\n/here\n```\n"
    assert renewed(page, done) == expected
    assert same("\n".join(expected.splitlines()[2:8]), printed)
