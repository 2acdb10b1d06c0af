"""New vintages of Epoch's models from a local server: what is stored, what is refused, what is reported as changed."""

from __future__ import annotations

import csv
import errno
import functools
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.build.vintage_changes import COLUMNS, list_changes, select_comparable, summarise_changes
from data.build.vintage_counts import find_vintages
from data.command import run as run_app
from data.errors import InputError
from data.fetch import epoch, http_file, retries
from data.fetch.epoch import add_vintage
from data.fetch.http_file import drop_secrets
from data.io import parse_csv
from data.lock import hold_lock
from data.paths import HERE
from data.sources.epoch import read_vintage
from data.tables import user_tables
from data.tables.fetched import Fetched, find_newest, read_record
from inference.pipeline.status import describe_fetched, find_fetched
from inference.store.paths import Paths
from tests.conftest import MORE, RAW, hash_files, require_raw_files
from tests.data.file_server import Reply, Server

SECRET = "hunter2"
HTML = b"<!DOCTYPE html>\n<html><title>Not found</title></html>"
Model = dict[str, str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("EPOCH_URL", raising=False)
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.go_on.set()
        made.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def read_snapshot_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse the snapshot's models once for all tests; the code copies the rows before it changes them."""
    for module in (epoch, user_tables):
        monkeypatch.setattr(module, "parse_csv", lambda path, columns: parse_once(path, *columns))


@functools.cache
def parse_once(path: Path, *columns: str) -> dict[int, dict[str, str]]:
    return parse_csv(path, columns)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the seconds between attempts instead of waiting for them."""
    seconds: list[float] = []
    monkeypatch.setattr(retries, "pause", seconds.append)
    return seconds


@pytest.fixture
def fetch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, pauses: list[float]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs ``data fetch epoch`` here, into ``tmp_path/raw``."""

    def fetch_epoch(url: str, *arguments: str, out: Path = tmp_path / "raw") -> tuple[int, str, str]:
        from data.cli import app

        monkeypatch.setattr(sys, "argv", ["data", "fetch", "epoch", "--url", url, "--out", str(out), *arguments])
        code = run_app(app)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return fetch_epoch


def model(
    name: str = "A", compute: str = "1e20", team: str = "Industry", notable: str = "SOTA", date: str = "2021-05-01"
) -> Model:
    return {
        "Model": name,
        "Publication date": date,
        "Organization": "Google",
        "Organization categorization": team,
        "Notability criteria": notable,
        "Training compute (FLOP)": compute,
    }


def vintage(*models: Model, month: str = "2026-02") -> bytes:
    """Write an invented vintage; its last model dates it, and two sectors of one model show its layout."""
    dated = {**model("Last", team="Industry,Academia", date=f"{month}-03"), "Organization": "Google,MIT"}
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dated))
    writer.writeheader()
    writer.writerows([*models, dated])
    return out.getvalue().encode()


def zip_files(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


FIRST = vintage(model("A"), model("B", compute="3e21"))


@pytest.fixture(scope="module")
def first_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the first vintage was fetched, from the port that ``put_first`` replaces."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch, Server() as made:
        patch.setenv("NO_PROXY", "127.0.0.1")
        made.replies = [Reply(FIRST)]
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}).start()
        add_vintage(made.address(), folder / "raw", report=lambda _: None)
        made.shutdown()
        record = folder / "raw" / "epoch" / "fetched.json"
        record.write_text(record.read_text().replace(f":{made.server_port}/", ":PORT/"))
    return folder


PutFirst = Callable[[], dict[str, str]]


