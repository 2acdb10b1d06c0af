"""Turn an error response of OpenAlex into an error that says what to do: wait, come back later, or change the query."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.fetch.answers import read_number, read_retry_after, shorten_message
from data.fetch.retries import LONGEST_WAIT, TransientError

if TYPE_CHECKING:
    import requests

KEPT = "the works so far are kept; run the same command again to continue"
GET_KEY = "get a free key at https://openalex.org/settings/api and give it by --key or OPENALEX_API_KEY"
_BUDGET = re.compile(r"insufficient|budget|credits|daily", re.IGNORECASE)
_CURSOR = re.compile(r"cursor|pagination", re.IGNORECASE)
_PLAN = re.compile(r"\bplan\b|premium|upgrade|updated_date", re.IGNORECASE)


class BudgetError(InputError):
    """The daily budget is spent."""


class CursorError(InputError):
    """The cursor of the next page has expired."""


class PlanError(InputError):
    """The key's plan does not allow requests for works by the date of their update."""


def raise_refusal(
    answer: requests.Response,
    *,
    address: str,
    key: str | None,
    mail: str | None,
    answered: bool,
    cursor: bool,
    since: bool,
) -> None:
    """Raise the error that corresponds to a response whose status is not 200.

    Parameters
    ----------
    answer
        The answer, read to its end.
    address
        The server's address, which the messages name.
    key, mail
        The key and the mail address that were sent, which no message shows.
    answered
        Whether the server has delivered works to this process, so that the command can continue later.
    cursor
        Whether the request had a cursor that the server had given.
    since
        Whether the request asked for works updated since a date.

    Raises
    ------
    TransientError
        If another attempt may succeed.
    InputError
        In every other case. The caller can handle its subclasses BudgetError, CursorError and PlanError.
    """
    code, body = answer.status_code, _read_body(answer)
    message = _format_message(body, [text for text in (key, mail) if text])
    said = f"the server answers {code}" + (f": {message}" if message else "")
    if code >= 500 or code == 408:
        wait = read_retry_after(answer.headers.get("Retry-After"))
        if wait is not None and wait > LONGEST_WAIT:
            hint = f"run the same command again after {find_reset(wait)}"
            raise InputError(f"the server is not available ({said})", address, hint=hint)
        raise TransientError(said, wait)
    # A cursor proves that the server accepted this query before.
    if since and not cursor and (code in (400, 401, 403) or (code in (402, 429) and _PLAN.search(message))):
        raise PlanError(said)
    if code in (402, 429) or (code == 403 and "rate limit" in message.lower()):
        _raise_limit(answer, body, said, key)
    if cursor and (code == 400 or (code == 403 and _CURSOR.search(message))):
        raise CursorError(said)
    more = f"; {KEPT}" if answered else ""
    if code == 401 and not key:
        raise InputError(f"the server needs a key; {said}", address, hint=GET_KEY + more)
    if code in (401, 403):
        hint = "check --key or OPENALEX_API_KEY: https://openalex.org/settings/api shows yours" if key else GET_KEY
        raise InputError(f"the server refused {'the key' if key else 'the request'}; {said}", address, hint=hint + more)
    if code == 404 or not body:
        problem = f"the server answers {code} without works"
        if answered:
            raise InputError(problem, address, hint=KEPT)
        hint = "check --url (OPENALEX_URL): the default is https://api.openalex.org"
        raise InputError(f"{problem}: this is not OpenAlex's address", address, hint=hint)
    raise InputError(f"the server refused the query; {said}", address, hint=f"check the options{more}")


def _raise_limit(answer: requests.Response, body: dict[str, Any], said: str, key: str | None) -> None:
    """Raise a BudgetError if the daily budget is spent, a TransientError if there were too many requests a second."""
    waits = [read_retry_after(answer.headers.get("Retry-After")), read_number(body.get("retryAfter"))]
    known = [wait for wait in waits if wait is not None and wait >= 0]
    wait = max(known, default=None)
    left, needed = read_number(body.get("dailyRemainingUsd")), read_number(body.get("costUsd"))
    spent = left is not None and left < (needed or 1e-4)
    left, needed = read_number(body.get("creditsRemaining")), read_number(body.get("creditsRequired"))
    spent = spent or (left is not None and left < (needed or 1))
    named = bool(_BUDGET.search(f"{body.get('error', '')} {body.get('message', '')}"))
    if spent or (wait is not None and wait > LONGEST_WAIT) or (wait is None and named) or answer.status_code == 402:
        back = find_reset(wait if wait is not None else read_reset(answer))
        more = "" if key else f"; a key has a larger budget: {GET_KEY}"
        hint = f"run the same command again after {back}{more}"
        raise BudgetError(f"the daily budget of the server is spent ({said})", hint=hint)
    raise TransientError(said, wait)


def read_reset(answer: requests.Response) -> float | None:
    """Return the seconds until the budget is renewed; the header X-RateLimit-Reset holds seconds or a Unix time."""
    reset = read_number(answer.headers.get("X-RateLimit-Reset"))
    if reset is not None and reset > 1e9:
        reset -= datetime.now(UTC).timestamp()
    return reset if reset is not None and reset >= 0 else None


def find_reset(seconds: float | None) -> str:
    """Return the local time in some seconds; without them that of the next midnight UTC, when budgets are renewed."""
    now = datetime.now(UTC)
    if seconds is None:
        when = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        when = now + timedelta(seconds=min(seconds, 366 * 86400.0))
    # Rounded up to the minute: a time that is shown must not be too early.
    when = (when + timedelta(seconds=59)).replace(second=0, microsecond=0)
    hours, minutes = divmod(round((when - now).total_seconds() / 60), 60)
    return f"{when.astimezone():%Y-%m-%d %H:%M %Z} (in {hours} h {minutes} min)"


def _read_body(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an error, or nothing if it is no such object."""
    try:
        body = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _format_message(body: dict[str, Any], secrets: list[str]) -> str:
    parts = [str(body[name]) for name in ("error", "message") if isinstance(body.get(name), str) and body[name]]
    return shorten_message(": ".join(parts), secrets)
