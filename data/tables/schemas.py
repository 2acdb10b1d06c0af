"""Schemas of the tables of models and chips, and validation with errors that name the cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data.errors import InputError
from data.io import NUMBER, parse_csv, read_header, require_columns
from data.numbers import read_numbers
from data.parquet import is_parquet, read_names, read_texts
from data.vocabulary import (
    ACCESS,
    CONFIDENCE,
    HARDWARE_COUNT_RANGE,
    LIST_SEPARATOR,
    LOG10_FLOP_RANGE,
    LOG10_PARAMETERS_RANGE,
    LOG10_PEAK_RANGE,
    SECTORS,
    SPONSORS,
    TEAM_SOURCES,
    TEAMS,
    TRAINING_CODE,
    UNKNOWN,
    WEIGHTS_TERMS,
)


def make_text_column(check: pa.Check | None = None) -> pa.Column:
    """Make a text column; an empty cell means not known."""
    return pa.Column(str, check, nullable=False)


def make_number_column(low: float, high: float, nullable: bool = True) -> pa.Column:
    """Make a column of numbers within bounds; missing values are allowed unless ``nullable`` is false."""
    check = pa.Check.in_range(low, high, error=f"must lie between {low:g} and {high:g}")
    return pa.Column(float, check, nullable=nullable)


def check_one_of(allowed: tuple[str, ...]) -> pa.Check:
    """Check that each cell is one of the allowed words."""
    return pa.Check.isin(allowed, error="must be one of: " + ", ".join(allowed))


def check_list_of(allowed: tuple[str, ...]) -> pa.Check:
    """Check that each cell is a list of allowed words."""

    def are_known(column: pd.Series) -> pd.Series:
        ok = {cell: all(part in allowed for part in cell.split(LIST_SEPARATOR)) for cell in column.unique()}
        return column.map(ok)

    return pa.Check(are_known, error="each entry must be one of: " + ", ".join(allowed))


def _is_date(cell: str) -> bool:
    try:
        return cell == "" or date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


MODELS = pa.DataFrameSchema(
    {
        "vintage": make_text_column(
            pa.Check.str_matches(r"^\d{4}-\d{2}$", error="must be a year and month, like 2023-12")
        ),
        "model": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "date": make_text_column(
            pa.Check(_is_date, element_wise=True, error="must be a date like 2021-05-31, or empty")
        ),
        "domain": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty (write: unknown)")),
        "notability": make_text_column(),
        "organisations": make_text_column(),
        "organisation_sectors": make_text_column(check_list_of(SECTORS)),
        "team": make_text_column(check_one_of(TEAMS)),
        "team_resolved": make_text_column(check_one_of(TEAMS)),
        "team_source": make_text_column(check_one_of(TEAM_SOURCES)),
        "compute_sponsor": make_text_column(check_one_of(SPONSORS)),
        "countries": make_text_column(),
        "log10_compute": make_number_column(*LOG10_FLOP_RANGE),
        "log10_compute_se": make_number_column(0.0, 3.0),
        "confidence": make_text_column(check_one_of(CONFIDENCE)),
        "log10_parameters": make_number_column(*LOG10_PARAMETERS_RANGE),
        "hardware": make_text_column(),
        "hardware_count": make_number_column(*HARDWARE_COUNT_RANGE),
        "weights_access": make_text_column(check_one_of(ACCESS)),
        "training_code": make_text_column(check_one_of(TRAINING_CODE)),
        "weights_terms": make_text_column(check_one_of(WEIGHTS_TERMS)),
    },
    unique=["vintage", "model"],
    strict=True,
    ordered=True,
)
"""One row per model. An empty cell means not known. Units: log10 FLOP, log10 parameters, pieces of hardware."""

MODELS_ADDED_LATER = {"weights_terms": UNKNOWN}
"""Columns that older tables of models lack, and the value that stands for unknown."""

ACCESS_LABELS = pa.DataFrameSchema(
    {
        "model": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "organisation": make_text_column(),
        "created": make_text_column(
            pa.Check(_is_date, element_wise=True, error="must be a date like 2021-05-31, or empty")
        ),
        "access": make_text_column(check_one_of(("open", "limited", "closed"))),
    },
    unique=["model", "organisation"],
    strict=True,
    ordered=True,
)
"""One row per model of a second source of access, Ecosystem Graphs."""

CHIPS = pa.DataFrameSchema(
    {
        "chip": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "product": make_text_column(pa.Check.str_length(min_value=1, error="must not be empty")),
        "aliases": make_text_column(
            pa.Check.str_matches(r"^[a-z0-9]+(; [a-z0-9]+)*$", error="must be names of a-z and 0-9, separated by '; '")
        ),
        "manufacturer": make_text_column(),
        "type": make_text_column(check_one_of(("GPU", "TPU"))),
        "date": make_text_column(
            pa.Check(_is_date, element_wise=True, error="must be a date like 2021-05-31, or empty")
        ),
        **{
            f"log10_{precision}": make_number_column(*LOG10_PEAK_RANGE)
            for precision in ("fp64", "fp32", "tf32", "fp16", "tensor16", "int8", "fp8")
        },
    },
    unique=["chip"],
    strict=True,
    ordered=True,
)
"""One row per GPU or TPU. Units: peak in log10 FLOP/s for each number format (log10 operations/s for int8)."""


def read_models(path: Path, decimal: str | None = None) -> pd.DataFrame:
    """Read and validate a table of models (``models.csv`` or ``.csv.gz``), with decimals as in ``read_table``.

    Returns
    -------
    pandas.DataFrame
        One row per model, with the columns of ``MODELS``. A column of ``MODELS_ADDED_LATER`` that the file lacks is
        unknown.

    Raises
    ------
    InputError
        If the table is not valid. The error names file, row, column and value of the first fault, and the number of
        faults.
    """
    header = read_names(path) if is_parquet(path) else read_header(path)
    missing = {name: value for name, value in MODELS_ADDED_LATER.items() if name not in header}
    return read_table(path, MODELS, defaults=missing, decimal=decimal)


def read_chips(path: Path, decimal: str | None = None) -> pd.DataFrame:
    """Read and validate a table of chips (``chips.csv.gz``) with the columns of ``CHIPS``; raise as ``read_models``."""
    return read_table(path, CHIPS, decimal=decimal)


def _list_numbers(schema: pa.DataFrameSchema) -> list[str]:
    return [name for name, column in schema.columns.items() if column.dtype.type == np.dtype("float64")]


def read_table(
    path: Path,
    schema: pa.DataFrameSchema,
    check_rows: Callable[[pd.DataFrame, Path], None] | None = None,
    defaults: Mapping[str, str] = {},
    decimal: str | None = None,
) -> pd.DataFrame:
    """Read a CSV or Parquet file and validate it against a schema; raise as ``read_models``.

    Parameters
    ----------
    path
        The file.
    schema
        Its schema.
    check_rows
        Checks rules across columns. The index of the frame passed to it holds row numbers of the file.
    defaults
        Columns that the file does not have, and the value that fills each.
    decimal
        Decimal sign of the numbers (``data.numbers``); by default a point, without separated thousands.
    """
    frame = _read_texts(path, [name for name in schema.columns if name not in defaults])
    frame = frame.assign(**defaults)[list(schema.columns)]
    for name in _list_numbers(schema):
        if decimal is not None:
            numbers, _ = read_numbers({int(str(row)): cell for row, cell in frame[name].items()}, path, name, decimal)
            frame[name] = (
                pd.Series({row: repr(value) for row, value in numbers.items()}).reindex(frame.index).fillna("")
            )
        cells = pd.Series(frame[name].unique())  # at most a few thousand, even in a long table
        bad = cells[(cells != "") & ~cells.map(lambda cell: NUMBER.fullmatch(cell) is not None)]
        if len(bad):
            row = frame.index[frame[name].isin(bad)][0]
            value = str(frame.loc[row, name])
            hint = "with decimal commas, read the file with --decimal ," if "," in value else None
            raise InputError("must be a number, or empty", path, int(str(row)), name, value, hint)
    validated = _validate(frame, schema, path)
    if check_rows is not None:
        check_rows(validated, path)
    return validated.reset_index(drop=True)


def _read_texts(path: Path, required: list[str]) -> pd.DataFrame:
    """Read a table as strings; the index holds row numbers."""
    if is_parquet(path):
        require_columns(path, read_names(path), required)
        return read_texts(path)
    rows = parse_csv(path, required)
    return pd.DataFrame(list(rows.values()), index=list(rows), dtype=str)


def validate_rows(rows: list[dict[str, object]], schema: pa.DataFrameSchema, path: Path) -> pd.DataFrame:
    """Validate rows built from raw files; errors name ``path``."""
    frame = pd.DataFrame(rows, columns=list(schema.columns))
    for name in frame.columns:
        if name not in _list_numbers(schema):
            frame[name] = frame[name].astype(str)
    return _validate(frame, schema, path, rows_known=False)


_PROBLEMS = {"not_nullable": "must not be empty"}  # messages in place of pandera's


def _validate(frame: pd.DataFrame, schema: pa.DataFrameSchema, path: Path, rows_known: bool = True) -> pd.DataFrame:
    """Validate a table. Its index holds row numbers of the file, unless ``rows_known`` is false."""
    for name in _list_numbers(schema):
        frame[name] = pd.to_numeric(frame[name].replace("", None)).astype(float)
    keys = list(schema.unique or [])
    repeated = frame.duplicated(keys)
    if repeated.any():
        row = frame.index[repeated][0]
        first = frame.index[(frame[keys] == frame.loc[row, keys]).all(axis=1)][0]
        problem = f"row {first} has the same {keys[-1]}" if rows_known else "the same name occurs twice"
        number = int(str(row)) if rows_known else None
        raise InputError(problem, path, number, keys[-1], str(frame.loc[row, keys[-1]]), hint="keep one of them")
    try:
        validated: pd.DataFrame = schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        first_case = cases.sort_values("index", na_position="first").iloc[0]
        column = str(first_case["column"]) if first_case["column"] in schema.columns else None
        index = first_case["index"] if rows_known and not pd.isna(first_case["index"]) else None
        count = f"{len(cases)} faults in total" if len(cases) > 1 else None
        if not rows_known and "id" in frame and not pd.isna(first_case["index"]):
            count = f"paper {frame.loc[first_case['index'], 'id']}" + (f"; {count}" if count else "")
        raise InputError(
            _PROBLEMS.get(str(first_case["check"]), str(first_case["check"])),
            path,
            None if index is None else int(index),
            column,
            "" if pd.isna(first_case["failure_case"]) else str(first_case["failure_case"]),
            hint=count,
        ) from None
    if "vintage" in validated.columns:
        late = validated["date"].str[:7] > validated["vintage"]
        if late.any():
            row = validated.index[late][0]
            problem = f"the date is later than the vintage, {validated.loc[row, 'vintage']}"
            number = int(str(row)) if rows_known else None
            raise InputError(problem, path, number, "date", str(validated.loc[row, "date"]))
    return validated
