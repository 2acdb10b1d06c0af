"""A download of OpenAlex's works that is killed again and again: no work is lost, and none is there twice."""

from __future__ import annotations

import errno
import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import data.io
from data.command import INTERRUPTED
from data.errors import InputError
from data.fetch import openalex_client, openalex_download, openalex_walk
from data.fetch.openalex_client import make_client
from data.fetch.openalex_download import download
from data.fetch.openalex_query import parse_query
from data.sources.openalex_manifest import list_parts, read_manifest, read_works
from tests.conftest import ROOT
from tests.data.openalex_server import Server, Work, count_ids, make_works, serve


def run_download(server: Server, out: Path, years: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "data", "openalex", "--topic", "T10028", "--years", years, "--out", str(out)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENALEX_")}
    env["OPENALEX_URL"] = server.address
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def download_here(server: Server, out: Path, years: str = "2014-2015") -> None:
    query = parse_query(["T10028"], [], None, [], years)
    assert query is not None
    download(out, query, make_client(server.address), lambda text: None)


def check_folder(out: Path, works: list[Work]) -> None:
    """Count the works of all part files, and of those that the manifest lists; compare both with the server's."""
    every = [work for path in sorted((out / "works").glob("part-*")) for work in read_works(path)]
    listed = [work for path in list_parts(out) for work in read_works(path)]
    wanted = count_ids(works)
    lost = {name for name, read in (("files", every), ("manifest", listed)) if wanted - count_ids(read)}
    doubled = {name for name, read in (("files", every), ("manifest", listed)) if count_ids(read) - wanted}
    assert (lost, doubled) == (set(), set())
    manifest, problem = read_manifest(out)
    assert problem is None
    assert manifest.is_complete()
    assert sum(one.count_works() for one in manifest.slices) == manifest.total == len(works)
    assert [one.count for one in manifest.slices] == [one.count_works() for one in manifest.slices]


def kill_and_resume(works: list[Work], out: Path, kills: int, seed: int, years: str) -> None:
    """Kill a download at random moments, then let it finish."""
    rng = random.Random(seed)
    unfinished = 0
    with serve(works) as server:
        server.delay = 0.02
        for _ in range(kills):
            before, pages = len(server.requests), rng.choice((1, 1, 2))
            process = run_download(server, out, years)
            while process.poll() is None and len(server.requests) < before + pages:
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.08))  # anywhere in waiting, reading, and writing part and manifest
            process.kill()
            process.communicate()
            unfinished += process.returncode == -signal.SIGKILL and not is_complete(out)
        server.delay = 0.0
        download_here(server, out, years)
    assert unfinished >= kills - 1  # the kills hit a download, not its end
    check_folder(out, works)


def is_complete(out: Path) -> bool:
    return (out / "manifest.json").exists() and read_manifest(out)[0].is_complete()


def test_three_kills_lose_and_double_nothing(tmp_path: Path):
    kill_and_resume(make_works(900, seed=3, years=range(2014, 2017)), tmp_path / "out", 3, seed=4, years="2014-2016")


@pytest.mark.slow
def test_thirty_kills_of_5000_works_lose_and_double_nothing(tmp_path: Path):
    kill_and_resume(make_works(5000, seed=5), tmp_path / "out", 30, seed=6, years="2012-2021")


def test_ctrl_c_says_what_is_kept(tmp_path: Path):
    works = make_works(600, seed=7, years=range(2014, 2016))
    with serve(works) as server:
        server.delay = 0.2
        process = run_download(server, tmp_path / "out", "2014-2015")
        while process.poll() is None and len(server.requests) < 4:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert (
            " of 600 works are stored (0 of 2 years complete); the same command continues from there; with --out"
            in errors
        )
        assert errors.endswith(f"error: {INTERRUPTED}\n")
        assert "Traceback" not in errors
        server.delay = 0.0
        download_here(server, tmp_path / "out", "2014-2015")
    check_folder(tmp_path / "out", works)


