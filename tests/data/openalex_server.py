"""A local server that behaves like OpenAlex: cursor paging, select, filters, budgets, and faults on demand.

It follows recordings, OpenAlex's published source, and its documentation: the envelope of lists, errors as
``{"error", "message"}``, cursors in base64 that end with null, and the headers X-RateLimit-*.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Work = dict[str, Any]
# The fields of a work that OpenAlex's ``select`` knows.
SELECTABLE = {
    "id", "doi", "title", "display_name", "publication_year", "publication_date", "type", "language",
    "primary_location", "authorships", "abstract_inverted_index", "primary_topic", "topics", "concepts", "keywords",
    "cited_by_count", "referenced_works", "updated_date", "created_date", "is_retracted", "is_paratext", "ids",
    "open_access", "biblio", "locations",
}  # fmt: skip
PRICES = {"list": 0.0001, "search": 0.001}
BUDGET = 1.0  # dollars a day


@dataclass
class Reply:
    """What a fault answers instead of works; ``cut`` closes the connection in the middle of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


def make_error(status: int, error: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    """Make an error of the API in JSON."""
    body = json.dumps({"error": error, "message": message, **more}).encode()
    return Reply(status, body, {"Content-Type": "application/json"} | (headers or {}))


def make_page(status: int, text: str = "Page Not Found") -> Reply:
    """Make a web page (HTML)."""
    return Reply(status, f"<!doctype html><html><title>{text}</title></html>".encode(), {"Content-Type": "text/html"})


TOO_FAST = make_error(
    429, "Rate limit exceeded", "Rate limit exceeded: 100 requests per second. Please slow down.",
    {"Retry-After": "1"}, retryAfter=1, dailyRemainingUsd=0.9,
)  # fmt: skip
SPENT = make_error(
    429, "Rate limit exceeded", "Insufficient budget. This request costs $0.0001 but you only have $0 remaining.",
    {"Retry-After": "40000"}, retryAfter=40000, dailyRemainingUsd=0,
)  # fmt: skip
BAD_KEY = make_error(401, "Invalid or missing API key", "API key not found")
UNAVAILABLE = Reply(503, b"", {"Retry-After": "2"})
BROKEN = make_page(500, "Internal Server Error")
NO_CURSOR = make_error(400, "Pagination error.", "Invalid cursor value")
NEEDS_PLAN = make_error(429, "Plan upgrade required", "from_updated_date is only available on paid plans.")
CUT = Reply(cut=True)


@dataclass
class Server:
    """A running server: its works, the requests so far, and a fault that a test may set."""

    address: str
    works: list[Work]
    requests: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    # Called with the number of the request, from 1, and its parameters; a reply replaces the server's own.
    fault: Callable[[int, dict[str, str]], Reply | None] = lambda number, parameters: None
    delay: float = 0.0  # seconds before every answer
    keys: set[str] | None = None  # the keys that are known; None: everyone may ask
    largest_page: int = 200
    now: float | None = None  # the time of its clock; None: this machine's
    updates_allowed: bool = True  # whether from_updated_date may be used
    spent: float = 0.0  # dollars of the daily budget


class Handler(BaseHTTPRequestHandler):
    """Answers one connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise every page waits 40 ms
    server: HttpServer

    def do_GET(self) -> None:
        state = self.server.state
        url = urlsplit(self.path)
        parameters = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        with self.server.lock:
            state.requests.append(parameters | {"path": url.path})
            state.headers.append(dict(self.headers))
            number = len(state.requests)
        time.sleep(state.delay)
        reply = state.fault(number, parameters)
        own = reply if reply is not None and not reply.cut else _answer(state, url.path, parameters, self.headers)
        self.send(own, cut=reply is not None and reply.cut)

    def send(self, reply: Reply, cut: bool) -> None:
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        body = gzip.compress(reply.body, 1) if zipped else reply.body
        try:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if zipped:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if cut:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.state.now or timestamp)

    def log_message(self, *_: Any) -> None:
        pass


class HttpServer(ThreadingHTTPServer):
    """A server on a free port of this machine."""

    daemon_threads = True

    def __init__(self, works: list[Work]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.state = Server(f"http://127.0.0.1:{self.server_port}", works)
        self.lock = threading.Lock()

    def handle_error(self, *_: Any) -> None:  # clients that were killed
        pass


@contextmanager
def serve(works: list[Work]) -> Iterator[Server]:
    """Serve works on a free port of this machine."""
    http = HttpServer(works)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield http.state
    finally:
        http.shutdown()
        http.server_close()


def _answer(server: Server, path: str, parameters: dict[str, str], headers: Any) -> Reply:
    if path != "/works":
        return make_page(404)
    key = headers.get("Authorization", "").removeprefix("Bearer ") or parameters.get("api_key")
    if server.keys is not None and key not in server.keys:
        return BAD_KEY
    try:
        found = _filter_works(server, parameters)
        groups = _group_works(found, parameters["group_by"]) if "group_by" in parameters else []
        works, next_cursor = _take_page(found, parameters, server.largest_page)
        works = [_select_fields(work, parameters.get("select")) for work in works]
    except _Refused as refused:
        return refused.args[0]  # type: ignore[no-any-return]
    cost = PRICES["search" if "search" in parameters else "list"]
    server.spent += cost
    meta = {
        "count": len(found), "db_response_time_ms": 7, "page": None if "cursor" in parameters else 1,
        "per_page": _read_size(parameters), "next_cursor": next_cursor, "groups_count": None, "cost_usd": cost,
    }  # fmt: skip
    content: dict[str, Any] = {"meta": meta, "results": works, "group_by": []}
    if "group_by" in parameters:
        content = {"meta": meta | {"groups_count": len(groups), "next_cursor": None}, "group_by": groups}
    body = json.dumps(content).encode()
    left = max(0.0, BUDGET - server.spent)
    limits = {
        "Content-Type": "application/json", "X-RateLimit-Limit": "10000",
        "X-RateLimit-Remaining": str(round(left / PRICES["list"])), "X-RateLimit-Reset": "3600",
        "X-RateLimit-Remaining-USD": f"{left:.4f}", "X-RateLimit-Cost-USD": str(cost),
    }  # fmt: skip
    return Reply(200, body, limits)


class _Refused(Exception):  # noqa: N818
    pass


def _refuse(message: str) -> None:
    raise _Refused(make_error(400, "Invalid query parameters error.", message))


def _filter_works(server: Server, parameters: dict[str, str]) -> list[Work]:
    found = server.works
    for part in filter(None, parameters.get("filter", "").split(",")):
        name, _, value = part.partition(":")
        values = value.lower().split("|")
        match name:
            case "publication_year":
                first, _, last = value.partition("-")
                span = range(int(first), int(last or first) + 1)
                found = [work for work in found if work.get("publication_year") in span]
            case "primary_topic.id":
                found = [work for work in found if _shorten((work.get("primary_topic") or {}).get("id")) in values]
            case "concepts.id":
                found = [
                    work
                    for work in found
                    if {_shorten(one.get("id")) for one in work.get("concepts") or []} & {*values}
                ]
            case "type":
                found = [work for work in found if work.get("type") in values]
            case "from_updated_date":
                if not server.updates_allowed:
                    raise _Refused(NEEDS_PLAN)
                found = [work for work in found if (work.get("updated_date") or "") >= value]
            case _:
                _refuse(f"{name} is not a valid field. Valid fields are: publication_year, type, ...")
    if "search" in parameters:
        words = parameters["search"].lower().split()
        found = [work for work in found if all(word in str(work.get("title")).lower() for word in words)]
    return found


def _group_works(found: list[Work], name: str) -> list[dict[str, Any]]:
    if name != "primary_topic.id":
        _refuse(f"{name} is not a valid group by field.")
    counts = Counter((work.get("primary_topic") or {}).get("id") for work in found)
    return [{"key": key, "key_display_name": "", "count": n} for key, n in counts.most_common(200) if key]


def _shorten(address: str | None) -> str:
    return (address or "").rpartition("/")[2].lower()


def _read_size(parameters: dict[str, str]) -> int:
    size = int(parameters.get("per_page", parameters.get("per-page", "25")))
    if not 1 <= size <= 200:
        _refuse("per-page parameter must be between 1 and 200")
    return size


def _take_page(found: list[Work], parameters: dict[str, str], largest: int) -> tuple[list[Work], str | None]:
    """Return a page; a full one has a cursor, as in OpenAlex, even if no work is left."""
    size = min(_read_size(parameters), largest)
    if "cursor" not in parameters:
        return found[:size], None
    cursor = parameters["cursor"]
    try:
        start = 0 if cursor == "*" else int(base64.b64decode(cursor, validate=True).decode().removeprefix("after "))
    except ValueError:
        raise _Refused(NO_CURSOR) from None
    works = found[start : start + size]
    next_cursor = base64.b64encode(f"after {start + size}".encode()).decode() if len(works) == size else None
    return works, next_cursor


def _select_fields(work: Work, select: str | None) -> Work:
    names = select.split(",") if select else list(work)
    for name in names:
        if select and name not in SELECTABLE:
            _refuse(f"{name} is not a valid select field. Valid fields for select are: id, doi, title, ...")
    return {name: work.get(name) for name in names}


INSTITUTIONS = [
    ("I136199984", "03vek6s52", "Harvard University", "education"),
    ("I63966007", "042nb2s44", "Massachusetts Institute of Technology", "education"),
    ("I97018004", "00f54p054", "Stanford University", "education"),
    ("I1291425158", "00njsd438", "Google (United States)", "company"),
    ("I4210090411", "04xn7y182", "DeepMind (United Kingdom)", "company"),
    ("I1290206253", "00d0nc645", "Microsoft (United States)", "company"),
    ("I1294671590", "02feahw73", "Centre National de la Recherche Scientifique", "government"),
]
TEXT = "we train a neural network on large data with transformers and show gains over strong baselines for it"
WORDS = TEXT.split()
SOURCES = ["Neural Information Processing Systems", "arXiv (Cornell University)", "Journal of Invented Results", None]


def make_works(n: int, seed: int, years: range = range(2012, 2022), topic: str = "T10028") -> list[Work]:
    """Make works shaped like OpenAlex's, in equal numbers per year; the same seed gives the same works."""
    rng = random.Random(seed)
    return [_make_work(rng, number, years[number % len(years)], topic) for number in range(n)]


def _make_work(rng: random.Random, number: int, year: int, topic: str) -> Work:
    words = [rng.choice(WORDS) for _ in range(rng.randint(5, 40))]
    abstract: dict[str, list[int]] = {}
    for position, word in enumerate(words):
        abstract.setdefault(word, []).append(position)
    source = rng.choice(SOURCES)
    address = f"https://openalex.org/W{4_000_000_000 + number}"
    return {
        "id": address,
        "doi": f"https://doi.org/10.9999/invented.{number}",
        "title": f"Invented result {number}: {' '.join(words[:4])}",
        "display_name": f"Invented result {number}: {' '.join(words[:4])}",
        "publication_year": year,
        "type": rng.choice(["article", "article", "conference-paper", "preprint"]),
        "language": "en",
        "primary_location": {"source": {"id": "https://openalex.org/S1", "display_name": source} if source else None},
        "authorships": [_make_authorship(rng, i) for i in range(rng.randint(1, 5))],
        "abstract_inverted_index": abstract if rng.random() < 0.9 else None,
        "primary_topic": {
            "id": f"https://openalex.org/{topic}",
            "display_name": "Natural Language Processing Techniques",
            "score": 0.9,
        },
        "concepts": [
            {"id": "https://openalex.org/C41008148", "display_name": "Computer science", "level": 0, "score": 0.8},
            {"id": "https://openalex.org/C204321447", "display_name": "Natural language processing", "level": 1,
             "score": 0.6},
        ],
        "updated_date": f"2026-0{rng.randint(1, 6)}-1{rng.randint(0, 9)}T0{rng.randint(0, 9)}:00:00.000000",
        "is_retracted": False,
        "is_paratext": False,
    }  # fmt: skip


def _make_authorship(rng: random.Random, number: int) -> Work:
    chosen = rng.sample(INSTITUTIONS, rng.choice([0, 1, 1, 1, 2]))
    institutions = [
        {"id": f"https://openalex.org/{key}", "ror": f"https://ror.org/{ror}", "display_name": name,
         "country_code": "US", "type": kind, "lineage": [f"https://openalex.org/{key}"]}
        for key, ror, name, kind in chosen
    ]  # fmt: skip
    return {
        "author_position": "first" if number == 0 else "middle",
        "author": {"id": f"https://openalex.org/A{rng.randint(1, 10**9)}", "display_name": f"Author {number}"},
        "institutions": institutions,
        "countries": ["US"],
        "is_corresponding": number == 0,
        "raw_author_name": f"Author {number}",
        "raw_affiliation_strings": [f"Department {number}, {one['display_name']}" for one in institutions],
    }


def count_ids(works: list[Work]) -> Counter[str]:
    """Count works by id."""
    return Counter(work["id"] for work in works)
