"""Download works of OpenAlex into a folder that survives every interruption.

The works of each publication year are a slice, and every page of a slice becomes one part. The part is written first,
then the manifest that lists it with the cursor of the next page, each atomically. A process that is killed between the
two leaves a part that no manifest lists; the next run fetches that page again, so no work is lost or there twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from data.command import raise_if_interrupted
from data.errors import InputError
from data.fetch.openalex_client import Client, Page, count_works, describe_limits, fetch_page, format_cost
from data.fetch.openalex_query import PER_PAGE, Query, count_requests, describe_query, find_differences, format_query
from data.fetch.openalex_refusals import CursorError, PlanError
from data.io import write_atomic
from data.sources.openalex_manifest import (
    FIRST_CURSOR,
    MANIFEST,
    PREVIOUS,
    WORKS,
    Manifest,
    Part,
    Pass,
    Slice,
    find_damage,
    format_manifest,
    has_manifest,
    hash_text,
    parse_manifest,
    read_lines,
    read_manifest,
)

MOST_RESTARTS = 3  # of one slice in one run, when the server refuses its cursors
SECONDS_PER_REQUEST = 1.0  # that a page of 100 works takes, about
_PART = re.compile(r"part-([0-9]{6,})\.jsonl\.gz")
Report = Callable[[str], None]
LAG = timedelta(days=1)  # an update may appear in the server's index only some hours after its date
Advance = Callable[[str, int, int | None], None]  # the year, the works that are there or new, and those in all


@dataclass
class Download:
    """A download under way: its folder, its manifest as in memory and as on disk, and what is reported."""

    folder: Path
    manifest: Manifest
    client: Client
    query: Query
    report: Report
    advance: Advance
    on_disk: bytes | None = None
    updates: bool = False
    no_plan: PlanError | None = None
    reported_plan: bool = False
    fetched: int = 0
    odd: dict[str, int] = field(default_factory=dict)


def describe_plan(client: Client, query: Query) -> list[str]:
    """Return what a download will take, after one request: works, requests, dollars, time. Nothing is written."""
    works = _count_some(client, query)
    requests = count_requests(works, len(query.list_years()))
    minutes = max(1, round(requests * SECONDS_PER_REQUEST / 60))
    # One work per page is asked for here; a page of 100 works costs the same.
    return [
        f"query:    {describe_query(query)}",
        f"works:    {works:,}",
        f"requests: {requests:,} at most (pages of {PER_PAGE} works, year by year)",
        f"cost:     {format_cost(client, requests)}",
        f"time:     about {minutes:,} min, at {SECONDS_PER_REQUEST:.0f} s per request",
        describe_limits(client),
    ]


def download(
    folder: Path,
    query: Query,
    client: Client,
    report: Report,
    advance: Advance = lambda text, done, total: None,
) -> Manifest:
    """Begin, resume or update the download of a query's works.

    Parameters
    ----------
    folder
        Where the works are, or will be; the caller holds its lock.
    query
        What is asked for; a folder holds one query.
    client
        The server.
    report
        Called with sentences on the way.
    advance
        Called after every page.

    Returns
    -------
    Manifest
        The state of the folder after the last page.

    Raises
    ------
    InputError
        If the folder holds another query, or if the server or the disk refuses. What was downloaded stays.
    """
    state = _open(folder, query, client, report, advance)
    try:
        for one in state.manifest.slices:
            if one.walk is not None:
                _fetch_slice(state, one)
    except (InputError, KeyboardInterrupt):
        _report_kept(state)
        raise
    for what, times in state.odd.items():
        report(f"{what}: {times:,}")
    _report_kept(state)
    report(describe_limits(client))
    return state.manifest


def _open(folder: Path, query: Query, client: Client, report: Report, advance: Advance) -> Download:
    """Read the manifest of a folder, or begin one; mark what is to be fetched."""
    if not has_manifest(folder):
        _check_new(folder)
        total = _count_some(client, query)
        slices = [Slice(year) for year in query.list_years()]
        manifest = Manifest(format_query(query), client.address, total, slices)
        state = Download(folder, manifest, client, query, report, advance)
        _save_manifest(state)
        return state
    manifest, problem = read_manifest(folder)
    if problem:
        report(f"{problem}; the one of the step before is used, which is at most one page behind")
    _check_same(folder, manifest, query, client.address)
    state = Download(folder, manifest, client, query, report, advance, on_disk=format_manifest(manifest))
    _leave_out_damaged(state)
    _drop_unlisted(state)
    if manifest.is_complete():
        dates = sorted({one.complete or "" for one in manifest.slices})
        report(f"complete as of {dates[0]}: fetching the works that were updated since")
        for one in manifest.slices:
            one.walk = Pass(None, (date.fromisoformat(one.complete) - LAG).isoformat() if one.complete else None)
    state.updates = all(one.complete for one in manifest.slices)
    return state


def _count_some(client: Client, query: Query) -> int:
    works = count_works(client, query)
    if works == 0:
        problem = f"no work matches ({describe_query(query)})"
        raise InputError(problem, hint="check the id at https://openalex.org, the types and the years")
    return works


def _check_new(folder: Path) -> None:
    works = folder / WORKS
    if works.is_dir() and any(works.iterdir()):
        raise InputError("works are here, but no manifest says which", folder, hint="give --out another folder")


def _check_same(folder: Path, manifest: Manifest, query: Query, address: str) -> None:
    differences = find_differences(manifest.query, format_query(query))
    if manifest.address != address:
        differences.append(f"address: {manifest.address} there, {address} now")
    if differences:
        problem = f"the folder holds another download ({'; '.join(differences)})"
        raise InputError(problem, folder, hint="give --out another folder, or the query of this one")


def _leave_out_damaged(state: Download) -> None:
    """Leave out parts whose checksum does not fit, and mark their slices to be fetched again from the first page."""
    for one in state.manifest.slices:
        damaged = {part.name: damage for part in one.parts if (damage := find_damage(state.folder, part))}
        if not damaged:
            continue
        for name, found in damaged.items():
            state.report(f"{WORKS}/{name}: {found}; the works of {one.year} are fetched again")
        one.parts = [part for part in one.parts if part.name not in damaged]
        one.walk = Pass(None, None)
        _save_manifest(state)


def _drop_unlisted(state: Download) -> None:
    """Delete parts that a killed process wrote but did not list; their pages are fetched again."""
    listed = {part.name for part in state.manifest.list_parts()}
    works = state.folder / WORKS
    for path in works.iterdir() if works.is_dir() else ():
        if _PART.fullmatch(path.name.removesuffix(".part")) and path.name not in listed:
            path.unlink(missing_ok=True)


def _fetch_slice(state: Download, one: Slice) -> None:
    """Fetch the remaining pages of a slice."""
    known = _read_known(state, one)
    restarts = 0
    while one.walk is not None:
        raise_if_interrupted()
        walk = one.walk
        if walk.since and state.no_plan:
            walk.since = None
        try:
            page = fetch_page(state.client, state.query, one.year, walk.cursor, walk.since)
        except PlanError as error:
            state.no_plan = error
            walk.since = None
            continue
        except CursorError as error:
            restarts += 1
            if restarts > MOST_RESTARTS:
                raise
            state.report(f"{one.year}: the cursor is not known any more ({error.problem}); from the first page again")
            walk.cursor = FIRST_CURSOR
            continue
        if state.no_plan and not state.reported_plan:  # only now the price of a request is known
            _report_comparison(state, state.no_plan)
        _save_page(state, one, page, known)


def _read_known(state: Download, one: Slice) -> dict[str, str]:
    """Return the date of the update of each work of a slice, by id."""
    known: dict[str, str] = {}
    for part in one.parts:
        for work in read_lines(state.folder / WORKS / part.name):
            known[work["id"]] = max(known.get(work["id"], ""), _get_update(work))
    return known


def _get_update(work: dict[str, Any]) -> str:
    updated = work.get("updated_date")
    return updated if isinstance(updated, str) else ""


def _select_new(state: Download, works: list[Any], known: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the works, by id, that are not there yet or that were updated since."""
    new: dict[str, dict[str, Any]] = {}
    for work in works:
        if not isinstance(work, dict) or not isinstance(work.get("id"), str):
            problem = "left out, because the server sent no id"
            state.odd[problem] = state.odd.get(problem, 0) + 1
            continue
        before = _get_update(new[work["id"]]) if work["id"] in new else known.get(work["id"])
        if before is None or _get_update(work) > before:
            new[work["id"]] = work
    return new


