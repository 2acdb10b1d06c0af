"""Retry requests after transient errors, and convert the errors of connections into messages for the user."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from data.errors import InputError
from data.fetch.answers import find_reason
from data.progress import Report

FIRST_WAIT = 1.0  # seconds before the second attempt; doubled each time
LONGEST_WAIT = 300.0  # seconds; longer ones are left to the user
pause = time.sleep


class TransientError(Exception):
    """An error after which another attempt may succeed; the server may name the seconds to wait."""

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        """Set the problem in words, and the seconds to wait."""
        super().__init__(problem)
        self.seconds = seconds


def run_with_retries[T](action: Callable[[], T], attempts: int, report: Report, address: str, hint: str) -> T:
    """Run an action again after each transient error, with waits that double or that the server names.

    Parameters
    ----------
    action
        What to run; it raises a TransientError if another attempt may succeed.
    attempts
        The most attempts.
    report
        Receives a line before every wait.
    address, hint
        What the error after the last attempt names, and what to do about it.

    Raises
    ------
    InputError
        If the last attempt fails too.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

    def find_wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = (error.seconds if isinstance(error, TransientError) else None) or 0.0
        return max(min(named, LONGEST_WAIT), FIRST_WAIT * 2.0 ** (state.attempt_number - 1))

    def report_wait(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        report(f"{error}; next attempt in {state.next_action.sleep if state.next_action else 0:.0f} s")

    retrying = Retrying(
        retry=retry_if_exception_type(TransientError),
        stop=stop_after_attempt(attempts),
        wait=find_wait,
        sleep=lambda seconds: pause(seconds),
        before_sleep=report_wait,
        reraise=True,
    )
    try:
        return retrying(action)
    except TransientError as error:
        raise InputError(f"{error}, {attempts} times", address, hint=hint) from None


@contextmanager
def convert_errors(address: str, hint: str) -> Iterator[None]:
    """Convert errors of the library ``requests`` into a TransientError, or into an InputError if they would last.

    Parameters
    ----------
    address
        What the message names: an address without secrets.
    hint
        What to do about an address that cannot be requested.
    """
    import requests
    from urllib3.exceptions import HTTPError

    try:
        yield
    except requests.exceptions.SSLError as error:
        reason = find_reason(error)
        problem = f"no secure connection to the server: {reason}"
        if "certificate" in reason.lower():
            more = "check the clock; set REQUESTS_CA_BUNDLE to the certificates of your institution's proxy"
        else:
            more = "does the address begin with http://?"
        raise InputError(problem, address, hint=more) from None
    except requests.exceptions.TooManyRedirects:
        raise InputError("the server redirects in a loop", address, hint=hint) from None
    except requests.exceptions.Timeout:
        raise TransientError("the server does not answer in time") from None
    except requests.exceptions.ChunkedEncodingError:
        raise TransientError("the answer was cut before its end") from None
    except requests.exceptions.ContentDecodingError:
        raise TransientError("the answer is damaged: it cannot be decompressed") from None
    except requests.exceptions.ConnectionError as error:
        raise TransientError(f"the server cannot be reached: {find_reason(error)}") from None
    except (requests.RequestException, HTTPError, ValueError) as error:
        problem = f"not an address that can be requested ({type(error).__name__})"
        raise InputError(problem, address, hint=hint) from None
    except OSError as error:  # the disk is full; a file of certificates is missing
        raise InputError(f"the download failed: {error.strerror or error}", error.filename or address) from None
