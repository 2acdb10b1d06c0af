"""Shifts of estimates in refits under other priors and other choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inference.summaries import formatting
from inference.summaries.estimates import make_key, round_values


def add_refits(rows: list[dict[str, Any]], fits: Mapping[str, Mapping[str, Any]]) -> None:
    """Add to each row its shifts in refits of the same fit under other priors.

    ``refits`` has one entry, as returned by ``compute_moves``, for each specification of kind ``prior`` with the same
    model and choices. ``prior_shift`` is the largest of their shifts, or null if there is none. ``verdict_changes``
    lists the verdicts that a refit changes.

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
        others = (
            priors.get((*make_base_key(fit), *make_row_key(row)), []) if fit["kind"] != "prior" and row["sd"] else []
        )
        # A refit that failed its gate is represented by its last good fit, whose data may differ.
        others = [o for o in others if fits[f"{o['claim']}/{o['spec']}"].get("stale") == fit.get("stale")]
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
    """Add ``moved_most`` to headline rows: the fit that moves the median most, as ``compute_moves`` and n, or null.

    A fit is considered if it is of the same model, differs in one choice, and has at least half as many rows: a much
    smaller sample moves an estimate whatever is chosen. Refits under other priors are not considered. Nor are main fits
    of other choices, which answer another question. There is one exception: a headline of a second main fit is also
    compared with the main fit from which it differs in one choice.
    """

    def make_row_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return (row["claim"], *make_key(row["estimand"], row["coords"]))

    def list_differences(choices: Mapping[str, Any], base: Mapping[str, Any]) -> list[str]:
        return [name for name in choices.keys() | base.keys() if choices.get(name, DEFAULT) != base.get(name, DEFAULT)]

    for row in rows:
        row["moved_most"] = None
        if not (row["headline"] and row["sd"]):
            continue
        own_fit = fits[f"{row['claim']}/{row['spec']}"]
        base = own_fit["differs"]["choices"]
        found = []
        for other in rows:
            fit = fits[f"{other['claim']}/{other['spec']}"]
            choices = fit["differs"]["choices"]
            same = (
                fit["model"] == own_fit["model"]
                and fit.get("stale") == own_fit.get("stale")
                and not fit["differs"]["priors"]
            )
            # A fit that lacks one of the headline's choices answers another question, except for the main fit.
            comparable = base.keys() <= choices.keys() if fit["kind"] != "main" else len(choices) < len(base)
            if (
                same
                and comparable
                and make_row_key(other) == make_row_key(row)
                and len(list_differences(choices, base)) == 1
                and 2 * other["n"] >= row["n"]
            ):
                found.append(compute_moves(row, other, str(fit["title"])) | {"n": other["n"]})
        if found:
            row["moved_most"] = max(found, key=lambda move: abs(move["shift"]["median"]))


DEFAULT = object()  # stands for a choice that is as in the main fit


def compute_moves(row: Mapping[str, Any], other: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Compute how far a refit moves an estimate: ``shift`` in posterior sd of the first, ``to`` in reported units."""
    return {
        "spec": other["spec"],
        "title": title,
        "shift": {name: round_values((other[name] - row[name]) / row["sd"]) for name in ENDS},
        "shift_text": formatting.format_number((other["median"] - row["median"]) / row["sd"], 1),
        "to": {name: other[name] for name in ENDS},
        "text": other["text"],
        "verdict": other["verdict"],
    }
