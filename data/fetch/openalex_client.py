"""Ask OpenAlex for one page of works, again after passing faults.

pyalex builds the queries and signs the requests; its own retries are not used, because they obey a wait of a day.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from data.errors import InputError
from data.fetch.answers import find_reason, read_number
from data.fetch.openalex_query import FIELDS, PER_PAGE, Query
from data.fetch.openalex_refusals import LONGEST_WAIT, PassingError, find_reset, raise_refusal, read_reset
from data.sources.openalex_manifest import FIRST_CURSOR

if TYPE_CHECKING:
    import requests

ATTEMPTS, FIRST_ATTEMPTS = 6, 3  # of one page; fewer as long as the server has never answered
FIRST_WAIT = 1.0  # seconds before the second attempt; doubled each time
TIMEOUT = (10.0, 90.0)  # seconds: to connect, and between two pieces of an answer
AGENT = "compute-divide (pyalex)"
_ADDRESS_HINT = "check --url (OPENALEX_URL): the default is https://api.openalex.org"
pause = time.sleep


@dataclass
class Client:
    """A server, and what it said of its limits. No part of the key is ever shown or written."""

    address: str
    session: requests.Session = field(repr=False)
    key: str | None = field(default=None, repr=False)
    mail: str | None = field(default=None, repr=False)
    report: Callable[[str], None] = field(default=lambda text: None, repr=False)
    answered: bool = False
    cost: float | None = None
    left_usd: float | None = None
    left_requests: float | None = None
    reset: float | None = None


class Page(NamedTuple):
    """A page of works: the server's count of all works, the cursor of the next page, the server's date."""

    works: list[Any]
    total: int | None
    next_cursor: str | None
    date: str


def make_client(
    address: str, key: str | None = None, mail: str | None = None, report: Callable[[str], None] = lambda text: None
) -> Client:
    """Make a client.

    Raises
    ------
    InputError
        If the address, the key or the mail address cannot be sent.
    """
    import requests

    key, mail = (text.strip() if text else None for text in (key, mail))
    if key and not re.fullmatch(r"[!-~]+", key):
        raise InputError("the key contains a space or a character that no key has", "--key or OPENALEX_API_KEY")
    if mail and not re.fullmatch(r"[!-~]+@[!-~]+", mail):
        raise InputError("this is no mail address", "--mail or OPENALEX_MAIL")
    return Client(check_address(address), requests.Session(), key or None, mail or None, report)


def check_address(address: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises
    ------
    InputError
        If it is no address, or holds what may be secret: a user's name, a password or a query.
    """
    address = address.strip().rstrip("/").removesuffix("/works")
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        right = False
    if not right or re.search(r"[\s\x00-\x20]", address):
        raise InputError("this is no address of a server", "--url", hint="such as https://api.openalex.org")
    if parts.username is not None or parts.query or parts.fragment:
        problem = "the address holds a user's name or a query, which would be written to disk"
        raise InputError(problem, "--url", hint="give the key by --key or OPENALEX_API_KEY")
    return address


def build_path(query: Query, years: str, since: str | None, fields: tuple[str, ...]) -> str:
    """Return path and query of the request for works, without page."""
    from pyalex import Works

    parts: dict[str, Any] = {}
    if query.topics:
        parts["primary_topic"] = {"id": list(query.topics)}
    if query.concepts:
        parts["concepts"] = {"id": list(query.concepts)}
    parts["type"] = list(query.types)
    parts["publication_year"] = years
    if since:
        parts["from_updated_date"] = since
    works = Works().filter_or(**parts)  # joins the values of one part by OR, the parts by AND
    if query.search:
        works = works.search(query.search)
    url = urlsplit(works.select(list(fields)).url)  # pyalex's own address of the server cannot be set
    return f"{url.path}?{url.query}"


def count_works(client: Client, query: Query) -> int:
    """Return the server's count of all works of a query: one request."""
    first, last = query.years
    path = build_path(query, str(first) if first == last else f"{first}-{last}", None, ("id",))
    page = _request_again(client, f"{path}&per_page=1", cursor=False, since=False)
    return page.total or 0


def fetch_page(client: Client, query: Query, year: int, cursor: str, since: str | None = None) -> Page:
    """Fetch one page of the works of a year.

    Parameters
    ----------
    client
        The server.
    query
        What is asked for.
    year
        Year of publication.
    cursor
        ``FIRST_CURSOR``, or the cursor that came with the page before.
    since
        If given, only works updated on this date or later.

    Raises
    ------
    InputError
        If the server cannot be reached or refuses. As BudgetError, CursorError and PlanError (``openalex_refusals``) if
        the daily budget is spent, if the cursor is not known any more, and if the key may not use ``since``.
    """
    path = build_path(query, str(year), since, FIELDS)
    path += f"&per_page={PER_PAGE}&cursor={quote(cursor, safe='*')}"
    return _request_again(client, path, cursor=cursor != FIRST_CURSOR, since=since is not None)