@pytest.fixture
def put_first(server: Server, tmp_path: Path, first_folder: Path) -> PutFirst:
    """Return a function that puts the first vintage into ``tmp_path``, and returns the digests of all files."""

    def put_copy() -> dict[str, str]:
        shutil.copytree(first_folder, tmp_path, dirs_exist_ok=True)
        record = tmp_path / "raw" / "epoch" / "fetched.json"
        record.write_text(record.read_text().replace(":PORT/", f":{server.server_port}/"))
        server.replies = [Reply(FIRST)]
        return hash_files(tmp_path)

    return put_copy


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_a_vintage_is_stored_with_its_record_and_without_secrets(server: Server, fetch: Any, tmp_path: Path):
    server.replies = [Reply(FIRST)]
    url = server.address(f"/data/all_ai_models_2026-02-20.csv?token={SECRET}").replace("//", f"//me:{SECRET}@", 1)
    code, output, errors = fetch(url)
    assert code == 0, errors
    assert server.seen[0]["path"].endswith(f"?token={SECRET}")  # the server gets what the record leaves out
    assert "Authorization" in server.seen[0]
    (one,) = read_record(tmp_path / "raw" / "epoch")
    assert one.file == f"all_ai_models_2026-02_fetched_{one.fetched[:10]}.csv"
    path = tmp_path / "raw" / "epoch" / one.file
    assert path.read_bytes() == FIRST
    assert one.sha256 == hashlib.sha256(FIRST).hexdigest()
    assert (one.vintage, one.bytes, one.models) == ("2026-02", len(FIRST), 3)
    assert one.address == server.address("/data/all_ai_models_2026-02-20.csv")
    assert find_newest(tmp_path / "raw" / "epoch") == one
    assert f"to use it: .venv/bin/python -m inference refresh academic_share --models {path}\n" in output
    everything = output + errors + "".join(file.read_text() for file in path.parent.iterdir())
    assert SECRET not in everything
    assert find_vintages(tmp_path / "raw") == [path]  # the file of changes is none


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(FIRST), {}),
        (gzip.compress(FIRST), {"Content-Encoding": "gzip"}),
        (zip_files({"models.csv": FIRST, "__MACOSX/._models.csv": b"x", "LICENCE": b"CC BY"}), {}),
        (zip_files({"ai_models/all_ai_models.csv": FIRST, "ai_models/notable.csv": b"x"}), {}),
        (zip_files({"models.csv.gz": gzip.compress(FIRST)}), {}),
    ],
)
def test_compressed_files_are_unpacked_and_not_stored_twice(
    server: Server, fetch: Any, tmp_path: Path, body: bytes, headers: dict[str, str], put_first: PutFirst
):
    before = put_first()
    server.replies = [Reply(body, headers=headers)]
    code, output, errors = fetch(server.address("/models"))
    assert code == 0, errors
    (one,) = read_record(tmp_path / "raw" / "epoch")
    path = tmp_path / "raw" / "epoch" / one.file
    assert f"\nunchanged since {one.fetched[:10]}: {path} (vintage 2026-02, 3 models" in output
    assert f"--models {path}\n" in output
    assert hash_files(tmp_path) == before


def test_a_byte_order_mark_is_read(server: Server, fetch: Any, tmp_path: Path):
    server.replies = [Reply(b"\xef\xbb\xbf" + FIRST)]
    assert fetch(server.address())[0] == 0
    (one,) = read_record(tmp_path / "raw" / "epoch")
    assert [row["model"] for row in read_vintage(tmp_path / "raw" / "epoch" / one.file)[0]] == ["A", "B", "Last"]


def test_a_stored_file_that_was_changed_or_removed_is_fetched_again(
    server: Server, fetch: Any, tmp_path: Path, put_first: PutFirst
):
    put_first()
    (one,) = read_record(tmp_path / "raw" / "epoch")
    path = tmp_path / "raw" / "epoch" / one.file
    changed = FIRST.replace(b"1e20", b"2e20")
    path.write_bytes(changed)
    assert fetch(server.address())[0] == 0
    assert path.read_bytes() == changed  # never overwritten
    second = read_record(tmp_path / "raw" / "epoch")[1]
    assert second.file == f"{path.stem}_2.csv"
    assert (path.parent / second.file).read_bytes() == FIRST


def test_the_newest_vintage_is_that_of_the_latest_month_fetched_last(server: Server, fetch: Any, tmp_path: Path):
    folder = tmp_path / "raw" / "epoch"
    assert find_newest(folder) is None
    for body in (vintage(month="2026-04"), vintage(model("X"), month="2026-04"), vintage(month="2025-01")):
        server.replies = [Reply(body)]
        code, output, _ = fetch(server.address())
        assert code == 0
    files = [one.file for one in read_record(folder)]
    assert len(set(files)) == 3
    assert f"changes from 2026-04 ({files[1]}) to 2025-01, which is older:" in output  # from the one fetched last
    newest = find_newest(folder)
    assert newest is not None
    assert newest.file == files[1]
    (folder / files[1]).unlink()
    newest = find_newest(folder)
    assert newest is not None
    assert newest.file == files[0]


def test_the_address_may_come_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pauses: list[float]
):
    from data.cli import app

    server.replies = [Reply(FIRST)]
    monkeypatch.setenv("EPOCH_URL", server.address("/from_environment.csv"))
    monkeypatch.setattr(sys, "argv", ["data", "fetch", "epoch", "--out", str(tmp_path)])
    assert run_app(app) == 0
    assert server.seen[0]["path"] == "/from_environment.csv"
    assert epoch.ADDRESS.startswith("https://epoch.ai/data/")


# --- what is refused --------------------------------------------------------------------------------------------------

