"""Find, load and validate the tables of the embedded snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from data.errors import InputError
from data.io import read_header
from data.paths import SNAPSHOT
from data.tables.paper_schemas import (
    CODE_LABELS,
    CODER_LABELS,
    HARDWARE_LABELS,
    INSTITUTIONS,
    MENTION_LABELS,
    PAPERS,
    PRETRAINED_MODELS,
    read_papers,
)
from data.tables.schemas import ACCESS_LABELS, CHIPS, MODELS, read_chips, read_models, read_table

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "models": read_models,
    "chips": read_chips,
    "papers": read_papers,
    "coder_labels": lambda path: read_table(path, CODER_LABELS),
    "code_labels": lambda path: read_table(path, CODE_LABELS),
    "hardware_labels": lambda path: read_table(path, HARDWARE_LABELS),
    "pretrained_models": lambda path: read_table(path, PRETRAINED_MODELS),
    "mention_labels": lambda path: read_table(path, MENTION_LABELS),
    "access_labels": lambda path: read_table(path, ACCESS_LABELS),
    "institutions": lambda path: read_table(path, INSTITUTIONS),
}
USER_READERS = {"models": read_models, "chips": read_chips, "papers": read_papers}
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


def read_any(path: Path, decimal: str | None = None) -> tuple[str, pd.DataFrame]:
    """Read and validate a user's table.

    The header identifies the table: it is the one with the most columns in common.

    Parameters
    ----------
    path
        The table.
    decimal
        Decimal sign of its numbers, as in ``read_table``.

    Raises
    ------
    InputError
        If no table has any of the columns, or the file does not satisfy the schema of the table that matches best.
    """
    header = read_header(path)
    common = {name: len(set(header) & set(schema.columns)) for name, schema in SCHEMAS.items()}
    name = max(common, key=lambda table: common[table])
    if not common[name]:
        found = ", ".join(header[:8]) + (", ..." if len(header) > 8 else "")
        tables = f"{', '.join(SCHEMAS)} (data/README.md)"
        hint = f"found: {found}; known tables: {tables}; or a raw vintage of Epoch's models"
        raise InputError("the header has no column of a known table", path, 1, hint=hint)
    return name, USER_READERS[name](path, decimal)