@pytest.mark.parametrize(
    ("command", "target", "kept"),
    [
        (["build", "x"], "data.build.snapshot.build", "nothing was written"),
        (["openalex", "--topic", "T1", "--years", "2012"], "data.fetch.openalex_command.fetch_openalex", "is kept"),
        (["fetch", "epoch"], "data.fetch.epoch.add_vintage", "the vintages fetched before are kept"),
    ],
)
def test_ctrl_c_says_what_each_command_keeps(
    command: list[str], target: str, kept: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(target, interrupt)
    monkeypatch.setattr(sys, "argv", ["data", *command])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("data", run_name="__main__")
    assert caught.value.code == 130
    assert kept in capsys.readouterr().err


# --- crashes between any two steps ------------------------------------------------------------------------------------


class CrashError(BaseException):
    """The end of a process; no ``except Exception`` of the code sees it."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (openalex_client, openalex_walk):
        monkeypatch.setattr(module, "PER_PAGE", 5)


# Between two files, and between a file's content and its name: no other crash leaves other files.
STEPS = ("replace", "after")


def crash_at(patch: pytest.MonkeyPatch, step: str, number: int) -> None:
    """Crash at the n-th time that a file is renamed, or after it is complete.

    The temporary file stays, as when a process is killed.
    """
    left = [number]
    write, replace, unlink = data.io.write_atomic, Path.replace, Path.unlink

    def count_down(at: str) -> None:
        if at == step:
            left[0] -= 1
            if left[0] == 0:
                raise CrashError

    def write_and_crash(path: Path, content: bytes) -> None:
        write(path, content)
        count_down("after")

    def crash_and_rename(path: Path, target: Path) -> Path:
        count_down("replace")
        return replace(path, target)

    patch.setattr(openalex_download, "write_atomic", write_and_crash)
    patch.setattr(os, "fsync", lambda handle: None)
    patch.setattr(Path, "replace", crash_and_rename)
    patch.setattr(Path, "unlink", lambda path, **options: path.suffix == ".part" or unlink(path, **options))


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(step: str, tmp_path: Path):
    """Crash at the first writing step, resume and crash at the second, and so on, until a run gets to its end."""
    works = make_works(16, seed=8, years=range(2014, 2016))
    with serve(works) as server:
        for number in range(1, 100):
            out = tmp_path / str(number)
            with pytest.MonkeyPatch.context() as patch:
                crash_at(patch, step, number)
                try:
                    download_here(server, out)
                except CrashError:
                    crashed = True
                else:
                    crashed = False
            download_here(server, out)
            check_folder(out, works)
            if not crashed:
                break
        assert number > 9


def download_with_crashes(server: Server, out: Path) -> int:
    """Download in runs that each crash at their fourth file, until one gets to its end; return the number of runs."""
    for runs in range(1, 100):
        with pytest.MonkeyPatch.context() as patch:
            crash_at(patch, "after", 4)
            try:
                download_here(server, out)
            except CrashError:
                continue
            return runs
    pytest.fail("no end")


def test_a_chain_of_crashes_goes_on_page_by_page(tmp_path: Path):
    works = make_works(60, seed=9, years=range(2014, 2016))
    with serve(works) as server:
        assert download_with_crashes(server, tmp_path) > 10
        check_folder(tmp_path, works)


@pytest.mark.parametrize("updates_allowed", [True, False])
def test_a_chain_of_crashes_in_an_update_keeps_the_newest_records(tmp_path: Path, updates_allowed: bool):
    works = make_works(60, seed=9, years=range(2014, 2016))
    with serve(works) as server:
        download_with_crashes(server, tmp_path)
        changed = [work | {"title": "Revised", "updated_date": "2999-01-01T00:00:00"} for work in works[10:40]]
        server.works, server.updates_allowed = works[:10] + changed + works[40:], updates_allowed
        assert download_with_crashes(server, tmp_path) > 5
    listed = [work for path in list_parts(tmp_path) for work in read_works(path)]
    assert count_ids(listed) == count_ids(works) + count_ids(changed)
    newest = {work["id"]: work for work in sorted(listed, key=lambda work: work["updated_date"])}
    assert sum(work["title"] == "Revised" for work in newest.values()) == 30
    assert count_ids(listed) == count_ids(
        [work for path in (tmp_path / "works").glob("part-*") for work in read_works(path)]
    )


def test_a_disk_that_fills_in_every_run_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    works = make_works(60, seed=9, years=range(2014, 2016))
    rng = random.Random(10)
    with serve(works) as server:
        for _ in range(8):
            left = [rng.randint(1, 4)]

            def fill(handle: int, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] <= 0:
                    raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(os, "fsync", fill)
            with pytest.raises(InputError, match="No space left"):
                download_here(server, tmp_path)
        monkeypatch.undo()
        download_here(server, tmp_path)
    check_folder(tmp_path, works)
