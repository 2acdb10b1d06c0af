"""Epoch AI's database of machine-learning models: a raw CSV vintage to rows of the table of models.

Source: Epoch AI, "Parameter, Compute and Data Trends in Machine Learning", CC BY 4.0. This file only reads: what a
label means stands in the tables below, and data/README.md says how each kind of team enters an analysis.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from data.io import InputError, parse_csv
from data.schema import (
    HARDWARE_COUNT_RANGE,
    LIST_SEPARATOR,
    LOG10_FLOP_RANGE,
    LOG10_PARAMETERS_RANGE,
    NUMBER,
    UNKNOWN,
)

COLUMNS = {
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
}

# Keys are compared in lower case: the raw file spells the same label in several ways.
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
}
# A team label that holds for every organisation of the team tells the sector of each.
PURE_TEAM = {
    "academia-only": "academia",
    "industry-only": "industry",
    "government": "government",
    "non-profit": "non-profit",
    "research collective": "research collective",
}

# Epoch documents Confident, Likely and Speculative as within a factor of about 3, 10 and 30 at 90 %: with a normal
# error on the log10 scale the standard deviation is log10(factor) / 1.645 (0.29, 0.61, 0.90 dex).
Z90 = 1.6448536269514722
COMPUTE_SE = {
    name: math.log10(factor) / Z90 for name, factor in [("confident", 3), ("likely", 10), ("speculative", 30)]
}


def read_vintage(path: Path, vintage: str) -> tuple[list[dict[str, object]], Counter[str]]:
    """Read one raw vintage.

    Parameters
    ----------
    path
        Epoch's CSV, as downloaded.
    vintage
        Its name, a year and month such as ``2023-12``.

    Returns
    -------
    rows
        One dict a model with the columns of ``data.schema.MODELS``, sorted by date and name.
    counts
        What was left out or is unknown, by reason.

    Raises
    ------
    InputError
        For a missing column, an unknown label, a date or number that cannot be read, a repeated name.
    """
    counts: Counter[str] = Counter()
    rows: list[dict[str, object]] = []
    seen: dict[str, int] = {}
    for number, raw in parse_csv(path, COLUMNS.values()).items():
        cell = {name: raw[column] for name, column in COLUMNS.items()}
        counts["rows in the raw file"] += 1
        if not cell["model"]:
            counts["left out: no name"] += 1
            continue
        if cell["model"] in seen:
            problem = f"the same model already stands in row {seen[cell['model']]}"
            raise InputError(problem, path, number, COLUMNS["model"], cell["model"])
        seen[cell["model"]] = number
        rows.append(_row(path, number, vintage, cell))
    _add_organisation_sectors(rows)
    for column, name in [
        ("team", "team"),
        ("date", "date"),
        ("log10_compute", "training compute"),
        ("domain", "domain"),
        ("compute_sponsor", "compute sponsor"),
        ("log10_parameters", "parameters"),
        ("hardware", "hardware"),
        ("weights_access", "weights access"),
    ]:
        counts[f"unknown {name}"] = sum(row[column] in ("", UNKNOWN) for row in rows)
    counts["unknown sector of an organisation (entries)"] = sum(
        str(row["organisation_sectors"]).split(LIST_SEPARATOR).count(UNKNOWN) for row in rows if row["organisations"]
    )
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["model"]))), counts


def _row(path: Path, number: int, vintage: str, cell: Mapping[str, str]) -> dict[str, object]:
    def label(name: str, known: Mapping[str, str]) -> str:
        try:
            return known[cell[name].lower()]
        except KeyError:
            allowed = "known: " + ", ".join(key for key in known if key)
            raise InputError("unknown label", path, number, COLUMNS[name], cell[name], allowed) from None

    def log10(name: str, allowed: tuple[float, float]) -> object:
        value = _number(path, number, COLUMNS[name], cell[name])
        if value is None:
            return ""
        if not (value > 0 and allowed[0] <= math.log10(value) <= allowed[1]):
            hint = f"a number from 1e{allowed[0]:g} to 1e{allowed[1]:g}, or blank"
            raise InputError("out of range", path, number, COLUMNS[name], cell[name], hint)
        return round(math.log10(value), 6)

    confidence = label("confidence", CONFIDENCE)
    compute = log10("compute", LOG10_FLOP_RANGE)
    se = COMPUTE_SE.get(confidence)
    return {
        "vintage": vintage,
        "model": cell["model"],
        "date": _date(path, number, cell["date"]),
        "domain": cell["domain"] or UNKNOWN,
        "notability": _entries(cell["notability"].lower()),
        "organisations": _entries(cell["organisations"]),
        "organisation_sectors": UNKNOWN,
        "team": label("team", TEAM),
        "compute_sponsor": label("compute_sponsor", SPONSOR),
        "countries": _entries(cell["countries"]),
        "log10_compute": compute,
        "log10_compute_se": round(se, 6) if se is not None and compute != "" else "",
        "confidence": confidence,
        "log10_parameters": log10("parameters", LOG10_PARAMETERS_RANGE),
        "hardware": _entries(cell["hardware"]),
        "hardware_count": _count(path, number, cell["hardware_count"]),
        "weights_access": label("weights_access", ACCESS),
    }


def _entries(text: str) -> str:
    return LIST_SEPARATOR.join(part.strip() for part in text.split(",") if part.strip())


def _date(path: Path, number: int, text: str) -> str:
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        hint = "a date like 2021-05-31, or blank"
        raise InputError("not a date", path, number, COLUMNS["date"], text, hint) from None


def _number(path: Path, number: int, column: str, text: str) -> float | None:
    """A number as Epoch writes them (1234.00, 1.5e9, 1,024), or None for a blank."""
    if not text:
        return None
    if not NUMBER.fullmatch(text.replace(",", "")):
        raise InputError("not a number", path, number, column, text)
    return float(text.replace(",", ""))


def _count(path: Path, number: int, text: str) -> object:
    value = _number(path, number, COLUMNS["hardware_count"], text)
    if value is None:
        return ""
    if not (1 <= value <= HARDWARE_COUNT_RANGE[1] and value == math.floor(value)):
        raise InputError("not a whole number of at least 1", path, number, COLUMNS["hardware_count"], text)
    return int(value)


def _add_organisation_sectors(rows: list[dict[str, object]]) -> None:
    """Give each organisation the sector on which every team of a single kind that it belongs to agrees.

    This vintage labels teams, not organisations. An organisation seen in no such team, or in teams of several
    kinds, stays unknown.
    """
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if (sector := PURE_TEAM.get(str(row["team"]))) is not None:
            for organisation in str(row["organisations"]).split(LIST_SEPARATOR):
                kinds[organisation].add(sector)
    for row in rows:
        if row["organisations"]:
            found = (kinds[organisation] for organisation in str(row["organisations"]).split(LIST_SEPARATOR))
            row["organisation_sectors"] = LIST_SEPARATOR.join(next(iter(k)) if len(k) == 1 else UNKNOWN for k in found)
