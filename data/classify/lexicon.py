"""Reader of the committed lexicons."""

from __future__ import annotations

from collections.abc import Iterable

from data.io import Row, parse_csv
from data.paths import LEXICONS


def read_lexicon(name: str, columns: Iterable[str]) -> list[Row]:
    """Read the rows of ``lexicons/NAME.csv``.

    Raises
    ------
    InputError
        If the file is missing or damaged, or lacks a column.
    """
    return list(parse_csv(LEXICONS / f"{name}.csv", columns).values())
