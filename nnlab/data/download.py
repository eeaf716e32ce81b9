"""Fetching the course's files: pooch downloads, checks sha256, and moves them into place whole."""

import re
from pathlib import Path

import pooch
import requests

from nnlab.errors import UserError

TIMEOUT = 30  # seconds without a byte


def fetch(url: str, sha256: dict[str, str], folder: Path) -> list[Path]:
    """Download every file of ``sha256`` (name -> digest) from the folder ``url`` unless it is there.

    A download is written beside its place and moved in when its digest is right, so an interrupted
    or wrong one leaves nothing behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(progressbar=False, timeout=TIMEOUT)
    fetched = []
    for name, digest in sha256.items():
        address = f"{url.rstrip('/')}/{name}"
        if not re.match(r"https?://([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?/", address):
            shown = re.sub(r"//[^/]*@", "//", address)  # without a password
            raise UserError(f"{shown}: no web address; give data.url such as https://host/folder")
        try:
            path = pooch.retrieve(
                address, f"sha256:{digest}", fname=name, path=folder, downloader=downloader
            )
        except ValueError:
            raise UserError(
                f"{address}: what came is not the known file (its sha256 differs); "
                "check data.url, nothing was kept"
            ) from None
        except (requests.RequestException, OSError) as error:
            raise UserError(
                f"{address}: the download failed ({_reason(error)}); "
                "try again, or put the files there by hand: " + str(folder)
            ) from None
        fetched.append(Path(path))
    return fetched


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
