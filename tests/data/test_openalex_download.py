"""The download of OpenAlex's works: against a local server that behaves like OpenAlex, with its faults."""

from __future__ import annotations

import errno
import gzip
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from data.fetch import openalex_client
from data.fetch.answers import read_retry_after
from data.fetch.openalex_client import check_address, make_client
from data.fetch.openalex_download import describe_plan, download
from data.fetch.openalex_query import PER_PAGE, Query, parse_query
from data.fetch.openalex_refusals import BudgetError
from data.sources.openalex_manifest import Manifest, list_parts, read_lines
from tests.conftest import RAW, ROOT, require_raw_files
from tests.data import openalex_server
from tests.data.openalex_server import Reply, Server, Work, count_ids, make_error, make_page, make_works, serve

KEY = "secret-key-4711"
Fetch = Callable[..., Manifest]


def ask(*topics: str, years: str = "2012-2015", types: tuple[str, ...] = ()) -> Query:
    query = parse_query(topics or ("T10028",), (), None, types, years)
    assert query is not None
    return query


def read_works(folder: Path) -> list[Work]:
    return [work for path in list_parts(folder) for work in read_lines(path)]


def read_every_file(folder: Path) -> list[Work]:
    """Read the works of all part files, listed or not."""
    return [work for path in sorted((folder / "works").glob("*.gz")) for work in read_lines(path)]


