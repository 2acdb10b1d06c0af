"""The main job: refit what is stale, gate it, store it, then write estimates, figures and paper from what is stored."""

from __future__ import annotations

import dataclasses
import importlib
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from data.io import InputError
from inference import store
from inference.given import Given, read_own_priors, with_own
from inference.keys import fit_key, fit_parts, output_parts, table_paths
from inference.lock import held
from inference.outputs import outputs_current, write_outputs
from inference.places import Places
from models.registry import CLAIMS, RAW

Say = Callable[[str], None]
RETRY_TARGET_ACCEPT = 0.99
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
        A user's own seed, table of models, hyper-parameters.

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
    code = output_parts([])
    with held(places.lock):
        failed = [claim for claim in stale if not _refit(claim, parts[claim], places, say, given)]
        missing = write_outputs(places, parts, given, code, say)
    return 1 if failed or missing else 0


def _refit(claim: str, parts: Mapping[str, str], places: Places, say: Say, given: Given) -> bool:
    """Fit the specifications of a claim that are not current; say whether all of them passed the gate."""
    say(f"{claim}: loading PyMC and the tables")
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    from inference.fit import Compiled  # before any model: it sets pytensor's flags

    module = importlib.import_module(CLAIMS[claim].module)
    own = {} if given.priors is None else read_own_priors(given.priors).get(claim, {})
    priors = module.Priors()
    if given.priors is not None:
        priors = dataclasses.replace(priors, **with_own(priors, own, given.priors))
        say(f"{given.priors.name}: {', '.join(own) or 'nothing'} of your own in {claim}")
    tables, choices = _tables(claim, module.Choices(), given, say)
    if fit_parts(claim, given) != parts:
        raise InputError("a table or the code changed while it was read", hint="run refresh again")
    fitter = _Fitter(module, tables, choices, priors, module.SEED if given.seed is None else given.seed, Compiled())
    fitted = fitter.those_that_data_carry(given.models is not None, say)
    passed = True
    for number, alternative in enumerate(fitted, start=1):
        key = fit_key(parts, alternative.name)
        if (known := store.note(places, claim, alternative.name)) and known["fit_key"] == key:
            continue
        label = f"{claim}/{alternative.name} ({number} of {len(fitted)})"
        tree, gate, retried = fitter.fit(alternative, lambda text, label=label: say(f"{label}: {text}"))  # type: ignore[misc]
        about = {
            "fit_key": key,
            "kind": alternative.kind,
            "title": alternative.title,
            "model": alternative.model,
            "differs": {"choices": dict(alternative.choices), "priors": dict(alternative.priors)},
            "gate": {**_finite(dataclasses.asdict(gate)), "passed": gate.passed, "retried": retried},
        }
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


def _finite(gate: Mapping[str, Any]) -> dict[str, Any]:
    """Diagnostics as JSON can hold them: null for what is not a finite number."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in gate.items()}


def _tables(claim: str, choices: Any, given: Given, say: Say) -> tuple[dict[str, Any], Any]:
    """The claim's tables, and its choices: a user's models take the place of the vintage that it starts from."""
    from data.tables import load

    paths = table_paths(claim)
    if given.models is None or "models" not in paths:
        return {name: load(name, path.parent) for name, path in paths.items()}, choices
    from data.own import read_own_models

    found = read_own_models(given.models, choices.vintage)
    say(found.said)
    tables = {name: found.frame if name == "models" else load(name, path.parent) for name, path in paths.items()}
    return tables, dataclasses.replace(choices, vintage=found.vintage)


class _Fitter:
    """Fits the specifications of one claim; those that share data and priors share their draws."""

    def __init__(
        self, module: ModuleType, tables: Mapping[str, Any], choices: Any, priors: Any, seed: int, compiled: Any
    ) -> None:
        self.module, self.tables, self.choices, self.priors = module, tables, choices, priors
        self.seed, self.compiled = seed, compiled
        self._data: dict[str, Any] = {}
        self._done: list[tuple[str, Any, Any, tuple[Any, Any, bool]]] = []

    def those_that_data_carry(self, own: bool, say: Say) -> list[Any]:
        """The specifications to fit, with their data prepared before anything is fitted.

        A user's table may lack what an alternative needs (who paid, say): it is left out, and said. A main model, and
        the project's own tables, must carry theirs.
        """
        found = []
        for alternative in self.module.ALTERNATIVES:
            if alternative.model == RAW:
                continue
            choices = dataclasses.replace(self.choices, **alternative.choices)
            try:
                prepared = self.module.MODELS[alternative.model].prepare(self.tables, choices)
            except InputError as error:
                if not own or alternative.kind == "main":
                    raise
                say(f"left out: {alternative.name} ({alternative.title}): {error}")
                continue
            self._data[alternative.name] = prepared
            found.append(alternative)
        return found

    def fit(self, alternative: Any, say: Say) -> tuple[Any, Any, bool]:
        """Return the fit, its gate, and whether it took the one retry."""
        from inference.fit import Sampler, fit, other_choices
        from inference.gate import check

        model = self.module.MODELS[alternative.model]
        choices = dataclasses.replace(self.choices, **alternative.choices)
        priors = dataclasses.replace(self.priors, **alternative.priors)
        dataset = self._data[alternative.name]
        for name, data, given, (tree, sampled, retried) in self._done:
            if name == alternative.model and given == priors and data.identical(dataset):
                say("same data and priors as a fit before: its draws, other estimands")
                tree = other_choices(tree, model, choices, alternative.brief)
                return tree, check(tree, sampled), retried
        how = {"predictive": alternative.kind == "main", "brief": alternative.brief}
        sampler = Sampler()
        tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say, **how)
        gate = check(tree)
        retried = not gate.passed
        if retried:
            say(f"gate: {'; '.join(gate.faults)}: one retry at target_accept {RETRY_TARGET_ACCEPT}")
            sampler = dataclasses.replace(sampler, target_accept=RETRY_TARGET_ACCEPT)
            tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say, **how)
            gate = check(tree)
        self._done.append((alternative.model, dataset, priors, (tree, gate, retried)))
        return tree, gate, retried
