"""The download of OpenAlex's works: against a local server that behaves like OpenAlex, with its faults."""

from __future__ import annotations

import errno
import gzip
import json
import os
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from data.command import run as run_app
from data.errors import InputError
from data.fetch import openalex_client, openalex_plan, openalex_query, openalex_walk, retries
from data.fetch.answers import read_retry_after
from data.fetch.openalex_client import check_address, make_client
from data.fetch.openalex_download import download
from data.fetch.openalex_plan import describe_plan
from data.fetch.openalex_query import PER_PAGE, Query, describe_query, parse_query
from data.fetch.openalex_refusals import BudgetError
from data.lock import hold_lock
from data.sources.openalex import PAPER_TYPES
from data.sources.openalex_manifest import Manifest, list_parts, read_works
from tests.conftest import RAW, ROOT, require_raw_files
from tests.data import openalex_server
from tests.data.openalex_server import Reply, Server, Work, count_ids, make_error, make_page, make_works, serve

KEY = "secret-key-4711"
Fetch = Callable[..., Manifest]


def ask(*topics: str, years: str = "2012-2015", types: tuple[str, ...] = ()) -> Query:
    query = parse_query(topics or ("T10028",), (), None, types, years)
    assert query is not None
    return query


def list_works(folder: Path) -> list[Work]:
    return [work for path in list_parts(folder) for work in read_works(path)]


def list_every_work(folder: Path) -> list[Work]:
    """Read the works of all part files, listed or not."""
    return [work for path in sorted((folder / "works").glob("*.gz")) for work in read_works(path)]


def hash_tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def select_wanted(works: list[Work], years: range = range(2012, 2016)) -> Counter[str]:
    types = {"article", "conference-paper", "preprint", "book-chapter"}
    return count_ids([work for work in works if work["publication_year"] in years and work["type"] in types])


