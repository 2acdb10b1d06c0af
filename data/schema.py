"""The table of models: its columns, what they may hold, and the check that says where they do not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data.io import NUMBER, InputError, parse_csv

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
    "mixed",
    UNKNOWN,
)
TEAM_SOURCES = ("label", "organisations", "later vintage", UNKNOWN)
SECTORS = ("academia", "industry", "government", "non-profit", "research collective", UNKNOWN)
SPONSORS = ("academia", "industry", UNKNOWN)
CONFIDENCE = ("confident", "likely", "speculative", "unverified", "wrong", UNKNOWN)
ACCESS = ("fully open", "open weights", "hosted", "API", "unreleased", UNKNOWN)
TRAINING_CODE = ("open", "restricted", "unreleased", UNKNOWN)

# log10 FLOP. 1 FLOP to 1e30: two decades beyond anything trained or planned.
LOG10_FLOP_RANGE = (0.0, 30.0)
LOG10_PARAMETERS_RANGE = (0.0, 16.0)
HARDWARE_COUNT_RANGE = (1.0, 1e7)
LOG10_PEAK_RANGE = (6.0, 17.0)  # log10 FLOP/s of one chip: a megaflop to a hundred petaflop


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
        "team_resolved": _text(_one_of(TEAMS)),
        "team_source": _text(_one_of(TEAM_SOURCES)),
        "compute_sponsor": _text(_one_of(SPONSORS)),
        "countries": _text(),
        "log10_compute": _number(*LOG10_FLOP_RANGE),
        "log10_compute_se": _number(0.0, 3.0),
        "confidence": _text(_one_of(CONFIDENCE)),
        "log10_parameters": _number(*LOG10_PARAMETERS_RANGE),
        "hardware": _text(),
        "hardware_count": _number(*HARDWARE_COUNT_RANGE),
        "weights_access": _text(_one_of(ACCESS)),
        "training_code": _text(_one_of(TRAINING_CODE)),
    },
    unique=["vintage", "model"],
    strict=True,
    ordered=True,
)
"""One row a model. Blank text or number: not known. Units: log10 FLOP, log10 parameters, pieces of hardware."""

CHIPS = pa.DataFrameSchema(
    {
        "chip": _text(pa.Check.str_length(min_value=1, error="must not be blank")),
        "product": _text(pa.Check.str_length(min_value=1, error="must not be blank")),
        "aliases": _text(pa.Check.str_matches(r"^[a-z0-9]+(; [a-z0-9]+)*$", error="must be squeezed names")),
        "manufacturer": _text(),
        "type": _text(_one_of(("GPU", "TPU"))),
        "date": _text(pa.Check(_is_date, element_wise=True, error="must be a date like 2021-05-31, or blank")),
        **{
            f"log10_{precision}": _number(*LOG10_PEAK_RANGE)
            for precision in ("fp64", "fp32", "tf32", "fp16", "tensor16", "int8", "fp8")
        },
    },
    unique=["chip"],
    strict=True,
    ordered=True,
)
"""One row a GPU or TPU. Units: log10 FLOP/s at the peak of each number format (log10 operations/s for int8)."""


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
    return _read(path, MODELS)


def read_chips(path: Path) -> pd.DataFrame:
    """Read and validate a table of chips (``chips.csv.gz``), columns as in ``CHIPS``; errors as ``read_models``."""
    return _read(path, CHIPS)


def _numbers(schema: pa.DataFrameSchema) -> list[str]:
    return [name for name, column in schema.columns.items() if column.dtype.type == np.dtype("float64")]


def _read(path: Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    rows = parse_csv(path, schema.columns)
    frame = pd.DataFrame.from_dict(rows, orient="index")[list(schema.columns)].astype(str)
    for name in _numbers(schema):
        for number, cell in frame[name].items():
            if cell and not NUMBER.fullmatch(cell):
                raise InputError("must be a number, or blank", path, int(str(number)), name, cell)
    return _validate(frame, schema, path).reset_index(drop=True)


def validate_models(rows: list[dict[str, object]], path: Path) -> pd.DataFrame:
    """Check rows of the table of models that were read from a raw file; ``path`` names it in the error."""
    return _validate(pd.DataFrame(rows, columns=list(MODELS.columns)), MODELS, path, rows_known=False)


def validate_chips(rows: list[dict[str, object]], path: Path) -> pd.DataFrame:
    """Check rows of the table of chips that were read from a raw file; ``path`` names it in the error."""
    return _validate(pd.DataFrame(rows, columns=list(CHIPS.columns)), CHIPS, path, rows_known=False)


def _validate(frame: pd.DataFrame, schema: pa.DataFrameSchema, path: Path, rows_known: bool = True) -> pd.DataFrame:
    """Check a table against its schema. Its index is the row of the file, unless ``rows_known`` is false."""
    for name in _numbers(schema):
        frame[name] = pd.to_numeric(frame[name].replace("", None)).astype(float)
    keys = list(schema.unique or [])
    repeated = frame.duplicated(keys)
    if repeated.any():
        row = frame.index[repeated][0]
        first = frame.index[(frame[keys] == frame.loc[row, keys]).all(axis=1)][0]
        again = f"the same {keys[-1]} stands in row {first} already" if rows_known else "the same name occurs twice"
        place = int(str(row)) if rows_known else None
        raise InputError(again, path, place, keys[-1], str(frame.loc[row, keys[-1]]), hint="keep one of them")
    try:
        validated: pd.DataFrame = schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        first_case = cases.sort_values("index", na_position="first").iloc[0]
        column = str(first_case["column"]) if first_case["column"] in schema.columns else None
        at = first_case["index"] if rows_known and not pd.isna(first_case["index"]) else None
        count = f"{len(cases)} faults in all" if len(cases) > 1 else None
        raise InputError(
            str(first_case["check"]),
            path,
            None if at is None else int(at),
            column,
            str(first_case["failure_case"]),
            hint=count,
        ) from None
    if "vintage" in validated.columns:
        late = validated["date"].str[:7] > validated["vintage"]
        if late.any():
            row = validated.index[late][0]
            problem = f"a date in the future: after the vintage, {validated.loc[row, 'vintage']}"
            place = int(str(row)) if rows_known else None
            raise InputError(problem, path, place, "date", str(validated.loc[row, "date"]))
    return validated
