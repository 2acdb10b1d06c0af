"""Fits of the extended specifications: ``refresh`` skips them, ``alternatives`` fits them and can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from data.io import write_atomic
from data.lock import hold_lock
from data.parallel import report as report_to_parent
from inference.pipeline.outputs import run_by_claim
from inference.store.declarations import import_part, list_prior_groups
from inference.store.extended import find_current, name_extended_file, read_committed, read_kept
from inference.store.fingerprints import Parts, list_parts_by_fit
from inference.store.overrides import Overrides
from inference.store.paths import Paths
from inference.store.posteriors import dump
from models.common.claim import Specification
from models.registry import CLAIMS

Row = dict[str, Any]
Report = Callable[[str], None]
MANY = 8  # an estimand with more points than this is kept only at its headline points


def fit_extended(claims: Iterable[str], paths: Paths, report: Report) -> list[str]:
    """Fit the extended specifications that are not current; return those that failed the gate, with reasons."""
    parts = {claim: list_parts_by_fit(claim, Overrides(), extended=True) for claim in claims}
    with hold_lock(paths.lock, "refresh"):
        tasks = {claim: (claim, parts[claim], paths, report_to_parent) for claim in reversed(parts)}
        return [fault for _, faults in run_by_claim(_fit_claim, tasks, report) for fault in faults]


def _fit_claim(claim: str, parts: Mapping[str, Parts], paths: Paths, report: Report) -> list[str]:
    """Fit those of one claim."""
    from inference.pipeline.fitter import Fitter
    from inference.pipeline.refresh import make_metadata
    from inference.summaries.fits import describe_fit

    known = read_committed(claim)
    todo = {name for name, now in parts.items() if find_current(paths, claim, name, now, known) is None}
    if not todo:
        report(f"{claim}: all {len(parts)} extended specifications are current")
        return []
    failed = []
    fitter = Fitter.load_claim(claim, parts, Overrides(), report, extended=True)
    fitted, _ = fitter.prepare(report, extended=True)
    for number, one in enumerate(fitted, start=1):
        if one.name not in todo:
            continue
        label = f"{claim}/{one.name} ({number} of {len(parts)})"
        tree, gate, retried = fitter.fit(one.name, partial(_report_labelled, report, label))
        if not gate.passed:
            failed.append(f"{label}: {'; '.join(gate.faults)}")
            report(f"FAILED the gate: {failed[-1]}")
            continue
        fit = describe_fit(tree, make_metadata(one, parts[one.name], gate, retried), one)
        content = {"fit": fit} | _select_kept(claim, one, tree)
        write_atomic(name_extended_file(paths, claim, one.name), dump(content))
        report(f"{label}: passed the gate, kept")
    return failed


def _report_labelled(report: Report, label: str, text: str) -> None:
    report(f"{label}: {text}")


def _select_kept(claim: str, one: Specification, tree: Any) -> Row:
    """Select the estimates to keep, and the raw counts.

    Kept are estimands that are headlines or have a published value. Main fits keep every estimand, and so do fits of
    models without a main fit.
    """
    from inference.pipeline.fitter import has_main
    from inference.summaries.estimates import make_key, summarise
    from inference.summaries.ladder import make_raw_rows

    reporting = import_part(claim, "reporting")
    groups = {name: names for name, (_, names) in list_prior_groups(claim, one.model).items()}
    wanted = {shown.estimand for shown in (*reporting.HEADLINES, *reporting.PUBLISHED)}
    keep_all = one.kind == "main" or not has_main(claim, one.model)
    kept = tree if keep_all else _drop_estimands(tree, wanted)
    rows = summarise(claim, one.name, kept, reporting.PUBLISHED, reporting.HEADLINES, reporting.LABELS, groups)
    points = {name: sum(row["estimand"] == name for row in rows) for name in wanted}
    headline_keys = {make_key(headline.estimand, headline.coords) for headline in reporting.HEADLINES}
    estimates = [
        row
        for row in rows
        if keep_all
        or (
            row["estimand"] in wanted
            and (points[row["estimand"]] <= MANY or make_key(row["estimand"], row["coords"]) in headline_keys)
        )
    ]
    raw = make_raw_rows(claim, import_part(claim, "specifications").SPECIFICATIONS, {one.name: tree})
    return {"estimates": estimates, "raw": [row for row in raw if row["spec"] == one.name]}


def _drop_estimands(tree: Any, wanted: Collection[str]) -> Any:
    """Drop the quantities and events that are not wanted: summaries of all of them take most of the time."""
    groups = {f"/{name}": node.to_dataset() for name, node in tree.children.items()}
    for name in ("/estimands", "/prior_estimands"):
        kinds = {str(key): variable.attrs["kind"] for key, variable in groups[name].data_vars.items()}
        groups[name] = groups[name][[key for key, kind in kinds.items() if key in wanted or kind == "rows"]]
    return type(tree).from_dict(groups)


def copy_extended(paths: Paths) -> Row:
    """Return all kept estimates of extended specifications, in the form that ``publish`` commits."""
    content: Row = {"fits": {}, "estimates": [], "raw": []}
    for claim in CLAIMS:
        for spec, one in read_kept(paths, claim, list_parts_by_fit(claim, Overrides(), extended=True)).items():
            fit = {name: value for name, value in one["fit"].items() if name not in ("stale", "aside")}
            content["fits"][f"{claim}/{spec}"] = fit
            content["estimates"] += one["estimates"]
            content["raw"] += one["raw"]
    return content