NO_SECTORS = FIRST.replace(b"Organization categorization", b"Other")
BAD_COMPUTE = vintage(model("A", compute="lots"))
COMMAS = vintage(model("A", compute="1,5e20"))
REFUSED: dict[str, tuple[Reply, list[str]]] = {
    "not found": (Reply(HTML, 404), ["no file at this address", "404 Not Found"]),
    "gone": (Reply(HTML, 410), ["no file at this address", "410"]),
    "forbidden": (Reply(HTML, 403), ["refuses access", "403 Forbidden"]),
    "password": (Reply(HTML, 401), ["refuses access", "401"]),
    "teapot": (Reply(HTML, 418), ["418", "not with a file"]),
    "unknown status": (Reply(HTML, 499), ["499", "not with a file"]),
    "no content": (Reply(status=204, length=False), ["204", "not with a file"]),
    "part": (Reply(FIRST[:50], 206), ["206", "not with a file"]),
    "not modified": (Reply(status=304, length=False), ["304", "not with a file"]),
    "broken for ever": (Reply(HTML, 500), ["500 Internal Server Error, 5 times", "later"]),
    "busy for ever": (Reply(b"{}", 429), ["429 Too Many Requests, 5 times"]),
    "back in an hour": (Reply(HTML, 503, {"Retry-After": "3600"}), ["not available (503", "come back at 20"]),
    "back in an age": (Reply(HTML, 503, {"Retry-After": "9" * 11}), ["not available (503", "come back at 20"]),
    "cut for ever": (Reply(FIRST, sent=50), ["cut before its end, 5 times"]),
    "cut in chunks": (Reply(FIRST, sent=50, chunked=True), ["cut before its end, 5 times"]),
    "damaged encoding": (Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), ["cannot be decompressed, 5 times"]),
    "web page": (Reply(HTML), ["a web page (HTML)"]),
    "JSON": (Reply(b'[{"Model": "A"}]'), ["this is JSON"]),
    "spreadsheet": (Reply(zip_files({"[Content_Types].xml": b"<a/>"})), ["a spreadsheet"]),
    "LFS pointer": (Reply(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), ["Git LFS pointer"]),
    "PDF": (Reply(b"%PDF-1.7 "), ["a PDF"]),
    "empty": (Reply(b""), ["the file is empty"]),
    "header only": (Reply(FIRST.splitlines(True)[0]), ["no rows"]),
    "another table": (Reply(b"a,b\n1,2\n"), ["column is missing", "'Model'"]),
    "without sectors": (Reply(NO_SECTORS), ["sectors of the organisations"]),
    "bad compute": (Reply(BAD_COMPUTE), ["row 2", "'Training compute (FLOP)'", "'lots'"]),
    "decimal comma": (Reply(COMMAS), ["'1,5e20'", "download the file yourself", f"{epoch.USE} FILE --decimal ,"]),
    "comma in two senses": (Reply(COMMAS.replace(b"1,5", b"1,500")), ["may be a decimal comma", "FILE --decimal ,"]),
    "no name": (Reply(FIRST.splitlines(True)[0] + b",2021-05-01,G,Industry,SOTA,1e20"), ["name of a model"]),
    "cut at an unknown length": (Reply(FIRST, sent=len(FIRST) - 30, length=False), ["row 4"]),
    "damaged gzip": (Reply(gzip.compress(FIRST)[:-20]), ["damaged compressed file"]),
    "damaged zip": (Reply(zip_files({"a.csv": FIRST})[:-20]), ["damaged compressed file"]),
    "zip without a table": (Reply(zip_files({"readme": b"x"})), ["without a CSV file", "readme"]),
    "zip of several": (Reply(zip_files({"a.csv": b"x", "b.csv": b"y"})), ["several CSV files", "a.csv, b.csv"]),
    "circle": (Reply(status=302, headers={"Location": "/all_ai_models.csv"}), ["redirects in a loop"]),
    "to a file": (Reply(status=302, headers={"Location": "file:///etc/passwd"}), ["not an address"]),
}


