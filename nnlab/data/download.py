"""Downloads the course's files with pooch, which checks the sha256 and moves complete files into place."""

import re
from pathlib import Path

import pooch
import requests

from nnlab.errors import UserError

TIMEOUT = 30  # seconds without new bytes


def fetch(url: str, sha256: dict[str, str], folder: Path) -> list[Path]:
    """Download the files of ``sha256`` (name -> digest) from the address ``url`` into ``folder``.

    A file that is there with the right digest is kept. A download is written to a temporary file and
    moved into place if its digest is right, so an interrupted or wrong one leaves nothing behind.
    UserError if a file cannot be downloaded or is not the known one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(progressbar=False, timeout=TIMEOUT)
    fetched = []
    for name, digest in sha256.items():
        address = f"{url.rstrip('/')}/{name}"
        if not re.match(r"https?://([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?/", address):
            shown = re.sub(r"//[^/]*@", "//", address)  # without a password
            raise UserError(f"{shown}: not a web address; give data.url such as https://host/folder")
        try:
            path = pooch.retrieve(
                address, f"sha256:{digest}", fname=name, path=folder, downloader=downloader
            )
        except ValueError:
            raise UserError(
                f"{address}: the downloaded file is not the known one (its sha256 differs); "
                "check data.url; nothing was kept"
            ) from None
        except (requests.RequestException, OSError) as error:
            raise UserError(
                f"{address}: the download failed ({_reason(error)}); "
                f"try again, or put the files into {folder} by hand"
            ) from None
        fetched.append(Path(path))
    return fetched


def _reason(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
