"""Download one file over HTTP: streamed to disk, repeated after passing faults, with one clear message otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from data.errors import InputError
from data.fetch.answers import find_reason, read_retry_after

if TYPE_CHECKING:
    import requests

ATTEMPTS = 5
FIRST_WAIT, LONGEST_WAIT = 1.0, 120.0  # seconds before the next attempt; doubled each time
LONGEST_SHOWN = 366 * 86400.0  # seconds until the server asks to come back, as shown
TIMEOUT = (10.0, 60.0)  # seconds: to connect, and between two pieces of the body
LARGEST = 200_000_000  # bytes, of a body and of what is unpacked from it: thirty times Epoch's file
PIECE = 1 << 16
AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}  # and all 500-599
Report = Callable[[str], None]
pause = time.sleep


@dataclass(frozen=True)
class Answer:
    """What the server said of the file.

    Attributes
    ----------
    unchanged
        Whether it is the one known before; then nothing was written.
    validators
        ``ETag`` and ``Last-Modified``, for the next time.
    has_end
        Whether the server marked the end of the body, by its length or in chunks. Otherwise nothing shows a cut.
    """

    unchanged: bool = False
    validators: Mapping[str, str] = field(default_factory=dict)
    has_end: bool = True


class _PassingError(Exception):
    """A fault after which another attempt may succeed; the server may name the seconds to wait."""

    def __init__(self, problem: str, seconds: float | None = None, hint: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.seconds, self.hint = problem, seconds, hint


# Names of the request's headers, by those of the answer that they send back.
CONDITIONS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


def drop_secrets(address: str) -> str:
    """Return an address without user name, password, query and fragment, any of which may hold a secret."""
    try:
        parts = urlsplit(address)
        if parts.port is None and not parts.hostname:
            return "the address" if "@" in address else urlunsplit((parts.scheme, "", parts.path, "", ""))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:  # the port is no number: perhaps a password with a slash
        return "the address"


def save_file(address: str, path: Path, validators: Mapping[str, str] | None = None) -> Answer:
    """Download a file.

    Connections that fail or end early, server errors (500-599) and too many requests (429) are tried again, after the
    time that the server names or an increasing one.

    Parameters
    ----------
    address
        An http or https address.
    path
        The file to write. After an error it may hold a part of the body.
    validators
        ``ETag`` and ``Last-Modified`` of the file known before; the server then sends only a changed file.

    Raises
    ------
    InputError
        If the file cannot be downloaded. The message never contains user name, password or query of the address.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

    shown = drop_secrets(address)
    with _open_progress() as (start_bar, report):

        def find_wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            named = error.seconds if isinstance(error, _PassingError) else None
            return FIRST_WAIT * 2 ** (state.attempt_number - 1) if named is None else named

        def report_wait(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            wait = state.next_action.sleep if state.next_action else 0
            report(f"{shown}: {error}; next attempt in {wait:.0f} s")

        attempts = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=find_wait,
            sleep=lambda seconds: pause(seconds),
            before_sleep=report_wait,
            reraise=True,
        )
        try:
            return attempts(_save_once, address, path, validators or {}, start_bar)
        except _PassingError as error:
            hint = error.hint or "try again later"
            raise InputError(f"{error.problem}, {ATTEMPTS} times", shown, hint=hint) from None


@contextmanager
def _open_progress() -> Iterator[tuple[Callable[[int | None], Callable[[int], None]], Report]]:
    """Show a progress bar on a terminal; give functions that start the bar, and that print a line above it."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("download", total=None)

        def start_bar(total: int | None) -> Callable[[int], None]:
            progress.reset(task, total=total)
            return lambda done: progress.update(task, completed=done)

        yield start_bar, lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)


def _save_once(
    address: str, path: Path, validators: Mapping[str, str], start_bar: Callable[[int | None], Callable[[int], None]]
) -> Answer:
    import requests
    from urllib3.exceptions import HTTPError

    shown = drop_secrets(address)
    headers = {CONDITIONS[name]: value for name, value in validators.items() if name in CONDITIONS}
    try:
        with requests.get(address, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if headers and answer.status_code == HTTPStatus.NOT_MODIFIED:
                return Answer(unchanged=True)
            _check_status(answer, shown)
            _write_body(answer, path, shown, start_bar)
            found = {name: answer.headers[name] for name in CONDITIONS if name in answer.headers}
            return Answer(validators=found, has_end="Content-Length" in answer.headers or answer.raw.chunked)
    except requests.exceptions.SSLError as error:
        hint = "check the address and the clock; set REQUESTS_CA_BUNDLE to the certificates of your institution's proxy"
        problem = f"no secure connection to the server: {find_reason(error)}"
        raise InputError(problem, shown, hint=hint) from None
    except requests.exceptions.TooManyRedirects:
        raise InputError("the server redirects in a circle", shown, hint="check the address") from None
    except requests.exceptions.Timeout:
        raise _PassingError("the server does not answer in time", hint="is there a connection?") from None
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise _PassingError("the download was cut before its end") from None
    except requests.exceptions.ConnectionError as error:
        hint = "is there a connection to the internet, and is the address right?"
        raise _PassingError(f"the server cannot be reached: {find_reason(error)}", hint=hint) from None
    except (requests.RequestException, HTTPError, ValueError) as error:
        hint = "an address such as https://epoch.ai/data/all_ai_models.csv is needed"
        raise InputError(f"not an address that can be downloaded ({type(error).__name__})", shown, hint=hint) from None
    except OSError as error:  # the disk is full; a file of certificates is missing
        raise InputError(f"the download failed: {error.strerror or error}", error.filename or shown) from None


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
        raise _PassingError(f"the server answers {name}", seconds)
    if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise InputError(f"the server refuses access ({name})", shown, hint="check the address")
    if code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise InputError(f"the server has no file at this address ({name})", shown, hint="check the address")
    raise InputError(f"the server answers {name}, not with a file", shown, hint="check the address")


def _write_body(
    answer: requests.Response, path: Path, shown: str, start_bar: Callable[[int | None], Callable[[int], None]]
) -> None:
    length = answer.headers.get("Content-Length", "")
    show = start_bar(int(length) if length.isascii() and length.isdigit() else None)
    size = 0
    with path.open("wb") as handle:
        for piece in answer.iter_content(PIECE):
            size += len(piece)
            if size > LARGEST:
                raise InputError(f"larger than {LARGEST / 1e6:,.0f} MB: not a file of models", shown)
            handle.write(piece)
            show(answer.raw.tell())
