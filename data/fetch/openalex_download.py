"""Download works of OpenAlex into a folder that survives every interruption.

The works of each publication year are a slice, and every page of a slice becomes one part. The part is written first,
then the manifest that lists it with the cursor of the next page, each atomically. A process that is killed between the
two leaves a part that no manifest lists. The next run fetches that page again, so no work is lost or duplicated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from data.command import raise_if_interrupted
from data.errors import InputError
from data.fetch.openalex_client import Client, Page, describe_limits, fetch_page, format_cost
from data.fetch.openalex_plan import count_all, describe_unmatched
from data.fetch.openalex_query import Query, count_requests, describe_query, format_query, read_query
from data.fetch.openalex_refusals import KEPT, CursorError, PlanError
from data.fetch.openalex_walk import Pass, add_page, start_pass
from data.io import write_atomic
from data.progress import Report
from data.sources.openalex_manifest import (
    FIRST_CURSOR,
    FORMAT,
    MANIFEST,
    PREVIOUS,
    WORKS,
    Manifest,
    Part,
    Slice,
    Walk,
    find_damage,
    has_manifest,
    hash_text,
    parse_manifest,
    read_manifest,
    read_works,
)

MOST_RESTARTS = 3  # of one slice in one run, when the server refuses its cursors
TABLES = ("papers.csv.gz", "papers_counts.csv")
_PART = re.compile(r"part-([0-9]{6,})\.jsonl\.gz")
LAG = timedelta(days=1)  # an update may appear in the server's index only some hours after its date
Advance = Callable[[str, int, int | None], None]  # year; works stored so far (in an update: new ones); total


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
    known: dict[int, dict[str, str]] = field(default_factory=dict)
    """Date of the update of each stored work, by year and id."""
    new: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Ids that a whole walk through a slice did not find."""
    skipped: dict[str, int] = field(default_factory=dict)


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
        If the folder holds another query, or if the server or the disk refuses. The downloaded works are kept.
    """
    state = _open(folder, query, client, report, advance)
    try:
        for one in state.manifest.slices:
            if one.walk is not None:
                _fetch_slice(state, one)
    except (InputError, KeyboardInterrupt):
        _report_kept(state)
        raise
    for what, times in state.skipped.items():
        report(f"{what}: {times:,}")
    # A work whose year has changed is known in two slices.
    gone = sum(sum(key in works for works in state.known.values()) == 1 for key in state.gone)
    if gone:
        report(f"{gone:,} works are no longer listed by the server; they stay")
    _report_kept(state)
    report(describe_limits(client))
    return state.manifest


def _open(folder: Path, query: Query, client: Client, report: Report, advance: Advance) -> Download:
    """Read the manifest of a folder, or begin one; mark what is to be fetched."""
    if not has_manifest(folder):
        check_new(folder)
        total = count_all(client, query)
        for line in describe_unmatched(client, query):
            report(line)
        slices = [Slice(year) for year in query.list_years()]
        manifest = Manifest(format_query(query), client.address, total, slices)
        state = Download(folder, manifest, client, query, report, advance)
        state.known = {one.year: {} for one in slices}
        _save_manifest(state)
        return state
    manifest, problem = read_manifest(folder)
    if problem:
        report(f"{problem}; the previous manifest is used, which is at most one page behind")
    _check_same(folder, manifest, query, client.address)
    state = Download(folder, manifest, client, query, report, advance, on_disk=format_manifest(manifest))
    _leave_out_damaged(state)
    _drop_unlisted(state)
    state.known = {one.year: _read_known(folder, one) for one in manifest.slices}
    state.updates = all(one.complete or one.is_short() for one in manifest.slices)
    _start_walks(state)
    return state


def _start_walks(state: Download) -> None:
    """Begin to update a complete download; fetch years again that lack works, or whose date cannot be right."""
    update = state.manifest.is_complete()
    dates = sorted(one.complete for one in state.manifest.slices if one.complete)
    if update and dates:
        state.report(f"complete as of {dates[0]}: fetching the works that were updated since")
    latest = (datetime.now(UTC).date() + LAG).isoformat()
    if update and dates and dates[-1] > latest:
        state.report(f"complete as of {dates[-1]}, in the future: a clock was wrong, so all works are fetched again")
    for one in state.manifest.slices:
        if one.is_short():
            state.report(f"{_describe_shortfall(one)}; all works of the year are fetched again")
            one.walk = Walk(None, None)
        elif update and one.complete:
            since = None if one.complete > latest else (date.fromisoformat(one.complete) - LAG).isoformat()
            one.walk = Walk(None, since)


def check_new(folder: Path) -> None:
    """Check that a download may begin in a folder without a manifest, or in one that does not exist.

    Raises
    ------
    InputError
        If it holds works, or tables that this command did not write.
    """
    works = folder / WORKS
    if works.is_dir() and any(works.iterdir()):
        hint = "--out alone writes the table of these works; to download, give --out another folder"
        raise InputError("the folder holds works but no manifest", folder, hint=hint)
    for name in TABLES:
        if (folder / name).exists():
            problem = f"the folder holds {name} but no manifest: the download would replace the table"
            raise InputError(problem, folder, hint="give --out another folder")


def _check_same(folder: Path, manifest: Manifest, query: Query, address: str) -> None:
    held = read_query(manifest.query)
    if held != query:
        hint = "give --out another folder, or the query of this one"
        raise InputError(f"the folder holds another query: {describe_query(held)}", folder, hint=hint)
    if manifest.address != address:
        problem = f"the folder holds a download from another address: {manifest.address}"
        raise InputError(problem, folder, hint="give --out another folder, or --url this address")


def _leave_out_damaged(state: Download) -> None:
    """Leave out parts whose checksum does not fit, and mark their slices to be fetched again from the first page."""
    for one in state.manifest.slices:
        damaged = {part.name: damage for part in one.parts if (damage := find_damage(state.folder, part))}
        if not damaged:
            continue
        for name, found in damaged.items():
            state.report(f"{WORKS}/{name}: {found}; the works of {one.year} are fetched again")
        one.parts = [part for part in one.parts if part.name not in damaged]
        one.walk = Walk(None, None)
        _save_manifest(state)


def _drop_unlisted(state: Download) -> None:
    """Delete parts that a killed process wrote but did not list; their pages are fetched again."""
    listed = {part.name for part in state.manifest.sort_parts()}
    works = state.folder / WORKS
    for path in works.iterdir() if works.is_dir() else ():
        if _PART.fullmatch(path.name.removesuffix(".part")) and path.name not in listed:
            path.unlink(missing_ok=True)


def _fetch_slice(state: Download, one: Slice) -> None:
    """Fetch the remaining pages of a slice."""
    passed = start_pass(one)
    restarts, address = 0, state.client.address
    while one.walk is not None:
        raise_if_interrupted()
        walk = one.walk
        if walk.since and state.no_plan and walk.cursor == FIRST_CURSOR:
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
                hint = f"this is the server's fault, so try again later; {KEPT}"
                raise InputError(f"the server refuses its own cursors: {error.problem}", address, hint=hint) from None
            state.report(f"{one.year}: the cursor has expired ({error.problem}); starting again at the first page")
            walk.cursor = FIRST_CURSOR
            passed = start_pass(one)
            continue
        if state.no_plan and not state.reported_plan:  # only now the price of a request is known
            _report_comparison(state, state.no_plan)
        _save_page(state, one, page, passed)


def _read_known(folder: Path, one: Slice) -> dict[str, str]:
    """Return the date of the update of each work of a slice, by id."""
    known: dict[str, str] = {}
    for part in one.parts:
        for work in read_works(folder / WORKS / part.name):
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
            problem = "works left out because they have no id"
            state.skipped[problem] = state.skipped.get(problem, 0) + 1
            continue
        before = _get_update(new[work["id"]]) if work["id"] in new else known.get(work["id"])
        if before is None or _get_update(work) > before:
            new[work["id"]] = work
    return new


def _save_page(state: Download, one: Slice, page: Page, passed: Pass) -> None:
    """Write the new works of a page as a part, then the manifest with the cursor of the next page."""
    walk, known = one.walk, state.known[one.year]
    assert walk is not None
    walk.started = walk.started or page.date
    if walk.since is None:
        one.count = page.total
    new = _select_new(state, page.works, known)
    if new:
        # Written as ASCII: a lone surrogate, which JSON may hold, has no other encoding.
        lines = "".join(json.dumps(work) + "\n" for work in new.values()).encode()
        numbers = (_PART.fullmatch(part.name) for part in state.manifest.sort_parts())
        number = max((int(found.group(1)) for found in numbers if found), default=0) + 1
        name = f"part-{number:06}.jsonl.gz"
        _write(state.folder / WORKS / name, lines)
        one.parts.append(Part(name, len(new), hash_text(lines)))
    endless = add_page(passed, page)
    one.delivered = passed.count_delivered()
    if page.next_cursor is None:
        _end_walk(state, one, walk, passed)
    else:
        # Where the server goes in circles, the next run begins again at the first page.
        one.walk = Walk(None, walk.since) if endless else Walk(walk.started, walk.since, page.next_cursor)
    _save_manifest(state)
    updated = {key for key in new if any(key in works for works in state.known.values())}
    state.updated |= updated
    state.new |= new.keys() - updated
    known |= {key: _get_update(work) for key, work in new.items()}
    there = sum(len(works) for works in state.known.values())
    new_ones = len(state.new) + len(state.updated)
    state.advance(str(one.year), *((new_ones, None) if state.updates else (there, state.manifest.total)))
    if endless:
        hint = f"this is the server's fault, so try again later; {KEPT}"
        raise InputError(f"{one.year}: {endless}", state.client.address, hint=hint)


def _end_walk(state: Download, one: Slice, walk: Walk, passed: Pass) -> None:
    """End a walk; if fewer works came than the server counted, the next run fetches all works of the slice again."""
    one.walk, one.complete = None, walk.started
    if one.delivered < (passed.total or 0):
        one.complete = None
        if walk.since is None:
            one.count = passed.total
            state.report(_describe_shortfall(one))
        else:
            one.count = None  # that of all works, which were not listed
            state.report(
                f"{one.year}: the server counted {passed.total:,} updated works and delivered {one.delivered:,}"
            )
    elif walk.since is None and passed.whole:
        state.gone |= state.known[one.year].keys() - passed.ids


def format_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON with a checksum of its content."""
    body = {"format": FORMAT, **asdict(manifest)}
    checksum = hash_text(json.dumps(body, sort_keys=True).encode())
    return json.dumps(body | {"sha256": checksum}, indent=1).encode() + b"\n"


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
        hint = "the works downloaded so far are kept: free some space, and run the same command again to continue"
        raise InputError(f"cannot be written: {error.strerror or error}", path, hint=hint) from None