def hash_tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def select_wanted(works: list[Work], years: range = range(2012, 2016)) -> Counter[str]:
    types = {"article", "conference-paper", "preprint"}
    return count_ids([work for work in works if work["publication_year"] in years and work["type"] in types])


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note the waits instead of waiting, and do not wait for the disk either."""
    made: list[float] = []
    monkeypatch.setattr(openalex_client, "pause", made.append)
    monkeypatch.setattr("os.fsync", lambda handle: None)
    for name in ("OPENALEX_API_KEY", "OPENALEX_MAIL", "OPENALEX_URL"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(make_works(480, seed=1, years=range(2012, 2016))) as made:
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
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)
    assert manifest.is_complete()
    assert manifest.total == sum(one.count_works() for one in manifest.slices) == 480
    assert [one.count for one in manifest.slices] == [120] * 4
    assert len(server.requests) == 1 + 4 * 2  # the count, and two pages of 100 and 20 works a year


def test_the_records_are_as_delivered(server: Server, fetch: Fetch, tmp_path: Path):
    server.works[0]["title"] = "A lone surrogate \ud835 and 漢字 \N{LINE SEPARATOR} \x85"
    fetch()
    work = next(work for work in read_works(tmp_path / "out") if work["id"] == server.works[0]["id"])
    assert work == {name: server.works[0][name] for name in work}
    assert {"authorships", "abstract_inverted_index", "primary_topic", "concepts", "updated_date"} <= work.keys()


def test_the_query_that_is_sent(server: Server, fetch: Fetch, tmp_path: Path):
    fetch(ask("t10028", "https://openalex.org/T11714", years="2015", types=("Article",)), key=KEY)
    first, page = server.requests[0], server.requests[1]
    assert page["filter"] == "primary_topic.id:T10028|T11714,type:article,publication_year:2015"
    assert page["cursor"] == "*"
    assert page["per_page"] == "100"
    assert first["select"] == "id"
    assert first["per_page"] == "1"
    assert all("api_key" not in request for request in server.requests)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


def test_concepts_and_searches(server: Server, tmp_path: Path, said: list[str]):
    client = make_client(server.address)
    by_concept = parse_query((), ("C41008148",), None, (), "2012-2013")
    by_words = parse_query((), (), "  Invented   result 7:  ", ("article", "preprint", "conference-paper"), "2010-2025")
    assert by_concept is not None
    assert by_words is not None
    assert download(tmp_path / "a", by_concept, client, said.append).total == 240
    works = download(tmp_path / "b", by_words, client, said.append)
    assert works.total == sum("7:" in work["title"] for work in server.works) == 48
    assert server.requests[-1]["search"] == "Invented result 7:"


def test_a_full_last_page_ends_with_an_empty_one(tmp_path: Path, said: list[str]):
    with serve(make_works(PER_PAGE, seed=2, years=range(2015, 2016))) as server:
        manifest = download(tmp_path, ask(years="2015"), make_client(server.address), said.append)
    assert manifest.is_complete()
    assert len(read_works(tmp_path)) == PER_PAGE
    assert len(server.requests) == 3


def test_pages_may_be_smaller_than_asked_for(server: Server, fetch: Fetch, tmp_path: Path):
    server.largest_page = 30
    fetch()
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)


def test_a_second_run_fetches_only_what_was_updated(server: Server, fetch: Fetch, tmp_path: Path):
    fetch()
    asked = len(server.requests)
    changed = server.works[7] | {"title": "Revised", "updated_date": "2999-01-01T00:00:00"}
    new = server.works[8] | {"id": "https://openalex.org/W9", "updated_date": "2999-01-01T00:00:00"}
    server.works[7] = changed
    server.works.append(new)
    manifest = fetch()
    works = read_works(tmp_path / "out")
    assert len(works) == 482
    assert [work["title"] for work in works if work["id"] == changed["id"]][-1] == "Revised"
    assert count_ids(works)["https://openalex.org/W9"] == 1
    assert all("from_updated_date:2" in request["filter"] for request in server.requests[asked:])
    assert len(server.requests) - asked == 4
    assert manifest.is_complete()


def test_updates_are_asked_for_since_the_first_page_by_the_servers_clock(server: Server, fetch: Fetch):
    """A work that is updated while its year is downloaded is fetched by the next run."""
    server.now = 1_800_000_000.0  # 2027-01-15

    def turn_clock(n: int, parameters: dict[str, str]) -> None:
        server.now = 1_800_000_000.0 + n * 86_400

    server.fault = turn_clock
    fetch(ask(years="2012"))  # the count on the 16th, the pages on the 17th and 18th
    fetch(ask(years="2012"))
    assert server.requests[-1]["filter"].endswith("publication_year:2012,from_updated_date:2027-01-16")


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
    works = read_works(tmp_path / "out")
    assert len(works) == 481
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
    assert set(count_ids(read_every_file(tmp_path / "out")).values()) == {2}


def test_real_works_are_served_and_fetched(tmp_path: Path, said: list[str]):
    require_raw_files()
    works: list[Work] = []
    for path in sorted((RAW / "openalex").glob("*.jsonl.gz")):
        works += read_lines(path)
    works = list({work["id"]: work for work in works}.values())
    types = tuple(sorted({work["type"] for work in works if work.get("type")}))
    topics = {str((work.get("primary_topic") or {}).get("id")) for work in works} - {"None"}
    wanted = [work for work in works if work.get("primary_topic") and 2000 <= work["publication_year"] <= 2026]
    wanted = [work for work in wanted if work["primary_topic"]["id"] in sorted(topics)[:100]]
    with serve(works) as server:
        query = ask(*sorted(topics)[:100], years="2000-2026", types=types)
        download(tmp_path, query, make_client(server.address), said.append)
    assert len(wanted) > 100
    assert count_ids(read_works(tmp_path)) == count_ids(wanted)


# --- dry run ----------------------------------------------------------------------------------------------------------


def test_a_dry_run_asks_once_and_reports_works_requests_and_dollars(server: Server):
    lines = "\n".join(describe_plan(make_client(server.address), ask()))
    assert len(server.requests) == 1
    assert "works:    480" in lines
    assert "requests: 8 at most" in lines
    assert "cost:     $0.0008" in lines
    assert "time:     about 1 min" in lines
    assert "left of the daily budget: $0.9999 (9,999 credits)" in lines


def test_a_price_that_the_server_does_not_name_is_not_invented(server: Server):
    body = {"meta": {"count": 12_345, "next_cursor": None}, "results": []}
    server.fault = lambda n, parameters: Reply(200, json.dumps(body).encode())
    lines = "\n".join(describe_plan(make_client(server.address), ask()))
    assert "requests: 127 at most" in lines
    assert "cost:     not said by the server" in lines
    assert "left of the daily budget: not said by the server" in lines


# --- faults that pass -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (openalex_server.TOO_FAST, [1.0]),
        (openalex_server.UNAVAILABLE, [2.0]),
        (openalex_server.BROKEN, [1.0]),
        (openalex_server.CUT, [1.0]),
        (make_page(502), [1.0]),
        (Reply(503, b"", {"Retry-After": "99999"}), [300.0]),
        (make_error(403, "Forbidden", "Rate limit exceeded; slow down", {"Retry-After": "5"}), [5.0]),
        (Reply(200, b'{"meta": {"count": 12}, "results": [{"id'), [1.0]),
        (Reply(200, b""), [1.0]),
        (Reply(200, b"no gzip at all", {"Content-Encoding": "gzip"}), [1.0]),
    ],
    ids=["429", "503", "500", "cut", "502", "long Retry-After", "403 limit", "half JSON", "empty", "damaged gzip"],
)
def test_a_page_is_asked_for_again(
    server: Server, fetch: Fetch, tmp_path: Path, waits: list[float], fault: Reply, waited: list[float]
):
    server.fault = fail_once(fault)
    assert fetch().is_complete()
    assert waits == waited
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)
    assert len(server.requests) == 10


def test_retry_after_may_be_a_date():
    assert read_retry_after(formatdate(usegmt=True)) == 0.0
    assert (read_retry_after(formatdate(time.time() + 90, usegmt=True)) or 0) > 50
    assert read_retry_after("120") == 120.0
    assert read_retry_after("soon") is None
    assert read_retry_after(None) is None


def test_waits_double_and_end(server: Server, fetch: Fetch, waits: list[float], tmp_path: Path):
    server.fault = lambda n, parameters: openalex_server.BROKEN if n > 4 else None
    with pytest.raises(InputError, match=r"the server answers 500, again and again \(what is there stays"):
        fetch()
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert len(read_works(tmp_path / "out")) == 220
    server.fault = lambda n, parameters: None
    fetch()
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)


def test_slow_answers_are_waited_for(server: Server, fetch: Fetch, monkeypatch: pytest.MonkeyPatch, waits: list[float]):
    monkeypatch.setattr(openalex_client, "TIMEOUT", (5.0, 0.15))
    slow = iter([0.6])

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
    assert len(read_works(tmp_path / "out")) == 340
    assert "340 of 480 works are there and stay (2 of 4 years done)" in said[-1]
    server.fault = lambda n, parameters: None
    fetch()
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)
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


def test_a_429_without_any_sign_passes(server: Server, fetch: Fetch, waits: list[float]):
    server.fault = fail_once(make_error(429, "Too many requests", "", dailyRemainingUsd=0.5))
    assert fetch().is_complete()
    assert waits == [1.0]


def test_what_is_left_is_reported(fetch: Fetch, said: list[str]):
    fetch()
    assert said[-1].startswith("left of the daily budget: $0.9991 (9,991 credits); new at ")


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (openalex_server.BAD_KEY, "the server needs a key; .*API key not found .*https://openalex.org/settings/api"),
        (make_page(404), "without works: this is not OpenAlex's address"),
        (make_page(200), r"a web page \(HTML\)"),
        (Reply(200, b'{"hello": 1}'), "not as OpenAlex does"),
        (Reply(200, b"[" * 100_000), "not as OpenAlex does"),
        (Reply(200, b'{"meta": 3, "results": []}'), "not as OpenAlex does"),
        (
            make_error(400, "Invalid query parameters error.", "publication_jahr is not a valid field."),
            "publication_jahr",
        ),
        (Reply(301, b"", {"Location": "/works"}), "the address cannot be used"),
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
    assert len(read_works(tmp_path / "out")) == 220


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
    assert count_ids(read_every_file(tmp_path / "out")) == select_wanted(server.works)
    assert manifest.is_complete()
    assert any("2013: the cursor is not known any more" in text for text in said)
    assert len(server.requests) == 9 + 2


def test_a_cursor_that_is_always_refused_ends(server: Server, fetch: Fetch, tmp_path: Path):
    refused = make_error(403, "Forbidden", "cursor")
    server.fault = lambda n, parameters: refused if parameters.get("cursor", "*") != "*" else None
    with pytest.raises(InputError, match="cursor"):
        fetch()
    assert len(read_works(tmp_path / "out")) == 100


def test_records_without_an_id_are_counted(server: Server, fetch: Fetch, tmp_path: Path, said: list[str]):
    server.works[3] = server.works[3] | {"id": None}
    fetch()
    assert "left out, because the server sent no id: 1" in said
    assert "2015: the server counted 120 works and delivered 119 different ones" in said


def test_a_work_that_two_pages_deliver_is_kept_once(server: Server, fetch: Fetch, tmp_path: Path):
    same_year = [work for work in server.works if work["publication_year"] == 2014]
    server.works.append(same_year[0])
    fetch()
    assert max(count_ids(read_every_file(tmp_path / "out")).values()) == 1


# --- the folder -------------------------------------------------------------------------------------------------------


def test_another_query_is_refused_and_named(fetch: Fetch, server: Server, tmp_path: Path, said: list[str]):
    fetch()
    before = hash_tree(tmp_path)
    with pytest.raises(InputError, match=r"topics: T10028 there, T1 now; years: 2012, 2015 there, 2012, 2014 now"):
        fetch(ask("T1", years="2012-2014"))
    other = make_client(server.address.replace("127.0.0.1", "localhost"))
    with pytest.raises(InputError, match=r"address: http://127.0.0.1:\d+ there, http://localhost:\d+ now"):
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
    assert count_ids(read_every_file(tmp_path / "out")) == select_wanted(server.works)
    assert count_ids(read_works(tmp_path / "out")) == select_wanted(server.works)


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
    assert count_ids(read_every_file(tmp_path / "out")) == select_wanted(server.works)
    assert len(server.requests) - asked == 9 - 6 + 1


def test_two_damaged_manifests_are_refused_and_the_works_stay(fetch: Fetch, tmp_path: Path):
    fetch()
    for name in ("manifest.json", "manifest.previous.json"):
        (tmp_path / "out" / name).write_text("{}")
    before = hash_tree(tmp_path)
    with pytest.raises(InputError, match="and so is the one of the step before"):
        fetch()
    assert hash_tree(tmp_path) == before
    assert len(list_parts(tmp_path / "out")) == 8


def test_works_without_a_manifest_are_not_touched(fetch: Fetch, tmp_path: Path):
    (tmp_path / "out" / "works").mkdir(parents=True)
    (tmp_path / "out" / "works" / "part-000001.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "out" / "my.jsonl").write_bytes(b"{}\n")
    before = hash_tree(tmp_path)
    with pytest.raises(InputError, match="no manifest"):
        fetch()
    assert hash_tree(tmp_path) == before
    assert [path.name for path in list_parts(tmp_path / "out")] == ["my.jsonl", "part-000001.jsonl.gz"]


def test_a_folder_without_works_is_one_message(tmp_path: Path):
    with pytest.raises(InputError, match="no works are here"):
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
    with pytest.raises(InputError, match=r"cannot be written: No space left on device \(what was downloaded stays"):
        fetch()
    monkeypatch.setattr("os.fsync", real)
    assert fetch().is_complete()
    assert count_ids(read_every_file(tmp_path / "out")) == select_wanted(server.works)


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
        ((["10028"], [], None, [], "2012"), "no id of a topic .*T10028"),
        ((["T1;drop"], [], None, [], "2012"), "no id of a topic"),
        ((["https://example.org/T1"], [], None, [], "2012"), "no id of a topic"),
        ((["T1"], ["C1"], None, [], "2012"), "--topic and --concept cannot be combined"),
        ((["T1"], [], "words", [], "2012"), "--topic and --search cannot be combined"),
        (([], [], " ", [], "2012"), "--search is empty"),
        (([], [], "", [], "2012"), "--search is empty"),
        ((["T1"], [], None, [], None), "--years is missing"),
        ((["T1"], [], None, [], "2021-2012"), "after the last"),
        ((["T1"], [], None, [], "12-21"), "no years"),
        ((["T1"], [], None, [], "2012,2013"), "no years"),
        ((["T1"], [], None, ["article|book"], "2012"), "no type"),
        (([], [], None, [], "2012"), "which works"),
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
def test_addresses_that_are_none_are_refused(address: str):
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


def run_command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENALEX_")} | environment
    command = [sys.executable, "-m", "data", "openalex", *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=env)


def test_the_command_writes_the_table_and_keeps_the_key_secret(server: Server, tmp_path: Path):
    server.keys = {KEY}
    out = tmp_path / "out"
    query = ("--topic", "T10028", "--years", "2012-2013", "--out", out)
    refused = run_command(*query, OPENALEX_URL=server.address, OPENALEX_API_KEY=f"{KEY}-wrong")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert KEY not in refused.stderr + refused.stdout
    done = run_command(*query, "--url", server.address, OPENALEX_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert (out / "papers.csv.gz").exists()
    assert KEY.encode() not in b"".join(hash_tree(out).values())
    asked = len(server.requests)
    (out / "papers.csv.gz").unlink()
    again = run_command("--out", out)
    assert again.returncode == 0, again.stderr
    assert (out / "papers.csv.gz").exists()
    assert len(server.requests) == asked


def test_the_table_of_an_unfinished_download_is_said_to_be_one(server: Server, fetch: Fetch, tmp_path: Path):
    server.fault = lambda n, parameters: openalex_server.SPENT if n > 6 else None
    with pytest.raises(BudgetError):
        fetch()
    done = run_command("--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the download is not finished: 2 of 4 years are done\n")


def test_a_dry_run_writes_nothing(server: Server, tmp_path: Path):
    done = run_command("--topic", "T10028", "--years", "2012-2021", "--out", tmp_path / "out", "--dry-run",
                       "--url", server.address)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "works:    480" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_second_process_in_the_folder_is_refused(server: Server, tmp_path: Path):
    out = tmp_path / "out"
    code = "from pathlib import Path; from data.lock import hold_lock\n"
    code += f"with hold_lock(Path({str(out / 'lock')!r}), 'download'): print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    done = run_command("--topic", "T10028", "--years", "2012", "--out", out, "--url", server.address)
    holder.kill()
    holder.wait()
    assert done.returncode == 2
    assert f"another download is writing here (process {holder.pid})" in done.stderr
    assert server.requests == []


def test_a_folder_without_works_and_a_file_are_one_message(tmp_path: Path):
    (tmp_path / "file").write_text("")
    for out, message in ((tmp_path / "none", "no such folder"), (tmp_path / "file", "a folder is needed")):
        done = run_command("--out", out)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "none").exists()
