"""Run the command ``openalex``: download works with a progress bar, then write their table of papers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import InputError
from data.fetch.openalex_client import Client, make_client
from data.fetch.openalex_download import Advance, Report, describe_plan, download
from data.fetch.openalex_query import ADDRESS, Query
from data.lock import hold_lock
from data.sources.openalex_manifest import has_manifest, read_manifest_or_files

SECONDS_BETWEEN_LINES = 30.0  # of progress, where no terminal shows a bar


def fetch_openalex(
    query: Query | None,
    out: Path | None,
    url: str | None,
    key: str | None,
    mail: str | None,
    *,
    dry_run: bool,
    tell: Callable[[str], None],
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
        Only say what the download will take.
    tell
        Prints results; what happens on the way goes to the standard error.

    Raises
    ------
    InputError
        If options do not fit together, or if the download or the table fails; the works that are there stay.
    """
    if query is None and dry_run:
        raise InputError("a dry run needs a query", hint="give --topic ID, --concept ID or --search TEXT, and --years")
    if query is not None and dry_run:
        with _draw_progress() as (report, _):
            lines = describe_plan(make_client(url or ADDRESS, key, mail, report), query)
        for line in lines:
            tell(line)
        return
    if out is None:
        raise InputError("--out is missing: the folder of the download")
    if out.exists() and not out.is_dir():
        raise InputError("this is a file; a folder is needed", out)
    if query is None and not out.is_dir():
        raise InputError("there is no such folder", out, hint="give --topic ID, --concept ID or --search TEXT to begin")
    with hold_lock(out / "lock", "download"):
        if query is not None:
            with _draw_progress() as (report, advance):
                client: Client = make_client(url or ADDRESS, key, mail, report)
                download(out, query, client, report, advance)
        else:
            _report_rest(out, tell)
        from data.build.openalex import write_tables

        for line in write_tables(out, tell):
            tell(line)


def _report_rest(out: Path, tell: Callable[[str], None]) -> None:
    """Say so if a download is not finished: its table is one of some years only."""
    manifest = read_manifest_or_files(out)[0] if has_manifest(out) else None
    if manifest is not None and not manifest.is_complete():
        done = sum(one.walk is None for one in manifest.slices)
        tell(f"the download is not finished: {done} of {len(manifest.slices)} years are done")


@contextmanager
def _draw_progress() -> Iterator[tuple[Report, Advance]]:
    """Show a progress bar on a terminal, and lines elsewhere; give functions that print a line and move the bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("works", total=None)
        last = time.monotonic()

        def report(text: str) -> None:
            console.print(text, markup=False, highlight=False, soft_wrap=True)

        def report_progress(year: str, done: int, total: int | None) -> None:
            nonlocal last
            progress.update(task, description=f"works of {year}", completed=done, total=total)
            if not console.is_terminal and time.monotonic() - last > SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                report(f"works of {year}: {done:,}" + (f" of {total:,}" if total is not None else " new"))

        yield report, report_progress