@pytest.mark.parametrize(
    ("case", "first"),
    [*((case, True) for case in REFUSED), *((case, False) for case in ("not found", "empty", "JSON"))],
)
def test_files_that_are_not_vintages_are_refused_and_nothing_is_lost(
    server: Server, fetch: Any, tmp_path: Path, case: str, first: bool, put_first: PutFirst
):
    reply, parts = REFUSED[case]
    before = put_first() if first else {}
    server.replies = [reply]
    code, output, errors = fetch(server.address().replace("//", f"//me:{SECRET}@", 1))
    assert code == 2
    message = errors.strip().splitlines()[-1]
    assert message.startswith(f"error: {server.address()}")
    for part in parts:
        assert part in message
    assert output == ""
    assert "Traceback" not in errors
    assert SECRET not in errors
    assert hash_files(tmp_path) == before
    assert {path.name for path in (tmp_path / "raw" / "epoch").iterdir()} == {
        "lock", *(Path(name).name for name in before)
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "epoch.ai/models.csv",
        "ftp://epoch.ai/a.csv",
        "file:///etc/passwd",
        "https://",
        "http://[",
        "http://a:b/",
        "x",
        " ",
    ],
)
def test_invalid_web_addresses_are_refused(fetch: Any, url: str):
    code, _, errors = fetch(url)
    assert code == 2
    assert "not an address that can be requested" in errors


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_an_unknown_name_is_tried_again_and_refused(fetch: Any, no_names: None, pauses: list[float]):
    code, _, errors = fetch(f"https://me:{SECRET}@epoch.invalid/models.csv?key={SECRET}")
    assert code == 2
    assert "https://epoch.invalid/models.csv: the server cannot be reached: the name of the server is unknown" in errors
    assert pauses == [1, 2, 4, 8]
    assert SECRET not in errors


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.text(max_size=30), scheme=st.sampled_from(["http://", "https://", "", "HTTP://a@", "http://a.b:"]))
def test_any_text_as_address_gives_one_message(
    tmp_path: Path, no_names: None, pauses: list[float], rest: str, scheme: str
):
    with pytest.raises(InputError) as caught:
        add_vintage(scheme + rest, tmp_path / "raw", report=pytest.fail)
    assert str(caught.value)
    drop_secrets(scheme + rest)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"https://me:{SECRET}@epoch.ai/a.csv", "https://epoch.ai/a.csv"),
        (f"https://{SECRET}@epoch.ai:80/a.csv", "https://epoch.ai:80/a.csv"),
        (f"https://epoch.ai/a.csv?key={SECRET}", "https://epoch.ai/a.csv"),
        (f"https://epoch.ai/a.csv#{SECRET}", "https://epoch.ai/a.csv"),
        (f"https://me:pass/{SECRET}@epoch.ai/a.csv", "the address"),
        (f"https:me:{SECRET}@epoch.ai/a.csv", "the address"),
        (f"me:{SECRET}@epoch.ai/a.csv", "the address"),
        ("https://epoch.ai/@v1/a.csv", "https://epoch.ai/@v1/a.csv"),
        ("epoch.ai/a.csv", "epoch.ai/a.csv"),
    ],
)
def test_secrets_anywhere_in_an_address_are_dropped(fetch: Any, no_names: None, address: str, shown: str):
    assert drop_secrets(address) == shown
    code, _, errors = fetch(address)
    assert code == 2
    assert f"error: {shown}: " in errors
    assert SECRET not in errors


def test_a_server_that_is_not_there_is_refused(fetch: Any, pauses: list[float]):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        code, _, errors = fetch(f"http://127.0.0.1:{unused.getsockname()[1]}/a.csv")
    assert code == 2
    assert "the server cannot be reached: Connection refused, 5 times" in errors
    assert len(pauses) == 4


