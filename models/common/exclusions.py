"""The exclusion log: the rows that an analysis excludes, and the reasons."""

from __future__ import annotations

import json

import pandas as pd

from data.errors import InputError


class Selection:
    """A frame of rows with the log of its exclusions: each step records the rows excluded and the reason.

    Attributes
    ----------
    frame
        The remaining rows.
    log
        One dict per step: ``reason``, ``n`` (rows excluded), ``left`` (rows remaining).
    """

    def __init__(self, frame: pd.DataFrame, reason: str) -> None:
        """Start with all rows; ``reason`` describes them, for example ``papers of the table``."""
        self.frame = frame
        self._excluded: list[str] = []
        self.log: list[dict[str, object]] = [{"reason": reason, "n": 0, "left": len(frame)}]

    def keep(self, rows: pd.Series, reason: str) -> None:
        """Keep the rows marked true, and log the number excluded for this reason."""
        excluded = int((~rows).sum())
        self.log.append({"reason": reason, "n": excluded, "left": int(rows.sum())})
        if excluded:
            self._excluded.append(f"{excluded:,} {reason}")
        self.frame = self.frame[rows]

    def keep_years(self, years: pd.Series, first: int, last: int, reason: str) -> None:
        """Keep the rows of the years from ``first`` to ``last``, and log the number excluded for this reason.

        Raises
        ------
        InputError
            If there are rows, all of other years.
        """
        inside = years.between(first, last)
        if len(inside) and not inside.any():
            rows = str(self.log[0]["reason"])
            noun = rows.partition(" ")[0]
            which = f"all {len(inside):,} {noun} are" if len(inside) > 1 else f"the only {noun.removesuffix('s')} is"
            problem = f"{which} of {_join_years(years)}; the claim is about {first}-{last}"
            hint = self.describe() if self._excluded else None
            raise InputError(problem, f"table of {noun}", hint=hint)
        self.keep(inside, reason)

    def count(self, reason: str, n: int, left: int | None = None) -> None:
        """Log ``n`` rows under a reason and exclude none; ``left`` is the number of rows that they are part of."""
        self.log.append({"reason": reason, "n": n, "left": len(self.frame) if left is None else left})

    def describe(self) -> str:
        """Describe the exclusions: ``of 9 papers of the table; left out: 7 outside 2012-2021; 1 without a topic``."""
        start = f"of {self.log[0]['left']:,} {self.log[0]['reason']}"
        return "; left out: ".join([start, *(["; ".join(self._excluded)] if self._excluded else [])])

    def to_json(self) -> str:
        """Return the log as JSON, for the attribute ``flow`` of a dataset."""
        return json.dumps(self.log)


def _join_years(years: pd.Series) -> str:
    """Join years to a text with ranges: ``1999, 2023-2025``."""
    runs: list[list[int]] = []
    for year in sorted({int(year) for year in years}):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
