"""Columns and labels of Epoch AI's database of models, in every layout that Epoch has published.

Column names and labels differ between vintages; this module lists them all. Column names are compared by their letters
and digits, sectors by their letters, and other labels without regard to case and to the number of blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from data.errors import InputError
from data.vocabulary import UNKNOWN

# Raw columns of each fact. If a file has several of them, the first with any value counts.
COLUMNS: dict[str, tuple[str, ...]] = {
    "model": ("Model", "System", "Model name"),
    "date": ("Publication date", "Release date"),
    "domain": ("Domain", "Domains"),
    "notability": ("Notability criteria", "Notability", "Inclusion criteria"),
    "organisations": (
        "Organization", "Organizations", "Organization(s)", "Organisation", "Organisations",
        "Organization (from Organization)",
    ),
    "team": (
        "Organization categorization", "Organization categorization (from Organization)", "Organization category",
        "Organisation categorisation", "Organization type",
    ),
    "compute_sponsor": ("Compute sponsor categorization", "Compute sponsor"),
    "countries": (
        "Country (of organization)", "Country (from Organization)", "Country (of organisation)",
    ),
    "compute": ("Training compute (FLOP)", "Training compute (FLOPs)", "Training compute"),
    "confidence": ("Confidence", "Compute confidence"),
    "parameters": ("Parameters", "Number of parameters"),
    "hardware": ("Training hardware",),
    "hardware_count": ("Hardware quantity", "Hardware count"),
    "weights_access": ("Model accessibility", "Open-source", "Weights accessibility"),
    "training_code": ("Training code accessibility", "Code/Training code accessibility", "Code accessibility"),
}  # fmt: skip
# The analysis needs these; every other fact may be missing, and is then unknown.
NEEDED = {
    "model": "names of the models",
    "date": "publication dates",
    "team": "sectors of the organisations",
    "notability": "notability",
    "compute": "training compute",
}
DESCRIPTIONS = {
    "domain": "domain",
    "organisations": "organisations",
    "compute_sponsor": "compute sponsor",
    "countries": "countries",
    "confidence": "confidence of the compute",
    "parameters": "parameters",
    "hardware": "hardware",
    "hardware_count": "number of chips",
    "weights_access": "access to the weights",
    "training_code": "access to the training code",
}
_MARKS = {"vintage", "log10_compute", "team_resolved"}  # of the project's own table of models
_EPOCH_MARKS = ("team", "compute", "notability", "weights_access", "countries", "date")

# What programs and people write into a cell without a value. Cells of labels may say "unknown" as a label.
MISSING = frozenset({"nan", "n/a", "#n/a", "na", "<na>", "null", "none", "-", "\u2013", "\u2014", "?", UNKNOWN})
NOT_NOTABLE = frozenset({"false", "no", "0"})  # a column of yes and no instead of the criteria

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
"""Labels of a team as a whole (until 2024)."""

SECTOR = {
    "academia": "academia",
    "industry": "industry",
    "government": "government",
    "research collective": "research collective",
    "non-profit": "non-profit",
}
"""Labels of an organisation, in a list with one entry per organisation (since 2024)."""

# Columns without which the main fits run. An unknown label is read as unknown, and counted.
LABELS: dict[str, dict[str, str]] = {
    "compute_sponsor": {"academia": "academia", "industry": "industry"},
    "confidence": {
        name: name for name in ("confident", "likely", "speculative", "unverified", "wrong", UNKNOWN)
    },
    "weights_access": {
        "fully open-source": "fully open",
        "fully open-source (depr.)": "fully open",
        "open source": "fully open",
        "permissive license": "open weights",
        "permissive license (depr.)": "open weights",
        "weights available": "open weights",
        "weights available (depr.)": "open weights",
        "open access (unrestricted)": "open weights",
        "open access (restricted use)": "open weights",
        "open access (non-commercial)": "open weights",
        "open weights (unrestricted)": "open weights",
        "open weights (restricted use)": "open weights",
        "open weights (non-commercial)": "open weights",
        "api accessible": "API",
        "api access": "API",
        "hosted access (no api)": "hosted",
        "unreleased": "unreleased",
        UNKNOWN: UNKNOWN,
    },
    "training_code": {
        "open source": "open",
        "open (non-commercial)": "restricted",
        "open (restricted use)": "restricted",
        "open access (non-commercial)": "restricted",
        "open access (restricted use)": "restricted",
        "unreleased": "unreleased",
        UNKNOWN: UNKNOWN,
    },
}  # fmt: skip
# Terms of the weights, by the same labels as ``weights_access``. Vintages until 2024 do not tell the last two apart.
WEIGHTS_TERMS = {
    "fully open-source": "unrestricted",
    "fully open-source (depr.)": "unrestricted",
    "open source": "unrestricted",
    "permissive license": "unrestricted",
    "permissive license (depr.)": "unrestricted",
    "open access (unrestricted)": "unrestricted",
    "open weights (unrestricted)": "unrestricted",
    "open access (restricted use)": "restricted",
    "open weights (restricted use)": "restricted",
    "open access (non-commercial)": "non-commercial",
    "open weights (non-commercial)": "non-commercial",
}
# Later vintages list several domains per model, and use another name for drawing.
DOMAIN = {"Image generation": "Drawing", "Text-to-Video": "Video"}


def normalise_name(text: str) -> str:
    """Normalise a label: lower case, single blanks."""
    return " ".join(text.casefold().split())


def normalise_column(name: str) -> str:
    """Normalise the name of a column: ``training_compute_flop`` is ``Training compute (FLOP)``."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def normalise_sector(label: str) -> str:
    """Normalise the label of a sector or a team to its letters: ``Nonprofit`` is ``Non-profit``."""
    return "".join(re.findall(r"[^\W\d_]+", label.casefold()))


def is_missing(fact: str, text: str) -> bool:
    """Return whether the text of a cell says that it has no value.

    The name of a model may be any text; what is no number or date is an error of its own.
    """
    key = text.casefold()
    if fact in ("model", "date", "compute", "parameters", "hardware_count") or (fact in LABELS and key == UNKNOWN):
        return False
    return key in MISSING or (fact == "notability" and key in NOT_NOTABLE)


def find_columns(header: Iterable[str]) -> dict[str, str]:
    """Return the raw column of each fact that a header has, by fact; of columns with equal names the first."""
    names: dict[str, str] = {}
    for name in header:
        names.setdefault(normalise_column(name), name)
    found = {}
    for fact, synonyms in COLUMNS.items():
        column = next((names[key] for name in synonyms if (key := normalise_column(name)) in names), None)
        if column is not None:
            found[fact] = column
    return found


def is_raw_vintage(header: Iterable[str]) -> bool:
    """Return whether this is the header of a raw vintage, possibly an incomplete one, not of the project's table."""
    names = list(header)
    if not _MARKS.isdisjoint(names):
        return False
    found = find_columns(names)
    return "model" in found and any(fact in found for fact in _EPOCH_MARKS)


def require_needed(path: Path, header: list[str], found: Mapping[str, str]) -> None:
    """Raise an InputError that names every fact that the analysis needs and the file does not have."""
    missing = [fact for fact in NEEDED if fact not in found]
    if not missing:
        return
    first = COLUMNS[missing[0]][0]
    lacking = ", ".join(f"{NEEDED[fact]} ({COLUMNS[fact][0]!r})" for fact in missing)
    shown = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
    problem = f"the column is missing; the analysis needs columns that the file does not have: {lacking}"
    hint = f"found: {shown}; Epoch's files of notable models and of all models have them"
    raise InputError(problem, path, 1, first, hint=hint)
