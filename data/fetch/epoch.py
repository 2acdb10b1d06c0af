"""Fetch a new vintage of Epoch's models, check it, keep it next to the earlier ones, and say what changed.

A folder holds the vintages as CSV files and ``fetched.json``, their record. A file counts only when the record lists
it, and it is listed only after it was read without an error: a download that was killed leaves no half vintage.
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
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from data.errors import InputError
from data.io import format_csv, parse_csv, write_atomic
from data.lock import hold_lock
from data.paths import HERE, SNAPSHOT

# The file of all models. Public repositories that follow Epoch's models read this address, or a zip file that holds
# several CSV files, https://epoch.ai/data/ai_models.zip, and cite Epoch's page of downloads for both:
# https://epoch.ai/data/ai-models-documentation/downloads.
ADDRESS = "https://epoch.ai/data/all_ai_models.csv"
BUILD = HERE.parent / "build"
FOLDER = BUILD / "raw"
RECORD = "fetched.json"
PARTS = ".fetch-"  # start of the name of a folder for what is not complete
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Fetched:
    """One vintage in the record: ``file`` in the record's folder, ``fetched`` as UTC, ``address`` without secrets."""

    file: str
    vintage: str
    fetched: str
    address: str
    sha256: str
    bytes: int
    models: int
    decimal: str | None = None
    validators: dict[str, str] = field(default_factory=dict)

    def describe(self) -> str:
        """Return vintage, number of models and date of the download."""
        return f"vintage {self.vintage}, {self.models:,} models, fetched on {self.fetched[:10]}"


def read_record(folder: Path) -> list[Fetched]:
    """Read the record of a folder, in the order of the downloads; without one, none was fetched.

    Raises
    ------
    InputError
        If the record is damaged.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return sorted((_convert_entry(entry) for entry in content["vintages"]), key=lambda one: one.fetched)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        raise InputError("this is a file; a folder is needed", folder, hint="choose another --out") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        hint = "remove it: the vintages next to it stay, and the next one fetched is compared with the snapshot"
        raise InputError("the record of the fetched vintages is damaged", path, hint=hint) from None


def _convert_entry(entry: dict[str, object]) -> Fetched:
    found = Fetched(**entry)  # type: ignore[arg-type]
    texts = (found.file, found.vintage, found.fetched, found.address, found.sha256)
    pairs = [text for pair in found.validators.items() for text in pair]
    numbers = (found.bytes, found.models)
    if not all(isinstance(text, str) for text in (*texts, *pairs)) or not all(type(n) is int for n in numbers):
        raise TypeError
    is_name = found.file.endswith(".csv") and Path(found.file).name == found.file
    if not (found.decimal is None or isinstance(found.decimal, str)) or not is_name:
        raise ValueError
    return found


def find_newest(folder: Path) -> Fetched | None:
    """Return the newest fetched vintage whose file is there: of the latest month, and of these fetched last."""
    there = [one for one in read_record(folder) if (folder / one.file).is_file()]
    return max(there, key=lambda one: (one.vintage, one.fetched), default=None)


def add_vintage(
    address: str = ADDRESS,
    out: Path = FOLDER,
    decimal: str | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Download a vintage into ``out/epoch``, unless it is there already, and report what changed.

    Parameters
    ----------
    address
        A raw vintage as CSV, plain or compressed by gzip or zip.
    out
        A folder of raw files.
    decimal
        Decimal sign of the numbers (``data.numbers``).
    report
        Receives the lines for the user.

    Raises
    ------
    InputError
        If the file cannot be downloaded, or is not a vintage that the analysis can read. Earlier vintages and their
        record are then unchanged.
    """
    from data.fetch.http_file import drop_secrets, save_file
    from data.fetch.unpack import save_unpacked

    if out.resolve().is_relative_to(HERE.parent) and not out.resolve().is_relative_to(BUILD):
        raise InputError("downloads never go among the project's files", out, hint="choose another folder for --out")
    folder, shown = out / "epoch", drop_secrets(address)
    _make_folder(folder)
    with hold_lock(folder / "lock", "download"):
        for old in folder.glob(f"{PARTS}*"):  # of a download that was killed
            shutil.rmtree(old, ignore_errors=True)
        known = [one for one in read_record(folder) if _is_intact(folder, one)]
        same = [one for one in known if one.address == shown and one.decimal == decimal]
        # Validators belong to one address, and two addresses may be the same without their queries.
        validators = same[-1].validators if same and address == shown else {}
        with tempfile.TemporaryDirectory(prefix=PARTS, dir=folder) as parts:
            body, table = Path(parts) / "body", Path(parts) / "table"
            try:
                answer = save_file(address, body, validators)
                if answer.unchanged:
                    report(f"unchanged since {same[-1].fetched[:10]}: {folder / same[-1].file} ({same[-1].describe()})")
                    _report_use(folder, same[-1], report)
                    return
                save_unpacked(body, table, Path(urlsplit(ADDRESS).path).name)
                rows, message = _read_models(table, decimal)
            except InputError as error:
                raise replace(error, file=shown) if error.file in (body, table) else error from None
            except OSError as error:
                raise InputError(f"the download cannot be stored: {error.strerror or error}", folder) from None
            found = Fetched(
                file="",
                vintage=str(rows[0]["vintage"]),
                fetched=datetime.now(UTC).isoformat(timespec="microseconds"),
                address=shown,
                sha256=_hash_file(table),
                bytes=table.stat().st_size,
                models=len(rows),
                decimal=decimal,
                validators=dict(answer.validators) if address == shown else {},
            )
            report(f"{shown}: {message}")
            if not answer.has_end:
                report("the server did not give the length of the file: whether the download is complete is unknown")
            _keep(folder, table, found, rows, known, report)