def test_a_certificate_that_is_not_valid_is_refused_at_once(
    server: Server, fetch: Any, tmp_path: Path, pauses: list[float]
):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing; it makes the certificate of the test")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = (
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    )
    subprocess.run(["openssl", "req", "-x509", *made], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    code, _, errors = fetch(server.address().replace("http:", "https:"))
    assert code == 2
    assert "no secure connection to the server: self-signed certificate" in errors
    assert pauses == []


def test_https_to_a_server_without_it_is_refused(server: Server, fetch: Any):
    server.replies = [Reply(FIRST)]
    code, _, errors = fetch(server.address().replace("http:", "https:"))
    assert code == 2
    assert "no secure connection" in errors
    assert "does the address begin with http://?" in errors


def test_certificates_that_are_missing_are_the_reason_given(fetch: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    code, _, errors = fetch("https://127.0.0.1:9/a.csv")
    assert code == 2
    assert "/nowhere/certificates.pem" in errors


# --- what is tried again ----------------------------------------------------------------------------------------------


def test_passing_faults_are_tried_again_after_the_time_that_the_server_names(
    server: Server, fetch: Any, tmp_path: Path, pauses: list[float]
):
    server.replies = [
        Reply(HTML, 503, {"Retry-After": "7"}),
        Reply(FIRST, sent=60),
        Reply(b"", 429),
        Reply(HTML, 502, {"Retry-After": formatdate(time.time() + 60, usegmt=True)}),
        Reply(FIRST),
    ]
    code, _, errors = fetch(server.address())
    assert code == 0, errors
    assert pauses[:3] == [7, 2, 4]
    assert 50 < pauses[3] <= 60
    assert len(server.seen) == 5
    assert "cut before its end; next attempt in 2 s" in errors
    (one,) = read_record(tmp_path / "raw" / "epoch")
    assert one.sha256 == hashlib.sha256(FIRST).hexdigest()


def test_a_server_that_stops_sending_is_given_up(
    server: Server, fetch: Any, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
):
    monkeypatch.setattr(http_file, "TIMEOUT", (1, 0.1))
    server.replies = [Reply(FIRST, sent=50, stall=True)]
    code, _, errors = fetch(server.address())
    assert code == 2
    assert "timed out, 5 times" in errors
    assert len(pauses) == 4


def test_a_file_of_unknown_length_is_read_with_a_remark(server: Server, fetch: Any, put_first: PutFirst):
    put_first()
    for reply, said in ((Reply(FIRST, length=False), True), (Reply(FIRST, chunked=True), False), (Reply(FIRST), False)):
        server.replies = [reply]
        code, output, _ = fetch(server.address())
        assert code == 0
        assert ("a cut download would go unnoticed" in output) == said


def test_a_body_without_end_is_cut_off(
    server: Server, fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, put_first: PutFirst
):
    before = put_first()
    monkeypatch.setattr(http_file, "LARGEST", 100)
    monkeypatch.setattr("data.fetch.unpack.LARGEST", 100_000)
    for body in (FIRST * 2, gzip.compress(bytes(10**6))[:99_999]):
        monkeypatch.setattr(http_file, "LARGEST", 100 if body[:1] != b"\x1f" else 10**9)
        server.replies = [Reply(body)]
        code, _, errors = fetch(server.address("/large.csv"))
        assert code == 2
        assert "larger than" in errors
    assert hash_files(tmp_path) == before


# --- kills, disks and folders -----------------------------------------------------------------------------------------


def test_a_kill_in_mid_download_leaves_nothing_that_counts(
    server: Server, fetch: Any, tmp_path: Path, put_first: PutFirst
):
    before = put_first()
    second = vintage(model("A"), model("C"), month="2026-03")
    server.replies = [Reply(second, sent=len(second) // 2, stall=True)]
    command = [sys.executable, "-m", "data", "fetch", "epoch", "--url", server.address(), "--out", tmp_path / "raw"]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.DEVNULL) as process:
        assert server.stalled.wait(60)
        while not list((tmp_path / "raw" / "epoch").glob(".fetch-*/body")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "raw" / "epoch").glob(".fetch-*/body"))) == 1
    assert {name: digest for name, digest in hash_files(tmp_path).items() if "/.fetch-" not in name} == before
    assert len(find_vintages(tmp_path / "raw")) == 1
    server.go_on.set()
    server.replies = [Reply(second)]
    assert fetch(server.address())[0] == 0
    assert [one.vintage for one in read_record(tmp_path / "raw" / "epoch")] == ["2026-02", "2026-03"]
    assert list((tmp_path / "raw" / "epoch").glob(".fetch-*")) == []
    assert {name: hash_files(tmp_path)[name] for name in before if name != "raw/epoch/fetched.json"} == {
        name: digest for name, digest in before.items() if name != "raw/epoch/fetched.json"
    }


@pytest.mark.parametrize(
    ("step", "error"),
    [("changes", OSError(errno.ENOSPC, "No space left on device")), ("fetched.json", KeyboardInterrupt())],
)
def test_a_disk_that_fills_or_an_interrupt_between_the_steps_keeps_what_was_there(
    server: Server,
    fetch: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: BaseException,
    put_first: PutFirst,
):
    before = put_first()
    write = epoch.write_atomic

    def fail(path: Path, content: bytes) -> None:
        if step in path.name:
            raise error
        write(path, content)

    monkeypatch.setattr(epoch, "write_atomic", fail)
    second = vintage(model("C"), month="2026-03")
    server.replies = [Reply(second)]
    code, _, errors = fetch(server.address())
    assert code == (2 if isinstance(error, OSError) else 130)
    assert "Traceback" not in errors
    assert hash_files(tmp_path) == before


def test_a_file_that_the_disk_cannot_hold_is_refused(server: Server, fetch: Any, tmp_path: Path, put_first: PutFirst):
    """A limit on the size of files stands for a full disk."""
    before = put_first()
    server.replies = [Reply(FIRST + b" " * 3_000_000)]
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)); "
    limit += "from data.cli import app; from data.command import run; sys.argv[0] = 'data'; sys.exit(run(app))"
    command = [sys.executable, "-c", limit, "fetch", "epoch", "--url", server.address(), "--out", tmp_path / "raw"]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "the download failed: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert hash_files(tmp_path) == before


def test_folders_that_cannot_be_used(server: Server, fetch: Any, tmp_path: Path):
    server.replies = [Reply(FIRST)]
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        code, _, errors = fetch(server.address(), out=out)
        assert code == 2
        assert "choose another --out" in errors
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "epoch").write_text("x")
    assert "this is a file" in fetch(server.address())[2]
    code, _, errors = fetch(server.address(), out=HERE / "snapshot")
    assert code == 2
    assert "the project's own folders take no downloads" in errors
    assert not (HERE / "snapshot" / "epoch").exists()
    if os.geteuid() != 0:  # the permissions of a folder do not bind the superuser
        (tmp_path / "closed").mkdir(mode=0o500)
        assert "Permission denied" in fetch(server.address(), out=tmp_path / "closed")[2]
    assert server.seen == []


def test_two_downloads_into_one_folder_are_refused(server: Server, fetch: Any, tmp_path: Path):
    server.replies = [Reply(FIRST)]
    with hold_lock(tmp_path / "raw" / "epoch" / "lock", "download"):
        code, _, errors = fetch(server.address())
    assert code == 2
    assert "another download is writing here" in errors
    assert server.seen == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"vintages": 3}',
        '{"vintages": [3]}',
        '{"vintages": [{"file": "a.csv"}]}',
        "{}",
        "[" * 9999,
    ],
)
def test_a_damaged_record_is_refused_and_kept(
    server: Server, fetch: Any, tmp_path: Path, content: str, put_first: PutFirst
):
    put_first()
    path = tmp_path / "raw" / "epoch" / "fetched.json"
    path.write_text(content)
    before = hash_files(tmp_path)
    code, _, errors = fetch(server.address())
    assert code == 2
    assert "fetched.json: the record of fetched vintages is damaged" in errors
    assert hash_files(tmp_path) == before
    found = find_fetched(Paths(tmp_path))
    assert found is not None
    assert "is damaged" in describe_fetched(found)[0]


