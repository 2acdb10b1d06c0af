"""The main job: refit stale specifications, gate and store them, then write summaries, figures and the paper."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from data.errors import InputError
from data.lock import hold_lock
from data.parallel import report as report_to_parent
from inference.pipeline.outputs import are_outputs_current, run_by_claim, write_outputs
from inference.store import posteriors
from inference.store.declarations import list_tables
from inference.store.fingerprints import Parts, combine, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from models.common.claim import Specification
from models.registry import CLAIMS

Report = Callable[[str], None]
NONE = Overrides()


def refresh(claims: Iterable[str], paths: Paths, report: Report, overrides: Overrides = NONE) -> int:
    """Bring claims and outputs up to date.

    Parameters
    ----------
    claims
        Names from the registry.
    paths
        The folder of results.
    report
        Called with the text of each step.
    overrides
        A user's seed, tables and hyper-parameters.

    Returns
    -------
    int
        0, or 1 if a fit failed the gate or a claim is missing from the paper.

    Raises
    ------
    InputError
        For bad input, if a user's tables support none of the claims, or if another process writes to the same folder.
        Stored results are then left unchanged.
    """
    parts = {claim: list_parts_by_fit(claim, overrides) for claim in CLAIMS}
    states = {claim: posteriors.find_claim_state(paths, claim, parts[claim])[0] for claim in claims}
    stale = [claim for claim, state in states.items() if state != "current"]
    if not stale and are_outputs_current(paths, parts, overrides):
        report("everything is current: nothing to do")
        return 0
    left_out = _find_left_out(stale, overrides, report)
    _require_one(states, left_out)
    with hold_lock(paths.lock, "refresh"):
        # Later claims have larger models. They start first, so that no core idles at the end.
        fitted = [claim for claim in reversed(stale) if claim not in left_out]
        tasks = {claim: (claim, parts[claim], paths, report_to_parent, overrides) for claim in fitted}
        failed = []
        for claim, (passed, reason) in run_by_claim(_refit, tasks, report):
            failed += [] if passed else [claim]
            left_out |= {claim: reason} if reason else {}
        _require_one(states, left_out)
        for claim, reason in left_out.items():
            report(f"{claim} left out: {reason}")
            posteriors.leave_out(paths, claim)
        missing = write_outputs(paths, parts, overrides, report)
    return 1 if failed or missing else 0


def _find_left_out(claims: Iterable[str], overrides: Overrides, report: Report) -> dict[str, str]:
    """Return the claims whose main fit has no rows in a user's tables, with the reasons; do not import PyMC."""
    from inference.pipeline.fitter import check_rows

    left_out = {}
    for claim in claims:
        if set(overrides.tables) & set(list_tables(claim)):
            found, fault = check_rows(claim, overrides)
            if fault:
                left_out[claim] = fault
            elif found:
                report(f"{claim}: main fit from {found}")
    return left_out


def _require_one(claims: Collection[str], left_out: Mapping[str, str]) -> None:
    """Raise an error with the reasons if a user's tables support none of the claims."""
    if claims and all(claim in left_out for claim in claims):
        if len(set(left_out.values())) == 1:
            raise InputError(next(iter(left_out.values())))
        reasons = "; ".join(f"{claim}: {reason}" for claim, reason in left_out.items())
        raise InputError(f"no claim can be run: {reasons}")


def _refit(
    claim: str, parts: Mapping[str, Parts], paths: Paths, report: Report, overrides: Overrides
) -> tuple[bool, str]:
    """Fit the specifications of a claim that are not current.

    Returns
    -------
    passed
        Whether all of them passed the gate.
    reason
        Why a user's tables do not support the claim; empty if they do.
    """
    from inference.pipeline.fitter import Fitter

    fitter = Fitter.load_claim(claim, parts, overrides, report, extended=False)
    try:
        fitted, left_out = fitter.prepare(report)
    except InputError as error:
        if set(overrides.tables) & set(list_tables(claim)):
            return True, str(error)
        raise
    passed = True
    for number, one in enumerate(fitted, start=1):
        key = combine(parts[one.name])
        if (known := posteriors.read_metadata(paths, claim, one.name)) and known["fit_key"] == key:
            continue
        label = f"{claim}/{one.name} ({number} of {len(fitted)})"
        tree, gate, retried = fitter.fit(one.name, lambda text, label=label: report(f"{label}: {text}"))  # type: ignore[misc]
        metadata = make_metadata(one, parts[one.name], gate, retried)
        if gate.passed:
            posteriors.save(paths, claim, one.name, tree, metadata)
            report(f"{label}: passed the gate (R-hat {gate.r_hat_max:.3f}, smallest ESS {gate.ess_min:,.0f}), stored")
        else:
            posteriors.save_failed(paths, claim, one.name, tree, {**metadata, "reason": "; ".join(gate.faults)})
            report(f"{label}: FAILED the gate: {'; '.join(gate.faults)}; stored in {paths.failed / claim}")
            passed = False
    if passed:
        posteriors.finish_claim(paths, claim, [one.name for one in fitted], left_out, overrides.to_metadata())
    return passed, ""


def make_metadata(one: Specification, parts: Parts, gate: Any, retried: bool) -> dict[str, Any]:
    """Make the metadata that are stored with the draws of a fit."""
    return {
        "fit_key": combine(parts),
        "parts": parts,
        "model": one.model,
        "gate": {**_drop_non_finite(dataclasses.asdict(gate)), "passed": gate.passed, "retried": retried},
    }


def _drop_non_finite(gate: Mapping[str, Any]) -> dict[str, Any]:
    """Convert diagnostics for JSON: values that are not finite become null."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in gate.items()}
