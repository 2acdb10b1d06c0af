"""Rows of the table of models, from a raw CSV vintage of Epoch AI's database of machine-learning models.

Source: Epoch AI, "Parameter, Compute and Data Trends in Machine Learning", CC BY 4.0. The tables below define the
labels; data/README.md describes how each team type enters an analysis.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from data.errors import InputError
from data.io import NUMBER, parse_csv, require_columns
from data.rules import classify_sectors
from data.vocabulary import (
    COMPUTE_SE,
    HARDWARE_COUNT_RANGE,
    LIST_SEPARATOR,
    LOG10_FLOP_RANGE,
    LOG10_PARAMETERS_RANGE,
    UNKNOWN,
)

# Raw column of each fact; an empty name if the layout lacks it.
WORDS = {
    "model": "System",
    "date": "Publication date",
    "domain": "Domain",
    "notability": "Notability criteria",
    "organisations": "Organization",
    "team": "Organization categorization",
    "compute_sponsor": "Compute sponsor categorization",
    "countries": "Country (from Organization)",
    "compute": "Training compute (FLOP)",
    "confidence": "Confidence",
    "parameters": "Parameters",
    "hardware": "Training hardware",
    "hardware_count": "Hardware quantity",
    "weights_access": "Open-source",
    "training_code": "",
}
LISTS = WORDS | {
    "model": "Model",
    "compute_sponsor": "",
    "countries": "Country (of organization)",
    "weights_access": "Model accessibility",
    "training_code": "Training code accessibility",
}
# Until 2024 Epoch labelled the team as a whole; later vintages label each of its organisations, in a list.
LAYOUTS = {"words": WORDS, "lists": LISTS}

# Keys are compared in lower case, because the raw file spells the same label in several ways.
TEAM = {
    "": UNKNOWN,
    "academia": "academia-only",
    "industry - academia collaboration (academia leaning)": "academia-leaning collaboration",
    "industry - academia collaboration": "collaboration",
    "industry - academia collaboration (industry leaning)": "industry-leaning collaboration",
    "industry": "industry-only",
    "government": "government",
    "non-profit": "non-profit",
    "research collective": "research collective",
}
SPONSOR = {"": UNKNOWN, "academia": "academia", "industry": "industry"}
CONFIDENCE = {
    "": UNKNOWN,
    "confident": "confident",
    "likely": "likely",
    "speculative": "speculative",
    "unverified": "unverified",
    "wrong": "wrong",
    "unknown": UNKNOWN,
}
ACCESS = {
    "": UNKNOWN,
    "fully open-source": "fully open",
    "permissive license": "open weights",
    "api accessible": "API",
    "unreleased": "unreleased",
    "open weights (unrestricted)": "open weights",
    "open weights (restricted use)": "open weights",
    "open weights (non-commercial)": "open weights",
    "api access": "API",
    "hosted access (no api)": "hosted",
}
TRAINING_CODE = {
    "": UNKNOWN,
    "open source": "open",
    "open (non-commercial)": "restricted",
    "open (restricted use)": "restricted",
    "unreleased": "unreleased",
}
ENTRY = {
    "academia": "academia",
    "industry": "industry",
    "government": "government",
    "research collective": "research collective",
    "non-profit": "non-profit",
}
# Later vintages list several domains per model, and use another name for drawing.
DOMAIN = {"Image generation": "Drawing", "Text-to-Video": "Video"}
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # fromisoformat also accepts 20120301 and 2012-W10-1


def detect_layout(header: Iterable[str]) -> str | None:
    """Return the layout of a raw vintage, ``words`` or ``lists``, from its header; None for any other table."""
    names = set(header)
    for layout, columns in LAYOUTS.items():
        if {columns["model"], columns["compute"], columns["team"]} <= names:
            return layout
    return None


def read_vintage(path: Path, vintage: str | None = None) -> tuple[list[dict[str, object]], Counter[str]]:
    """Read one raw vintage of any layout.

    Missing sectors stay unknown here; ``data.classify.sectors`` resolves them.

    Parameters
    ----------
    path
        Epoch's CSV, as downloaded.
    vintage
        Name of the vintage, a year and month such as ``2023-12``. Defaults to the month of the latest publication date.

    Returns
    -------
    rows
        One dict per model with the columns of ``data.tables.schemas.MODELS``, sorted by date and name.
    counts
        Rows left out and unknown values, by reason.

    Raises
    ------
    InputError
        If a column is missing, a label is unknown, a date or number cannot be read, or a date is after the vintage.
    """
    counts: Counter[str] = Counter()
    table = parse_csv(path, ())
    header = list(next(iter(table.values())))
    layout = detect_layout(header) or "words"
    columns = LAYOUTS[layout]
    require_columns(path, header, filter(None, columns.values()))
    cells = {
        number: {name: " ".join(raw[column].split()) if column else "" for name, column in columns.items()}
        for number, raw in table.items()
    }
    today = date.today().isoformat()[:7]
    months = [cell["date"][:7] for cell in cells.values() if ISO_DATE.fullmatch(cell["date"])]
    if vintage is None and not months:
        raise InputError("no publication date can be read, so the vintage is unknown", path, column=columns["date"])
    vintage = vintage or max((month for month in months if month <= today), default=today)
    counts["rows in the raw file"] = len(cells)
    kept: dict[str, int] = {}
    for number, cell in cells.items():
        name = cell["model"]
        if not name:
            counts["left out: no name"] += 1
        elif name in kept:
            counts["left out: a name that occurs before (the row with a compute stays, or the first)"] += 1
            if cell["compute"] and not cells[kept[name]]["compute"]:
                kept[name] = number
        else:
            kept[name] = number
    rows = [_make_row(path, number, vintage, columns, cells[number]) for number in kept.values()]
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
        counts[f"unknown {name}"] = sum(row[column] in ("", UNKNOWN) for row in rows)
    if layout == "lists":
        counts["not aligned: fewer or more sectors than organisations"] = sum(
            bool(cell["team"]) and bool(row["organisations"]) and UNKNOWN in str(row["organisation_sectors"])
            for row, cell in zip(rows, (cells[number] for number in kept.values()), strict=True)
        )
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["model"]))), counts


def _make_row(
    path: Path, number: int, vintage: str, columns: Mapping[str, str], cell: Mapping[str, str]
) -> dict[str, object]:
    def find_label(name: str, text: str, known: Mapping[str, str]) -> str:
        try:
            return known[text.lower()]
        except KeyError:
            allowed = "known: " + ", ".join(key for key in known if key)
            raise InputError("unknown label", path, number, columns[name], cell[name], allowed) from None

    def read_label(name: str, known: Mapping[str, str]) -> str:
        return find_label(name, cell[name], known)

    def take_log10(name: str, allowed: tuple[float, float]) -> object:
        value = _read_number(path, number, columns[name], cell[name])
        if value is None:
            return ""
        if not (value > 0 and allowed[0] <= math.log10(value) <= allowed[1]):
            hint = f"a number from 1e{allowed[0]:g} to 1e{allowed[1]:g}, or an empty cell"
            raise InputError("out of range", path, number, columns[name], cell[name], hint)
        return round(math.log10(value), 6)

    entries = _join_entries(cell["organisations"])
    organisations = entries.split(LIST_SEPARATOR) if entries else []
    sectors = [UNKNOWN] * len(organisations)
    if columns is LISTS:
        listed = [find_label("team", part, ENTRY) for part in _join_entries(cell["team"]).split(LIST_SEPARATOR) if part]
        team = classify_sectors(listed)
        if len(listed) < len(organisations) and not team.endswith("collaboration"):
            team = UNKNOWN  # an organisation without a label may be of another sector
        if len(listed) == len(organisations):
            sectors = listed
    else:
        team = read_label("team", TEAM)
    confidence = read_label("confidence", CONFIDENCE)
    compute = take_log10("compute", LOG10_FLOP_RANGE)
    se = COMPUTE_SE.get(confidence)
    return {
        "vintage": vintage,
        "model": cell["model"],
        "date": _read_date(path, number, columns["date"], cell["date"], vintage),
        "domain": _find_domain(cell["domain"]),
        "notability": _join_entries(cell["notability"].lower()),
        "organisations": entries,
        "organisation_sectors": LIST_SEPARATOR.join(sectors) or UNKNOWN,
        "team": team,
        "team_resolved": team,
        "team_source": "label" if team != UNKNOWN else UNKNOWN,
        "compute_sponsor": read_label("compute_sponsor", SPONSOR),
        "countries": _join_entries(cell["countries"]),
        "log10_compute": compute,
        "log10_compute_se": round(se, 6) if se is not None and compute != "" else "",
        "confidence": confidence,
        "log10_parameters": take_log10("parameters", LOG10_PARAMETERS_RANGE),
        "hardware": _join_entries(cell["hardware"]),
        "hardware_count": _read_count(path, number, columns["hardware_count"], cell["hardware_count"]),
        "weights_access": read_label("weights_access", ACCESS),
        "training_code": read_label("training_code", TRAINING_CODE),
    }


def _join_entries(text: str) -> str:
    """Convert a comma-separated cell to a list; an entry that contains a comma is quoted."""
    parts = next(csv.reader([text], skipinitialspace=True), [])
    return LIST_SEPARATOR.join(part.strip() for part in parts if part.strip())


def _find_domain(text: str) -> str:
    """Choose one domain: multimodal if it, or both language and vision, are listed; else the first."""
    entries = [DOMAIN.get(part, part) for part in _join_entries(text).split(LIST_SEPARATOR)]
    if "Multimodal" in entries or {"Language", "Vision"} <= set(entries):
        return "Multimodal"
    return entries[0] or UNKNOWN


def _read_date(path: Path, number: int, column: str, text: str, vintage: str) -> str:
    if not text:
        return ""
    try:
        found = date.fromisoformat(text).isoformat() if ISO_DATE.fullmatch(text) else ""
    except ValueError:
        hint = "a date like 2021-05-31, or an empty cell"
        raise InputError("not a date", path, number, column, text, hint) from None
    if not found:
        raise InputError("not a date", path, number, column, text, "a date like 2021-05-31, or an empty cell")
    if found[:7] > vintage:
        raise InputError(f"a date in the future: after the vintage {vintage}", path, number, column, text)
    return found


def _read_number(path: Path, number: int, column: str, text: str) -> float | None:
    """Read a number as Epoch writes it (1234.00, 1.5e9, 1,024); None for an empty cell."""
    if not text:
        return None
    if not NUMBER.fullmatch(text.replace(",", "")):
        raise InputError("not a number", path, number, column, text)
    return float(text.replace(",", ""))


def _read_count(path: Path, number: int, column: str, text: str) -> object:
    value = _read_number(path, number, column, text)
    if value is None:
        return ""
    if not (1 <= value <= HARDWARE_COUNT_RANGE[1] and value == math.floor(value)):
        raise InputError("not a whole number of at least 1", path, number, column, text)
    return int(value)
