"""Headline counts of raw vintages of Epoch's models: the counts behind the published shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from data.errors import InputError
from data.io import read_header
from data.sources.epoch_layout import is_raw_vintage
from data.tables.user_tables import read_raw_models
from data.vocabulary import UNKNOWN

PERIODS = ((2010, 2014), (2020, 2022))


def find_vintages(path: Path) -> list[Path]:
    """Return the raw vintages among the files of a folder, or the file itself.

    Raises
    ------
    InputError
        If there is none.
    """
    files = sorted(file for file in path.rglob("*.csv*") if file.is_file()) if path.is_dir() else [path]
    found = [file for file in files if is_raw_vintage(read_header(file))]
    if not found:
        raise InputError("no raw vintage of Epoch's models found", path, hint="a .csv file as downloaded is needed")
    return found


def count_headlines(rows: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """Count the models behind the published shares.

    A model counts if it is notable, was published in 2010-22, and has a team type (resolved if its label is missing)
    and a usable training compute (known, and not marked as wrong).

    Returns
    -------
    dict
        ``models`` (all rows), ``n`` (the models counted), and for each period ``academia-only 2010-14``, written as
        ``18 of 28``.
    """
    rows = list(rows)
    counted = [
        row
        for row in rows
        if row["notability"]
        and row["log10_compute"] != ""
        and row["confidence"] != "wrong"
        and row["team_resolved"] != UNKNOWN
        and "2010" <= str(row["date"])[:4] <= "2022"
    ]
    found: dict[str, object] = {"models": len(rows), "n": len(counted)}
    for first, last in PERIODS:
        teams = [row["team_resolved"] for row in counted if first <= int(str(row["date"])[:4]) <= last]
        found[f"academia-only {first}-{last % 100}"] = f"{teams.count('academia-only')} of {len(teams)}"
    return found


def describe_vintages(paths: Iterable[Path], decimal: str | None = None) -> list[dict[str, str]]:
    """Describe raw vintages, oldest first: one dict of text per file, with the counts of ``count_headlines``."""
    described = []
    for path in paths:
        rows, message = read_raw_models(path, decimal)
        layout = "lists" if "sector for each" in message else "words"
        counts = {name: str(value) for name, value in count_headlines(rows).items()}
        described.append({"file": path.name, "vintage": str(rows[0]["vintage"]), "teams in": layout} | counts)
    return sorted(described, key=lambda row: (row["vintage"], row["file"]))


def format_markdown(table: list[dict[str, str]]) -> str:
    """Format the description as a table of Markdown."""
    names = list(table[0])
    lines = [names, ["---"] * len(names), *([row[name] for name in names] for row in table)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
