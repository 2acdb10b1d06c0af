"""Stream one file over HTTP to disk; retry after transient errors, and raise one clear message for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from data.errors import InputError
from data.fetch.answers import read_retry_after
from data.fetch.retries import LONGEST_WAIT, TransientError, convert_errors, run_with_retries
from data.progress import open_progress

if TYPE_CHECKING:
    import requests

ATTEMPTS = 5
LONGEST_SHOWN = 366 * 86400.0  # seconds until the server asks to come back, as shown
TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two pieces of the body
LARGEST = 200_000_000  # bytes, of a body and of what is unpacked from it: thirty times Epoch's file
PIECE = 1 << 16
AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}  # and all 500-599


def drop_secrets(address: str) -> str:
    """Return an address without user name, password, query and fragment, any of which may hold a secret."""
    try:
        parts = urlsplit(address)
        if parts.port is None and not parts.hostname:
            return "the address" if "@" in address else urlunsplit((parts.scheme, "", parts.path, "", ""))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:  # the port is no number: perhaps a password with a slash
        return "the address"


def save_file(address: str, path: Path) -> bool:
    """Download a file.

    Connections that fail or end early, server errors (500-599) and too many requests (429) are tried again, after the
    time that the server names or an increasing one.

    Parameters
    ----------
    address
        An http or https address.
    path
        The file to write. After an error it may hold a part of the body.

    Returns
    -------
    bool
        Whether the server marked the end of the body, by its length or in chunks. Otherwise nothing shows a cut.

    Raises
    ------
    InputError
        If the file cannot be downloaded. The message never contains user name, password or query of the address.
    """
    from rich.progress import DownloadColumn, TransferSpeedColumn

    hint = "check the address and your internet connection, or try again later"
    with open_progress("download", DownloadColumn(), TransferSpeedColumn()) as (report, move):
        save = partial(_save_once, address, path, move)
        return run_with_retries(save, ATTEMPTS, report, drop_secrets(address), hint)


def _save_once(address: str, path: Path, move: Callable[..., None]) -> bool:
    import requests

    shown = drop_secrets(address)
    with (
        convert_errors(shown, "an address such as https://epoch.ai/data/all_ai_models.csv is needed"),
        requests.get(address, stream=True, timeout=TIMEOUT) as answer,
    ):
        _check_status(answer, shown)
        _write_body(answer, path, shown, move)
        return "Content-Length" in answer.headers or bool(answer.raw.chunked)


def _check_status(answer: requests.Response, shown: str) -> None:
    code = answer.status_code
    if code == HTTPStatus.OK:
        return
    name = f"{code} {HTTPStatus(code).phrase}" if code in set(HTTPStatus) else str(code)
    if code in AGAIN or code >= 500:
        seconds = read_retry_after(answer.headers.get("Retry-After"))
        if seconds is not None and seconds > LONGEST_WAIT:
            back = (datetime.now() + timedelta(seconds=min(seconds, LONGEST_SHOWN))).strftime("%Y-%m-%d %H:%M")
            raise InputError(f"the server is not available ({name})", shown, hint=f"it asks to come back at {back}")
        raise TransientError(f"the server answers {name}", seconds)
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise InputError(f"the server refuses access ({name})", shown, hint="check the address")
    if code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise InputError(f"the server has no file at this address ({name})", shown, hint="check the address")
    raise InputError(f"the server answers {name}, not with a file", shown, hint="check the address")


def _write_body(answer: requests.Response, path: Path, shown: str, move: Callable[..., None]) -> None:
    length = answer.headers.get("Content-Length", "")
    move(total=int(length) if length.isascii() and length.isdigit() else None, completed=0)
    size = 0
    with path.open("wb") as handle:
        for piece in answer.iter_content(PIECE):
            size += len(piece)
            if size > LARGEST:
                raise InputError(f"larger than {LARGEST / 1e6:,.0f} MB: not a file of models", shown)
            handle.write(piece)
            move(completed=answer.raw.tell())
