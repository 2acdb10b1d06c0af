"""Estimates of the extended specifications, stored without draws: on this machine and in the repository.

``build/alternatives`` holds one file per specification, so that an interrupted run can resume. ``publish`` copies the
estimates to ``paper/published/alternatives.json``, which is committed. Each estimate carries its fit key; outputs mark
it as stale if the code or the tables have changed since.
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
    """Return the path of an extended specification's estimates on this machine."""
    return paths.extended / claim / f"{spec}.json"


def read_committed(claim: str) -> dict[str, Row]:
    """Return the committed results of a claim's extended specifications: ``fit``, ``estimates``, ``raw``, by name."""
    known = read_json(EXTENDED, "fits", "estimates", "raw") or {"fits": {}, "estimates": [], "raw": []}
    found: dict[str, Row] = {}
    for name, fit in known["fits"].items():
        fit_claim, _, spec = name.partition("/")
        if fit_claim == claim:
            found[spec] = {"fit": fit, "estimates": [], "raw": []}
    for part in ("estimates", "raw"):
        for row in known[part]:
            if row["claim"] == claim and row["spec"] in found:
                found[row["spec"]][part].append(row)
    return found


def find_current(paths: Paths, claim: str, spec: str, parts: Parts, known: Mapping[str, Row]) -> Row | None:
    """Return a specification's current results, from this machine or else as committed; None if they are stale."""
    key = combine(parts)
    for one in (read_json(name_extended_file(paths, claim, spec), "fit", "estimates", "raw"), known.get(spec)):
        if one is not None and one["fit"].get("fit_key") == key:
            return one
    return None


def read_kept(paths: Paths, claim: str, parts: Mapping[str, Parts]) -> dict[str, Row]:
    """Return the stored results of each extended specification; ``stale`` in its fit marks earlier code or tables.

    ``parts`` are the present dependencies of each specification, in order.
    """
    found, known = {}, read_committed(claim)
    for spec, now in parts.items():
        one = find_current(paths, claim, spec, now, known) or known.get(spec)
        if one is not None:
            stale = one["fit"]["fit_key"] != combine(now)
            found[spec] = {**one, "fit": one["fit"] | {"stale": stale, "aside": True}}
    return found


def find_extended_states(paths: Paths, claim: str, parts: Mapping[str, Parts]) -> dict[str, State]:
    """Return the state of each extended specification's results: current, stale or missing."""
    found = read_kept(paths, claim, parts)
    return {
        spec: ("missing", "run alternatives")
        if spec not in found
        else ("stale", "from earlier code or tables: run alternatives")
        if found[spec]["fit"]["stale"]
        else ("current", "")
        for spec in parts
    }
