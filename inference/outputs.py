"""Estimates, figures and paper from the stored fits: made whole in a staging folder, then renamed into place."""

from __future__ import annotations

import ast
import importlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from data.io import parse_csv, write_atomic
from data.processes import in_processes, tell
from inference import store, words
from inference.alternatives import aside_keys
from inference.given import Given
from inference.keys import PEERS, affected, combine, digest, fit_key, output_parts
from inference.places import Places
from models.registry import CLAIMS

Say = Callable[[str], None]
NOT_SHOWN = ("prior", "sample_stats", "observed_data")  # groups of a fit that no estimate and no figure needs


def outputs_current(places: Places) -> bool:
    """Whether estimates, figures and paper are those of the stored fits, and untouched since."""
    known = store.read_json(places.outputs, "key", "files")
    if (
        known is None
        or not isinstance(known["files"], dict)
        or known["key"] != combine(output_parts(_stored_keys(places)))
    ):
        return False
    for name, checksum in known["files"].items():
        path = places.out / name
        if not path.is_file() or digest(path.read_bytes()) != checksum:
            return False
    return True


def _stored_keys(places: Places) -> list[str]:
    notes = (store.note(places, claim, spec) for claim in CLAIMS for spec in store.specs_of(places, claim))
    return [str(note["fit_key"]) for note in notes if note is not None] + aside_keys(places)


def write_outputs(
    places: Places, parts: Mapping[str, Mapping[str, str]], given: Given, code: Mapping[str, str], say: Say
) -> list[str]:
    """Write estimates, figures and paper from the stored fits; return the claims that have none.

    All of them are made whole in the staging folder first; then each is renamed into its place, and last the note of
    their key. Interrupted in between, the note is the old one and the next refresh writes them again. So it does if the
    code that draws and writes is no longer what it was when the command began (``code``).
    """
    from inference.paper import compile_paper

    staging = places.staging
    shutil.rmtree(staging, ignore_errors=True)
    try:
        (staging / "figures").mkdir(parents=True)
        content = gather(places, parts, given, staging / "figures", say)
        if any(content["ladders"].values()):
            from figures import ladder

            ladder.draw(content["ladders"], staging / "figures")
        content["figures"] = sorted(path.name for path in (staging / "figures").glob("*.pdf"))
        (staging / "estimates.json").write_bytes(store.dump(content))
        say("paper")
        compile_paper(staging)
        shutil.rmtree(staging / "paper")  # its sources, copied there to be compiled
        sums = _replace_all(staging, places.out)
        old = (store.read_json(places.outputs, "files") or {}).get("files")
        for gone in set(old if isinstance(old, dict) else {}) - sums.keys():
            (places.out / gone).unlink(missing_ok=True)
        changed = output_parts([]) != code
        key = "changed while it was written" if changed else combine(output_parts(_stored_keys(places)))
        write_atomic(places.outputs, store.dump({"key": key, "files": sums}))
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return list(content["missing"])


def _replace_all(staging: Path, out: Path) -> dict[str, str]:
    """Rename every staged file into its place, or none: what was there comes back if one of them fails.

    Returns
    -------
    dict
        Name to digest of each.
    """
    names = [path.relative_to(staging) for path in sorted(staging.rglob("*")) if path.is_file()]
    sums = {str(name): digest((staging / name).read_bytes()) for name in names}
    before = staging / "before"
    for name in names:
        (before / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if (out / name).exists():
            try:
                os.link(out / name, before / name)
            except OSError:  # a file system without hard links
                shutil.copy2(out / name, before / name)
    try:
        for name in names:
            (staging / name).replace(out / name)
    except BaseException:
        for name in names:
            if (before / name).exists():
                (before / name).replace(out / name)
        raise
    return sums


def by_claim(work: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], say: Say) -> Iterable[tuple[str, Any]]:
    """Do what is to be done for each claim, several at a time: most of it keeps one core busy, not all.

    One more than there are cores, lest the last claim of all has them to itself and leaves most of them idle.
    """
    return in_processes(work, tasks, 1 + (os.cpu_count() or 1), "close other programs and run refresh again", say)


