"""Refits: how far other priors, and other choices, move an estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.summaries import formatting
from inference.summaries.estimates import make_key, round_values


def add_refits(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to rows how far the refits of their own fit under other priors move them.

    ``refits`` has one entry for each of the claim's alternatives of kind ``prior`` with the same model and choices:
    what ``moves`` gives. ``prior_shift`` is the largest of their shifts, null where there is none;
    ``verdict_changes`` lists the verdicts that a refit changes.

    Parameters
    ----------
    rows, fits
        ``estimates`` and ``fits`` of estimates.json; the rows are changed.
    """

    def make_row_key(row: dict[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *make_key(row["estimand"], row["coords"]))

    def find_base(fit: Mapping[str, Any]) -> tuple[Any, ...]:
        return fit["model"], str(sorted(fit["differs"]["choices"].items()))

    priors: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        fit = fits[f"{row['claim']}/{row['spec']}"]
        if fit["kind"] == "prior" and fit["differs"]["priors"]:
            priors.setdefault((*find_base(fit), *make_row_key(row)), []).append(row)
    for row in rows:
        own = fits[f"{row['claim']}/{row['spec']}"]
        others = priors.get((*find_base(own), *make_row_key(row)), []) if own["kind"] != "prior" and row["sd"] else []
        # One that failed its gate left its last good fit behind: of other data, and no measure of the prior.
        others = [o for o in others if fits[f"{o['claim']}/{o['spec']}"].get("stale") == own.get("stale")]
        row["refits"] = [
            compute_moves(row, other, fits[f"{other['claim']}/{other['spec']}"]["title"]) for other in others
        ]
        shifts = [abs(refit["shift"][name]) for refit in row["refits"] for name in ENDS]
        row["prior_shift"] = max(shifts) if shifts else None
        row["prior_shift_text"] = formatting.format_number(row["prior_shift"], 1) if shifts else None
        row["verdict_changes"] = [
            f"{refit['verdict']} under {refit['title']}"
            for refit in row["refits"]
            if refit["verdict"] != row["verdict"] != "not comparable"
        ]


ENDS = ("median", "eti_low", "eti_high")


def add_moved_most(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to headline rows the fit that moves the median most: ``moved_most``, as ``moves`` has it and its n, or null.

    Fits of the same model count that differ in one choice and rest on at least half as many rows: a much smaller
    sample moves an estimate whatever is chosen. Main fits of other choices answer another question and do not count,
    but for the one from which a headline beside it differs in that choice; refits under other priors do not either.
    """

    def make_row_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *make_key(row["estimand"], row["coords"]))

    def list_differences(choices: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
        return [name for name in choices.keys() | base.keys() if choices.get(name, OWN) != base.get(name, OWN)]

    for row in rows:
        row["moved_most"] = None
        if not (row["headline"] and row["sd"]):
            continue
        own = fits[f"{row['claim']}/{row['spec']}"]
        base = own["differs"]["choices"]
        found = []
        for other in rows:
            fit = fits[f"{other['claim']}/{other['spec']}"]
            choices = fit["differs"]["choices"]
            same = (
                fit["model"] == own["model"] and fit.get("stale") == own.get("stale") and not fit["differs"]["priors"]
            )
            # One that lacks a choice of the headline's own is of another question, but for the main fit beside it.
            asked = base.keys() <= choices.keys() if fit["kind"] != "main" else len(choices) < len(base)
            if (
                same
                and asked
                and make_row_key(other) == make_row_key(row)
                and len(list_differences(choices, base)) == 1
                and 2 * other["n"] >= row["n"]
            ):
                found.append(compute_moves(row, other, str(fit["title"])) | {"n": other["n"]})
        if found:
            row["moved_most"] = max(found, key=lambda move: abs(move["shift"]["median"]))


OWN = object()  # a choice that is as in the main fit


def compute_moves(row: Mapping[str, Any], other: Mapping[str, Any], title: str) -> dict[str, Any]:
    """How far a refit moves an estimate: ``shift`` in posterior sd of the first, ``to`` in reported units."""
    return {
        "spec": other["spec"],
        "title": title,
        "shift": {name: round_values((other[name] - row[name]) / row["sd"]) for name in ENDS},
        "shift_text": formatting.format_number((other["median"] - row["median"]) / row["sd"], 1),
        "to": {name: other[name] for name in ENDS},
        "text": other["text"],
        "verdict": other["verdict"],
    }
