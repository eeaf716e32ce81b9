"""Fetching files from a real HTTP server on the loopback interface."""

import gc
import hashlib
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from harness import assert_refused, done, nnlab, write_h5

from nnlab.data.download import fetch
from nnlab.errors import UserError

CONTENT = bytes(range(256)) * 1000
SHA = {"a.h5": hashlib.sha256(CONTENT).hexdigest()}


class Server(ThreadingHTTPServer):
    """Serves ``files`` by name; the connection of those in ``cut`` ends in the middle."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {"a.h5": CONTENT}
        self.cut: set[str] = set()
        self.with_length = True
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self.server.requests.append(self.path)
        if name not in self.server.files:
            self.send_error(404)
            return
        content = self.server.files[name]
        self.send_response(200)
        if self.server.with_length:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if name in self.server.cut else content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    with warnings.catch_warnings():  # the HTTP library does not close the socket of a cut answer
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def refused(server: Server, folder: Path, url: str | None = None) -> str:
    """The message of a fetch that must fail and leave nothing behind."""
    with pytest.raises(UserError) as caught:
        fetch(url or server.url, SHA, folder)
    assert list(folder.rglob("*")) == []
    message = str(caught.value)
    assert "a.h5" in message and len(message.splitlines()) <= 2
    return message


def test_the_right_files_arrive_complete(server: Server, tmp_path: Path) -> None:
    server.files["b.h5"] = b"other"
    both = SHA | {"b.h5": hashlib.sha256(b"other").hexdigest()}
    paths = fetch(f"{server.url}/some/folder/", both, tmp_path / "new" / "folder")
    assert [path.read_bytes() for path in paths] == [CONTENT, b"other"]
    assert sorted((tmp_path / "new" / "folder").iterdir()) == sorted(paths)
    assert server.requests == ["/some/folder/a.h5", "/some/folder/b.h5"]


def test_a_file_that_exists_is_not_requested(server: Server, tmp_path: Path) -> None:
    first = fetch(server.url, SHA, tmp_path)
    server.requests.clear()
    assert fetch(server.url, SHA, tmp_path) == first
    assert server.requests == []


def test_a_damaged_file_is_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"damaged")
    (path,) = fetch(server.url, SHA, tmp_path)
    assert path.read_bytes() == CONTENT


def test_wrong_content_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["a.h5"] = b"<!DOCTYPE html><html>Sign in</html>"
    assert "sha256" in refused(server, tmp_path)


def test_wrong_content_does_not_replace_the_old_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"of an older release")
    server.files["a.h5"] = b"wrong"
    with pytest.raises(UserError):
        fetch(server.url, SHA, tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"of an older release"]


@pytest.mark.parametrize("with_length", [True, False], ids=["length sent", "length not sent"])
def test_a_connection_that_is_cut_leaves_no_file(server: Server, tmp_path: Path, with_length: bool) -> None:
    server.cut, server.with_length = {"a.h5"}, with_length
    refused(server, tmp_path)


def test_after_a_cut_the_next_try_succeeds(server: Server, tmp_path: Path) -> None:
    server.cut = {"a.h5"}
    refused(server, tmp_path)
    server.cut = set()
    (path,) = fetch(server.url, SHA, tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_missing_file_is_reported_with_the_code_404(server: Server, tmp_path: Path) -> None:
    server.files.clear()
    assert "404" in refused(server, tmp_path)


def test_a_server_that_does_not_answer_is_reported_with_the_folder(server: Server, tmp_path: Path) -> None:
    message = refused(server, tmp_path, "http://127.0.0.1:1")
    assert "download failed" in message and str(tmp_path) in message


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://[bad"])
def test_a_wrong_address_is_not_reported_as_a_wrong_file(server: Server, tmp_path: Path, url: str) -> None:
    assert "sha256" not in refused(server, tmp_path, url)


# -- the command line ------------------------------------------------------------------------------


def test_nnlab_data_fetch(server: Server, tmp_path: Path) -> None:
    home = tmp_path / "home"
    digests = []
    for split in ("train", "test"):
        content = write_h5(tmp_path / f"{split}.h5", split).read_bytes()
        server.files[f"{split}_catvnoncat.h5"] = content
        digests.append(f"{split}_catvnoncat.h5: '{hashlib.sha256(content).hexdigest()}'")
    overrides = [f"data.url={server.url}/files", f"data.sha256={{{', '.join(digests)}}}"]
    first = done(nnlab("data", "fetch", *overrides, home=home, NNLAB_DATA=""))
    fetched = sorted(path.name for path in (home / "data" / "catvnoncat").iterdir())
    assert fetched == ["test_catvnoncat.h5", "train_catvnoncat.h5"]
    assert all(str(home / "data" / "catvnoncat" / name) in first.stdout for name in fetched)
    assert len(server.requests) == 2
    done(nnlab("data", "fetch", *overrides, home=home, NNLAB_DATA=""))
    assert len(server.requests) == 2
    ready = done(nnlab("data", "ready", "data=catvnoncat", home=home, NNLAB_DATA=""))
    assert "30 training and 30 test examples" in ready.stdout


def test_what_nnlab_data_has_is_not_fetched(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / "sets/catvnoncat").mkdir(parents=True, exist_ok=True)
        write_h5(tmp_path / f"sets/catvnoncat/{split}_catvnoncat.h5", split)
    said = done(nnlab("data", "fetch", home=tmp_path / "home", NNLAB_DATA=str(tmp_path / "sets"))).stdout
    assert said == f"{tmp_path}/sets/catvnoncat has them already (NNLAB_DATA)\n"
    assert not list((tmp_path / "home").rglob("*.h5"))


@pytest.mark.slow
def test_nnlab_data_fetch_refuses_other_files(server: Server, tmp_path: Path) -> None:
    server.files["train_catvnoncat.h5"] = CONTENT
    refusal = nnlab("data", "fetch", f"data.url={server.url}", home=tmp_path / "home")
    assert_refused(refusal, "train_catvnoncat.h5", "sha256")
    assert list((tmp_path / "home").rglob("*.h5")) == []


def test_the_real_files_have_the_published_digests(server: Server, tmp_path: Path, real_data: Path) -> None:
    """The digests in conf/ are those of the real set."""
    for path in real_data.glob("*.h5"):
        server.files[path.name] = path.read_bytes()
    arrived = done(nnlab("data", "fetch", f"data.url={server.url}", home=tmp_path / "home", NNLAB_DATA=""))
    assert arrived.stdout.count("sha256 as published") == 2


@pytest.mark.parametrize("override", ["data.url=null", "data=painted"])
def test_a_set_without_an_address_is_refused(tmp_path: Path, override: str) -> None:
    assert_refused(nnlab("data", "fetch", override, home=tmp_path / "home"), "data.url")