def _save_page(state: Download, one: Slice, page: Page, known: dict[str, str]) -> None:
    """Write the new works of a page as a part, then the manifest with the cursor of the next page."""
    walk = one.walk
    assert walk is not None
    if page.next_cursor == walk.cursor and page.works:
        raise CursorError("the server gives the same cursor again", state.client.address)
    walk.started = walk.started or page.date
    if walk.since is None:
        one.count = page.total if page.total is not None else one.count
    new = _select_new(state, page.works, known)
    if new:
        # Written as ASCII: a lone surrogate, which JSON may hold, has no other encoding.
        lines = "".join(json.dumps(work) + "\n" for work in new.values()).encode()
        numbers = (_PART.fullmatch(part.name) for part in state.manifest.list_parts())
        number = max((int(found.group(1)) for found in numbers if found), default=0) + 1
        name = f"part-{number:06}.jsonl.gz"
        _write(state.folder / WORKS / name, lines)
        one.parts.append(Part(name, len(new), hash_text(lines)))
        known |= {key: _get_update(work) for key, work in new.items()}
    if page.next_cursor is None or not page.works:
        one.walk, one.complete = None, walk.started
        _report_shortfall(state, one, walk)
    else:
        walk.cursor = page.next_cursor
    state.fetched += len(new)
    _save_manifest(state)
    there = sum(part.works for part in state.manifest.list_parts())
    done, total = (state.fetched, None) if state.updates else (there, state.manifest.total)
    state.advance(str(one.year), done, total)


