"""Robustness: a headline compared with the other defensible analyses of the same quantity.

Each specification says, before it is fitted, which main fit it is compared with, for which headline estimands it
estimates the same quantity, and whether it is defensible, a bound or a step of the ladder only. Only analyses that no
principle ranks below the main one belong in a range (type E and U decisions of Del Giudice and Gangestad 2021, Advances
in Methods and Practices in Psychological Science 4(1)). Bounds are listed apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from inference.summaries import formatting
from inference.summaries.estimates import make_key
from inference.summaries.verdicts import convert_to_scale
from models.common.claim import RAW, Specification

Row = dict[str, Any]
Rejudge = Callable[[Row, float], str | None]
OPPOSITE = ({"agrees", "disagrees"}, {"supported", "contradicted"})


def add_robustness(
    rows: Sequence[Row],
    specifications: Sequence[Specification],
    fits: Mapping[str, Mapping[str, Any]],
    rejudge: Rejudge,
) -> None:
    """Add ``robustness`` to the rows of one claim: for a headline as ``describe_robustness`` returns it, else null.

    Parameters
    ----------
    rows, fits
        ``estimates`` and ``fits`` of estimates.json. The rows are changed in place. A fit that failed its gate is
        represented by its last good one, whose data may differ: it is not compared with fits of the present data. Nor
        is an estimate without a verdict, kept before schema version 2, with a headline that has one.
    specifications
        All specifications of the claim.
    rejudge
        Returns the verdict of a headline's posterior, shifted to a median; None if its draws are not kept.
    """
    found = {(row["spec"], *make_key(row["estimand"], row["coords"])): row for row in rows}
    by_name = {one.name: one for one in specifications}

    def is_stale(row: Row) -> bool:
        return bool(fits[f"{row['claim']}/{row['spec']}"].get("stale"))

    for row in rows:
        row["robustness"] = None
        if not row["headline"]:
            continue
        fitted: dict[str, list[tuple[Specification, Row]]] = {}
        declared = {}
        for role in ("defensible", "bound"):
            listed = list_compared(by_name[row["spec"]], row["estimand"], specifications, role)
            pairs = [(one, found.get((one.name, *make_key(row["estimand"], row["coords"])))) for one in listed]
            fitted[role] = [(one, o) for one, o in pairs if o is not None and _is_comparable(row, o, is_stale)]
            names = {one.name for one, _ in fitted[role]}
            declared[role] = sum(one.name in names or not one.user_only for one in listed)
        row["robustness"] = describe_robustness(
            row, fitted["defensible"], fitted["bound"], declared["defensible"], rejudge
        )


def _is_comparable(row: Row, other: Row, is_stale: Callable[[Row], bool]) -> bool:
    return is_stale(row) == is_stale(other) and (row["verdict"] is None) == (other["verdict"] is None)


def list_compared(
    own: Specification, estimand: str, specifications: Iterable[Specification], role: str
) -> list[Specification]:
    """List the other specifications of a role that estimate the same quantity as a headline's specification.

    The question of a headline is its own specification if that is a main fit, and the main fit that it is compared with
    otherwise. That main fit counts as defensible.
    """
    question = own.name if own.role == "main" else own.compared_with
    if own.role != "main" and estimand not in own.same_quantity:
        return []
    return [
        one
        for one in specifications
        if one.name != own.name
        and one.model != RAW
        and (
            (one.name == question and role == "defensible")
            or (one.role == role and one.compared_with == question and estimand in one.same_quantity)
        )
    ]


def describe_robustness(
    row: Row,
    defensible: Sequence[tuple[Specification, Row]],
    bounds: Sequence[tuple[Specification, Row]],
    declared: int,
    rejudge: Rejudge,
) -> Row:
    """Describe a headline's robustness over the fitted specifications, each with its row.

    Returns
    -------
    dict
        ``of`` (other specifications fitted), ``declared`` (others declared), ``same_verdict`` (in how many of those
        fitted the verdict is the same; null without a verdict), ``verdicts_text`` (``5 of 7``); ``median_low``,
        ``median_high``, ``range_text``, in which the headline's own fit counts; ``moves_most`` (the specification whose
        median is farthest on the estimand's scale: ``spec``, ``title``, ``text``, ``verdict``, ``median``; or null);
        ``changed`` (those of another verdict, with ``because``); ``bounds``; ``settled`` (false if the verdicts include
        both *agrees* and *disagrees*, or both *supported* and *contradicted*); ``text`` (all this as a sentence).

        ``because`` is ``median`` if the headline's own posterior, shifted on the estimand's scale to the other median,
        has another verdict than the headline. It is ``interval`` if not: the other median alone changes nothing, the
        other interval does. It is ``probability`` for an event, and null if the headline's draws are not kept.
    """
    others = [_list_figures(one, other) for one, other in defensible]
    verdict = row["verdict"] if row["verdict"] != "not comparable" else None
    ordered = sorted([_list_figures(None, row), *others], key=lambda one: float(one["median"]))
    same = sum(one["verdict"] == row["verdict"] for one in others) if verdict else None
    changed = [one for one in others if verdict and one["verdict"] != row["verdict"]]
    verdicts = {row["verdict"], *(one["verdict"] for one in others)}
    result: Row = {
        "of": len(others),
        "declared": declared,
        "same_verdict": same,
        "verdicts_text": None if same is None or not others else f"{same} of {len(others)}",
        "median_low": ordered[0]["median"],
        "median_high": ordered[-1]["median"],
        "range_text": formatting.format_range(ordered[0]["text"], ordered[-1]["text"]),
        "moves_most": max(others, key=lambda one: _measure_distance(row, one["median"])) if others else None,
        "changed": [
            {name: one[name] for name in ("spec", "title", "text", "verdict")}
            | {"because": _find_reason(row, one["median"], rejudge)}
            for one in changed
        ],
        "bounds": [_list_figures(one, other) for one, other in bounds],
        "settled": not any(opposite <= verdicts for opposite in OPPOSITE),
    }
    return result | {"text": formatting.format_robustness(result)}


def _list_figures(one: Specification | None, row: Row) -> Row:
    median = row["value"] if row["kind"] == "probability" else row["median"]
    named = {"spec": row["spec"], "title": one.title if one else None}
    return named | {"text": row["text"], "verdict": row["verdict"], "median": median}


def _measure_distance(row: Row, median: float) -> float:
    """Return the distance of a median from the headline's, on the estimand's scale; of probabilities, as they are."""
    if row["kind"] == "probability":
        return abs(median - float(row["value"]))
    return abs(convert_to_scale(median, row["scale"]) - convert_to_scale(row["median"], row["scale"]))


def _find_reason(row: Row, median: float, rejudge: Rejudge) -> str | None:
    if row["kind"] == "probability":
        return "probability"
    shifted = rejudge(row, median)
    return None if shifted is None else "median" if shifted != row["verdict"] else "interval"
