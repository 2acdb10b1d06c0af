"""The rule of verdicts before schema version 2, derived from the rows of version 2.

It serves to compare files of both versions, and to show every headline under both rules. No current verdict uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.summaries.chances import Chance

RULE = {1: "the rule of schema version 1", 2: "the rule of schema version 2"}


def derive_earlier_verdict(row: Mapping[str, Any]) -> str | None:
    """Return the verdict that a row of schema version 2 would have had under the earlier rule.

    The earlier rule said *agrees* and *disagrees* of numbers and signs alike. A number was *compatible* if it lay in
    the interval, widened by two Monte Carlo standard errors at each end, and *undecided* if it did not. Practical
    equivalence, ``negligible`` there, was for ratios and log-odds alone. Events had no verdict.
    """
    if row["verdict"] in (None, "not comparable"):
        return str(row["verdict"]) if row["verdict"] else None
    if row["kind"] == "probability":
        return None
    chances = {
        name: Chance(row[f"p_{name}"], row[f"p_{name}_mcse"])
        for name in ("rope", "sign", "within")
        if row[f"p_{name}"] is not None
    }
    on_log_scale = row["scale"] in ("log", "logit") or row["unit"] == "log-odds"
    if "sign" in chances and on_log_scale and "rope" in chances and chances["rope"].is_sure:
        return "negligible"
    chance = chances["within"] if row["published"] is not None else chances["sign"]
    if chance.is_sure:
        return "agrees"
    if chance.is_excluded:
        return "disagrees"
    if row["published"] is not None:
        low = row["eti_low"] - 2 * (row["mcse_low"] or 0.0)
        high = row["eti_high"] + 2 * (row["mcse_high"] or 0.0)
        if low <= row["published"] <= high:
            return "compatible"
    return "undecided"
