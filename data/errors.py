"""Errors addressed to the user: what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SHOWN = 80  # characters of a bad value that an error message shows


class CheckError(Exception):
    """A check failed: the results cannot be trusted, or the paper is inconsistent."""


@dataclass
class InputError(Exception):
    """Bad input. The message says what is wrong, where, and what to do.

    ``row`` counts as in a spreadsheet: the header is row 1.
    """

    problem: str
    file: Path | str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = [str(self.file)] if self.file is not None else []
        if self.row is not None:
            where.append(f"row {self.row}")
        if self.column is not None:
            where.append(f"column {self.column!r}")
        if self.value is not None:
            shown = self.value if len(self.value) <= SHOWN else self.value[:SHOWN] + "..."
            where.append(f"value {shown!r}")
        text = ", ".join(where)
        text = f"{text}: {self.problem}" if text else self.problem
        return f"{text} ({self.hint})" if self.hint else text
