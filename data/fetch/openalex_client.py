"""Request one page of works from OpenAlex, and retry after transient errors.

pyalex builds the queries and signs the requests. Its own retries are not used: they would sleep for a day if the
server asks for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import quote, urlsplit

from data.errors import InputError
from data.fetch.answers import read_number
from data.fetch.openalex_query import FIELDS, PER_PAGE, Query
from data.fetch.openalex_refusals import KEPT, find_reset, raise_refusal, read_reset
from data.fetch.retries import TransientError, convert_errors, run_with_retries
from data.progress import Report
from data.sources.openalex_manifest import FIRST_CURSOR

if TYPE_CHECKING:
    import requests

ATTEMPTS, FIRST_ATTEMPTS = 6, 3  # of one page; fewer as long as the server has never answered
TIMEOUT = (10.0, 90.0)  # seconds: to connect, and between two pieces of an answer
AGENT = "compute-divide (pyalex)"
_ADDRESS_HINT = "check --url (OPENALEX_URL): the default is https://api.openalex.org"


@dataclass
class Client:
    """A server and the limits that it reported; the key is never shown or written.

    ``cost`` is the price of a request and ``left_usd`` the rest of the daily budget, both in US dollars; ``reset``
    counts the seconds until the budget is renewed. Each is None until the server reports it.
    """

    address: str
    session: requests.Session = field(repr=False)
    key: str | None = field(default=None, repr=False)
    mail: str | None = field(default=None, repr=False)
    report: Report = field(default=lambda text: None, repr=False)
    answered: bool = False
    cost: float | None = None
    left_usd: float | None = None
    left_credits: float | None = None
    reset: float | None = None


class Page(NamedTuple):
    """A page of works: the server's count of all works, the cursor of the next page, the server's date.

    ``groups`` is what the server gives instead of works if they are requested in groups.
    """

    works: list[Any]
    total: int
    next_cursor: str | None
    date: str
    groups: list[Any]


def make_client(
    address: str, key: str | None = None, mail: str | None = None, report: Report = lambda text: None
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
        raise InputError("the key contains a character that keys never have", "--key or OPENALEX_API_KEY")
    if mail and not re.fullmatch(r"[!-~]+@[!-~]+", mail):
        raise InputError("not a mail address", "--mail or OPENALEX_MAIL")
    return Client(check_address(address), requests.Session(), key or None, mail or None, report)


def check_address(address: str) -> str:
    """Return the address of a server without a slash at its end.

    Raises
    ------
    InputError
        If it is not an address, or contains a user name, a password or a query, any of which may be secret.
    """
    address = address.strip().rstrip("/").removesuffix("/works")
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        right = False
    if not right or re.search(r"[\s\x00-\x20]", address):
        raise InputError("not the address of a server", "--url", hint="such as https://api.openalex.org")
    if parts.username is not None or parts.query or parts.fragment:
        problem = "the address contains a user name or a query, which would be written to disk"
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
    if fields:
        works = works.select(list(fields))
    url = urlsplit(works.url)  # pyalex's own address of the server cannot be set
    return f"{url.path}?{url.query}"


def count_works(client: Client, query: Query) -> int:
    """Return the server's count of all works of a query: one request."""
    path = build_path(query, _format_years(query), None, ("id",))
    return _request_again(client, f"{path}&per_page=1", cursor=False, since=False).total


def fetch_topics(client: Client, query: Query) -> set[str]:
    """Return the primary topics that the works of a query have, such as ``T10028``: one request.

    OpenAlex lists up to 200 groups, which is more than the topics of one query.
    """
    path = f"{build_path(query, _format_years(query), None, ())}&group_by=primary_topic.id"
    groups = _request_again(client, path, cursor=False, since=False).groups
    keys = [group.get("key") for group in groups if isinstance(group, dict) and group.get("count") != 0]
    return {key.rpartition("/")[2].upper() for key in keys if isinstance(key, str)}


