"""Sensitivity is declared: every flagged headline estimand stands in a file, by hand and with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from data.io import InputError
from inference.places import ROOT

DECLARED = ROOT / "paper" / "declared_sensitivities.toml"
CONTRACTION_MIN = 0.5
SHIFT_MAX = 0.3  # posterior standard deviations


def name_of(row: Mapping[str, Any]) -> str:
    """``academic_share/main/share_academia_only[2010-14]``."""
    inside = ", ".join(str(value) for value in row["coords"].values())
    return f"{row['claim']}/{row['spec']}/{row['estimand']}" + (f"[{inside}]" if inside else "")


def flags(row: Mapping[str, Any]) -> list[str]:
    """Why an estimate must be declared if it is a headline: power-scaling, little contraction, another prior."""
    if row["kind"] == "probability":
        return []
    found = []
    if row["prior_sensitive"] is None or row["contraction"] is None:
        found.append("sensitivity could not be computed")
    if row["prior_sensitive"]:
        found.append("power-scaling of the prior")
    if row["contraction"] is not None and row["contraction"] < CONTRACTION_MIN:
        found.append("contraction below one half")
    if row["prior_shift"] is not None and row["prior_shift"] > SHIFT_MAX:
        found.append("a refit under another prior")
    if row["verdict_changes"]:
        found.append("verdict: " + ", ".join(row["verdict_changes"]))
    return found


def read_declared(path: Path = DECLARED) -> dict[str, dict[str, str]]:
    """Read the declarations: name of the estimand to its reason and the words of the paper that are concerned.

    Raises
    ------
    InputError
        If the file is not TOML or an entry lacks ``reason`` or ``sentence``.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", path) from None
    for name, entry in declared.items():
        for field in ("reason", "sentence"):
            if not isinstance(entry, dict) or not entry.get(field):
                raise InputError(f"the declaration has no {field}", path, value=name)
    return declared


def objections(rows: Iterable[Mapping[str, Any]], declared: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is sensitive and not declared, and what is declared and no longer sensitive (or no headline)."""
    flagged = {name_of(row): flags(row) for row in rows if row["headline"] and flags(row)}
    missing = [f"{name}: {' and '.join(why)}, not declared" for name, why in flagged.items() if name not in declared]
    needless = [f"{name}: declared as sensitive, and is not" for name in declared if name not in flagged]
    return missing + needless