def _save_manifest(state: Download) -> None:
    """Write the manifest; keep the one of the step before."""
    content = format_manifest(state.manifest)
    if state.on_disk is not None:
        _write(state.folder / PREVIOUS, state.on_disk)
    _write(state.folder / MANIFEST, content)
    state.on_disk = content


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomic(path, content)
    except OSError as error:
        hint = "what was downloaded stays: make room, and run the same command again to go on"
        raise InputError(f"cannot be written: {error.strerror or error}", path, hint=hint) from None


def _report_shortfall(state: Download, one: Slice, walk: Pass) -> None:
    if walk.since is None and one.count is not None and one.count_works() < one.count:
        there = one.count_works()
        state.report(f"{one.year}: the server counted {one.count:,} works and delivered {there:,} different ones")


def _report_comparison(state: Download, error: PlanError) -> None:
    state.reported_plan = True
    works = sum(one.count or one.count_works() for one in state.manifest.slices)
    requests = count_requests(works, len(state.manifest.slices))
    state.report(
        f"works updated since a date are only for OpenAlex's paid plans ({error.problem}): all works are fetched "
        f"again, and those with a newer date are kept ({requests:,} requests at most; cost: "
        f"{format_cost(state.client, requests)})"
    )


def _report_kept(state: Download) -> None:
    manifest = parse_manifest(state.on_disk) if state.on_disk else state.manifest
    there = sum(one.count_works() for one in manifest.slices)
    if manifest.is_complete():
        state.report(f"{state.folder}: {there:,} works in {len(manifest.list_parts()):,} parts, {state.fetched:,} new")
        return
    done = sum(one.walk is None for one in manifest.slices)
    state.report(
        f"{state.folder}: {there:,} of {manifest.total:,} works are there and stay ({done} of {len(manifest.slices)} "
        "years done); the same command goes on from there, --out alone writes the table of these works"
    )