WORKS = make_works(48, seed=1, years=range(2012, 2016))
PAGE = 10  # works per request in these tests, so that a year has two pages


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (openalex_client, openalex_plan, openalex_query, openalex_walk):
        monkeypatch.setattr(module, "PER_PAGE", PAGE)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the waits instead of waiting, and do not wait for the disk either."""
    made: list[float] = []
    monkeypatch.setattr(retries, "pause", made.append)
    monkeypatch.setattr("os.fsync", lambda handle: None)
    for name in ("OPENALEX_API_KEY", "OPENALEX_MAIL", "OPENALEX_URL"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def server() -> Iterator[Server]:
    with serve([dict(work) for work in WORKS]) as made:
        yield made


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def fetch(server: Server, tmp_path: Path, said: list[str]) -> Fetch:
    """Return a function that downloads into a folder of the test, with a new client as a new process has."""

    def run(query: Query | None = None, folder: Path = tmp_path / "out", key: str | None = None) -> Manifest:
        client = make_client(server.address, key, None, said.append)
        return download(folder, query or ask(), client, said.append)

    return run


def fail_once(reply: Reply, number: int = 3, times: int = 1) -> Callable[[int, dict[str, str]], Reply | None]:
    return lambda n, parameters: reply if number <= n < number + times else None


# --- a whole download -------------------------------------------------------------------------------------------------


def test_every_work_is_there_once(server: Server, fetch: Fetch, tmp_path: Path):
    manifest = fetch()
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)
    assert manifest.is_complete()
    assert manifest.total == sum(one.count_works() for one in manifest.slices) == 48
    assert [one.count for one in manifest.slices] == [12] * 4
    assert len(server.requests) == 1 + 4 * 2  # the count, and two pages of 10 and 2 works a year


def test_stored_records_equal_those_delivered(server: Server, fetch: Fetch, tmp_path: Path):
    server.works[0]["title"] = "A lone surrogate \ud835 and 漢字 \N{LINE SEPARATOR} \x85"
    fetch()
    work = next(work for work in list_works(tmp_path / "out") if work["id"] == server.works[0]["id"])
    assert work == {name: server.works[0][name] for name in work}
    assert {"authorships", "abstract_inverted_index", "primary_topic", "concepts", "updated_date"} <= work.keys()


def test_the_query_that_is_sent(server: Server, fetch: Fetch, tmp_path: Path):
    fetch(ask("t10028", "https://openalex.org/T11714", years="2015", types=("Article",)), key=KEY)
    first, groups, page = server.requests[:3]
    assert groups["group_by"] == "primary_topic.id"
    assert page["filter"] == "primary_topic.id:T10028|T11714,type:article,publication_year:2015"
    assert page["cursor"] == "*"
    assert page["per_page"] == str(PAGE)
    assert first["select"] == "id"
    assert first["per_page"] == "1"
    assert all("api_key" not in request for request in server.requests)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


def test_the_types_that_are_requested_by_default_are_papers():
    query = parse_query(("T10028",), (), None, (), "2015")
    assert query is not None
    assert set(query.types) == {"article", "conference-paper", "preprint", "book-chapter"}
    assert set(query.types) <= PAPER_TYPES


def test_concepts_and_searches(server: Server, tmp_path: Path, said: list[str]):
    client = make_client(server.address)
    by_concept = parse_query((), ("C41008148",), None, (), "2012-2013")
    by_words = parse_query((), (), "  Invented   result 7:  ", ("article", "preprint", "conference-paper"), "2010-2025")
    assert by_concept is not None
    assert by_words is not None
    assert download(tmp_path / "a", by_concept, client, said.append).total == 24
    works = download(tmp_path / "b", by_words, client, said.append)
    assert works.total == sum("7:" in work["title"] for work in server.works) == 5
    assert server.requests[-1]["search"] == "Invented result 7:"


def test_a_full_last_page_ends_with_an_empty_one(tmp_path: Path, said: list[str]):
    with serve(make_works(PAGE, seed=2, years=range(2015, 2016))) as server:
        manifest = download(tmp_path, ask(years="2015"), make_client(server.address), said.append)
    assert manifest.is_complete()
    assert len(list_works(tmp_path)) == PAGE
    assert len(server.requests) == 3
    assert PER_PAGE == 100  # OpenAlex's documented maximum


def test_pages_may_be_smaller_than_asked_for(server: Server, fetch: Fetch, tmp_path: Path):
    server.largest_page = 3
    fetch()
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)


def test_a_second_run_fetches_only_what_was_updated(server: Server, fetch: Fetch, tmp_path: Path):
    fetch()
    asked = len(server.requests)
    changed = server.works[7] | {"title": "Revised", "updated_date": "2999-01-01T00:00:00"}
    new = server.works[8] | {"id": "https://openalex.org/W9", "updated_date": "2999-01-01T00:00:00"}
    server.works[7] = changed
    server.works.append(new)
    manifest = fetch()
    works = list_works(tmp_path / "out")
    assert len(works) == 50
    assert [work["title"] for work in works if work["id"] == changed["id"]][-1] == "Revised"
    assert count_ids(works)["https://openalex.org/W9"] == 1
    assert all("from_updated_date:2" in request["filter"] for request in server.requests[asked:])
    assert len(server.requests) - asked == 4
    assert manifest.is_complete()


def test_updates_are_asked_for_since_the_first_page_by_the_servers_clock(server: Server, fetch: Fetch):
    """A work that is updated while its year is downloaded is fetched by the next run."""
    start = 1_700_000_000.0  # 2023-11-14; the server's clock is late
    server.now = start

    def turn_clock(n: int, parameters: dict[str, str]) -> None:
        server.now = start + n * 86_400

    server.fault = turn_clock
    fetch(ask(years="2012"))  # the count on the 15th, the pages on the 16th and 17th
    fetch(ask(years="2012"))
    assert server.requests[-1]["filter"].endswith("publication_year:2012,from_updated_date:2023-11-15")


def test_a_second_run_without_news_changes_no_part(fetch: Fetch, tmp_path: Path):
    fetch()
    before = hash_tree(tmp_path / "out" / "works")
    fetch()
    assert hash_tree(tmp_path / "out" / "works") == before


@pytest.mark.parametrize(
    "refusal",
    [
        openalex_server.NEEDS_PLAN,
        make_error(403, "Forbidden", 'You must include a valid API key to use "from_updated_date:2026-01-01"'),
        make_error(400, "Invalid query parameters error.", "from_updated_date is not a valid field."),
    ],
)
def test_without_a_paid_plan_all_works_are_compared(
    server: Server, fetch: Fetch, tmp_path: Path, said: list[str], refusal: Reply
):
    fetch()
    server.works[7] = server.works[7] | {"title": "Revised", "updated_date": "2999-01-01T00:00:00"}
    server.fault = lambda n, parameters: refusal if "from_updated_date" in parameters["filter"] else None
    fetch()
    works = list_works(tmp_path / "out")
    assert len(works) == 49
    assert works[-1]["title"] == "Revised"
    sentence = next(text for text in said if "paid plans" in text)
    assert "8 requests at most" in sentence
    assert "$0.0008" in sentence
    assert sum("from_updated_date" in request["filter"] for request in server.requests) == 1


def test_an_expired_cursor_in_an_update_stays_an_update(server: Server, fetch: Fetch, tmp_path: Path):
    fetch()
    asked = len(server.requests)
    server.works[:] = [work | {"updated_date": "2999-01-01T00:00:00"} for work in server.works]
    server.fault = fail_once(openalex_server.NO_CURSOR, number=asked + 2)
    fetch()
    assert all("from_updated_date" in request["filter"] for request in server.requests[asked:])
    assert set(count_ids(list_every_work(tmp_path / "out")).values()) == {2}


def test_real_works_are_served_and_fetched(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch):
    require_raw_files()
    monkeypatch.setattr(openalex_client, "PER_PAGE", PER_PAGE)
    works: list[Work] = []
    for path in sorted((RAW / "openalex").glob("*.jsonl.gz")):
        works += read_works(path)
    works = list({work["id"]: work for work in works}.values())
    types = tuple(sorted({work["type"] for work in works if work.get("type")}))
    topics = {str((work.get("primary_topic") or {}).get("id")) for work in works} - {"None"}
    wanted = [work for work in works if work.get("primary_topic") and 2000 <= work["publication_year"] <= 2026]
    wanted = [work for work in wanted if work["primary_topic"]["id"] in sorted(topics)[:100]]
    with serve(works) as server:
        query = ask(*sorted(topics)[:100], years="2000-2026", types=types)
        download(tmp_path, query, make_client(server.address), said.append)
    assert len(wanted) > 100
    assert count_ids(list_works(tmp_path)) == count_ids(wanted)


# --- dry run ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_asks_once_and_reports_works_requests_and_dollars(server: Server):
    lines = "\n".join(describe_plan(make_client(server.address), ask()))
    assert len(server.requests) == 1
    assert "works:    48" in lines
    assert "requests: 8 at most" in lines
    assert "cost:     $0.0008" in lines
    assert "time:     about 1 min" in lines
    assert "left of the daily budget: $0.9999 (9,999 credits)" in lines


def test_a_price_that_the_server_does_not_name_is_not_invented(server: Server):
    body = {"meta": {"count": 12_345, "next_cursor": None}, "results": []}
    server.fault = lambda n, parameters: Reply(200, json.dumps(body).encode())
    lines = "\n".join(describe_plan(make_client(server.address), ask()))
    assert "requests: 1,238 at most" in lines
    assert "cost:     not reported by the server" in lines
    assert "left of the daily budget: not reported by the server" in lines


# --- faults that pass -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (openalex_server.TOO_FAST, [1.0]),
        (openalex_server.UNAVAILABLE, [2.0]),
        (openalex_server.BROKEN, [1.0]),
        (openalex_server.CUT, [1.0]),
        (make_page(502), [1.0]),
        (Reply(503, b"", {"Retry-After": "290"}), [290.0]),
        (make_error(403, "Forbidden", "Rate limit exceeded; slow down", {"Retry-After": "5"}), [5.0]),
        (Reply(200, b'{"meta": {"count": 12}, "results": [{"id'), [1.0]),
        (Reply(200, b""), [1.0]),
        (Reply(200, b"no gzip at all", {"Content-Encoding": "gzip"}), [1.0]),
    ],
    ids=["429", "503", "500", "cut", "502", "Retry-After 290", "403 limit", "half JSON", "empty", "damaged gzip"],
)
def test_a_page_is_asked_for_again(
    server: Server, fetch: Fetch, tmp_path: Path, waits: list[float], fault: Reply, waited: list[float]
):
    server.fault = fail_once(fault)
    assert fetch().is_complete()
    assert waits == waited
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)
    assert len(server.requests) == 10


def test_retry_after_may_be_a_date():
    assert read_retry_after(formatdate(usegmt=True)) == 0.0
    assert (read_retry_after(formatdate(time.time() + 90, usegmt=True)) or 0) > 50
    assert read_retry_after("120") == 120.0
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None


def test_waits_double_and_end(server: Server, fetch: Fetch, waits: list[float], tmp_path: Path):
    server.fault = lambda n, parameters: openalex_server.BROKEN if n > 4 else None
    with pytest.raises(InputError, match=r"the server answers 500, 6 times \(the works so far are kept"):
        fetch()
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert len(list_works(tmp_path / "out")) == 22
    server.fault = lambda n, parameters: None
    fetch()
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)


def test_slow_answers_are_waited_for(server: Server, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, waits: list[float]):
    monkeypatch.setattr(openalex_client, "TIMEOUT", (5.0, 0.1))
    slow = iter([0.2])

    def delay(n: int, parameters: dict[str, str]) -> None:
        server.delay = 0.0
        if n == 2:
            server.delay = next(slow, 0.0)

    server.fault = delay
    assert fetch(ask(years="2012")).is_complete()


# --- the budget -------------------------------------------------------------------------------------------------------


def test_a_spent_budget_stops_and_keeps(
    server: Server, fetch: Fetch, tmp_path: Path, waits: list[float], said: list[str]
):
    server.fault = lambda n, parameters: openalex_server.SPENT if n > 6 else None
    with pytest.raises(BudgetError, match=r"run the same command again after 2\d{3}-\d\d-\d\d \d\d:\d\d .*\(in 11 h"):
        fetch()
    assert waits == []
    assert len(server.requests) == 7
    assert len(list_works(tmp_path / "out")) == 34
    assert "34 of 48 works are stored (2 of 4 years complete)" in said[-1]
    server.fault = lambda n, parameters: None
    fetch()
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)
    assert len(server.requests) == 7 + 3


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"dailyRemainingUsd": 0.00001, "retryAfter": 60}, {}),
        ({"creditsRequired": 10, "creditsRemaining": 3}, {"Retry-After": "60"}),
        ({"retryAfter": 86_000}, {}),
        ({}, {"Retry-After": "86000"}),
        ({}, {"X-RateLimit-Reset": "4000"}),
    ],
)
def test_a_spent_budget_is_seen_in_any_of_its_signs(
    server: Server, fetch: Fetch, waits: list[float], more: dict[str, Any], headers: dict[str, str]
):
    message = "Insufficient credits" if "X-RateLimit-Reset" in headers else "Please wait"
    server.fault = fail_once(make_error(429, "Rate limit exceeded", message, headers, **more), times=99)
    with pytest.raises(BudgetError, match="budget"):
        fetch()
    assert waits == []


def test_a_429_that_names_no_budget_is_retried(server: Server, fetch: Fetch, waits: list[float]):
    server.fault = fail_once(make_error(429, "Too many requests", "", dailyRemainingUsd=0.5))
    assert fetch().is_complete()
    assert waits == [1.0]


def test_the_remaining_budget_is_reported(fetch: Fetch, said: list[str]):
    fetch()
    assert said[-1].startswith("left of the daily budget: $0.9991 (9,991 credits); new at ")


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (openalex_server.BAD_KEY, "the server needs a key; .*API key not found .*https://openalex.org/settings/api"),
        (make_page(404), "without works: this is not OpenAlex's address"),
        (make_page(200), r"a web page \(HTML\)"),
        (Reply(200, b'{"hello": 1}'), "answers, but not as OpenAlex does"),
        (Reply(200, b"[" * 100_000), "answers, but not as OpenAlex does"),
        (Reply(200, b'{"meta": 3, "results": []}'), "answers, but not as OpenAlex does"),
        (
            make_error(400, "Invalid query parameters error.", "publication_jahr is not a valid field."),
            "publication_jahr",
        ),
        (Reply(301, b"", {"Location": "/works"}), "redirects in a loop"),
    ],
)
def test_a_refusal_is_one_message_and_leaves_nothing(
    server: Server, fetch: Fetch, tmp_path: Path, waits: list[float], fault: Reply, message: str
):
    server.fault = lambda n, parameters: fault
    with pytest.raises(InputError, match=message):
        fetch()
    assert waits == []
    assert hash_tree(tmp_path) == {}


def test_a_refused_key_in_mid_download_keeps_the_works(server: Server, fetch: Fetch, tmp_path: Path):
    server.keys = {KEY}
    server.fault = lambda n, parameters: make_error(401, "Invalid API key", f"{KEY} has expired") if n > 4 else None
    with pytest.raises(InputError, match=r"refused the key; .*\*\*\* has expired") as caught:
        fetch(key=KEY)
    assert KEY not in str(caught.value)
    assert len(list_works(tmp_path / "out")) == 22


def test_an_unknown_topic_is_one_message(fetch: Fetch, tmp_path: Path):
    with pytest.raises(InputError, match=r"no work matches \(T99; .*2012-2015\) \(check the id"):
        fetch(ask("T99"))
    assert hash_tree(tmp_path) == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-server.invalid"])
def test_an_unreachable_server_is_one_message(tmp_path: Path, said: list[str], waits: list[float], host: str):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputError, match=f"http://{host}:{port}: the server cannot be reached: .*check --url"):
        download(tmp_path, ask(), make_client(f"http://{host}:{port}"), said.append)
    assert len(waits) == 2


def test_an_expired_cursor_costs_one_year(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    server.fault = fail_once(openalex_server.NO_CURSOR, number=5)  # the second page of 2013
    manifest = fetch()
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)
    assert manifest.is_complete()
    assert any("2013: the cursor has expired" in text for text in said)
    assert len(server.requests) == 9 + 2


def test_a_cursor_that_is_always_refused_ends(server: Server, fetch: Fetch, tmp_path: Path):
    refused = make_error(403, "Forbidden", "cursor")
    server.fault = lambda n, parameters: refused if parameters.get("cursor", "*") != "*" else None
    with pytest.raises(InputError, match="cursor"):
        fetch()
    assert len(list_works(tmp_path / "out")) == PAGE


def test_records_without_an_id_are_counted(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    server.works[3] = server.works[3] | {"id": None}
    fetch()
    assert "works left out because they have no id: 1" in said
    assert "2015: the server counted 12 works and delivered 11 different ones" in said


def test_a_work_that_two_pages_deliver_is_kept_once(server: Server, fetch: Fetch, tmp_path: Path):
    same_year = [work for work in server.works if work["publication_year"] == 2014]
    server.works.append(same_year[0])
    fetch()
    assert max(count_ids(list_every_work(tmp_path / "out")).values()) == 1


# --- walks without an end, and with an end that comes too early -------------------------------------------------------


def make_answer(works: list[Work], cursor: object, count: object = 12) -> Reply:
    meta = {"count": count, "next_cursor": cursor, "cost_usd": 0.0001}
    return Reply(200, json.dumps({"meta": meta, "results": works}).encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("name", "most"),
    [("two in turn", 5), ("one again", 4), ("ever new", 14), ("ever new, empty", 14), ("ever new, one work", 126)],
)
def test_pages_without_an_end_stop_and_the_next_run_begins_the_year_again(
    server: Server, fetch: Fetch, tmp_path: Path, name: str, most: int, monkeypatch: pytest.MonkeyPatch
):
    assert openalex_walk.MOST_DELIVERED == (2, 1000)
    monkeypatch.setattr(openalex_walk, "MOST_DELIVERED", (2, 100))
    of_2012 = [work for work in WORKS if work["publication_year"] == 2012]
    works = {"ever new, empty": [], "ever new, one work": of_2012[:1]}.get(name, of_2012[:PAGE])

    def answer(n: int, parameters: dict[str, str]) -> Reply | None:
        cursors = {"two in turn": "AB"[n % 2], "one again": "A"}
        return make_answer(works, cursors.get(name, f"c{n}")) if "cursor" in parameters else None

    server.fault = answer
    with pytest.raises(InputError, match=r"pages have no end \(this is the server's fault.*are kept"):
        fetch()
    assert len(server.requests) <= most
    assert count_ids(list_every_work(tmp_path / "out")) == count_ids(works)
    server.fault = lambda n, parameters: None
    asked = len(server.requests)
    fetch()
    assert server.requests[asked]["cursor"] == "*"
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)


def test_an_empty_page_with_a_cursor_is_not_the_end(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    after = {"": "YWZ0ZXIgMTA="}  # "after 10"
    server.fault = lambda n, parameters: make_answer([], after[""]) if n == 2 else None
    fetch()
    years = Counter(work["publication_year"] for work in list_works(tmp_path / "out"))
    assert years == {2012: 2, 2013: 12, 2014: 12, 2015: 12}
    assert "2012: the server counted 12 works and delivered 2 different ones" in said
    server.fault = lambda n, parameters: None
    fetch()
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_year_that_ended_early_is_fetched_wholly_by_the_next_run(
    server: Server, fetch: Fetch, tmp_path: Path, said: list[str], interrupted: bool
):
    of_2013 = [work for work in WORKS if work["publication_year"] == 2013]
    server.fault = lambda n, parameters: make_answer(of_2013[:5], None) if n == 4 else None
    fetch()
    shortfall = "2013: the server counted 12 works and delivered 5 different ones"
    assert shortfall in said
    assert "works are missing in 2013: the same command fetches these years again" in said
    said.clear()
    asked = len(server.requests)
    server.fault = lambda n, parameters: openalex_server.SPENT if interrupted and n > asked + 2 else None
    try:
        fetch()
    except BudgetError:
        server.fault = lambda n, parameters: None
        fetch()
    assert any(text.startswith(shortfall) for text in said)
    filters = [one["filter"] for one in server.requests[asked:]]
    assert all(("from_updated_date" in text) == ("publication_year:2013" not in text) for text in filters)
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)
    said.clear()
    fetch()
    assert not any("2013" in text for text in said)


def test_updates_that_ended_early_are_fetched_wholly_by_the_next_run(server: Server, fetch: Fetch, tmp_path: Path):
    fetch(ask(years="2012"))
    server.works[:] = [work | {"updated_date": "2999-01-01T00:00:00"} for work in server.works]
    updated = [work for work in server.works if work["publication_year"] == 2012]
    asked = len(server.requests)
    for again in (1, 2):
        first = len(server.requests) + 1
        server.fault = lambda n, parameters, first=first: make_answer(updated[:5], None) if n == first else None
        fetch(ask(years="2012"))
        assert len(server.requests) == asked + again
    server.fault = lambda n, parameters: None
    asked = len(server.requests)
    fetch(ask(years="2012"))
    assert all("from_updated_date" not in one["filter"] for one in server.requests[asked:])
    assert set(count_ids(list_every_work(tmp_path / "out")).values()) == {2}


def test_works_that_vanished_are_counted_and_stay(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    fetch()
    server.updates_allowed = False
    server.works[4] = server.works[4] | {"publication_year": 2015, "updated_date": "2999-01-01T00:00:00"}
    server.works[7] = server.works[7] | {"publication_year": 2012, "updated_date": "2999-01-01T00:00:00"}
    del server.works[20:23]
    fetch()
    assert "3 works are no longer listed by the server; they stay" in said
    assert len(count_ids(list_works(tmp_path / "out"))) == 48


def test_the_summary_counts_different_works(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    fetch()
    assert f"{tmp_path / 'out'}: 48 works in 8 parts, 48 new" in said
    late = {"updated_date": "2999-01-01T00:00:00"}
    server.works[4] = server.works[4] | {"publication_year": 2015} | late
    server.works[5] = server.works[5] | late
    server.works.append(server.works[6] | {"id": "https://openalex.org/W9"} | late)
    fetch()
    assert any(text.startswith(f"{tmp_path / 'out'}: 49 works in ") and "1 new, 2 updated" in text for text in said)


def test_a_date_in_the_future_is_not_used(server: Server, fetch: Fetch, said: list[str]):
    server.now = time.time() + 40 * 86_400
    fetch()
    server.now = None
    asked = len(server.requests)
    fetch()
    assert all("from_updated_date" not in one["filter"] for one in server.requests[asked:])
    assert sum("in the future: a clock was wrong" in text for text in said) == 1
    asked = len(server.requests)
    fetch()
    assert all("from_updated_date" in one["filter"] for one in server.requests[asked:])


# --- faults in mid-download -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize("number", [1, 4])
def test_a_server_that_is_away_for_long_stops_the_download_at_once(
    server: Server, fetch: Fetch, waits: list[float], status: int, number: int
):
    server.fault = lambda n, parameters: Reply(status, b"", {"Retry-After": "86400"}) if n >= number else None
    with pytest.raises(InputError, match=rf"not available \(the server answers {status}\) \(run .* after 2.*\(in 24 h"):
        fetch()
    assert waits == []
    assert len(server.requests) == number


@pytest.mark.parametrize(
    "fault",
    [make_page(200), Reply(200, b"[1]"), make_answer([], None, count=None), make_answer([], 3), Reply(200, b"busy")],
)
def test_an_answer_without_works_in_mid_download_is_asked_for_again(
    server: Server, fetch: Fetch, tmp_path: Path, waits: list[float], fault: Reply
):
    server.fault = fail_once(fault)
    assert fetch().is_complete()
    assert waits == [1.0]
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)
    server.fault = lambda n, parameters: fault
    with pytest.raises(InputError, match=r"OpenAlex|HTML") as caught:
        fetch()
    assert server.address in str(caught.value)


@pytest.mark.parametrize("count", [None, "12", 12.5, True, -1])
def test_a_count_that_is_no_number_is_not_taken_for_none(server: Server, fetch: Fetch, count: object):
    server.fault = lambda n, parameters: make_answer([], None, count)
    with pytest.raises(InputError, match="answers, but not as OpenAlex does"):
        fetch()


@pytest.mark.parametrize(
    "fault",
    [make_page(404), Reply(204), openalex_server.BAD_KEY, make_error(403, "Forbidden", "blocked"),
     make_error(400, "Invalid query parameters error.", "no")],
    ids=["404", "204", "401", "403", "400"],
)  # fmt: skip
@pytest.mark.parametrize("number", [1, 4])
def test_refusals_name_the_address_and_how_to_continue(server: Server, fetch: Fetch, fault: Reply, number: int):
    server.fault = lambda n, parameters: fault if n >= number else None
    with pytest.raises(InputError) as caught:
        fetch()
    assert str(caught.value).startswith(f"{server.address}: ")
    assert ("run the same command again" in str(caught.value)) == (number > 1)


def test_a_refusal_in_mid_download_is_about_the_cursor_only_if_it_says_so(
    server: Server, fetch: Fetch, said: list[str]
):
    server.fault = lambda n, parameters: make_error(403, "Forbidden", "blocked") if n >= 3 else None
    with pytest.raises(InputError, match="refused the request"):
        fetch()
    assert len(server.requests) == 3
    assert not any("cursor" in text for text in said)


def test_cursors_that_are_always_refused_have_a_hint(server: Server, fetch: Fetch):
    server.fault = lambda n, parameters: openalex_server.NO_CURSOR if parameters.get("cursor", "*") != "*" else None
    with pytest.raises(InputError, match=r"its own cursors: .*Invalid cursor.*\(this is the server's fault"):
        fetch()


def test_a_damaged_answer_is_not_called_cut(server: Server, fetch: Fetch, said: list[str]):
    server.fault = fail_once(Reply(200, b"no gzip at all", {"Content-Encoding": "gzip"}))
    fetch()
    assert any("damaged: it cannot be decompressed; next attempt" in text for text in said)


@pytest.mark.parametrize("shown", ["me.too@uni.example", "Me.Too@Uni.Example", "me.too%40uni.example"])
def test_key_and_mail_that_the_server_repeats_are_not_shown(server: Server, tmp_path: Path, shown: str):
    server.fault = lambda n, parameters: make_error(403, "Forbidden", f"{KEY} of {shown} is blocked")
    with pytest.raises(InputError, match=r"\*\*\* of \*\*\* is blocked") as caught:
        download(tmp_path, ask(), make_client(server.address, KEY, "me.too@uni.example"), print)
    assert KEY not in str(caught.value)


def test_https_to_a_server_without_it_says_so(server: Server, tmp_path: Path):
    client = make_client(server.address.replace("http:", "https:"))
    with pytest.raises(
        InputError, match=r"no secure connection to the server: .*\(does the address begin with http://"
    ):
        download(tmp_path, ask(), client, print)


# --- ids without works ------------------------------------------------------------------------------------------------

WARNING = "warning: no work of T99999999 matches: check the id"


def test_an_unknown_topic_next_to_known_ones_is_named(fetch: Fetch, server: Server, said: list[str]):
    query = ask("T10028", "T99999999")
    client = make_client(server.address)
    assert describe_plan(client, query)[-1] == WARNING
    assert len(server.requests) == 2
    fetch(query)
    assert said.count(WARNING) == 1
    said.clear()
    fetch(query)  # an update does not check the ids again
    assert WARNING not in said
    server.works[0] = server.works[0] | {"primary_topic": {"id": "https://openalex.org/T99999999"}}
    assert not any("warning" in line for line in describe_plan(client, query))


def test_ids_are_counted_one_by_one_where_the_server_gives_no_groups(server: Server):
    def ignore_groups(n: int, parameters: dict[str, str]) -> Reply | None:
        return (
            Reply(200, b'{"meta": {"count": 9}, "results": [], "group_by": []}') if "group_by" in parameters else None
        )

    server.fault = ignore_groups
    assert describe_plan(make_client(server.address), ask("T10028", "T99999999"))[-1] == WARNING
    concepts = parse_query((), ("C41008148", "C99999999"), None, (), "2012-2015")
    assert concepts is not None
    lines = describe_plan(make_client(server.address), concepts)
    assert [line for line in lines if "warning" in line] == ["warning: no work of C99999999 matches: check the id"]


def test_a_server_that_refuses_groups_is_still_downloaded_from(server: Server, fetch: Fetch, said: list[str]):
    refused = make_error(400, "Invalid query parameters error.", "group_by is not valid")
    server.fault = lambda n, parameters: refused if "group_by" in parameters else None
    assert fetch(ask("T10028", "T99999999")).is_complete()
    assert any(text.startswith("warning: the ids were not checked one by one") for text in said)


# --- the folder -------------------------------------------------------------------------------------------------------


def test_another_query_is_refused_and_named(fetch: Fetch, server: Server, tmp_path: Path, said: list[str]):
    fetch()
    before = hash_tree(tmp_path)
    for query in (ask("T1"), ask(years="2012-2014"), ask(types=("article",))):
        with pytest.raises(InputError, match=f"another query: {re.escape(describe_query(ask()))} "):
            fetch(query)
    other = make_client(server.address.replace("127.0.0.1", "localhost"))
    with pytest.raises(InputError, match=r"from another address: http://127.0.0.1:\d+ \("):
        download(tmp_path / "out", ask(), other, said.append)
    assert hash_tree(tmp_path) == before


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [damage_middle, Path.unlink, lambda path: path.write_bytes(b""),
                                    lambda path: path.write_bytes(gzip.compress(b'{"id": "W1"}\n'))])  # fmt: skip
def test_a_damaged_part_costs_one_year(
    server: Server, fetch: Fetch, tmp_path: Path, said: list[str], damage: Callable[[Path], None]
):
    fetch()
    asked = len(server.requests)
    damage(tmp_path / "out" / "works" / "part-000003.jsonl.gz")
    with pytest.raises(InputError, match=r"part-000003.*run the download again"):
        list_parts(tmp_path / "out")
    fetch()
    assert any(text.startswith("works/part-000003.jsonl.gz") and "2013" in text for text in said)
    assert len(server.requests) - asked == 2
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)
    assert count_ids(list_works(tmp_path / "out")) == select_wanted(server.works)


@pytest.mark.parametrize("damage", [damage_middle, Path.unlink, lambda path: path.write_bytes(b"[]"),
                                    lambda path: path.write_text(path.read_text().replace("20", "21"))])  # fmt: skip
def test_a_damaged_manifest_costs_one_page(
    server: Server, fetch: Fetch, tmp_path: Path, said: list[str], damage: Callable[[Path], None]
):
    server.fault = lambda n, parameters: openalex_server.SPENT if n > 6 else None
    with pytest.raises(BudgetError):
        fetch()
    asked = len(server.requests)
    server.fault = lambda n, parameters: None
    damage(tmp_path / "out" / "manifest.json")
    fetch()
    assert any("manifest.json is" in text for text in said)
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)
    assert len(server.requests) - asked == 9 - 6 + 1


@pytest.mark.parametrize("content", [b"{}", b"", b"\xff\xfe", b"{"])
def test_two_damaged_manifests_are_refused_and_the_works_stay(fetch: Fetch, tmp_path: Path, content: bytes):
    fetch()
    for name in ("manifest.json", "manifest.previous.json"):
        (tmp_path / "out" / name).write_bytes(content)
    before = hash_tree(tmp_path)
    with pytest.raises(InputError, match=r"and so is the previous manifest .*--out alone writes their table") as caught:
        fetch()
    assert not re.search("codec|Expecting|char", str(caught.value))
    assert hash_tree(tmp_path) == before
    assert len(list_parts(tmp_path / "out")) == 8


def test_works_without_a_manifest_are_not_touched(fetch: Fetch, tmp_path: Path):
    (tmp_path / "out" / "works").mkdir(parents=True)
    (tmp_path / "out" / "works" / "part-000001.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "out" / "my.jsonl").write_bytes(b"{}\n")
    before = hash_tree(tmp_path)
    with pytest.raises(InputError, match=r"no manifest .--out alone writes the table of these works"):
        fetch()
    assert hash_tree(tmp_path) == before
    assert [path.name for path in list_parts(tmp_path / "out")] == ["my.jsonl", "part-000001.jsonl.gz"]


def test_a_folder_without_works_is_one_message(tmp_path: Path):
    with pytest.raises(InputError, match="the folder holds no works"):
        list_parts(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        list_parts(tmp_path / "none")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9])
def test_a_full_disk_is_one_message_and_loses_nothing(
    server: Server, fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    real, calls = os.fsync, iter(range(1, 10_000))

    def fill(handle: int) -> None:
        if next(calls) >= number:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr("os.fsync", fill)
    with pytest.raises(
        InputError, match=r"cannot be written: No space left on device \(the works downloaded so far are kept"
    ):
        fetch()
    monkeypatch.setattr("os.fsync", real)
    assert fetch().is_complete()
    assert count_ids(list_every_work(tmp_path / "out")) == select_wanted(server.works)


def test_the_key_and_mail_are_nowhere_on_disk(server: Server, tmp_path: Path, said: list[str], caplog: Any):
    caplog.set_level("DEBUG")
    client = make_client(server.address, KEY, "me@example.org", said.append)
    download(tmp_path, ask(years="2012"), client, said.append)
    assert {headers["From"] for headers in server.headers} == {"me@example.org"}
    every = b"".join(hash_tree(tmp_path).values())
    for text in (*said, caplog.text, every.decode("latin-1"), repr(client)):
        assert KEY not in text
        assert "me@example.org" not in text


# --- options ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["C41008148"], [], None, [], "2012"), "this is a concept .*give it by --concept"),
        ((["10028"], [], None, [], "2012"), "not the id of a topic .with the letter: --topic T10028"),
        ((["T1,T2"], [], None, [], "2012"), "repeat the option: --topic T1 --topic T2"),
        ((["1 2"], [], None, [], "2012"), "repeat the option: --topic T1 --topic T2"),
        (([], ["C1;C2"], None, [], "2012"), "repeat the option: --concept C1 --concept C2"),
        ((["Topic Modeling"], [], None, [], "2012"), "not the id of a topic .such as T10028"),
        ((["T1"], [], None, ["article,preprint"], "2012"), "repeat the option: --type article --type preprint"),
        ((["T1;drop"], [], None, [], "2012"), "not the id of a topic"),
        ((["https://example.org/T1"], [], None, [], "2012"), "not the id of a topic"),
        ((["T1"], ["C1"], None, [], "2012"), "--topic and --concept cannot be combined"),
        ((["T1"], [], "words", [], "2012"), "--topic and --search cannot be combined"),
        (([], [], " ", [], "2012"), "--search is empty"),
        (([], [], "", [], "2012"), "--search is empty"),
        ((["T1"], [], None, [], None), "--years is missing"),
        ((["T1"], [], None, [], "2021-2012"), "after the last"),
        ((["T1"], [], None, [], "12-21"), "not a year"),
        ((["T1"], [], None, [], "2012,2013"), "not a year"),
        ((["T1"], [], None, ["article|book"], "2012"), "not a type"),
        (([], [], None, [], "2012"), "the query is missing"),
        (([f"T{i}" for i in range(101)], [], None, [], "2012"), "at most 100"),
    ],
)
def test_options_that_are_not_understood_are_refused(arguments: Any, message: str):
    with pytest.raises(InputError, match=message):
        parse_query(*arguments)


def test_equal_queries_are_equal_however_they_are_written():
    one = parse_query(["t11714", "https://openalex.org/topics/T10028/"], [], None, ["preprint", "ARTICLE"], "2012-2021")
    other = parse_query(["T10028", "T11714", "T10028"], [], None, ["article", "preprint"], " 2012 \N{EN DASH} 2021 ")
    assert one == other
    assert parse_query([], [], None, [], None) is None


@pytest.mark.parametrize(
    "address",
    ["api.openalex.org", "ftp://api.openalex.org", "https://", "https://a b", "https://me:pw@x.org",
     "https://x.org/?api_key=1", "http://x:99999999", ""],
)  # fmt: skip
def test_invalid_addresses_are_refused(address: str):
    with pytest.raises(InputError) as caught:
        check_address(address)
    assert "pw" not in str(caught.value)
    assert check_address(" https://api.openalex.org/works/ ") == "https://api.openalex.org"


@pytest.mark.parametrize(
    ("key", "mail"), [("two words", None), ("line\nbreak", None), (None, "me"), (None, "a@b\r\nc")]
)
def test_keys_that_cannot_be_sent_are_refused_unseen(key: str | None, mail: str | None):
    with pytest.raises(InputError) as caught:
        make_client("http://localhost", key, mail)
    assert not key or key not in str(caught.value)


# --- the command ------------------------------------------------------------------------------------------------------


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run_openalex(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command here: exit code, standard output, standard error."""
    from data.cli import app

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["data", "openalex", *map(str, arguments)])
        capsys.readouterr()
        code = run_app(app)
        return code, *capsys.readouterr()

    return run


