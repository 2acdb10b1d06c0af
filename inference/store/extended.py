"""Estimates of the extended specifications, kept without draws: on this machine, and as committed.

What is fitted stands in ``build/alternatives``, one file a specification, so that an interrupted run goes on;
``publish`` commits it to ``paper/published/alternatives.json``. Each carries its fit key, and whoever shows one says
when it is older than the code and the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference.store.fingerprints import EXTENDED, Parts, combine
from inference.store.paths import Paths
from inference.store.posteriors import State, read_json

Row = dict[str, Any]


def name_extended_file(paths: Paths, claim: str, spec: str) -> Path:
    """Return where the estimates of an extended specification are kept on this machine."""
    return paths.extended / claim / f"{spec}.json"


def read_committed(claim: str) -> dict[str, Row]:
    """Return what is committed of a claim's extended specifications: ``fit``, ``estimates``, ``raw``, by name."""
    known = read_json(EXTENDED, "fits", "estimates", "raw") or {"fits": {}, "estimates": [], "raw": []}
    found: dict[str, Row] = {}
    for name, fit in known["fits"].items():
        of, _, spec = name.partition("/")
        if of == claim:
            found[spec] = {"fit": fit, "estimates": [], "raw": []}
    for part in ("estimates", "raw"):
        for row in known[part]:
            if row["claim"] == claim and row["spec"] in found:
                found[row["spec"]][part].append(row)
    return found


def find_current(paths: Paths, claim: str, spec: str, parts: Parts, known: Mapping[str, Row]) -> Row | None:
    """Return what is kept of a specification for this code and these tables: on this machine, else as committed."""
    key = combine(parts)
    for one in (read_json(name_extended_file(paths, claim, spec), "fit", "estimates", "raw"), known.get(spec)):
        if one is not None and one["fit"].get("fit_key") == key:
            return one
    return None


def read_kept(paths: Paths, claim: str, parts: Mapping[str, Parts]) -> dict[str, Row]:
    """Return what is kept of each extended specification; ``stale`` in its fit says whether it is of older code.

    ``parts`` say what each depends on now, in order.
    """
    found, known = {}, read_committed(claim)
    for spec, now in parts.items():
        one = find_current(paths, claim, spec, now, known) or known.get(spec)
        if one is not None:
            stale = one["fit"]["fit_key"] != combine(now)
            found[spec] = {**one, "fit": one["fit"] | {"stale": stale, "aside": True}}
    return found


def find_extended_states(paths: Paths, claim: str, parts: Mapping[str, Parts]) -> dict[str, State]:
    """Say of each extended specification whether what is kept is current, stale, or missing."""
    found = read_kept(paths, claim, parts)
    return {
        spec: ("missing", "run alternatives")
        if spec not in found
        else ("stale", "of earlier code or tables: run alternatives")
        if found[spec]["fit"]["stale"]
        else ("current", "")
        for spec in parts
    }
