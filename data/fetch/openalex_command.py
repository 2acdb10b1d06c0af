"""Run the command ``openalex``: download works with a progress bar, then write their table of papers."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError
from data.fetch.folders import check_folder, make_folder
from data.fetch.openalex_client import make_client
from data.fetch.openalex_download import Advance, check_new, download
from data.fetch.openalex_plan import describe_plan
from data.fetch.openalex_query import ADDRESS, Query
from data.lock import hold_lock
from data.progress import Report, open_progress
from data.sources.openalex_manifest import find_manifest, has_manifest

BEGIN = "--topic ID, --concept ID or --search TEXT, with --years and --out,"
SECONDS_BETWEEN_LINES = 30.0  # of progress, where no terminal shows a bar


def fetch_openalex(
    query: Query | None,
    out: Path | None,
    url: str | None,
    key: str | None,
    mail: str | None,
    *,
    dry_run: bool,
    report: Report,
) -> None:
    """Download works and write their table; without a query only the table, from works that are there.

    Parameters
    ----------
    query
        What is asked for.
    out
        Folder of the download. A dry run needs none.
    url, key, mail
        Address of the server (None: OpenAlex's), the user's key and mail address.
    dry_run
        Only report what the download would take.
    report
        Receives the results; progress goes to the standard error.

    Raises
    ------
    InputError
        If the options do not fit together, or the download or the table fails. Works downloaded before are kept.
    """
    if dry_run:
        if query is None:
            hint = "give --topic ID, --concept ID or --search TEXT, and --years"
            raise InputError("a dry run needs a query", hint=hint)
        with _open_progress() as (report_progress, _):
            lines = describe_plan(make_client(url or ADDRESS, key, mail, report_progress), query)
        for line in lines:
            report(line)
        return
    if out is None and query is None:
        hint = "--out alone writes the table of a download that is there; --help explains the options"
        raise InputError(f"nothing to do: {BEGIN} begin a download", hint=hint)
    if out is None:
        raise InputError("--out is missing: the folder of the download")
    check_folder(out)
    if query is None and not out.is_dir():
        raise InputError("there is no such folder", out, hint=f"{BEGIN} begin a download")
    if query is not None and not has_manifest(out):
        check_new(out)
    make_folder(out)
    found = _describe_state(out) if query is None else []
    with _convert_disk_errors(out), hold_lock(out / "lock", "download"), _open_progress() as (report_progress, advance):
        if query is not None:
            download(out, query, make_client(url or ADDRESS, key, mail, report_progress), report_progress, advance)
        from data.build.openalex import write_tables

        lines = [*found, *write_tables(out, report_progress)]
    path = out / "papers.csv.gz"
    use = f".venv/bin/python -m inference refresh topic_compute --papers {shlex.quote(str(path))}"
    for line in (*lines, f"written: {path}", f"to use it: {use}"):
        report(line)


def _describe_state(out: Path) -> list[str]:
    """Describe a damaged manifest, or a download that is unfinished or lacks works; so does its table."""
    if not has_manifest(out):
        return []
    manifest, problem = find_manifest(out)
    if manifest is None:
        return [f"{problem}: the table is made from all works in the folder"]
    lines = [f"{problem}; the previous manifest is used, which is at most one page behind"] if problem else []
    if not manifest.is_complete():
        done = sum(one.walk is None for one in manifest.slices)
        lines.append(f"the download is unfinished: the table has {done} of {len(manifest.slices)} years in full")
    short = [str(one.year) for one in manifest.slices if one.is_short()]
    return [*lines, *([f"works are missing in {', '.join(short)}"] if short else [])]


@contextmanager
def _convert_disk_errors(out: Path) -> Iterator[None]:
    """Convert errors of the disk, such as a full one, while the lock or the table is written."""
    try:
        yield
    except OSError as error:
        hint = "the downloaded works are kept; run the same command again once the folder is writable and has space"
        raise InputError(f"cannot be written: {error.strerror or error}", error.filename or out, hint=hint) from None


@contextmanager
def _open_progress() -> Iterator[tuple[Report, Advance]]:
    """Show a progress bar on a terminal, and lines elsewhere; give functions that print a line and move the bar."""
    from rich.progress import MofNCompleteColumn, TimeRemainingColumn

    with open_progress("works", MofNCompleteColumn(), TimeRemainingColumn()) as (report, move):
        last = time.monotonic()

        def report_progress(year: str, done: int, total: int | None) -> None:
            nonlocal last
            move(description=f"works of {year}", completed=done, total=total)
            if not sys.stderr.isatty() and time.monotonic() - last > SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                report(f"works of {year}: {done:,}" + (f" of {total:,}" if total is not None else " new"))

        yield report, report_progress
