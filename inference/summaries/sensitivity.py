"""Declared sensitivities: every headline estimand that is flagged must be listed in a file, with its reason.

Each group of priors that power-scaling flags for a headline must have a named prior, which refits it.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from data.errors import InputError
from data.io import format_csv
from inference.store.declarations import PRIOR_SENSITIVE, PriorGroups, import_part, list_prior_groups
from inference.store.paths import ROOT

DECLARED = ROOT / "paper" / "declared_sensitivities.toml"
CONTRACTION_MIN = 0.5
SHIFT_MAX = 0.3  # posterior standard deviations
Row = Mapping[str, Any]


def name_row(row: Row) -> str:
    """Return the name of an estimate: ``academic_share/main/share_academia_only[2010-14]``."""
    labels = ", ".join(str(value) for value in row["coords"].values())
    return f"{row['claim']}/{row['spec']}/{row['estimand']}" + (f"[{labels}]" if labels else "")


def list_flags(row: Row) -> list[str]:
    """List the reasons to declare an estimate if it is a headline: power-scaling, contraction, shifts, verdicts."""
    verdicts = ["verdict: " + ", ".join(row["verdict_changes"])] if row["verdict_changes"] else []
    if row["kind"] == "probability":
        return verdicts
    found = []
    if row["prior_sensitive"] is None or row["contraction"] is None:
        found.append("sensitivity could not be computed")
    if row["prior_sensitive"]:
        found.append("power-scaling of the prior")
    if row["contraction"] is not None and row["contraction"] < CONTRACTION_MIN:
        found.append("contraction below one half")
    if row["prior_shift"] is not None and row["prior_shift"] > SHIFT_MAX:
        found.append("a refit under another prior")
    return found + verdicts


def list_without_named_prior(rows: Iterable[Row]) -> list[str]:
    """List the pairs of a headline's fit and a group of priors that lack a named prior.

    Power-scaling of that group alone is above 0.05 for a headline of the fit, and no specification of the same model
    and choices refits it under other hyper-parameters of the group. Such a specification may be declared and not yet
    fitted, as in a user's own run.
    """
    missing: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        for group, strength in (row.get("prior_sensitivity_by_group") or {}).items():
            if row["headline"] and (strength or 0.0) > PRIOR_SENSITIVE and not _has_named_prior(row, group):
                missing.setdefault((row["claim"], row["spec"], group), []).append(f"{row['title']} {strength:.2f}")
    return [
        f"{claim}/{spec}: the priors of the group {group!r} have no named prior, and power-scaling of them is above "
        f"{PRIOR_SENSITIVE:g} for {'; '.join(titles)}"
        for (claim, spec, group), titles in missing.items()
    ]


def _has_named_prior(row: Row, group: str) -> bool:
    specifications = import_part(row["claim"], "specifications")
    own = next(one for one in specifications.SPECIFICATIONS if one.name == row["spec"])
    declared = list_prior_groups(row["claim"], own.model)
    names = _list_hyper_parameters(group, declared, specifications.PRIORS[own.model])
    return any(
        one.kind == "prior"
        and (one.model, dict(one.choices)) == (own.model, dict(own.choices))
        and one.priors
        and set(one.priors) <= names
        for one in specifications.SPECIFICATIONS
    )


def _list_hyper_parameters(group: str, declared: PriorGroups, priors: Any) -> set[str]:
    """Return a group's hyper-parameters; of a parameter that is its own group, those named after it."""
    if group in declared:
        return set(declared[group][0])
    return {field.name for field in dataclasses.fields(priors) if field.name.startswith(f"{group}_")}


def read_declared(path: Path | None = None) -> dict[str, dict[str, str]]:
    """Read the declarations: name of each estimand to its reason and the paper's words that it affects.

    Raises
    ------
    InputError
        If the file is not TOML, or an entry lacks ``reason`` or ``sentence``.
    """
    path = path or DECLARED
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path) from None
    for name, entry in declared.items():
        for field in ("reason", "sentence"):
            if not isinstance(entry, dict) or not entry.get(field):
                raise InputError(f"the declaration has no {field}", path, value=name)
    return declared