def test_the_command_writes_the_table_and_keeps_the_key_secret(
    server: Server, tmp_path: Path, run_openalex: Run, monkeypatch: pytest.MonkeyPatch
):
    server.keys = {KEY}
    out = tmp_path / "my out"
    query = ("--topic", "T10028", "--years", "2012-2013", "--out", out)
    monkeypatch.setenv("OPENALEX_URL", server.address)
    monkeypatch.setenv("OPENALEX_API_KEY", f"{KEY}-wrong")
    code, output, errors = run_openalex(*query)
    assert code == 2
    assert KEY not in output + errors
    monkeypatch.setenv("OPENALEX_API_KEY", KEY)
    code, output, errors = run_openalex(*query)
    assert code == 0, errors
    table = out / "papers.csv.gz"
    assert table.exists()
    assert output.splitlines()[-2:] == [
        f"written: {table}",
        f"to use it: .venv/bin/python -m inference refresh topic_compute --papers '{table}'",
    ]
    assert KEY.encode() not in b"".join(hash_tree(out).values())
    asked = len(server.requests)
    table.unlink()
    code, again, errors = run_openalex("--out", out)
    assert code == 0, errors
    assert again == output
    assert table.exists()
    assert len(server.requests) == asked


def test_an_unfinished_download_is_reported_and_progress_goes_to_the_standard_error(
    server: Server, fetch: Fetch, tmp_path: Path, run_openalex: Run, monkeypatch: pytest.MonkeyPatch
):
    def write_tables(folder: Path, report: Callable[[str], None]) -> list[str]:
        report("half of it")
        return ["34 papers"]

    server.fault = lambda n, parameters: openalex_server.SPENT if n > 6 else None
    with pytest.raises(BudgetError):
        fetch()
    monkeypatch.setattr("data.build.openalex.write_tables", write_tables)
    code, output, errors = run_openalex("--out", tmp_path / "out")
    assert code == 0, errors
    first = "the download is unfinished: the table has 2 of 4 years in full\n34 papers\nwritten: "
    assert output.startswith(first)
    assert errors == "half of it\n"


