"""Numbers as people and spreadsheets write them: separators of thousands, decimal points and decimal commas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from data.errors import InputError

DECIMALS = (".", ",")
# Spaces and apostrophes (as in France and Switzerland) separate thousands wherever the decimal sign is.
_NEUTRAL = re.compile(r"(?<=[0-9])[ \u00a0\u2009\u202f'\u2019](?=[0-9]{3}(?![0-9]))")
_BEFORE_EXPONENT = re.compile(r"(?<=[0-9]) +(?=[eE][+-]?[0-9])")
_EXPONENT = r"[eE][+-]?[0-9]{1,3}"


def check_decimal(decimal: str | None) -> None:
    """Raise an InputError if a decimal sign is neither a point nor a comma."""
    if decimal not in (None, *DECIMALS):
        raise InputError(f"unknown decimal sign {decimal!r}", hint="known: . and ,")


def _compile(decimal: str, thousands: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a number without and with separated thousands; a group that begins with 0 is no group."""
    fraction = rf"(?:{decimal}[0-9]*)?"
    plain = rf"[+-]?(?:[0-9]+{fraction}|{decimal}[0-9]+)(?:{_EXPONENT})?"
    grouped = rf"[+-]?[1-9][0-9]{{0,2}}(?:{thousands}[0-9]{{3}})+{fraction}"
    return re.compile(plain), re.compile(grouped)


_PATTERNS = {".": _compile(r"\.", ","), ",": _compile(",", r"\.")}
_AMBIGUOUS = re.compile(rf"[+-]?[1-9][0-9]{{0,2}}[.,][0-9]{{3}}{_EXPONENT}")
SIGNS = {".": "point", ",": "comma"}


def read_numbers(
    cells: Mapping[int, str], path: Path, column: str, decimal: str | None = None
) -> tuple[dict[int, float], int]:
    """Read the numbers of one column, all written in the same way.

    With a decimal point, a comma separates thousands if it stands between groups of three digits, before any point or
    exponent. Any other comma is a decimal comma; the column is then refused. With a decimal comma, the rules
    for comma and point are exchanged. Spaces and apostrophes may separate thousands. A number with one separator, three
    digits and an exponent (``1,500e22``) can be read in two ways, and is refused unless ``decimal`` is given.

    Parameters
    ----------
    cells
        Text by row number; empty cells are skipped.
    path, column
        What an error names.
    decimal
        The decimal sign, ``.`` or ``,``. By default a point.

    Returns
    -------
    numbers
        By row number.
    n_grouped
        How many of them have a comma or point that is read as a separator of thousands.

    Raises
    ------
    InputError
        If a cell is not a number, or has the other decimal sign.
    """
    sign = decimal or "."
    other = "," if sign == "." else "."
    plain, grouped = _PATTERNS[sign]
    numbers: dict[int, float] = {}
    n_grouped = 0
    for row, cell in cells.items():
        if not cell:
            continue
        text = _NEUTRAL.sub("", _BEFORE_EXPONENT.sub("", cell.replace("\u2212", "-")))
        ambiguous = other in text and _AMBIGUOUS.fullmatch(text) is not None
        if ambiguous and decimal is None:
            problem = "the comma may be a decimal comma, or may separate thousands"
            raise InputError(problem, path, row, column, cell, "say which with --decimal , or --decimal .")
        if plain.fullmatch(text):
            numbers[row] = float(text.replace(",", "."))
        elif grouped.fullmatch(text) or ambiguous:
            numbers[row] = float(text.replace(other, "").replace(",", "."))
            n_grouped += 1
        elif any(pattern.fullmatch(text) for pattern in _PATTERNS[other]):
            grouping = "" if other in text else f" ({SIGNS[sign]}s between thousands)"
            problem = f"a decimal {SIGNS[other]}{grouping} in a column that is read with a decimal {SIGNS[sign]}"
            hint = f"read the file with --decimal {other}, or write the column with decimal {SIGNS[sign]}s"
            raise InputError(problem, path, row, column, cell, hint)
        else:
            raise InputError("not a number", path, row, column, cell, "a number like 1500 or 1.5e24, or an empty cell")
    return numbers, n_grouped