def _keep(
    folder: Path, table: Path, found: Fetched, rows: Rows, known: list[Fetched], report: Callable[[str], None]
) -> None:
    """Store a vintage that was read, unless its content is there; the record is written last."""
    everything = read_record(folder)
    twin = next((one for one in known if one.sha256 == found.sha256), None)
    if twin is not None:
        validators = found.validators or twin.validators
        found = replace(found, file=twin.file, fetched=twin.fetched, validators=validators)
        if found.address == twin.address:  # its validators may be new; those of another address are not its own
            _write_record(folder, [found if one == twin else one for one in everything])
        report(f"unchanged since {twin.fetched[:10]}: {folder / twin.file} has the same content")
    else:
        found = replace(found, file=_choose_name(folder, found))
        changes = _report_changes(folder, found, rows, known[-1] if known else None, report)
        path = folder / found.file
        path_changes = path.with_name(f"{path.stem}_changes.csv")
        try:
            with table.open("rb") as handle:
                os.fsync(handle.fileno())
            table.replace(path)
            write_atomic(path_changes, changes)
            _write_record(folder, [*everything, found])
        except BaseException:  # the disk is full, or Ctrl-C: what the record does not list is removed
            for file in (path, path_changes):
                file.unlink(missing_ok=True)
            raise
        report(f"stored: {path} ({found.describe()}; SHA-256 {found.sha256[:12]}...)")
        report(f"every change: {path_changes}")
    _report_use(folder, found, report)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError("this is a file; a folder is needed", folder, hint="choose another --out") from None
    except NotADirectoryError:
        raise InputError("a part of this path is a file", folder, hint="choose another --out") from None
    except OSError as error:
        problem = f"the folder cannot be made: {error.strerror or error}"
        raise InputError(problem, folder, hint="choose another --out") from None


def _hash_file(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _is_intact(folder: Path, one: Fetched) -> bool:
    path = folder / one.file
    return path.is_file() and path.stat().st_size == one.bytes and _hash_file(path) == one.sha256


def _read_models(path: Path, decimal: str | None) -> tuple[Rows, str]:
    """Read and check a vintage as ``refresh --models`` does; the message does not name the file."""
    from data.tables.schemas import MODELS, validate_rows
    from data.tables.user_tables import read_raw_models

    rows, message = read_raw_models(path, decimal)
    validate_rows(rows, MODELS, path)
    return rows, message.removeprefix(f"{path.name}: ")


def _choose_name(folder: Path, found: Fetched) -> str:
    """Name a file by the address (less its date), the vintage and the day; no file is ever overwritten."""
    stem = unquote(urlsplit(found.address).path).rpartition("/")[2].partition(".")[0]
    stem = re.sub(r"[^A-Za-z0-9]+", "_", stem)[:60]
    stem = re.sub(r"(_?[0-9]{4}(_[0-9]{2}){0,2})?_*$", "", stem).strip("_") or "models"
    name = f"{stem}_{found.vintage}_fetched_{found.fetched[:10]}"
    numbered = (f"{name}{'' if number == 1 else f'_{number}'}.csv" for number in itertools.count(1))
    return next(one for one in numbered if not (folder / one).exists())


def _report_changes(
    folder: Path, found: Fetched, rows: Rows, before: Fetched | None, report: Callable[[str], None]
) -> bytes:
    """Report changes since the vintage fetched last, or else since the newest one of the snapshot."""
    from data.build.vintage_changes import COLUMNS, list_changes, select_comparable, summarise_changes
    from data.tables.schemas import MODELS

    earlier: Rows = []
    vintage = name = ""
    if before is not None:
        try:
            earlier, vintage = _read_models(folder / before.file, before.decimal)[0], before.vintage
            name = f"{vintage} ({before.file})"
        except InputError as error:  # it was stored by a version of this program with other rules
            report(f"compared with the snapshot instead of {before.file}, which cannot be read any more: {error}")
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


def _write_record(folder: Path, entries: list[Fetched]) -> None:
    content = {"version": 1, "vintages": [asdict(one) for one in entries]}
    write_atomic(folder / RECORD, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


def _report_use(folder: Path, found: Fetched, report: Callable[[str], None]) -> None:
    decimal = f" --decimal {found.decimal}" if found.decimal else ""
    path = shlex.quote(str(folder / found.file))
    report(f"use it: python -m inference refresh academic_share --models {path}{decimal}")
    if folder.resolve() == (FOLDER / "epoch").resolve():
        report("see what is stale: python -m inference status")
