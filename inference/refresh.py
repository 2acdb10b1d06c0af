"""The main job: refit what is stale, gate it, store it, then write estimates, figures and paper from what is stored."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from data.io import InputError
from data.processes import tell
from inference import store
from inference.given import Given
from inference.keys import affected, fit_key, fit_parts, output_parts
from inference.lock import held
from inference.outputs import by_claim, outputs_current, write_outputs
from inference.places import Places
from models.registry import CLAIMS

Say = Callable[[str], None]
NOTHING = Given()


def refresh(claims: Iterable[str], places: Places, say: Say, given: Given = NOTHING) -> int:
    """Bring claims and outputs up to date.

    Parameters
    ----------
    claims
        Names from the registry.
    places
        The folder of results.
    say
        Told each step.
    given
        A user's own seed, tables, hyper-parameters.

    Returns
    -------
    int
        0, or 1 if the gate kept a fit out or a claim is missing from the paper.

    Raises
    ------
    InputError
        For bad input or a place that another process is writing to; nothing stored is then touched.
    """
    parts = {claim: fit_parts(claim, given) for claim in CLAIMS}
    states = {claim: store.claim_state(places, claim, parts[claim])[0] for claim in claims}
    stale = [claim for claim, state in states.items() if state != "current"]
    if not stale and outputs_current(places):
        say("everything is current: nothing to do")
        return 0
    if stale and given.tables:
        from data.own import check_own

        check_own(given.tables)
    code = output_parts([])
    with held(places.lock):
        # The later claims have the larger models: first, so that no core waits for the last one.
        tasks = {claim: (claim, parts[claim], places, tell, given) for claim in reversed(stale)}
        failed = [claim for claim, passed in by_claim(_refit, tasks, say) if not passed]
        missing = write_outputs(places, parts, given, code, say)
    return 1 if failed or missing else 0


def _refit(claim: str, parts: Mapping[str, str], places: Places, say: Say, given: Given) -> bool:
    """Fit the specifications of a claim that are not current; say whether all of them passed the gate."""
    from inference.fitter import Fitter  # before any model: it sets pytensor's flags

    fitter = Fitter.of(claim, parts, given, say)
    try:
        fitted = fitter.those_that_data_carry(bool(given.tables), say)
    except InputError as error:
        if given.tables and len(affected(given)) > 1:  # other claims may do with what this table has
            say(f"{claim} left out: {error}")
            store.leave_out(places, claim)
            return True
        raise
    passed = True
    for number, alternative in enumerate(fitted, start=1):
        key = fit_key(parts, alternative.name)
        if (known := store.note(places, claim, alternative.name)) and known["fit_key"] == key:
            continue
        label = f"{claim}/{alternative.name} ({number} of {len(fitted)})"
        tree, gate, retried = fitter.fit(alternative, lambda text, label=label: say(f"{label}: {text}"))  # type: ignore[misc]
        about = describe(alternative, key, gate, retried)
        if gate.passed:
            store.save(places, claim, alternative.name, tree, about)
            say(f"{label}: passed the gate (R-hat {gate.r_hat_max:.3f}, smallest ESS {gate.ess_min:,.0f}), stored")
        else:
            store.save_failed(places, claim, alternative.name, tree, {**about, "reason": "; ".join(gate.faults)})
            say(f"{label}: FAILED the gate: {'; '.join(gate.faults)}; kept aside in {places.failed / claim}")
            passed = False
    if passed:
        store.finish_claim(places, claim, parts, [alternative.name for alternative in fitted], given.note())
    return passed


def describe(alternative: Any, key: str, gate: Any, retried: bool) -> dict[str, Any]:
    """What a stored fit says of itself beside its draws."""
    return {
        "fit_key": key,
        "kind": alternative.kind,
        "title": alternative.title,
        "model": alternative.model,
        "differs": {"choices": dict(alternative.choices), "priors": dict(alternative.priors)},
        "gate": {**_finite(dataclasses.asdict(gate)), "passed": gate.passed, "retried": retried},
    }


def _finite(gate: Mapping[str, Any]) -> dict[str, Any]:
    """Diagnostics as JSON can hold them: null for what is not a finite number."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in gate.items()}