@settings(max_examples=100)
@given(
    name=st.sampled_from(list(Fetched.__dataclass_fields__)),
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=1),
)
def test_any_value_in_the_record_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, name: str, value: Any):
    folder = tmp_path_factory.mktemp("record")
    entry = {**vars(Fetched("a.csv", "2026-02", "2026-03-01", "http://a/", "0" * 64, 3, 2)), name: value}
    (folder / "fetched.json").write_text(json.dumps({"vintages": [entry]}))
    try:
        (one,) = read_record(folder)
    except InputError:
        return
    assert all(type(getattr(one, part)) is str for part in ("file", "vintage", "fetched", "address", "sha256"))
    assert (folder / one.file).parent == folder
    find_newest(folder)


def test_a_stump_of_the_last_file_from_the_same_address_is_refused(server: Server, fetch: Any, tmp_path: Path):
    whole = [model(f"M{i}") for i in range(9)]
    server.replies = [Reply(vintage(*whole[:2], month="2026-01"))]  # with no earlier fetch, any number is right
    assert fetch(server.address())[0] == 0
    server.replies = [Reply(vintage(*whole))]
    assert fetch(server.address())[0] == 0
    before = hash_files(tmp_path)
    server.replies = [Reply(vintage(*whole[:3], month="2026-03"), length=False)]
    code, _, errors = fetch(server.address())
    assert code == 2
    assert "4 models, fewer than half of the 10 fetched on 20" in errors
    assert hash_files(tmp_path) == before
    server.replies = [Reply(vintage(*whole[:4], month="2026-03"))]
    assert fetch(server.address())[0] == 0
    server.replies = [Reply(vintage(month="2026-03"))]
    assert fetch(server.address("/notable.csv"))[0] == 0  # another file may be smaller


def test_an_empty_folder_name_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: Any):
    from data.cli import app

    monkeypatch.setattr(sys, "argv", ["data", "fetch", "epoch", "--url", server.address(), "--out", ""])
    assert run_app(app) == 2
    assert "--out is empty" in capsys.readouterr().err
    assert server.seen == []


# --- what is reported as changed --------------------------------------------------------------------------------------


def row(
    name: str, compute: object = 20.0, team: str = "industry-only", notable: str = "sota", date: str = "2021-05-01"
) -> dict[str, object]:
    return {"model": name, "log10_compute": compute, "team": team, "team_resolved": team, "notability": notable,
            "date": date, "confidence": "likely"}  # fmt: skip


def test_every_change_is_listed_by_model():
    earlier = [row("same"), row("gone"), row("moved", 20.0), row("lost", 19.0), row("found", ""),
               row("retyped"), row("fallen"), row("risen", notable="")]  # fmt: skip
    later = [row("same"), row("moved", 21.5), row("lost", ""), row("found", 18.0), row("retyped", team="mixed"),
             row("fallen", notable=""), row("risen", notable="cited"), row("new", 25.0), row("small", "")]  # fmt: skip
    assert [tuple(one[name] for name in COLUMNS) for one in list_changes(earlier, later)] == [
        ("new", "added", "", "industry-only"),
        ("small", "added", "", "industry-only"),
        ("gone", "dropped", "industry-only", ""),
        ("retyped", "team type", "industry-only", "mixed"),
        ("found", "log10 compute", "", "18.0"),
        ("lost", "log10 compute", "19.0", ""),
        ("moved", "log10 compute", "20.0", "21.5"),
        ("fallen", "notability", "sota", ""),
        ("risen", "notability", "", "cited"),
    ]


