"""Read tables in Parquet as the strings of a CSV file, so that both formats pass the same checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUFFIX = ".parquet"


def is_parquet(path: Path) -> bool:
    """Return whether a file is a Parquet file by its name."""
    return path.suffix.lower() == SUFFIX


def read_names(path: Path) -> list[str]:
    """Return the names of the columns; raise as ``read_texts``."""
    return list(_read(path, []).column_names)


def read_texts(path: Path) -> pd.DataFrame:
    """Read a Parquet file as stripped strings; missing values and NaN become empty strings.

    Returns
    -------
    pandas.DataFrame
        The index numbers the rows as ``data.io.parse_csv`` does: the first one is 2.

    Raises
    ------
    InputError
        If the file cannot be read, has no rows, or holds values that are neither texts nor numbers.
    """
    import pandas as pd

    table = _read(path, None)
    if not table.num_rows:
        raise InputError("the file has columns and no rows", path)
    columns = {name: _list_texts(table.column(name), name, path) for name in table.column_names}
    return pd.DataFrame(columns, index=range(2, table.num_rows + 2), dtype=str)


def _read(path: Path, columns: list[str] | None) -> pa.Table:
    """Read a file; with an empty list of columns its schema only."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.is_dir():
        raise InputError("this is a folder; a Parquet file is needed", path)
    try:
        return pq.read_schema(path).empty_table() if columns == [] else pq.read_table(path, partitioning=None)
    except FileNotFoundError:
        raise InputError("there is no such file", path) from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"not a Parquet file, or a damaged one: {reason}", path) from None


def _list_texts(column: pa.ChunkedArray, name: str, path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):  # categories, as pandas and R write them
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    elif pa.types.is_nested(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        problem = f"values of the type {column.type}; texts or numbers are needed"
        raise InputError(problem, path, column=name)
    return [text.strip() for text in pc.fill_null(column.cast(pa.string()), "").to_pylist()]