def list_undeclared(rows: Iterable[Row], declared: Mapping[str, Mapping[str, str]]) -> list[str]:
    """List sensitive headline estimates that are not declared, with the lines of the paper that mention them."""
    flagged = {name_row(row): row for row in rows if row["headline"] and list_flags(row)}
    return [
        f"{name}: {' and '.join(list_flags(row))}{_locate_in_paper(row)}"
        for name, row in flagged.items()
        if name not in declared
    ]


def _locate_in_paper(row: Row) -> str:
    """Return the lines of the paper that mention an estimand: ``; the paper mentions it in ...typ, lines 12, 40``."""
    section = ROOT / "paper" / "sections" / f"{row['claim']}.typ"
    text = section.read_text(encoding="utf-8").splitlines() if section.is_file() else []
    lines = [str(number) for number, line in enumerate(text, start=1) if f'"{row["estimand"]}"' in line]
    return f"; the paper mentions it in {section.relative_to(ROOT)}, lines {', '.join(lines)}" if lines else ""


def list_needless(rows: Iterable[Row], declared: Mapping[str, Mapping[str, str]]) -> list[str]:
    """List declarations of estimates that are not sensitive, or no headlines."""
    flagged = {name_row(row) for row in rows if row["headline"] and list_flags(row)}
    return [name for name in declared if name not in flagged]


def add_user_refits(
    rows: Iterable[dict[str, Any]], user_rows: Iterable[Row], fits: Mapping[str, Row], title: str
) -> None:
    """Add the estimates under a user's priors to the refits of each estimate.

    Two types of estimates are left out: those of named priors (specifications of kind ``prior``), which have their own
    priors, and single probabilities, which have no posterior sd.
    """
    from inference.summaries.refits import compute_moves

    found = {name_row(row): row for row in user_rows}
    for row in rows:
        other = found.get(name_row(row))
        if other is not None and row["sd"] and fits[f"{row['claim']}/{row['spec']}"]["kind"] != "prior":
            row["refits"] = [*row["refits"], compute_moves(row, other, title)]


def select_rows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Select the estimates with refits, and the headlines: their power-scaling and contraction need no refits."""
    return [row for row in rows if row["refits"] or (row["headline"] and row["kind"] == "quantity")]


def format_rows_csv(rows: Iterable[Row], declared: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return a CSV of one line per estimate and prior: diagnosis, contraction, shifts in sd and units, verdict.

    An estimate without refits has one line, whose columns from ``priors`` on are empty, except for its verdict.
    """
    ends = ("median", "eti_low", "eti_high")
    lines = []
    for row in rows:
        start = {
            "estimand": name_row(row), "title": row["title"], "unit": row["unit"], "headline": row["headline"],
            "estimate": row["text"], "prior_sensitivity": row["prior_sensitivity"],
            "likelihood_sensitivity": row["likelihood_sensitivity"], "diagnosis": row["diagnosis"],
            "prior_sensitivity_by_group": "; ".join(
                f"{group} {strength:.3f}" for group, strength in (row.get("prior_sensitivity_by_group") or {}).items()
            ),
            "contraction": row["contraction"], "flags": "; ".join(list_flags(row)),
            "declared": name_row(row) in declared,
        }  # fmt: skip
        for refit in row["refits"] or [None]:
            has_draws = refit is not None and row["kind"] == "quantity"
            moved = {f"{key}_shift_sd": refit["shift"][key] if has_draws else None for key in ends}
            moved |= {f"{key}_shift": refit["to"][key] - row[key] if has_draws else None for key in ends}
            changes = {"verdict": row["verdict"], "verdict_under_it": refit["verdict"] if refit else None}
            lines.append(start | {"priors": refit["title"] if refit else None, **moved, **changes})
    return format_csv(lines[0].keys(), lines) if lines else b""