def test_a_dry_run_writes_nothing(server: Server, tmp_path: Path, run_openalex: Run):
    query = ("--topic", "T10028", "--years", "2012-2021", "--out", tmp_path / "out", "--url", server.address)
    code, output, errors = run_openalex(*query, "--dry-run")
    assert code == 0, errors
    assert "works:    48\n" in output
    assert not (tmp_path / "out").exists()


def test_a_second_download_into_the_folder_is_refused(server: Server, tmp_path: Path, run_openalex: Run):
    out = tmp_path / "out"
    with hold_lock(out / "lock", "download"):
        code, _, errors = run_openalex("--topic", "T10028", "--years", "2012", "--out", out, "--url", server.address)
    assert code == 2
    assert f"another download is writing here (process {os.getpid()})" in errors
    assert server.requests == []


def test_a_folder_without_works_and_a_file_are_one_message(tmp_path: Path, run_openalex: Run):
    (tmp_path / "file").write_text("")
    for out, message in ((tmp_path / "none", "no such folder"), (tmp_path / "file", "a folder is needed")):
        code, _, errors = run_openalex("--out", out)
        assert code == 2
        assert message in errors
        assert errors.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_the_command_without_options_says_how_to_begin(run_openalex: Run):
    code, _, errors = run_openalex()
    assert code == 2
    assert "--topic ID, --concept ID or --search TEXT, with --years and --out, begin a download" in errors


