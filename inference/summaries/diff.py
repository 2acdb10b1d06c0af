"""Differences between two estimates.json: shifts in posterior standard deviations, and verdicts that changed.

Files of both schema versions are read. Where the two differ, so do their rules of verdicts. The verdict of the later
version is then also derived under the earlier rule, so that a verdict counts as flipped only if the posterior flipped
it. Specifications that were renamed since are compared under their present name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from data.errors import InputError
from inference.store.posteriors import read_json
from inference.store.renamed import find_present_name
from inference.summaries import formatting
from inference.summaries.earlier_rule import RULE, derive_earlier_verdict
from inference.summaries.sensitivity import name_row

Row = dict[str, Any]
USED = {"claim", "spec", "estimand", "coords", "title", "headline", "kind", "median", "sd", "text", "verdict", "refits"}


def read_estimates(path: Path) -> Row:
    """Read estimates.json, given as the file or as the folder that holds it.

    Raises
    ------
    InputError
        If the file does not exist, or is no estimates.json.
    """
    file = path / "estimates.json" if path.is_dir() else path
    if not file.exists():
        raise InputError("there are no estimates", file, hint="name an estimates.json, or its folder")
    found = read_json(file, "schema_version", "fits", "estimates")
    if found is not None and found["schema_version"] not in RULE:
        problem = f"its schema version, {found['schema_version']}, is unknown to this version of the project"
        raise InputError(problem, file, hint=f"known: {', '.join(str(version) for version in RULE)}")
    rows = found["estimates"] if found is not None else None
    if found is None or not isinstance(rows, list) or not all(isinstance(r, dict) and r.keys() >= USED for r in rows):
        raise InputError("this is not an estimates.json", file)
    return found


def compare(old: Mapping[str, Any], new: Mapping[str, Any], headline_only: bool) -> list[Row]:
    """Compare the estimates of two files.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``old`` and ``new`` (texts; null if a file lacks the estimate), ``shift`` (of the median,
        in posterior sd of the old one; null for a single probability), ``verdict`` (old and new, as in the files),
        ``rules`` (schema version of each verdict's rule) and ``flipped`` (whether the verdicts differ under one rule).
    """
    rows = []
    rules = [content["schema_version"] for content in (old, new)]
    before, after = ({_name_row(row): row for row in content["estimates"]} for content in (old, new))
    for name in [*before, *(name for name in after if name not in before)]:
        was, now = before.get(name), after.get(name)
        either = now or was
        assert either is not None
        if headline_only and not any(row and row["headline"] for row in (was, now)):
            continue
        verdicts = [row["verdict"] if row else None for row in (was, now)]
        compared = [row and _get_verdict(row, rule, min(rules)) for row, rule in zip((was, now), rules, strict=True)]
        flipped = was is not None and now is not None and compared[0] != compared[1]
        shift = _compute_shift(was, now)
        rows.append(
            {
                "name": name,
                "title": either["title"]
                if either["headline"]
                else f"{either['title']} ({either['claim']}/{either['spec']})",
                "old": was["text"] if was else None,
                "new": now["text"] if now else None,
                "shift": shift,
                "shift_text": "" if shift is None else formatting.format_number(shift, 2),
                "verdict": verdicts,
                "rules": rules,
                "verdict_text": _format_verdicts(verdicts, rules, flipped),
                "flipped": flipped,
            }
        )
    return rows


def _name_row(row: Row) -> str:
    """Name an estimate, with the present name of its specification."""
    return name_row(row | {"spec": find_present_name(row["claim"], row["spec"])})


def _get_verdict(row: Row, rule: int, wanted: int) -> str | None:
    """Return the verdict of a row under a rule, which is its own or an earlier one."""
    return row["verdict"] if rule == wanted else derive_earlier_verdict(row)


def _format_verdicts(verdicts: list[str | None], rules: list[int], flipped: bool) -> str:
    if rules[0] == rules[1]:
        return f"{verdicts[0]}, now {verdicts[1]}" if flipped else verdicts[1] or ""
    shown = [f"{verdict or 'none'} (rule {rule})" for verdict, rule in zip(verdicts, rules, strict=True)]
    between = "now flipped to" if flipped else "the same as"
    return "" if verdicts == [None, None] else f"{shown[0]}, {between} {shown[1]}"


def _compute_shift(old: Row | None, new: Row | None) -> float | None:
    if old is None or new is None or not old["sd"] or old["median"] is None or new["median"] is None:
        return None
    return float((new["median"] - old["median"]) / old["sd"])


def summarise_differences(rows: Iterable[Row]) -> str:
    """Return a line of counts: estimates in both files, shifts above one posterior sd, changed verdicts, unmatched."""
    listed = list(rows)
    both = [row for row in listed if row["old"] and row["new"]]
    far = sum(abs(row["shift"]) > 1 for row in both if row["shift"] is not None)
    flips = sum(row["flipped"] for row in listed)
    alone = len(listed) - len(both)
    line = (
        f"{len(both)} estimates in both, {far} moved by more than one posterior sd, {flips} verdicts flipped, "
        f"{alone} in only one of them"
    )
    rules = next((row["rules"] for row in listed if row["rules"][0] != row["rules"][1]), None)
    if rules is None:
        return line
    return (
        f"{line}\nthe verdicts follow two rules, {RULE[rules[0]]} and {RULE[rules[1]]}: a verdict that only has "
        "another name is not counted as flipped"
    )
