"""The main job: refit what is stale, gate it, store it, then write estimates, figures and paper from what is stored."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import math
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from data.io import InputError, write_atomic
from inference import store, words
from inference.keys import combine, digest, fit_key, fit_parts, output_parts, table_paths
from inference.lock import held
from inference.places import Places
from models.registry import CLAIMS

Say = Callable[[str], None]
RETRY_TARGET_ACCEPT = 0.99


def refresh(
    claims: Iterable[str],
    places: Places,
    say: Say,
    seed: int | None = None,
    models: Path | None = None,
) -> int:
    """Bring claims and outputs up to date.

    Parameters
    ----------
    claims
        Names from the registry.
    places
        The folder of results.
    say
        Told each step.
    seed
        In place of each model's own.
    models
        A user's table of models, in place of the snapshot's.

    Returns
    -------
    int
        0, or 1 if the gate kept a fit out or a claim is missing from the paper.

    Raises
    ------
    InputError
        For bad input or a place that another process is writing to; nothing stored is then touched.
    """
    parts = {claim: fit_parts(claim, table_paths(claim, models), seed) for claim in CLAIMS}
    states = {claim: store.claim_state(places, claim, parts[claim])[0] for claim in claims}
    stale = [claim for claim, state in states.items() if state != "current"]
    if not stale and outputs_current(places, parts):
        say("everything is current: nothing to do")
        return 0
    with held(places.lock):
        failed = [claim for claim in stale if not _refit(claim, parts[claim], places, say, seed, models)]
        missing = write_outputs(places, parts, say)
    return 1 if failed or missing else 0


def outputs_current(places: Places, parts: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether estimates, figures and paper are those of the stored fits, and untouched since."""
    known = store.read_json(places.outputs, "key", "files")
    if known is None or known["key"] != combine(output_parts(_stored_keys(places))):
        return False
    for name, checksum in known["files"].items():
        path = places.out / name
        if not path.is_file() or digest(path.read_bytes()) != checksum:
            return False
    return True


def _stored_keys(places: Places) -> list[str]:
    notes = (store.note(places, claim, spec) for claim in CLAIMS for spec in store.specs_of(places, claim))
    return [str(note["fit_key"]) for note in notes if note is not None]


def _refit(
    claim: str, parts: Mapping[str, str], places: Places, say: Say, seed: int | None, models: Path | None
) -> bool:
    """Fit the specifications of a claim that are not current; say whether all of them passed the gate."""
    say(f"{claim}: loading PyMC and the tables")
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    from data.schema import read_models
    from inference.fit import Compiled

    readers = {"models": read_models}
    paths = table_paths(claim, models)
    tables = {name: readers[name](path) for name, path in paths.items()}
    if fit_parts(claim, paths, seed) != parts:
        raise InputError("a table or the code changed while it was read", hint="run refresh again")
    module = importlib.import_module(CLAIMS[claim].module)
    fitter = _Fitter(module, tables, module.SEED if seed is None else seed, Compiled())
    names = [alternative.name for alternative in module.ALTERNATIVES]
    passed = True
    for number, alternative in enumerate(module.ALTERNATIVES, start=1):
        key = fit_key(parts, alternative.name)
        if (known := store.note(places, claim, alternative.name)) and known["fit_key"] == key:
            continue
        label = f"{claim}/{alternative.name} ({number} of {len(names)})"
        tree, gate, retried = fitter.fit(alternative, lambda text, label=label: say(f"{label}: {text}"))  # type: ignore[misc]
        about = {
            "fit_key": key,
            "kind": alternative.kind,
            "model": alternative.model,
            "differs": {**alternative.choices, **alternative.priors},
            "gate": {**dataclasses.asdict(gate), "passed": gate.passed, "retried": retried},
        }
        if gate.passed:
            store.save(places, claim, alternative.name, tree, about)
            say(f"{label}: passed the gate (R-hat {gate.r_hat_max:.3f}, smallest ESS {gate.ess_min:,.0f}), stored")
        else:
            store.save_failed(places, claim, alternative.name, tree, {**about, "reason": "; ".join(gate.faults)})
            say(f"{label}: FAILED the gate: {'; '.join(gate.faults)}; kept aside in {places.failed / claim}")
            passed = False
    if passed:
        given = {"seed": seed, "models": None if models is None else str(models.resolve())}
        store.finish_claim(places, claim, parts, names, given)
    return passed


class _Fitter:
    """Fits the specifications of one claim; those that share data and priors share their draws."""

    def __init__(self, module: ModuleType, tables: Mapping[str, Any], seed: int, compiled: Any) -> None:
        self.module, self.tables, self.seed, self.compiled = module, tables, seed, compiled
        self._done: list[tuple[str, Any, Any, tuple[Any, Any, bool]]] = []

    def fit(self, alternative: Any, say: Say) -> tuple[Any, Any, bool]:
        """Return the fit, its gate, and whether it took the one retry."""
        from inference.fit import Sampler, fit, other_choices
        from inference.gate import check

        model = self.module.MODELS[alternative.model]
        choices = dataclasses.replace(self.module.Choices(), **alternative.choices)
        priors = dataclasses.replace(self.module.Priors(), **alternative.priors)
        dataset = model.prepare(self.tables, choices)
        for name, data, given, (tree, _, retried) in self._done:
            if name == alternative.model and given == priors and data.identical(dataset):
                say("same data and priors as a fit before: its draws, other estimands")
                tree = other_choices(tree, model, choices)
                return tree, check(tree), retried
        sampler = Sampler()
        tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say)
        gate = check(tree)
        retried = not gate.passed
        if retried:
            say(f"gate: {'; '.join(gate.faults)}: one retry at target_accept {RETRY_TARGET_ACCEPT}")
            sampler = dataclasses.replace(sampler, target_accept=RETRY_TARGET_ACCEPT)
            tree = fit(model, dataset, choices, priors, self.seed, self.compiled, sampler, say)
            gate = check(tree)
        self._done.append((alternative.model, dataset, priors, (tree, gate, retried)))
        return tree, gate, retried


