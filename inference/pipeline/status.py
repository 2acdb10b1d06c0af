"""States of claims: their fits, extended specifications and outputs, and the paper. No heavy imports."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Any

from data.errors import InputError
from data.tables.fetched import find_newest, read_record
from inference.pipeline.outputs import find_output_states
from inference.store.extended import find_extended_states
from inference.store.fingerprints import Parts, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.store.posteriors import State, find_claim_state, find_fit_states, read_finished
from models.registry import CLAIMS

NO_FITS: State = ("missing", "no fits")


def read_earlier_overrides(paths: Paths, *claims: str) -> Overrides:
    """Return the overrides of the last refresh in this folder, as stored with the first claim that it completed."""
    finished = (read_finished(paths, claim) for claim in claims)
    return Overrides.from_metadata(next((known["overrides"] for known in finished if known), None))


def gather_states(claims: Iterable[str], paths: Paths) -> dict[str, Any]:
    """Find the states of claims.

    Returns
    -------
    dict
        For each claim: ``state`` and ``why`` (of its fits together), ``fits`` (by specification), ``extended`` (by
        specification; only in the project's own folder), ``outputs`` (its estimates and figures). Last comes ``paper``.
    """
    parts: dict[str, dict[str, Parts]] = {}
    out: dict[str, Any] = {}
    for claim in CLAIMS:
        try:
            parts[claim] = list_parts_by_fit(claim, read_earlier_overrides(paths, claim))
            out[claim] = _convert_state(find_claim_state(paths, claim, parts[claim]))
        except InputError as error:  # a user's file no longer exists
            parts[claim] = {}
            out[claim] = _convert_state(("stale", str(error)))
        out[claim]["fits"] = _convert_states(find_fit_states(paths, claim, parts[claim]))
        if paths.out == Paths().out:
            extended = list_parts_by_fit(claim, Overrides(), extended=True)
            out[claim]["extended"] = _convert_states(find_extended_states(paths, claim, extended))
    chosen = list(claims)
    shown = find_output_states(paths, parts, read_earlier_overrides(paths, *chosen, *CLAIMS))
    for claim in CLAIMS:
        out[claim]["outputs"] = _convert_state(shown.get(claim, NO_FITS))
    return {claim: out[claim] for claim in chosen} | {"paper": _convert_state(shown.get("paper", NO_FITS))}


def find_fetched(paths: Paths) -> dict[str, Any] | None:
    """Find the newest vintage of Epoch's models that was fetched, and which results use it or an earlier one.

    Returns
    -------
    dict, optional
        ``path``, ``vintage``, ``models`` (their number), ``fetched`` (the date); folders of results that use this
        vintage (``used_by``), or another fetched one (``outdated``). Only ``problem`` if the record of the fetched
        vintages is damaged. None if none was fetched.
    """
    try:
        newest = find_newest(paths.fetched)
        files = {(paths.fetched / one.file).resolve(): one.file for one in read_record(paths.fetched)}
    except InputError as error:
        return {"problem": str(error)}
    if newest is None:
        return None
    uses: dict[str, set[str]] = {}
    for folder in (paths.out, *sorted((paths.out / "own").glob("*"))):
        overrides = (read_earlier_overrides(Paths(folder), claim) for claim in CLAIMS)
        for models in {one.models for one in overrides if one.models is not None}:
            if (file := files.get(models.resolve())) is not None:
                uses.setdefault(file, set()).add(str(folder))
    used_by = sorted(uses.pop(newest.file, set()))
    outdated = sorted(set().union(*uses.values()) - set(used_by))
    return {
        "path": str(paths.fetched / newest.file),
        "vintage": newest.vintage,
        "models": newest.models,
        "fetched": newest.fetched[:10],
        "used_by": used_by,
        "outdated": outdated,
    }


def describe_fetched(found: dict[str, Any] | None) -> list[str]:
    """Describe the newest fetched vintage if no results use it, and results that use an earlier one."""
    if found is None or "problem" in found:
        return [found["problem"]] if found else []
    what = f"Epoch's models of {found['vintage']}, fetched on {found['fetched']}"
    use = f".venv/bin/python -m inference refresh academic_share --models {shlex.quote(found['path'])}"
    lines = [] if found["used_by"] else [f"{what}: not used by any results yet; to use them: {use}"]
    return lines + [f"{folder}: uses an earlier fetched vintage; the newest is {what}" for folder in found["outdated"]]


def describe_states(states: dict[str, Any]) -> list[str]:
    """Return the lines that ``status`` prints: one for each claim, and one for each output that is not current."""
    lines = []
    for claim, found in states.items():
        if claim == "paper":
            continue
        lines.append(f"{claim}: {_describe_found(found)}")
        if found["state"] == "current" and found["outputs"]["state"] != "current":
            lines.append(f"{claim}: estimates and figures {_describe_found(found['outputs'])}")
        old = [one for one in found.get("extended", {}).values() if one["state"] != "current"]
        if old:
            lines.append(f"{claim}: {len(old)} of {len(found['extended'])} extended specifications are not current")
    fitted = any(found["state"] == "current" for claim, found in states.items() if claim != "paper")
    if fitted and states["paper"]["state"] != "current":
        lines.append(f"paper: {_describe_found(states['paper'])}: run refresh")
    return lines


def _describe_found(found: dict[str, Any]) -> str:
    return str(found["state"]) + (f" ({found['why']})" if found["why"] else "")


def _convert_state(state: State) -> dict[str, Any]:
    return {"state": state[0], "why": state[1]}


def _convert_states(states: dict[str, State]) -> dict[str, dict[str, Any]]:
    return {name: _convert_state(state) for name, state in states.items()}