def test_the_summary_counts_names_and_largest_changes(server: Server, fetch: Any, tmp_path: Path):
    server.replies = [
        Reply(
            vintage(model("Old"), model("Grown"), model("Rounded", "1.00e20"), model("Twice", "1e20"), model("Thrice"))
        )
    ]
    assert fetch(server.address())[0] == 0
    later = [model("Grown", "1e23", "Academia"), model("Rounded", "1.01e20"), model("Twice", "1.9e20"),
             model("Thrice", "3e20", notable=""), model("New\x1b[31m", "7e24"), model("Newer", "")]  # fmt: skip
    server.replies = [Reply(vintage(*later, month="2026-03"))]
    code, output, errors = fetch(server.address())
    assert code == 0, errors
    lines = [line.strip() for line in output.splitlines()]
    start = next(index for index, line in enumerate(lines) if line.startswith("changes from 2026-02 (all_ai_models"))
    assert lines[start].endswith(".csv) to 2026-03:")
    assert lines[start + 1 : -3] == [
        "models: 6 before, 7 now, 5 in both",
        "added: 2 (New?[31m, Newer)",
        "dropped: 1 (Old)",
        "team type changed: 1",
        "industry-only -> academia-only: 1 (Grown)",
        "team type known now: 0; no longer known: 0",
        "compute changed: 4 of the 5 known in both; 3 by more than 12 %, 2 by more than a factor of 2",
        "largest: Grown 1.0e+20 to 1.0e+23 FLOP, Thrice 1.0e+20 to 3.0e+20 FLOP",
        "compute known now: 0; no longer known: 0",
        "notable now: 0",
        "no longer notable: 1 (Thrice)",
        "sample of the analysis (notable, published 2010-22, usable compute): 3 in both, 1 added, 2 dropped; "
        "of those in both, another team type: 1, another compute: 2",
    ]
    newest = find_newest(tmp_path / "raw" / "epoch")
    assert newest is not None
    with (tmp_path / "raw" / "epoch" / f"{Path(newest.file).stem}_changes.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 2 + 1 + 1 + 4 + 1
    assert {one["model"]: one["later"] for one in rows if one["change"] == "team type"} == {"Grown": "academia-only"}


def test_the_first_vintage_is_compared_with_the_newest_of_the_snapshot(server: Server, fetch: Any):
    server.replies = [Reply(vintage(model("GPT-4"), model("No such model", notable=""), month="2026-02"))]
    output = fetch(server.address())[1]
    assert "changes from 2026-05 (the snapshot) to 2026-02, which is older:" in output
    assert "1 models that are not notable are left out" in output


def test_an_earlier_file_that_can_no_longer_be_read_does_not_stop_a_new_one(
    server: Server, fetch: Any, tmp_path: Path, put_first: PutFirst
):
    put_first()
    (one,) = read_record(tmp_path / "raw" / "epoch")
    unreadable = b"a,b\n1,2\n"  # as after a change of the rules, with the checksum that the record has
    (tmp_path / "raw" / "epoch" / one.file).write_bytes(unreadable)
    path = tmp_path / "raw" / "epoch" / "fetched.json"
    text = path.read_text().replace(one.sha256, hashlib.sha256(unreadable).hexdigest())
    path.write_text(text.replace(f'"bytes": {one.bytes}', f'"bytes": {len(unreadable)}'))
    server.replies = [Reply(vintage(model("A"), month="2026-03"))]
    code, output, errors = fetch(server.address())
    assert code == 0, errors
    assert "comparing with the snapshot instead" in output


def test_a_file_of_notable_models_is_compared_on_notable_models():
    everything = [row("both"), row("only here"), row("fallen", notable=""), row("minor", notable="")]
    notable = [row("both"), row("fallen"), row("newcomer")]
    for pair in ((everything, notable), (notable, everything)):
        earlier, later, remark = select_comparable(*pair)
        names = sorted(str(one["model"]) for one in (earlier if pair[0] is everything else later))
        assert names == ["both", "fallen", "only here"]
        assert len(later if pair[0] is everything else earlier) == 3
        assert remark.startswith("1 models that are not notable are left out")
    assert select_comparable(everything, everything) == (everything, everything, "")
    assert select_comparable(notable, notable) == (notable, notable, "")


TYPES = st.sampled_from(["academia-only", "industry-only", "collaboration", "mixed", "unknown"])
COMPUTES = st.just("") | st.floats(5, 26).map(lambda value: round(value, 6))
ROWS = st.dictionaries(
    st.text("abc", min_size=1, max_size=2), st.tuples(COMPUTES, TYPES, st.sampled_from(["", "sota"])), max_size=9
)


@settings(max_examples=120)
@given(earlier=ROWS, later=ROWS)
def test_changes_lead_from_the_earlier_vintage_to_the_later(earlier: dict[str, Any], later: dict[str, Any]):
    """Applying the listed changes to the earlier values gives the later ones; nothing else differs."""
    before, after = ([row(name, *values) for name, values in rows.items()] for rows in (earlier, later))
    changes = list_changes(before, after)
    named = {change: {one["model"] for one in changes if one["change"] == change} for change in
             ("added", "dropped", "team type", "log10 compute", "notability")}  # fmt: skip
    assert named["added"] == later.keys() - earlier.keys()
    assert named["dropped"] == earlier.keys() - later.keys()
    for name in earlier.keys() & later.keys():
        for number, change in enumerate(("log10 compute", "team type", "notability")):
            assert (name in named[change]) == (earlier[name][number] != later[name][number])
    for one in changes:
        if one["change"] == "log10 compute":
            assert (one["earlier"], one["later"]) == (str(earlier[one["model"]][0]), str(later[one["model"]][0]))
    lines = summarise_changes(before, after, changes)
    assert len(lines) <= 20
    assert max(map(len, lines)) < 400


# --- status -----------------------------------------------------------------------------------------------------------


def write_finished(out: Path, models: Path) -> None:
    """Write the record of a finished refresh with a user's table of models."""
    path = out / "posteriors" / "academic_share" / "claim.json"
    path.parent.mkdir(parents=True)
    overrides = {"seed": None, "models": str(models.resolve()), "papers": None, "priors": None}
    path.write_text(json.dumps({"specs": [], "left_out": {}, "overrides": overrides}))


def test_status_reports_a_fetched_vintage_until_results_use_it(
    server: Server, fetch: Any, tmp_path: Path, run: Any, pauses: list[float], put_first: PutFirst
):
    paths = Paths(tmp_path)
    assert find_fetched(paths) is None
    assert describe_fetched(None) == []
    put_first()
    first = tmp_path / "raw" / "epoch" / read_record(tmp_path / "raw" / "epoch")[0].file
    line = f"not used by any results yet; to use them: {epoch.USE} {first}"
    assert run("-m", "inference", "status", "--out", tmp_path).stdout.endswith(f"{line}\n")
    content = json.loads(run("-m", "inference", "status", "--json", "--out", tmp_path).stdout)
    assert content["fetched"]["path"] == str(first)
    assert content["fetched"]["vintage"] == "2026-02"
    write_finished(tmp_path / "own" / "models-first", first)
    found = find_fetched(paths)
    assert found is not None
    assert found["used_by"] == [str(tmp_path / "own" / "models-first")]
    assert describe_fetched(found) == []
    server.replies = [Reply(vintage(model("C"), month="2026-03"))]
    assert fetch(server.address())[0] == 0
    lines = describe_fetched(find_fetched(paths))
    assert lines[0].startswith("Epoch's models of 2026-03, fetched on 20")
    assert lines[1].startswith(f"{tmp_path / 'own' / 'models-first'}: uses an earlier fetched vintage")
    second = tmp_path / "raw" / "epoch" / read_record(tmp_path / "raw" / "epoch")[1].file
    write_finished(tmp_path / "own" / "models-second", second)
    found = find_fetched(paths)
    assert found is not None
    assert found["used_by"] == [str(tmp_path / "own" / "models-second")]
    assert found["outdated"] == [str(tmp_path / "own" / "models-first")]
    assert len(describe_fetched(found)) == 1


# --- the real vintages ------------------------------------------------------------------------------------------------

REAL = (
    RAW / "epoch" / "all_ml_systems_2023-12-14.csv",
    MORE / "epoch" / "all_ml_systems_2024-10-16.csv",
    RAW / "epoch" / "all_ml_systems_2025-06.csv",
    MORE / "epoch" / "notable_ai_models_2025-12-31.csv",
    MORE / "epoch" / "all_ai_models_2026-03-30.csv",
    RAW / "epoch" / "notable_ai_models_2026-05.csv",
)
# Counts of changes from each vintage to the next: models in both, added, dropped, team types changed, computes known in
# both, changed, changed by more than a factor of 2. Of 2024-10 and 2025-06, 653 computes are of models with the same
# name to the letter; "phi-3-medium  14B" has two blanks in one of them, which the reader makes one.
EXPECTED = {
    "2024-09": (1036, 719, 80, 132, 379, 52, 26),
    "2025-06": (1213, 678, 542, 12, 654, 111, 56),
    "2025-12": (691, 290, 127, 3, 425, 12, 3),
    "2025-12 ": (906, 26, 75, 0, 518, 0, 0),
    "2026-04": (906, 105, 26, 0, 518, 0, 0),
}


def test_the_real_vintages_one_after_the_other(server: Server, fetch: Any, tmp_path: Path):
    require_raw_files()
    found = []
    for path in REAL:
        server.replies = [Reply(path.read_bytes())]
        code, output, errors = fetch(server.address(f"/{path.name}"))
        assert code == 0, errors
        lines = [line.strip() for line in output.splitlines()]
        assert len(lines) <= 25
        text = " ".join(lines).replace(",", "")
        patterns = (r"(\d+) in both", r"added: (\d+)", r"dropped: (\d+)", r"type changed: (\d+)", r"of the (\d+) known",
                    r"compute changed: (\d+)", r"(\d+) by more than a factor of 2")  # fmt: skip
        found.append(tuple(int(re.findall(pattern, text)[0]) for pattern in patterns))
    assert found[1:] == list(EXPECTED.values())
    record = read_record(tmp_path / "raw" / "epoch")
    assert [one.vintage for one in record] == ["2023-12", *(name.strip() for name in EXPECTED)]
    assert [one.models for one in record] == [1116, 1755, 1891, 981, 3222, 1011]
    for one, path in zip(record, REAL, strict=True):
        assert (tmp_path / "raw" / "epoch" / one.file).read_bytes() == path.read_bytes()
        assert one.file.startswith(("all_ml_systems_2", "all_ai_models_2", "notable_ai_models_2"))
    assert find_newest(tmp_path / "raw" / "epoch") == record[-1]