def write_outputs(places: Places, parts: Mapping[str, Mapping[str, str]], say: Say) -> list[str]:
    """Write estimates, figures and paper from the stored fits; return the claims that have none.

    All of them are made whole in the staging folder first; then each is renamed into its place, and last the note of
    their key. Interrupted in between, the note is the old one and the next refresh writes them again.
    """
    from inference.estimates import add_prior_shifts
    from inference.paper import compile_paper

    stored = {claim: store.specs_of(places, claim) for claim in CLAIMS}
    missing = [claim for claim, specs in stored.items() if not specs]
    staging = places.staging
    shutil.rmtree(staging, ignore_errors=True)
    try:
        (staging / "figures").mkdir(parents=True)
        fits: dict[str, Any] = {}
        rows: list[dict[str, Any]] = []
        drawn: list[tuple[str, dict[str, Any]]] = []
        for claim, specs in stored.items():
            if specs:
                say(f"{claim}: estimates")
                trees = _add_claim(places, claim, specs, parts[claim], fits, rows)
                drawn.append((claim, trees))
        add_prior_shifts(rows, fits)
        content = {
            "schema_version": 1,
            "claims": [claim for claim in CLAIMS if claim not in missing],
            "missing": missing,
            "fits": fits,
            "estimates": rows,
        }
        (staging / "estimates.json").write_bytes(store.dump(content))
        for claim, trees in drawn:
            say(f"{claim}: figures")
            mine = [row for row in rows if row["claim"] == claim]
            importlib.import_module(CLAIMS[claim].figures).draw(trees, mine, staging / "figures")
            importlib.import_module("figures.checks").draw(claim, trees, staging / "figures")
        say("paper")
        compile_paper(staging)
        sums: dict[str, str] = {}
        for path in sorted(staging.rglob("*")):
            name = path.relative_to(staging)
            if path.is_file() and name.parts[0] != "paper":  # the paper's sources, copied there to be compiled
                sums[str(name)] = digest(path.read_bytes())
                (places.out / name).parent.mkdir(parents=True, exist_ok=True)
                path.replace(places.out / name)
        old = store.read_json(places.outputs, "files") or {"files": {}}
        for gone in old["files"].keys() - sums.keys():
            (places.out / gone).unlink(missing_ok=True)
        key = combine(output_parts(_stored_keys(places)))
        write_atomic(places.outputs, store.dump({"key": key, "files": sums}))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return missing


def _add_claim(
    places: Places,
    claim: str,
    specs: list[str],
    parts: Mapping[str, str],
    fits: dict[str, Any],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    from inference.estimates import summarise

    module: ModuleType = importlib.import_module(CLAIMS[claim].module)
    trees = {}
    for spec in specs:
        tree, about = store.load(places, claim, spec)
        tree.attrs["kind"] = about["kind"]
        trees[spec] = tree
        stale = about["fit_key"] != fit_key(parts, spec)
        fits[f"{claim}/{spec}"] = {"stale": stale, **_about_fit(tree, about)}
        rows += summarise(claim, spec, tree, module.PUBLISHED, module.HEADLINES)
    return trees


def _about_fit(tree: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    """What estimates.json says of a fit: identity, gate, the data behind it, predictive checks."""
    gate = {name: about["gate"][name] for name in ("passed", "divergences", "retried")}
    for name, digits in (("r_hat_max", 3), ("ess_min", 0), ("ebfmi_min", 2)):
        gate[name] = float(f"{about['gate'][name]:.10g}")
        gate[name.rsplit("_", 1)[0] + "_text"] = words.number(about["gate"][name], digits)
    dataset = tree["constant_data"].to_dataset()
    counts = {
        str(name): {str(at): int(n) for at, n in zip(variable[dim].values, variable.values, strict=True)}
        for dim in ("year", "period")
        for name, variable in dataset.data_vars.items()
        if variable.dims == (dim,) and variable.dtype.kind == "i"
    }
    return {
        "fit_key": about["fit_key"],
        "kind": about["kind"],
        "model": about["model"],
        "differs": about["differs"],
        "seed": int(tree.attrs["seed"]),
        "versions": ast.literal_eval(tree.attrs["versions"]),
        "sampler": ast.literal_eval(tree.attrs["sampler"]),
        "gate": gate,
        "data": {"flow": json.loads(dataset.attrs["flow"]), "counts": counts},
        "checks": _predictive_checks(tree),
    }


def _predictive_checks(tree: Any) -> list[dict[str, Any]]:
    """Observed test quantities against their posterior predictive: 89 % interval and P(replicated >= observed)."""
    import numpy as np

    observed, replicated = tree["statistics"], tree["posterior_statistics"]
    out = []
    for name in observed.data_vars:
        value = float(observed[name])
        draws = replicated[name].values.ravel()
        draws = draws[np.isfinite(draws)]
        if not (math.isfinite(value) and draws.size):  # a quantity that these data do not have
            continue
        # Half of what is equal counts: counts are discrete (the mid-p value).
        p = float((draws > value).mean() + (draws == value).mean() / 2)
        low, high = (float(q) for q in np.quantile(draws, [0.055, 0.945]))
        digits = 0 if all(float(x).is_integer() for x in (value, low, high)) else 2
        text = f"{words.number(value, digits)} against {words.number(low, digits)} to {words.number(high, digits)}"
        out.append(
            {"statistic": str(name), "observed": value, "low": low, "high": high, "p": round(p, 4), "text": text}
        )
    return out
