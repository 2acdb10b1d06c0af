"""The table of models: its columns, what they may hold, and the check that says where they do not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data.io import InputError, parse_csv

UNKNOWN = "unknown"
LIST_SEPARATOR = "; "

TEAMS = (
    "academia-only",
    "academia-leaning collaboration",
    "collaboration",
    "industry-leaning collaboration",
    "industry-only",
    "government",
    "non-profit",
    "research collective",
    UNKNOWN,
)
SECTORS = ("academia", "industry", "government", "non-profit", "research collective", UNKNOWN)
SPONSORS = ("academia", "industry", UNKNOWN)
CONFIDENCE = ("confident", "likely", "speculative", "unverified", "wrong", UNKNOWN)
ACCESS = ("fully open", "open weights", "API", "unreleased", UNKNOWN)

# log10 FLOP. 1 FLOP to 1e30: two decades beyond anything trained or planned.
LOG10_FLOP_RANGE = (0.0, 30.0)
LOG10_PARAMETERS_RANGE = (0.0, 16.0)
HARDWARE_COUNT_RANGE = (1.0, 1e7)


def _text(check: pa.Check | None = None) -> pa.Column:
    return pa.Column(str, check, nullable=False)


def _number(low: float, high: float) -> pa.Column:
    check = pa.Check.in_range(low, high, error=f"must lie between {low:g} and {high:g}")
    return pa.Column(float, check, nullable=True)


def _one_of(allowed: tuple[str, ...]) -> pa.Check:
    return pa.Check.isin(allowed, error="must be one of: " + ", ".join(allowed))


def _list_of(allowed: tuple[str, ...]) -> pa.Check:
    def known(cell: str) -> bool:
        return all(part in allowed for part in cell.split(LIST_SEPARATOR))

    return pa.Check(known, element_wise=True, error="each entry must be one of: " + ", ".join(allowed))


def _is_date(cell: str) -> bool:
    try:
        return cell == "" or date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


MODELS = pa.DataFrameSchema(
    {
        "vintage": _text(pa.Check.str_matches(r"^\d{4}-\d{2}$", error="must be a year and month, like 2023-12")),
        "model": _text(pa.Check.str_length(min_value=1, error="must not be blank")),
        "date": _text(pa.Check(_is_date, element_wise=True, error="must be a date like 2021-05-31, or blank")),
        "domain": _text(pa.Check.str_length(min_value=1, error="must not be blank (write: unknown)")),
        "notability": _text(),
        "organisations": _text(),
        "organisation_sectors": _text(_list_of(SECTORS)),
        "team": _text(_one_of(TEAMS)),
        "compute_sponsor": _text(_one_of(SPONSORS)),
        "countries": _text(),
        "log10_compute": _number(*LOG10_FLOP_RANGE),
        "log10_compute_se": _number(0.0, 3.0),
        "confidence": _text(_one_of(CONFIDENCE)),
        "log10_parameters": _number(*LOG10_PARAMETERS_RANGE),
        "hardware": _text(),
        "hardware_count": _number(*HARDWARE_COUNT_RANGE),
        "weights_access": _text(_one_of(ACCESS)),
    },
    unique=["vintage", "model"],
    strict=True,
    ordered=True,
)
"""One row a model. Blank text or number: not known. Units: log10 FLOP, log10 parameters, pieces of hardware."""

# ASCII digits, so that what passes is what float() and pandas read alike.
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")

NUMBERS = [name for name, column in MODELS.columns.items() if column.dtype.type == np.dtype("float64")]


def read_models(path: Path) -> pd.DataFrame:
    """Read and validate a table of models (``models.csv`` or ``.csv.gz``).

    Returns
    -------
    pandas.DataFrame
        One row a model, columns as in ``MODELS``.

    Raises
    ------
    InputError
        Naming file, row, column and value of the first fault, and how many there are.
    """
    rows = parse_csv(path, MODELS.columns)
    frame = pd.DataFrame.from_dict(rows, orient="index")[list(MODELS.columns)].astype(str)
    for name in NUMBERS:
        for number, cell in frame[name].items():
            if cell and not NUMBER.fullmatch(cell):
                raise InputError("must be a number, or blank", path, int(str(number)), name, cell)
        frame[name] = pd.to_numeric(frame[name].replace("", None)).astype(float)
    return validate_models(frame, path).reset_index(drop=True)


def validate_models(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Check a table of models, indexed by row of its file, against ``MODELS``; ``path`` names it in the error."""
    try:
        validated: pd.DataFrame = MODELS.validate(frame, lazy=True)
        return validated
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        first = cases.sort_values("index", na_position="first").iloc[0]
        problem = str(first["check"])
        if problem == "multiple_fields_uniqueness":
            problem = "the same model stands here more than once in this vintage"
        if problem.startswith("field_uniqueness") or first["column"] not in MODELS.columns:
            column = None
        else:
            column = str(first["column"])
        row = None if pd.isna(first["index"]) else int(first["index"])
        count = f"{len(cases)} faults in all" if len(cases) > 1 else None
        raise InputError(problem, path, row, column, str(first["failure_case"]), hint=count) from None
