"""The exclusion log: which rows an analysis leaves out, and why."""

from __future__ import annotations

import json

import pandas as pd


class Selection:
    """A frame of rows with the log of its exclusions: each step says what it left out, and why.

    Attributes
    ----------
    frame
        The rows that are left.
    log
        One dict a step: ``reason``, ``n`` (rows left out), ``left``.
    """

    def __init__(self, frame: pd.DataFrame, reason: str) -> None:
        """Start with all rows; ``reason`` says what they are."""
        self.frame = frame
        self.log: list[dict[str, object]] = [{"reason": reason, "n": 0, "left": len(frame)}]

    def keep(self, rows: pd.Series, reason: str) -> None:
        """Keep the rows that are true, and log how many are left out for this reason."""
        self.log.append({"reason": reason, "n": int((~rows).sum()), "left": int(rows.sum())})
        self.frame = self.frame[rows]

    def count(self, reason: str, n: int, left: int | None = None) -> None:
        """Log ``n`` rows under a reason, without leaving any out; ``left`` is the number of rows that it is of."""
        self.log.append({"reason": reason, "n": n, "left": len(self.frame) if left is None else left})

    def to_json(self) -> str:
        """Return the log as the attribute ``flow`` of a dataset."""
        return json.dumps(self.log)