@pytest.mark.parametrize("out", ["", " "])
@pytest.mark.parametrize("more", [(), ("--topic", "T10028", "--years", "2012")])
def test_an_empty_folder_name_is_refused(run_openalex: Run, out: str, more: tuple[str, ...]):
    code, _, errors = run_openalex("--out", out, *more)
    assert code == 2
    assert "--out is empty" in errors


def test_the_projects_own_folders_are_refused(server: Server, run_openalex: Run):
    for out in (ROOT / "data" / "snapshot", ROOT, ROOT / "build" / ".." / "data"):
        for more in ((), ("--topic", "T10028", "--years", "2012", "--url", server.address)):
            code, _, errors = run_openalex("--out", out, *more)
            assert code == 2
            assert "the project's own folders take no downloads" in errors
    assert server.requests == []


@pytest.mark.parametrize("name", ["papers.csv.gz", "papers_counts.csv"])
def test_tables_of_the_user_are_not_replaced(server: Server, tmp_path: Path, run_openalex: Run, name: str):
    (tmp_path / name).write_bytes(b"precious")
    code, _, errors = run_openalex("--topic", "T10028", "--years", "2012", "--out", tmp_path, "--url", server.address)
    assert code == 2
    assert f"the folder holds {name} but no manifest" in errors
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert run_openalex("--out", tmp_path)[0] == 2
    assert server.requests == []
    assert (tmp_path / name).read_bytes() == b"precious"


