"""Find, load and validate the tables of the embedded snapshot."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from data.errors import SHOWN, InputError
from data.io import read_bytes
from data.paths import SNAPSHOT
from data.tables.paper_schemas import CODE_LABELS, CODER_LABELS, INSTITUTIONS, PAPERS, read_papers
from data.tables.schemas import CHIPS, MODELS, read_chips, read_models, read_table

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "models": read_models,
    "chips": read_chips,
    "papers": read_papers,
    "coder_labels": lambda path: read_table(path, CODER_LABELS),
    "code_labels": lambda path: read_table(path, CODE_LABELS),
    "institutions": lambda path: read_table(path, INSTITUTIONS),
}
SCHEMAS = {"models": MODELS, "chips": CHIPS, "papers": PAPERS}


def find_table(name: str, folder: Path = SNAPSHOT) -> Path:
    """Return the path of a table; large tables are compressed."""
    small = folder / f"{name}.csv"
    return small if small.is_file() else folder / f"{name}.csv.gz"


def load(name: str, folder: Path = SNAPSHOT) -> pd.DataFrame:
    """Load and validate a table of the snapshot by name, one of ``READERS``.

    Raises
    ------
    InputError
        If the file is missing or damaged, or does not satisfy its schema.
    """
    return READERS[name](find_table(name, folder))


def read_any(path: Path) -> tuple[str, pd.DataFrame]:
    """Read and validate a user's table.

    The header identifies the table: it is the one with the most columns in common.

    Raises
    ------
    InputError
        If no table has any of the columns, or the file does not satisfy the schema of the table that matches best.
    """
    first = read_bytes(path).decode("utf-8-sig", errors="replace").partition("\n")[0].strip()
    header = next(csv.reader([first]), [])
    common = {name: len(set(header) & set(schema.columns)) for name, schema in SCHEMAS.items()}
    name = max(common, key=lambda table: common[table])
    if not common[name]:
        found = first if len(first) <= SHOWN else f"{first[:SHOWN]}..."
        tables = f"{', '.join(SCHEMAS)} (data/README.md)"
        hint = f"found: {found!r}; save the file as comma-separated CSV in UTF-8; known tables: {tables}"
        raise InputError("the header has no column of a known table", path, 1, hint=hint)
    return name, READERS[name](path)