def gather(
    places: Places, parts: Mapping[str, Mapping[str, str]], given: Given, figures: Path, say: Say
) -> dict[str, Any]:
    """The content of estimates.json; each claim's figures are drawn on the way."""
    stored = {claim: store.specs_of(places, claim) for claim in CLAIMS}
    tasks = {
        claim: (claim, specs, places, parts[claim], given, figures, tell)
        for claim, specs in reversed(stored.items())
        if specs
    }
    done = dict(by_claim(_summarise_and_draw, tasks, say))
    claims = [claim for claim in CLAIMS if claim in done]
    return {
        "schema_version": 1,
        "given": given.names(),
        "claims": claims,
        "missing": [claim for claim in affected(given) if not stored[claim] and not given.tables],
        "fits": {name: fit for claim in claims for name, fit in done[claim]["fits"].items()},
        "estimates": [row for claim in claims for row in done[claim]["estimates"]],
        "raw": [row for claim in claims for row in done[claim]["raw"]],
        "peers": [] if given.own else _peers(parts),
        "ladders": {claim: done[claim]["ladders"] for claim in claims},
    }


def _summarise_and_draw(
    claim: str,
    specs: list[str],
    places: Places,
    parts: Mapping[str, str],
    given: Given,
    folder: Path,
    say: Say,
) -> dict[str, Any]:
    """A claim's fits, estimates, raw counts and ladders; its figures go to the folder."""
    from figures import checks, sensitivity
    from inference.alternatives import add_aside
    from inference.estimates import add_moved_most, add_refits
    from inference.ladder import ladders, raw_rows

    say(f"{claim}: estimates")
    module = importlib.import_module(CLAIMS[claim].module)
    fits: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    trees = _add_claim(places, claim, specs, parts, fits, rows)
    raw = raw_rows(claim, module, trees)
    if not given.own:
        add_aside(places, claim, parts, fits, rows, raw)
    for row in rows:
        row["spec_title"] = fits[f"{claim}/{row['spec']}"]["title"]
    add_refits(rows, fits)
    add_moved_most(rows, fits)
    say(f"{claim}: figures")
    importlib.import_module(CLAIMS[claim].figures).draw(trees, rows, folder)
    checks.draw(claim, trees, folder)
    sensitivity.draw(claim, rows, folder)
    return {"fits": fits, "estimates": rows, "raw": raw, "ladders": ladders(module, rows, raw)}


def _peers(parts: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The committed comparison with other packages (``benchmarks/peers.py``), saying what is of older fits."""
    rows: list[dict[str, Any]] = (
        [dict(row) for row in parse_csv(PEERS, ["claim", "spec", "fit_key"]).values()] if PEERS.is_file() else []
    )
    for row in rows:
        row["stale"] = row["claim"] not in parts or row["fit_key"] != fit_key(parts[row["claim"]], row["spec"])
    return rows


def _add_claim(
    places: Places,
    claim: str,
    specs: list[str],
    parts: Mapping[str, str],
    fits: dict[str, Any],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    from inference.estimates import summarise

    module = importlib.import_module(CLAIMS[claim].module)
    trees = {}
    for spec in specs:
        tree, about = store.load(places, claim, spec, leave=NOT_SHOWN)
        tree.attrs |= {"kind": about["kind"], "title": about["title"]}
        trees[spec] = tree
        stale = about["fit_key"] != fit_key(parts, spec)
        fits[f"{claim}/{spec}"] = {"stale": stale, **about_fit(tree, about)}
        rows += summarise(claim, spec, tree, module.PUBLISHED, module.HEADLINES, module.TITLES)
    return trees


def about_fit(tree: Any, about: Mapping[str, Any]) -> dict[str, Any]:
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
        **{name: about[name] for name in ("fit_key", "kind", "title", "model", "differs")},
        "seed": int(tree.attrs["seed"]),
        "versions": ast.literal_eval(tree.attrs["versions"]),
        "sampler": ast.literal_eval(tree.attrs["sampler"]),
        "gate": gate,
        "data": {
            "flow": json.loads(dataset.attrs.get("flow", "[]")),
            "facts": json.loads(dataset.attrs.get("facts", "{}")),
            "counts": counts,
        },
        "checks": _predictive_checks(tree) if "statistics" in tree.children else [],
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
        digits = 0 if (draws == np.round(draws)).all() else 2
        text = f"{words.number(value, digits)} against {words.number(low, digits)} to {words.number(high, digits)}"
        out.append(
            {"statistic": str(name), "observed": value, "low": low, "high": high, "p": round(p, 4),
             "p_text": words.number(p, 2), "text": text}
        )  # fmt: skip
    return out
