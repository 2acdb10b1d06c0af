"""Rows of the table of models, from a raw CSV vintage of Epoch AI's database of machine-learning models.

Source: Epoch AI, "Parameter, Compute and Data Trends in Machine Learning", CC BY 4.0. ``data.sources.epoch_layout``
defines columns and labels; data/README.md describes how each team type enters an analysis.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from data.errors import InputError
from data.io import parse_csv
from data.numbers import read_numbers
from data.rules import classify_sectors
from data.sources.epoch_layout import (
    COLUMNS,
    DESCRIPTIONS,
    DOMAIN,
    LABELS,
    SECTOR,
    TEAM,
    WEIGHTS_TERMS,
    find_columns,
    is_missing,
    normalise_name,
    normalise_sector,
    require_needed,
)
from data.sources.raw import parse_written_list
from data.vocabulary import (
    COMPUTE_SE,
    HARDWARE_COUNT_RANGE,
    LIST_SEPARATOR,
    LOG10_FLOP_RANGE,
    LOG10_PARAMETERS_RANGE,
    UNKNOWN,
)

NUMBERS = ("compute", "parameters", "hardware_count")
# fromisoformat also accepts 20120301 and 2012-W10-1. Exports of databases add a time of the day.
ISO_DATE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_TEAM = {normalise_sector(label): team for label, team in TEAM.items()}
_SECTOR = {normalise_sector(label): sector for label, sector in SECTOR.items()}
WORDS, LISTS = "teams labelled in words", "a sector for each organisation"


@dataclass
class _Vintage:
    """Cells of a file by row number and fact, and what is needed to read them."""

    path: Path
    name: str
    columns: Mapping[str, str]
    cells: Mapping[int, Mapping[str, str]]
    numbers: Mapping[str, Mapping[int, float]]
    has_lists: bool
    counts: Counter[str] = field(default_factory=Counter)

    def locate(self, fact: str, number: int) -> tuple[Path, int, str, str]:
        """Return file, row, column and value, as an error names them."""
        return self.path, number, self.columns.get(fact, COLUMNS[fact][0]), self.cells[number][fact]


def read_vintage(
    path: Path, vintage: str | None = None, decimal: str | None = None
) -> tuple[list[dict[str, object]], Counter[str]]:
    """Read one raw vintage of any layout.

    The file needs columns for name, publication date, sectors, notability and training compute. Facts without a column,
    and labels that no rule knows, are unknown and counted. Missing sectors stay unknown here; ``data.classify.sectors``
    resolves them.

    Parameters
    ----------
    path
        Epoch's CSV, as downloaded or saved again by a spreadsheet.
    vintage
        Name of the vintage, a year and month such as ``2023-12``. Defaults to the month of the latest publication date.
    decimal
        Decimal sign of the numbers (``data.numbers``).

    Returns
    -------
    rows
        One dict per model with the columns of ``data.tables.schemas.MODELS``, sorted by date and name.
    counts
        Rows left out, unknown values by reason, and how the teams are labelled (``WORDS`` or ``LISTS``).

    Raises
    ------
    InputError
        If a column that the analysis needs is missing, the label of a sector is unknown, a date or number cannot be
        read, or a date is after the vintage.
    """
    table = parse_csv(path, ())
    header = list(next(iter(table.values())))
    filled = [name for name in header if any(raw[name] for raw in table.values())]
    columns = find_columns(header) | find_columns(filled)
    require_needed(path, header, columns)
    cells = {
        number: {fact: " ".join(raw[columns[fact]].split()) if fact in columns else "" for fact in COLUMNS}
        for number, raw in table.items()
    }
    counts = Counter({"rows in the raw file": len(cells)})
    for cell in cells.values():
        for fact, text in cell.items():
            if is_missing(fact, text):
                counts[f"read as missing: {columns[fact]} {text!r}"] += 1
                cell[fact] = ""
    numbers = {}
    for fact in NUMBERS:
        texts = {number: cell[fact] for number, cell in cells.items()}
        numbers[fact], n_grouped = read_numbers(texts, path, columns.get(fact, ""), decimal)
        if n_grouped:
            counts[f"numbers with separated thousands: {columns[fact]}"] = n_grouped
    has_lists = any(len(_split_entries(cell["team"])) > 1 for cell in cells.values())
    read = _Vintage(path, vintage or _find_month(path, columns["date"], cells), columns, cells, numbers, has_lists)
    read.counts = counts
    rows = [_make_row(read, number) for number in _choose_rows(read)]
    _count_unknown(read, rows)
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["model"]))), counts


def _find_month(path: Path, column: str, cells: Mapping[int, Mapping[str, str]]) -> str:
    """Return the month of the latest publication date that is not in the future."""
    today = date.today().isoformat()[:7]
    months = [cell["date"][:7] for cell in cells.values() if ISO_DATE.fullmatch(cell["date"])]
    if not months:
        raise InputError("no publication date can be read, so the vintage is unknown", path, column=column)
    return max((month for month in months if month <= today), default=today)


def _choose_rows(read: _Vintage) -> list[int]:
    """Return the rows to keep: one for each name, the row with a training compute, or else the first."""
    kept: dict[str, int] = {}
    for number, cell in read.cells.items():
        name = cell["model"]
        if not name:
            read.counts["left out: no name"] += 1
        elif name in kept:
            read.counts["left out: a name that occurs before (the row with a compute stays, or the first)"] += 1
            if cell["compute"] and not read.cells[kept[name]]["compute"]:
                kept[name] = number
        else:
            kept[name] = number
    return list(kept.values())


def _count_unknown(read: _Vintage, rows: Iterable[Mapping[str, object]]) -> None:
    """Count unknown values by column, and the models for which the file has no column at all."""
    rows = list(rows)
    for column, name in [
        ("team", "team"),
        ("date", "date"),
        ("log10_compute", "training compute"),
        ("domain", "domain"),
        ("compute_sponsor", "compute sponsor"),
        ("log10_parameters", "parameters"),
        ("hardware", "hardware"),
        ("weights_access", "weights access"),
        ("training_code", "access to the training code"),
    ]:
        read.counts[f"unknown {name}"] = sum(row[column] in ("", UNKNOWN) for row in rows)
    for fact, description in DESCRIPTIONS.items():
        if fact not in read.columns:
            read.counts[f"no column: {description}"] = len(rows)


def _make_row(read: _Vintage, number: int) -> dict[str, object]:
    cell = read.cells[number]

    def take_label(fact: str) -> str:
        text = cell[fact]
        if not text:
            return UNKNOWN
        found = LABELS[fact].get(normalise_name(text))
        if found is None:
            read.counts[f"unknown label, read as unknown: {read.columns[fact]} {text!r}"] += 1
        return found or UNKNOWN

    def take_log10(fact: str, allowed: tuple[float, float]) -> object:
        value = read.numbers[fact].get(number)
        if value is None:
            return ""
        if not (value > 0 and allowed[0] <= math.log10(value) <= allowed[1]):
            hint = f"a number from 1e{allowed[0]:g} to 1e{allowed[1]:g}, or an empty cell"
            raise InputError("out of range", *read.locate(fact, number), hint)
        return round(math.log10(value), 6)

    organisations = _split_entries(cell["organisations"])
    team, sectors = _read_team(read, number, len(organisations))
    confidence = take_label("confidence")
    compute = take_log10("compute", LOG10_FLOP_RANGE)
    se = COMPUTE_SE.get(confidence)
    return {
        "vintage": read.name,
        "model": cell["model"],
        "date": _read_date(read, number),
        "domain": _find_domain(cell["domain"]),
        "notability": LIST_SEPARATOR.join(_split_entries(cell["notability"].lower())),
        "organisations": LIST_SEPARATOR.join(organisations),
        "organisation_sectors": LIST_SEPARATOR.join(sectors) or UNKNOWN,
        "team": team,
        "team_resolved": team,
        "team_source": "label" if team != UNKNOWN else UNKNOWN,
        "compute_sponsor": take_label("compute_sponsor"),
        "countries": LIST_SEPARATOR.join(_split_entries(cell["countries"])),
        "log10_compute": compute,
        "log10_compute_se": round(se, 6) if se is not None and compute != "" else "",
        "confidence": confidence,
        "log10_parameters": take_log10("parameters", LOG10_PARAMETERS_RANGE),
        "hardware": LIST_SEPARATOR.join(_split_entries(cell["hardware"])),
        "hardware_count": _take_count(read, number),
        "weights_access": take_label("weights_access"),
        "training_code": take_label("training_code"),
        "weights_terms": WEIGHTS_TERMS.get(normalise_name(cell["weights_access"]), UNKNOWN),
    }


def _read_team(read: _Vintage, number: int, n_organisations: int) -> tuple[str, list[str]]:
    """Return team type and sectors of the organisations, from a label in words or from a list.

    The word for a single sector is a label of the whole team in a file that labels teams, and of one organisation in
    a file with lists.
    """
    text = read.cells[number]["team"]
    unknown = [UNKNOWN] * n_organisations
    listed = _split_entries(text)
    label = _TEAM.get(normalise_sector(text))
    if label is not None and (not read.has_lists or label.endswith("collaboration")):
        read.counts[WORDS] += bool(text)
        return label, unknown
    sectors = [UNKNOWN if is_missing("team", part) else _SECTOR.get(normalise_sector(part), "") for part in listed]
    if "" in sectors:
        allowed = "known: " + ", ".join(dict.fromkeys(key for key in (*TEAM, *SECTOR) if key))
        raise InputError("unknown label", *read.locate("team", number), hint=allowed)
    read.counts[LISTS] += bool(listed)
    team = classify_sectors(sectors)
    if len(sectors) < n_organisations and not team.endswith("collaboration"):
        team = UNKNOWN  # an organisation without a label may be of another sector
    if len(sectors) == n_organisations:
        return team, sectors
    if sectors and n_organisations:
        read.counts["not aligned: fewer or more sectors than organisations"] += 1
    return team, unknown


def _split_entries(text: str) -> list[str]:
    """Split a cell with a list, separated by commas or else by semicolons, or written as ``['A', 'B']``.

    An entry that contains the separator is quoted. Semicolons within an entry become commas, because they separate the
    entries of the table.
    """
    written = parse_written_list(text)
    if isinstance(written, list):
        parts = list(map(str, written))
    else:
        parts = _split_cell(text, ";")
        parts = parts if len(parts) > 1 else _split_cell(text.strip("; "), ",")
    return [entry for part in parts if (entry := " ".join(part.replace(";", ",").split()))]


def _split_cell(text: str, separator: str) -> list[str]:
    parts = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    return [part for part in parts if part.strip()]


def _find_domain(text: str) -> str:
    """Choose one domain: multimodal if it, or both language and vision, are listed; else the first."""
    entries = [DOMAIN.get(part, part) for part in _split_entries(text)]
    if "Multimodal" in entries or {"Language", "Vision"} <= set(entries):
        return "Multimodal"
    return entries[0] if entries else UNKNOWN


def _read_date(read: _Vintage, number: int) -> str:
    text = read.cells[number]["date"]
    if not text:
        return ""
    match = ISO_DATE.fullmatch(text)
    try:
        found = date.fromisoformat(match.group(1)).isoformat() if match else ""
    except ValueError:
        found = ""
    if not found:
        hint = "a date like 2021-05-31, or an empty cell; a spreadsheet may have changed its form"
        raise InputError("not a date", *read.locate("date", number), hint)
    if found[:7] > read.name:
        raise InputError(f"a date in the future: after the vintage {read.name}", *read.locate("date", number))
    return found


def _take_count(read: _Vintage, number: int) -> object:
    value = read.numbers["hardware_count"].get(number)
    if value is None:
        return ""
    if not (1 <= value <= HARDWARE_COUNT_RANGE[1] and value == math.floor(value)):
        raise InputError("not a whole number of at least 1", *read.locate("hardware_count", number))
    return int(value)
