"""How claims stand: each fit, each extended one, what each claim shows, and the paper. No heavy imports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from data.errors import InputError
from inference.pipeline.outputs import output_states
from inference.store.extended import extended_states
from inference.store.fingerprints import Parts, parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.store.posteriors import State, claim_state, finished, fit_states
from models.registry import CLAIMS

NO_FITS: State = ("missing", "no fits")


def earlier_overrides(paths: Paths, claim: str) -> Overrides:
    """Return what the last refresh of a claim in this folder was given."""
    return Overrides.from_metadata((finished(paths, claim) or {}).get("overrides"))


def gather_states(claims: Iterable[str], paths: Paths) -> dict[str, Any]:
    """Say how claims stand.

    Returns
    -------
    dict
        By claim: ``state`` and ``why`` (of its fits together), ``fits`` (by specification), ``extended`` (the same; in
        the project's own folder alone), ``outputs`` (its estimates and figures). Beside them ``paper``.
    """
    parts: dict[str, dict[str, Parts]] = {}
    out: dict[str, Any] = {}
    for claim in CLAIMS:
        try:
            parts[claim] = parts_by_fit(claim, earlier_overrides(paths, claim))
            out[claim] = _as_dict(claim_state(paths, claim, parts[claim]))
        except InputError as error:  # a user's own file that is gone
            parts[claim] = {}
            out[claim] = _as_dict(("stale", str(error)))
        out[claim]["fits"] = _as_dicts(fit_states(paths, claim, parts[claim]))
        if paths.out == Paths().out:
            extended = parts_by_fit(claim, Overrides(), extended=True)
            out[claim]["extended"] = _as_dicts(extended_states(paths, claim, extended))
    chosen = list(claims)
    shown = output_states(paths, parts, earlier_overrides(paths, chosen[0]))
    for claim in CLAIMS:
        out[claim]["outputs"] = _as_dict(shown.get(claim, NO_FITS))
    return {claim: out[claim] for claim in chosen} | {"paper": _as_dict(shown.get("paper", NO_FITS))}


def describe_states(states: dict[str, Any]) -> list[str]:
    """Return the lines of ``status``: a line a claim, and what is to be written again."""
    lines = []
    for claim, found in states.items():
        if claim == "paper":
            continue
        lines.append(f"{claim}: {_say(found)}")
        if found["state"] == "current" and found["outputs"]["state"] != "current":
            lines.append(f"{claim}: estimates and figures {_say(found['outputs'])}")
        behind = [one for one in found.get("extended", {}).values() if one["state"] != "current"]
        if behind:
            lines.append(f"{claim}: {len(behind)} of {len(found['extended'])} extended specifications are not current")
    fitted = any(found["state"] == "current" for claim, found in states.items() if claim != "paper")
    if fitted and states["paper"]["state"] != "current":
        lines.append(f"paper: {_say(states['paper'])}: run refresh")
    return lines


def _say(found: dict[str, Any]) -> str:
    return str(found["state"]) + (f" ({found['why']})" if found["why"] else "")


def _as_dict(state: State) -> dict[str, Any]:
    return {"state": state[0], "why": state[1]}


def _as_dicts(states: dict[str, State]) -> dict[str, dict[str, Any]]:
    return {name: _as_dict(state) for name, state in states.items()}
