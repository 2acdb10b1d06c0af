"""Specifications that ``refresh`` leaves aside: fitted by ``alternatives``, kept as estimates without draws.

What was fitted here stands in ``build/alternatives``, one file a specification, so that an interrupted run goes on;
``publish`` commits it to ``paper/published/alternatives.json``. Each carries its fit key, and whoever shows one says
when it is older than the code and the tables.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from data.io import write_atomic
from data.processes import tell
from inference import store
from inference.given import Given
from inference.keys import ASIDE, fit_key, fit_parts
from inference.lock import held
from inference.places import Places
from models.registry import CLAIMS, RAW

Row = dict[str, Any]
Say = Callable[[str], None]
MANY = 8  # an estimand reported at more points than these is kept at its headline points alone


def fit_aside(claims: Iterable[str], places: Places, say: Say) -> list[str]:
    """Fit the specifications aside that are not current; return those that failed the gate, with the reasons."""
    from inference.outputs import by_claim

    parts = {claim: fit_parts(claim, Given()) for claim in claims}
    with held(places.lock):
        tasks = {claim: (claim, parts[claim], places, tell) for claim in reversed(parts)}
        return [fault for _, faults in by_claim(_fit_aside, tasks, say) for fault in faults]


def _fit_aside(claim: str, parts: Mapping[str, str], places: Places, say: Say) -> list[str]:
    """Those of one claim."""
    from inference.fitter import Fitter
    from inference.outputs import about_fit
    from inference.refresh import describe

    failed = []
    fitter = Fitter.of(claim, parts, Given(), say)
    names = [a.name for a in fitter.module.ALTERNATIVES if a.aside and a.model != RAW]
    known = _committed(claim)
    todo = {name for name in names if _found(places, claim, name, fit_key(parts, name), known) is None}
    if not todo:
        say(f"{claim}: all {len(names)} alternatives are current")
        return []
    for number, alternative in enumerate(fitter.those_that_data_carry(False, say, aside=True), start=1):
        if alternative.name not in todo:
            continue
        label = f"{claim}/{alternative.name} ({number} of {len(names)})"
        tree, gate, retried = fitter.fit(alternative, partial(_labelled, say, label))
        if not gate.passed:
            failed.append(f"{label}: {'; '.join(gate.faults)}")
            say(f"FAILED the gate: {failed[-1]}")
            continue
        about = describe(alternative, fit_key(parts, alternative.name), gate, retried)
        tree.attrs |= {"kind": alternative.kind, "title": alternative.title}
        content = _kept(claim, alternative.name, tree, fitter.module)
        write_atomic(_file(places, claim, alternative.name), store.dump({"fit": about_fit(tree, about)} | content))
        say(f"{label}: passed the gate, kept")
    return failed


def _labelled(say: Say, label: str, text: str) -> None:
    say(f"{label}: {text}")


def _kept(claim: str, spec: str, tree: Any, module: Any) -> Row:
    """The estimates of what is a headline or was published, and the raw counts.

    Everything, of a main fit and of a model that has none.
    """
    from inference.estimates import key_at, summarise
    from inference.fitter import has_main
    from inference.ladder import raw_rows

    rows = summarise(claim, spec, tree, module.PUBLISHED, module.HEADLINES, module.TITLES)
    wanted = {one.estimand for one in (*module.HEADLINES, *module.PUBLISHED)}
    model = next(a.model for a in module.ALTERNATIVES if a.name == spec)
    whole = tree.attrs["kind"] == "main" or not has_main(module, model)
    points = {name: sum(row["estimand"] == name for row in rows) for name in wanted}
    at = {key_at(headline.estimand, headline.coords) for headline in module.HEADLINES}
    kept = [
        row
        for row in rows
        if whole
        or (
            row["estimand"] in wanted
            and (points[row["estimand"]] <= MANY or key_at(row["estimand"], row["coords"]) in at)
        )
    ]
    return {"estimates": kept, "raw": [row for row in raw_rows(claim, module, {spec: tree}) if row["spec"] == spec]}


def _file(places: Places, claim: str, spec: str) -> Path:
    return places.out / "alternatives" / claim / f"{spec}.json"


def _found(places: Places, claim: str, spec: str, key: str, committed: Mapping[str, Row]) -> Row | None:
    """What is kept of a specification for this code and these tables: on this machine, else as committed."""
    own = store.read_json(_file(places, claim, spec), "fit", "estimates", "raw")
    for one in (own, committed.get(spec)):
        if one is not None and one["fit"].get("fit_key") == key:
            return one
    return None


def _committed(claim: str) -> dict[str, Row]:
    """What is committed of a claim's specifications."""
    known = store.read_json(ASIDE, "fits", "estimates", "raw") or {"fits": {}, "estimates": [], "raw": []}
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


def aside_keys(places: Places) -> list[str]:
    """The fit keys of what is kept, that of this machine before the committed one: publishing changes none of them."""
    known = store.read_json(ASIDE, "fits") or {"fits": {}}
    keys = {name: str(fit["fit_key"]) for name, fit in known["fits"].items()}
    for path in sorted((places.out / "alternatives").rglob("*.json")):
        found = store.read_json(path, "fit")
        if found is not None:
            keys[f"{path.parent.name}/{path.stem}"] = str(found["fit"].get("fit_key"))
    return sorted(keys.values())


def kept(places: Places, claim: str, parts: Mapping[str, str]) -> dict[str, Row]:
    """What is kept of each specification aside; ``stale`` in its fit says whether it is of older code or tables."""
    module = importlib.import_module(CLAIMS[claim].module)
    found, known = {}, _committed(claim)
    for alternative in module.ALTERNATIVES:
        if alternative.aside:
            key = fit_key(parts, alternative.name)
            one = _found(places, claim, alternative.name, key, known) or known.get(alternative.name)
            if one is not None:
                one["fit"] |= {"stale": one["fit"]["fit_key"] != key, "aside": True}
                found[alternative.name] = one
    return found


def add_aside(
    places: Places, claim: str, parts: Mapping[str, str], fits: dict[str, Any], rows: list[Row], raw: list[Row]
) -> None:
    """Add what is kept of the specifications aside to the fits, estimates and counts of estimates.json."""
    for spec, one in kept(places, claim, parts).items():
        fits[f"{claim}/{spec}"] = one["fit"]
        rows += one["estimates"]
        raw += one["raw"]


def committed_copy(places: Places) -> Row:
    """Everything that is kept, as ``publish`` commits it."""
    content: Row = {"fits": {}, "estimates": [], "raw": []}
    for claim in CLAIMS:
        for spec, one in kept(places, claim, fit_parts(claim, Given())).items():
            fit = {name: value for name, value in one["fit"].items() if name not in ("stale", "aside")}
            content["fits"][f"{claim}/{spec}"] = fit
            content["estimates"] += one["estimates"]
            content["raw"] += one["raw"]
    return content