def _format_years(query: Query) -> str:
    first, last = query.years
    return str(first) if first == last else f"{first}-{last}"


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
        If the server cannot be reached or refuses. The subclasses in ``openalex_refusals`` mean: the daily budget is
        spent (BudgetError), the cursor has expired (CursorError), or the key may not use ``since`` (PlanError).
    """
    path = build_path(query, str(year), since, FIELDS)
    path += f"&per_page={PER_PAGE}&cursor={quote(cursor, safe='*')}"
    return _request_again(client, path, cursor=cursor != FIRST_CURSOR, since=since is not None)


def _request_again(client: Client, path: str, *, cursor: bool, since: bool) -> Page:
    """Request a page; retry after transient errors."""
    attempts, hint = FIRST_ATTEMPTS, _ADDRESS_HINT
    if client.answered:
        attempts, hint = ATTEMPTS, KEPT
    request = partial(_request_once, client, path, cursor=cursor, since=since)
    return run_with_retries(request, attempts, client.report, client.address, hint)


def _request_once(client: Client, path: str, *, cursor: bool, since: bool) -> Page:
    from pyalex.api import AlexConfig, OpenAlexAuth

    auth = OpenAlexAuth(AlexConfig(api_key=client.key, email=client.mail, user_agent=AGENT))
    with convert_errors(client.address, _ADDRESS_HINT):
        answer = client.session.get(client.address + path, auth=auth, timeout=TIMEOUT)
    _read_limits(client, answer)
    if answer.status_code != 200:
        raise_refusal(
            answer,
            address=client.address,
            key=client.key,
            mail=client.mail,
            answered=client.answered,
            cursor=cursor,
            since=since,
        )
    page = _parse_page(client, answer, grouped="&group_by=" in path)
    client.answered = True
    return page


def _parse_page(client: Client, answer: requests.Response, *, grouped: bool) -> Page:
    content = answer.content
    if content.lstrip()[:1] == b"<":
        _raise_wrong_answer(client, "the server answers with a web page (HTML)")
    wrong = "the server answers, but not as OpenAlex does"
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        if content.lstrip()[:1] in (b"{", b""):
            raise TransientError("the answer was cut before its end") from None
        _raise_wrong_answer(client, wrong)
    meta = body.get("meta") if isinstance(body, dict) else None
    works, groups = (body.get("results"), body.get("group_by")) if isinstance(meta, dict) else (None, None)
    if not isinstance(meta, dict) or not isinstance(groups if grouped else works, list):
        _raise_wrong_answer(client, wrong)
    count, cursor = meta.get("count"), meta.get("next_cursor")
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        _raise_wrong_answer(client, f"{wrong}: it does not count the works")
    if not isinstance(cursor, str | None) or cursor == "":
        _raise_wrong_answer(client, f"{wrong}: the cursor of the next page is neither text nor null")
    cost = read_number(meta.get("cost_usd"))
    client.cost = cost if cost is not None else client.cost
    return Page(
        works=works if isinstance(works, list) else [],
        total=count,
        next_cursor=cursor,
        date=_read_date(answer),
        groups=groups if isinstance(groups, list) else [],
    )


def _raise_wrong_answer(client: Client, problem: str) -> NoReturn:
    """Raise the error for an answer that holds no works; from a server that delivered some, it may be a passing one."""
    if client.answered:
        raise TransientError(problem)
    raise InputError(problem, client.address, hint=_ADDRESS_HINT)


def _read_date(answer: requests.Response) -> str:
    """Return the server's date; this machine's if it gives none. Updates are dated by the server's clock."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).date().isoformat()
    except (ValueError, OverflowError):
        return datetime.now(UTC).date().isoformat()


def _read_limits(client: Client, answer: requests.Response) -> None:
    """Note what the server says of the budget: dollars, requests, and the seconds until it is new."""
    for name, header in (
        ("cost", "X-RateLimit-Cost-USD"),
        ("left_usd", "X-RateLimit-Remaining-USD"),
        ("left_credits", "X-RateLimit-Remaining"),
    ):
        number = read_number(answer.headers.get(header))
        if number is not None:
            setattr(client, name, number)
    client.reset = read_reset(answer) if "X-RateLimit-Reset" in answer.headers else client.reset


def describe_limits(client: Client) -> str:
    """Return what is left of the daily budget, in words."""
    left = f"${client.left_usd:.4g}" if client.left_usd is not None else ""
    if client.left_credits is not None:
        left = f"{left} ({client.left_credits:,.0f} credits)" if left else f"{client.left_credits:,.0f} credits"
    if not left:
        return "left of the daily budget: not reported by the server"
    return f"left of the daily budget: {left}" + (
        f"; new at {find_reset(client.reset)}" if client.reset is not None else ""
    )


def format_cost(client: Client, requests: int) -> str:
    """Return the price of some requests at the price of the last one."""
    return "not reported by the server" if client.cost is None else f"${client.cost * requests:.4g}"
