"""Read numbers, waits and reasons from the responses of servers and from failed connections."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

LONGEST_MESSAGE = 300  # characters of a server's message that are shown


def read_retry_after(text: str | None) -> float | None:
    """Return the seconds of a header Retry-After, which is a number or a date; None if it is neither."""
    text = (text or "").strip()
    seconds = read_number(text)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())


def read_number(value: object) -> float | None:
    """Return a finite number from a header or from JSON; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value.strip().removeprefix("$") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e12 else None


def find_reason(error: BaseException) -> str:
    """Return the innermost reason of a failed connection, without the address, which may hold a secret."""
    inner: Any = error
    for _ in range(10):  # a chain of causes has fewer; a circle would not end
        candidates = (getattr(inner, "reason", None), *getattr(inner, "args", ()), inner.__cause__)
        nested = next((one for one in candidates if isinstance(one, BaseException)), None)
        if type(inner).__name__ == "NameResolutionError":
            return "the name of the server is unknown"
        if nested is None:
            break
        inner = nested
    name = type(inner).__name__
    if not isinstance(inner, OSError):
        return name
    # The text of Python's own errors holds no address; that of the HTTP library's errors does.
    text = str(inner) if type(inner).__module__ in ("builtins", "socket", "ssl") else name
    reason = " ".join(str(getattr(inner, "verify_message", "") or inner.strerror or text or name).split())
    return re.sub(r"\[[A-Z0-9_: ]+\] | \(_ssl\.c:[0-9]+\)", "", reason)  # names inside OpenSSL and Python


def shorten_message(text: str, secrets: list[str]) -> str:
    """Return a server's message on one line, without control characters and secrets."""
    text = " ".join("".join(" " if unicodedata.category(char)[0] == "C" else char for char in text).split())
    for secret in secrets:
        text = re.sub(f"{re.escape(secret)}|{re.escape(quote(secret))}", "***", text, flags=re.IGNORECASE)
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "..."