def _request_again(client: Client, path: str, *, cursor: bool, since: bool) -> Page:
    """Request a page, again after passing faults, with increasing waits or those that the server names."""
    from tenacity import RetryCallState, Retrying, retry_if_exception_type

    def find_wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        named = (error.seconds if isinstance(error, PassingError) else None) or 0.0
        return max(min(named, LONGEST_WAIT), FIRST_WAIT * 2.0 ** (state.attempt_number - 1))

    def report_wait(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        client.report(f"{error}; again in {wait:.0f} s")

    attempts = Retrying(
        retry=retry_if_exception_type(PassingError),
        stop=lambda state: state.attempt_number >= (ATTEMPTS if client.answered else FIRST_ATTEMPTS),
        wait=find_wait,
        sleep=lambda seconds: pause(seconds),
        before_sleep=report_wait,
        reraise=True,
    )
    try:
        return attempts(_request_once, client, path, cursor=cursor, since=since)
    except PassingError as error:
        hint = "what is there stays; run the same command again to go on" if client.answered else _ADDRESS_HINT
        raise InputError(f"{error.problem}, again and again", client.address, hint=hint) from None


def _request_once(client: Client, path: str, *, cursor: bool, since: bool) -> Page:
    import requests
    from pyalex.api import AlexConfig, OpenAlexAuth

    auth = OpenAlexAuth(AlexConfig(api_key=client.key, email=client.mail, user_agent=AGENT))
    try:
        answer = client.session.get(client.address + path, auth=auth, timeout=TIMEOUT)
    except requests.exceptions.SSLError as error:
        hint = "is the clock right? behind a proxy of your institution, set REQUESTS_CA_BUNDLE to its certificates"
        problem = f"the certificate of the server is not valid: {find_reason(error)}"
        raise InputError(problem, client.address, hint=hint) from None
    except requests.exceptions.Timeout:
        raise PassingError("the server does not answer in time") from None
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise PassingError("the answer was cut before its end") from None
    except requests.exceptions.ConnectionError as error:
        raise PassingError(f"the server cannot be reached: {find_reason(error)}") from None
    except (requests.RequestException, ValueError) as error:
        problem = f"the address cannot be used ({type(error).__name__})"
        raise InputError(problem, client.address, hint=_ADDRESS_HINT) from None
    _read_limits(client, answer)
    if answer.status_code != 200:
        raise_refusal(answer, key=client.key, cursor=cursor, since=since)
    page = _parse_page(client, answer)
    client.answered = True
    return page


def _parse_page(client: Client, answer: requests.Response) -> Page:
    wrong = InputError("the server answers, but not as OpenAlex does", client.address, hint=_ADDRESS_HINT)
    content = answer.content
    if content.lstrip()[:1] == b"<":
        raise InputError("the server answers with a web page (HTML)", client.address, hint=_ADDRESS_HINT)
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        if content.lstrip()[:1] in (b"{", b""):
            raise PassingError("the answer was cut before its end") from None
        raise wrong from None
    meta = body.get("meta") if isinstance(body, dict) else None
    if not isinstance(meta, dict) or not isinstance(body.get("results"), list):
        raise wrong
    cost = read_number(meta.get("cost_usd"))
    client.cost = cost if cost is not None else client.cost
    count, cursor = meta.get("count"), meta.get("next_cursor")
    return Page(
        works=body["results"],
        total=count if isinstance(count, int) and not isinstance(count, bool) else None,
        next_cursor=cursor if isinstance(cursor, str) and cursor else None,
        date=_read_date(answer),
    )


def _read_date(answer: requests.Response) -> str:
    """Return the server's date; this machine's if it gives none. Updates are dated by the server's clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).date().isoformat()
    except ValueError:
        return date.isoformat(datetime.now(UTC).date())


def _read_limits(client: Client, answer: requests.Response) -> None:
    """Note what the server says of the budget: dollars, requests, and the seconds until it is new."""
    for name, header in (
        ("cost", "X-RateLimit-Cost-USD"),
        ("left_usd", "X-RateLimit-Remaining-USD"),
        ("left_requests", "X-RateLimit-Remaining"),
    ):
        number = read_number(answer.headers.get(header))
        if number is not None:
            setattr(client, name, number)
    client.reset = read_reset(answer) if "X-RateLimit-Reset" in answer.headers else client.reset


def describe_limits(client: Client) -> str:
    """Return what is left of the daily budget, in words."""
    left = f"${client.left_usd:.4g}" if client.left_usd is not None else ""
    if client.left_requests is not None:
        left = f"{left} ({client.left_requests:,.0f} credits)" if left else f"{client.left_requests:,.0f} credits"
    if not left:
        return "left of the daily budget: not said by the server"
    return f"left of the daily budget: {left}" + (
        f"; new at {find_reset(client.reset)}" if client.reset is not None else ""
    )


def format_cost(client: Client, requests: int) -> str:
    """Return the price of some requests at the price of the last one."""
    return "not said by the server" if client.cost is None else f"${client.cost * requests:.4g}"
