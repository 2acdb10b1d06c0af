"""What an answer of OpenAlex means that holds no works: wait, come back tomorrow, or change the query."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.fetch.answers import read_number, read_retry_after, shorten_message

if TYPE_CHECKING:
    import requests

LONGEST_WAIT = 300.0  # seconds; longer ones are left to the user
GET_KEY = "get a free key at https://openalex.org/settings/api and give it by --key or OPENALEX_API_KEY"
_BUDGET = re.compile(r"insufficient|budget|credits|daily", re.IGNORECASE)
_PLAN = re.compile(r"\bplan\b|premium|upgrade|updated_date", re.IGNORECASE)


class PassingError(Exception):
    """A fault after which another attempt may succeed; the server may name the seconds to wait."""

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        """Set the problem in words, and the seconds to wait."""
        super().__init__(problem)
        self.problem, self.seconds = problem, seconds


class BudgetError(InputError):
    """The daily budget is spent."""


class CursorError(InputError):
    """The server does not know the cursor of the next page any more."""


class PlanError(InputError):
    """The server does not let this key ask for works by the date of their update."""


def raise_refusal(answer: requests.Response, *, key: str | None, cursor: bool, since: bool) -> None:
    """Raise the error that an answer with another status than 200 stands for.

    Parameters
    ----------
    answer
        The answer, read to its end.
    key
        The key that was sent, which no message shows.
    cursor
        Whether the request had a cursor that the server had given.
    since
        Whether the request asked for works updated since a date.

    Raises
    ------
    PassingError
        If another attempt may succeed.
    InputError
        In every other case; as BudgetError, CursorError or PlanError if the caller can do something about it.
    """
    code, body = answer.status_code, _read_body(answer)
    message = _format_message(body, key)
    said = f"the server answers {code}" + (f": {message}" if message else "")
    if code >= 500 or code == 408:
        raise PassingError(said, read_retry_after(answer.headers.get("Retry-After")))
    # A cursor was given by an answer to the same query, so that the query itself is allowed.
    if since and not cursor and (code in (400, 401, 403) or (code in (402, 429) and _PLAN.search(message))):
        raise PlanError(said)
    if code in (402, 429) or (code == 403 and "rate limit" in message.lower()):
        _raise_limit(answer, body, said, key)
    if cursor and code in (400, 403):
        raise CursorError(said)
    if code == 401 and not key:
        raise InputError(f"the server needs a key; {said}", hint=GET_KEY)
    if code in (401, 403):
        hint = "check --key or OPENALEX_API_KEY: https://openalex.org/settings/api shows yours" if key else GET_KEY
        raise InputError(f"the server refused {'the key' if key else 'the request'}; {said}", hint=hint)
    if code == 404 or not body:
        hint = "check --url (OPENALEX_URL): the default is https://api.openalex.org"
        raise InputError(f"the server answers {code} without works: this is not OpenAlex's address", hint=hint)
    raise InputError(f"the server refused the query; {said}", hint="check the options")


def _raise_limit(answer: requests.Response, body: dict[str, Any], said: str, key: str | None) -> None:
    """Raise a BudgetError if the daily budget is spent, a PassingError if there were too many requests a second."""
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
        more = "" if key else f"; more a day with a key: {GET_KEY}"
        hint = f"run the same command again after {back}{more}"
        raise BudgetError(f"the daily budget of the server is spent ({said})", hint=hint)
    raise PassingError(said, wait)


def read_reset(answer: requests.Response) -> float | None:
    """Return the seconds until the budget is new, from the header X-RateLimit-Reset: seconds, or a time of Unix."""
    reset = read_number(answer.headers.get("X-RateLimit-Reset"))
    if reset is not None and reset > 1e9:
        reset -= datetime.now(UTC).timestamp()
    return reset if reset is not None and reset >= 0 else None


def find_reset(seconds: float | None) -> str:
    """Return the local clock time after some seconds; without them at the next midnight UTC, when budgets are new."""
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


def _format_message(body: dict[str, Any], key: str | None) -> str:
    parts = [str(body[name]) for name in ("error", "message") if isinstance(body.get(name), str) and body[name]]
    return shorten_message(": ".join(parts), [key] if key else [])