def test_a_damaged_manifest_and_missing_works_are_reported_with_the_table(
    server: Server, fetch: Fetch, tmp_path: Path, run_openalex: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("data.build.openalex.write_tables", lambda folder, report: ["the table"])
    server.works[3] = server.works[3] | {"id": None}
    fetch()
    code, output, _ = run_openalex("--out", tmp_path / "out")
    assert code == 0
    assert output.startswith("works are missing in 2015\nthe table\n")
    (tmp_path / "out" / "manifest.json").write_text("{")
    output = run_openalex("--out", tmp_path / "out")[1]
    assert output.startswith(
        "manifest.json is damaged: it is not JSON, or not all of it; the previous manifest is used"
    )
    (tmp_path / "out" / "manifest.previous.json").unlink()
    output = run_openalex("--out", tmp_path / "out")[1]
    assert ": the table is made from all works in the folder\n" in output


@pytest.mark.parametrize("where", ["data.build.openalex.write_tables", "data.fetch.openalex_command.hold_lock"])
def test_a_full_disk_under_table_or_lock_says_what_stays(
    fetch: Fetch, tmp_path: Path, run_openalex: Run, monkeypatch: pytest.MonkeyPatch, where: str
):
    def fill(*_: object) -> list[str]:
        raise OSError(errno.EFBIG, "File too large")

    fetch()
    monkeypatch.setattr(where, fill)
    code, _, errors = run_openalex("--out", tmp_path / "out")
    assert code == 2
    assert "cannot be written: File too large (the downloaded works are kept" in errors


def test_an_unknown_type_without_works_is_named(server: Server):
    with pytest.raises(InputError, match=r"no work matches .*--type \(papers\) and --years"):
        describe_plan(make_client(server.address), ask(types=("papers",)))


def test_the_help_has_an_example_on_one_line_and_names_what_is_needed(monkeypatch: pytest.MonkeyPatch):
    from typer.testing import CliRunner

    from data.cli import app

    output = CliRunner().invoke(app, ["openalex", "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).output
    text = " ".join(output.replace("│", " ").split())
    assert any(
        re.search("openalex --topic T[0-9]+ --years 2012-2021 --out [a-z/]+ *$", line) for line in output.splitlines()
    )
    assert "a download needs it" in text
    assert "a download needs them" in text
    assert "https://openalex.org)" in text
    assert "costs $0.0001" in text
