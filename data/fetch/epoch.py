"""Fetch a new vintage of Epoch's models, check it, keep it next to the earlier ones, and report what changed.

A folder holds the vintages as CSV files, and their record, ``fetched.json``. A file that the record does not list is
ignored, and only a file that was read without an error is listed. A killed download thus leaves no partial vintage.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import shlex
import shutil
import tempfile
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from data.build.vintage_changes import COLUMNS, list_changes, select_comparable, summarise_changes
from data.errors import InputError
from data.fetch.folders import BUILD, check_folder, make_folder
from data.fetch.http_file import drop_secrets, save_file
from data.fetch.unpack import save_unpacked
from data.io import format_csv, parse_csv, write_atomic
from data.lock import hold_lock
from data.paths import SNAPSHOT
from data.progress import Report
from data.tables.fetched import RECORD, Fetched, read_record

# The file of all models. Public repositories that follow Epoch's models read this address, or a zip file that holds
# several CSV files, https://epoch.ai/data/ai_models.zip, and cite Epoch's page of downloads for both:
# https://epoch.ai/data/ai-models-documentation/downloads.
ADDRESS = "https://epoch.ai/data/all_ai_models.csv"
FOLDER = BUILD / "raw"
LEAST = 0.5  # share of the models of the last fetch from the same address; a file with fewer was cut or emptied
PARTS = ".fetch-"  # start of the name of a folder for what is not complete
USE = ".venv/bin/python -m inference refresh academic_share --models"
Rows = list[dict[str, object]]


def add_vintage(address: str = ADDRESS, out: Path = FOLDER, report: Report = print) -> None:
    """Download a vintage into ``out/epoch``, unless it is there already, and report what changed.

    Parameters
    ----------
    address
        A raw vintage as CSV, plain or compressed by gzip or zip.
    out
        A folder of raw files.
    report
        Receives the lines for the user.

    Raises
    ------
    InputError
        If the file cannot be downloaded, or is not a vintage that the analysis can read. Earlier vintages and their
        record are then unchanged.
    """
    check_folder(out)
    folder = out / "epoch"
    make_folder(folder)
    with hold_lock(folder / "lock", "download"):
        for old in folder.glob(f"{PARTS}*"):  # of a download that was killed
            shutil.rmtree(old, ignore_errors=True)
        known = [one for one in read_record(folder) if _is_intact(folder, one)]
        with tempfile.TemporaryDirectory(prefix=PARTS, dir=folder) as parts:
            table = Path(parts) / "table"
            rows = _download_models(address, table, report)
            sha256 = _hash_file(table)
            found = next((one for one in known if one.sha256 == sha256), None)
            if found is not None:
                report(f"unchanged since {found.fetched[:10]}: {folder / found.file} ({found.describe()})")
            else:
                _check_size(rows, [one for one in known if one.address == drop_secrets(address)])
                found = _make_entry(folder, table, drop_secrets(address), rows, sha256)
                changes = _report_changes(folder, found, rows, known[-1] if known else None, report)
                _save_vintage(folder, table, found, changes, report)
        report(f"to use it: {USE} {shlex.quote(str(folder / found.file))}")
        if folder.resolve() == (FOLDER / "epoch").resolve():
            report("to see what is stale: .venv/bin/python -m inference status")


def _download_models(address: str, table: Path, report: Report) -> Rows:
    """Download a vintage as a CSV file, and read it."""
    body, shown = table.with_name("body"), drop_secrets(address)
    try:
        has_end = save_file(address, body)
        save_unpacked(body, table, Path(urlsplit(ADDRESS).path).name)
        rows, message = _read_models(table)
    except InputError as error:
        if error.hint and "--decimal" in error.hint:  # an option of refresh, which reads a file that is there
            error.hint = f"download the file yourself, and use it with {USE} FILE --decimal ,"
        raise replace(error, file=shown) if error.file in (body, table) else error from None
    except OSError as error:
        raise InputError(f"the download cannot be stored: {error.strerror or error}", table.parents[1]) from None
    report(f"{shown}: {message}")
    if not has_end:
        report("the server did not report a length: a cut download would go unnoticed")
    return rows


def _check_size(rows: Rows, known: list[Fetched]) -> None:
    """Refuse a file with far fewer models than the last one from the same address; all columns may still be right."""
    if known and len(rows) < LEAST * known[-1].models:
        last = known[-1]
        problem = f"{len(rows):,} models, fewer than half of the {last.models:,} fetched on {last.fetched[:10]}"
        hint = "try again later; if the file has really shrunk, give --out another folder"
        raise InputError(problem, last.address, hint=hint)


def _make_entry(folder: Path, table: Path, shown: str, rows: Rows, sha256: str) -> Fetched:
    """Make the entry of a new vintage in the record."""
    vintage, now = str(rows[0]["vintage"]), datetime.now(UTC).isoformat(timespec="microseconds")
    file = _choose_name(folder, shown, vintage, now[:10])
    return Fetched(file, vintage, now, shown, sha256, table.stat().st_size, len(rows))


def _save_vintage(folder: Path, table: Path, found: Fetched, changes: bytes, report: Report) -> None:
    """Store a new vintage and its changes; the record is written last."""
    path = folder / found.file
    path_changes = path.with_name(f"{path.stem}_changes.csv")
    content = {"version": 1, "vintages": [asdict(one) for one in (*read_record(folder), found)]}
    try:
        with table.open("rb") as handle:
            os.fsync(handle.fileno())
        table.replace(path)
        write_atomic(path_changes, changes)
        write_atomic(folder / RECORD, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    except BaseException:  # the disk is full, or Ctrl-C: what the record does not list is removed
        for file in (path, path_changes):
            file.unlink(missing_ok=True)
        raise
    report(f"stored: {path} ({found.describe()}; SHA-256 {found.sha256[:12]}...)")
    report(f"every change: {path_changes}")


def _hash_file(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _is_intact(folder: Path, one: Fetched) -> bool:
    path = folder / one.file
    return path.is_file() and path.stat().st_size == one.bytes and _hash_file(path) == one.sha256


def _read_models(path: Path) -> tuple[Rows, str]:
    """Read and check a vintage as ``refresh --models`` does; the message does not name the file."""
    from data.tables.schemas import MODELS, validate_rows
    from data.tables.user_tables import read_raw_models

    rows, message = read_raw_models(path)
    validate_rows(rows, MODELS, path)
    return rows, message.removeprefix(f"{path.name}: ")


def _choose_name(folder: Path, address: str, vintage: str, day: str) -> str:
    """Name a file by the address (less its date), the vintage and the day; no file is ever overwritten."""
    stem = unquote(urlsplit(address).path).rpartition("/")[2].partition(".")[0]
    stem = re.sub(r"[^A-Za-z0-9]+", "_", stem)[:60]
    stem = re.sub(r"(_?[0-9]{4}(_[0-9]{2}){0,2})?_*$", "", stem).strip("_") or "models"
    name = f"{stem}_{vintage}_fetched_{day}"
    numbered = (f"{name}{'' if number == 1 else f'_{number}'}.csv" for number in itertools.count(1))
    return next(one for one in numbered if not (folder / one).exists())


def _report_changes(folder: Path, found: Fetched, rows: Rows, before: Fetched | None, report: Report) -> bytes:
    """Report changes since the vintage fetched last, or else since the newest one of the snapshot."""
    from data.tables.schemas import MODELS

    earlier: Rows = []
    vintage = name = ""
    if before is not None:
        try:
            earlier, vintage = _read_models(folder / before.file)[0], before.vintage
            name = f"{vintage} ({before.file})"
        except InputError as error:  # it was stored by a version of this program with other rules
            report(f"{before.file} can no longer be read ({error}): comparing with the snapshot instead")
    if not earlier:
        embedded = [dict[str, object](row) for row in parse_csv(SNAPSHOT / "models.csv.gz", MODELS.columns).values()]
        vintage = max(str(row["vintage"]) for row in embedded)
        earlier, name = [row for row in embedded if row["vintage"] == vintage], f"{vintage} (the snapshot)"
    compared, now, remark = select_comparable(earlier, rows)
    changes = list_changes(compared, now)
    report(f"changes from {name} to {found.vintage}{', which is older' if found.vintage < vintage else ''}:")
    for line in (*summarise_changes(compared, now, changes), *([remark] if remark else [])):
        report(f"  {line}")
    return format_csv(COLUMNS, changes)
