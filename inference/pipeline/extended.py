"""Fits the extended specifications, which ``refresh`` leaves to ``alternatives``; resumes where it was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from data.io import write_atomic
from data.parallel import report
from inference.pipeline.outputs import run_by_claim
from inference.store.declarations import import_part
from inference.store.extended import find_current, name_extended_file, read_committed, read_kept
from inference.store.fingerprints import Parts, list_parts_by_fit
from inference.store.lock import hold_lock
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.store.posteriors import dump
from models.common.claim import Specification
from models.registry import CLAIMS

Row = dict[str, Any]
Say = Callable[[str], None]
MANY = 8  # an estimand reported at more points than these is kept at its headline points alone


def fit_extended(claims: Iterable[str], paths: Paths, say: Say) -> list[str]:
    """Fit the extended specifications that are not current; return those that failed the gate, with the reasons."""
    parts = {claim: list_parts_by_fit(claim, Overrides(), extended=True) for claim in claims}
    with hold_lock(paths.lock):
        tasks = {claim: (claim, parts[claim], paths, report) for claim in reversed(parts)}
        return [fault for _, faults in run_by_claim(_fit_claim, tasks, say) for fault in faults]


def _fit_claim(claim: str, parts: Mapping[str, Parts], paths: Paths, say: Say) -> list[str]:
    """Those of one claim."""
    from inference.pipeline.fitter import Fitter
    from inference.pipeline.refresh import describe
    from inference.summaries.fits import describe_fit

    known = read_committed(claim)
    todo = {name for name, now in parts.items() if find_current(paths, claim, name, now, known) is None}
    if not todo:
        say(f"{claim}: all {len(parts)} alternatives are current")
        return []
    failed = []
    fitter = Fitter.for_claim(claim, parts, Overrides(), say, extended=True)
    fitted, _ = fitter.prepare(say, extended=True)
    for number, one in enumerate(fitted, start=1):
        if one.name not in todo:
            continue
        label = f"{claim}/{one.name} ({number} of {len(parts)})"
        tree, gate, retried = fitter.fit(one.name, partial(_report_labelled, say, label))
        if not gate.passed:
            failed.append(f"{label}: {'; '.join(gate.faults)}")
            say(f"FAILED the gate: {failed[-1]}")
            continue
        about = describe_fit(tree, describe(one, parts[one.name], gate, retried), one)
        content = {"fit": about} | _select_kept(claim, one, tree)
        write_atomic(name_extended_file(paths, claim, one.name), dump(content))
        say(f"{label}: passed the gate, kept")
    return failed


def _report_labelled(say: Say, label: str, text: str) -> None:
    say(f"{label}: {text}")


def _select_kept(claim: str, one: Specification, tree: Any) -> Row:
    """The estimates of what is a headline or was published, and the raw counts.

    Everything, of a main fit and of a model that has none.
    """
    from inference.pipeline.fitter import has_main
    from inference.summaries.estimates import make_key, summarise
    from inference.summaries.ladder import make_raw_rows

    reporting = import_part(claim, "reporting")
    rows = summarise(claim, one.name, tree, reporting.PUBLISHED, reporting.HEADLINES, reporting.LABELS)
    wanted = {shown.estimand for shown in (*reporting.HEADLINES, *reporting.PUBLISHED)}
    whole = one.kind == "main" or not has_main(claim, one.model)
    points = {name: sum(row["estimand"] == name for row in rows) for name in wanted}
    at = {make_key(headline.estimand, headline.coords) for headline in reporting.HEADLINES}
    estimates = [
        row
        for row in rows
        if whole
        or (
            row["estimand"] in wanted
            and (points[row["estimand"]] <= MANY or make_key(row["estimand"], row["coords"]) in at)
        )
    ]
    raw = make_raw_rows(claim, import_part(claim, "specifications").SPECIFICATIONS, {one.name: tree})
    return {"estimates": estimates, "raw": [row for row in raw if row["spec"] == one.name]}


def copy_extended(paths: Paths) -> Row:
    """Return everything that is kept, as ``publish`` commits it."""
    content: Row = {"fits": {}, "estimates": [], "raw": []}
    for claim in CLAIMS:
        for spec, one in read_kept(paths, claim, list_parts_by_fit(claim, Overrides(), extended=True)).items():
            fit = {name: value for name, value in one["fit"].items() if name not in ("stale", "aside")}
            content["fits"][f"{claim}/{spec}"] = fit
            content["estimates"] += one["estimates"]
            content["raw"] += one["raw"]
    return content
