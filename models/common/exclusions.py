"""The exclusion log: the rows that an analysis excludes, and the reasons."""

from __future__ import annotations

import json

import pandas as pd


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
        """Start with all rows; ``reason`` describes them."""
        self.frame = frame
        self.log: list[dict[str, object]] = [{"reason": reason, "n": 0, "left": len(frame)}]

    def keep(self, rows: pd.Series, reason: str) -> None:
        """Keep the rows marked true, and log the number excluded for this reason."""
        self.log.append({"reason": reason, "n": int((~rows).sum()), "left": int(rows.sum())})
        self.frame = self.frame[rows]

    def count(self, reason: str, n: int, left: int | None = None) -> None:
        """Log ``n`` rows under a reason and exclude none; ``left`` is the number of rows that they are part of."""
        self.log.append({"reason": reason, "n": n, "left": len(self.frame) if left is None else left})

    def to_json(self) -> str:
        """Return the log as JSON, for the attribute ``flow`` of a dataset."""
        return json.dumps(self.log)