def _describe_shortfall(one: Slice) -> str:
    if one.count is not None and one.delivered < one.count:
        return f"{one.year}: the server counted {one.count:,} works and delivered {one.delivered:,} different ones"
    return f"{one.year}: the server delivered fewer works than it counted"


def _report_comparison(state: Download, error: PlanError) -> None:
    state.reported_plan = True
    works = sum(one.count or one.count_works() for one in state.manifest.slices)
    requests = count_requests(works, len(state.manifest.slices))
    state.report(
        f"only OpenAlex's paid plans can request updates alone ({error.problem}): fetching all works again, and "
        f"keeping those with a newer date ({requests:,} requests at most; cost: {format_cost(state.client, requests)})"
    )


def _report_kept(state: Download) -> None:
    manifest = parse_manifest(state.on_disk) if state.on_disk else state.manifest
    there = len(set().union(*state.known.values()))
    if manifest.is_complete():
        more = f", {len(state.updated):,} updated" if state.updated else ""
        parts = len(manifest.sort_parts())
        state.report(f"{state.folder}: {there:,} works in {parts:,} parts, {len(state.new):,} new{more}")
        short = [str(one.year) for one in manifest.slices if one.is_short()]
        if short:
            state.report(f"works are missing in {', '.join(short)}: the same command fetches these years again")
        return
    done = sum(one.walk is None for one in manifest.slices)
    state.report(
        f"{state.folder}: {there:,} of {manifest.total:,} works are stored ({done} of {len(manifest.slices)} years "
        "complete); the same command continues from there; with --out alone, it writes the table of these works"
    )
