"""Shifts of estimates in refits under named priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.summaries import formatting
from inference.summaries.estimates import make_key, round_values

ENDS = ("median", "eti_low", "eti_high")


def add_refits(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to each row its shifts in refits of the same fit under named priors.

    ``refits`` has one entry, as returned by ``compute_moves``, for each specification of kind ``prior`` with the same
    model and choices. ``prior_shift`` is the largest of their shifts, or null if there is none. ``verdict_changes``
    lists the verdicts that a refit changes; a headline that is an event has these alone.

    Parameters
    ----------
    rows, fits
        ``estimates`` and ``fits`` of estimates.json. The rows are changed in place.
    """

    def make_row_key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *make_key(row["estimand"], row["coords"]))

    def make_base_key(fit: Mapping[str, Any]) -> tuple[Any, ...]:
        return fit["model"], str(sorted(fit["differs"]["choices"].items()))

    priors: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        fit = fits[f"{row['claim']}/{row['spec']}"]
        if fit["kind"] == "prior" and fit["differs"]["priors"]:
            priors.setdefault((*make_base_key(fit), *make_row_key(row)), []).append(row)
    for row in rows:
        fit = fits[f"{row['claim']}/{row['spec']}"]
        refitted = fit["kind"] != "prior" and (row["sd"] or (row["headline"] and row["kind"] == "probability"))
        others = priors.get((*make_base_key(fit), *make_row_key(row)), []) if refitted else []
        # A refit that failed its gate is represented by its last good fit, whose data may differ.
        others = [o for o in others if fits[f"{o['claim']}/{o['spec']}"].get("stale") == fit.get("stale")]
        row["refits"] = [
            compute_moves(row, other, fits[f"{other['claim']}/{other['spec']}"]["title"]) for other in others
        ]
        shifts = [abs(refit["shift"][name]) for refit in row["refits"] for name in ENDS if row["sd"]]
        row["prior_shift"] = max(shifts) if shifts else None
        row["prior_shift_text"] = formatting.format_number(row["prior_shift"], 1) if shifts else None
        row["verdict_changes"] = [
            f"{refit['verdict']} under {refit['title']}"
            for refit in row["refits"]
            if refit["verdict"] != row["verdict"] != "not comparable"
        ]


def compute_moves(row: Mapping[str, Any], other: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Compute how far a refit moves an estimate: ``shift`` in posterior sd of the first, ``to`` in reported units.

    An event has no posterior sd: its shifts are null, and so are the figures to which it moves, except for its text.
    """
    moved: dict[str, Any] = {"shift": dict.fromkeys(ENDS), "shift_text": "", "to": dict.fromkeys(ENDS)}
    if row["sd"]:
        moved = {
            "shift": {name: round_values((other[name] - row[name]) / row["sd"]) for name in ENDS},
            "shift_text": formatting.format_number((other["median"] - row["median"]) / row["sd"], 1),
            "to": {name: other[name] for name in ENDS},
        }
    return {"spec": other["spec"], "title": title, **moved, "text": other["text"], "verdict": other["verdict"]}
