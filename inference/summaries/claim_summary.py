"""The summary of one claim: its fits, estimates, raw counts, ladders and chart data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from data.errors import CheckError
from inference.store import posteriors
from inference.store.declarations import import_part
from inference.store.extended import read_kept
from inference.store.fingerprints import Parts, combine
from inference.store.paths import Paths
from inference.summaries.chart_data import make_check_data, make_sensitivity_data
from inference.summaries.estimates import make_key, make_title, summarise
from inference.summaries.fits import declare, describe_fit
from inference.summaries.ladder import make_ladders, make_raw_rows
from inference.summaries.refits import add_moved_most, add_refits

Row = dict[str, Any]
NOT_SHOWN = ("prior", "sample_stats", "observed_data")  # groups that neither estimates nor figures need


def check_declared(claim: str, reporting: ModuleType, rows: Iterable[Row], specs: Iterable[str]) -> None:
    """Check that the fits estimate every headline and published value that a claim declares.

    Raises
    ------
    CheckError
        If a headline or a published value names an estimate that no fit has.
    """
    found = {(row["spec"], *make_key(row["estimand"], row["coords"])) for row in rows}
    missing = [
        f"headline {one.spec}/{one.estimand} {dict(one.coords)}"
        for one in reporting.HEADLINES
        if one.spec in specs and (one.spec, *make_key(one.estimand, one.coords)) not in found
    ]
    in_any_spec = {key[1:] for key in found}
    missing += [
        f"published {one.estimand} {dict(one.coords)}"
        for one in reporting.PUBLISHED
        if make_key(one.estimand, one.coords) not in in_any_spec
    ]
    if missing:
        raise CheckError(f"models/{claim}/reporting.py names estimates that no fit has: {'; '.join(missing)}")


def summarise_claim(
    claim: str,
    paths: Paths,
    parts: Mapping[str, Parts],
    extended: Mapping[str, Parts],
    report: Callable[[str], None],
    strict: bool = True,
) -> Row:
    """Summarise the stored fits of a claim.

    Parameters
    ----------
    claim, paths
        The claim's name, and the folder of results.
    parts, extended
        Current fingerprints of the fits, and of the extended specifications that are shown.
    report
        Called with the text of each step.
    strict
        Whether every declared headline must be estimated. A user's tables may lack the data of some.

    Returns
    -------
    dict
        ``fits``, ``estimates``, ``raw``, ``ladders``, ``left_out`` as in estimates.json, and ``charts``: the rows of
        each figure.
    """
    report(f"{claim}: estimates")
    reporting, specifications = import_part(claim, "reporting"), import_part(claim, "specifications").SPECIFICATIONS
    by_name = {one.name: one for one in specifications}
    fits: Row = {}
    rows: list[Row] = []
    trees = {}
    for spec in posteriors.list_specs(paths, claim):
        if spec not in by_name:
            continue
        tree, metadata = posteriors.load(paths, claim, spec, skip=NOT_SHOWN)
        tree.attrs |= {"kind": by_name[spec].kind, "title": by_name[spec].title}
        trees[spec] = tree
        stale = metadata["fit_key"] != combine(parts[spec])
        fits[f"{claim}/{spec}"] = {"stale": stale, **describe_fit(tree, metadata, by_name[spec])}
        rows += summarise(claim, spec, tree, reporting.PUBLISHED, reporting.HEADLINES, reporting.LABELS)
    if strict:
        check_declared(claim, reporting, rows, trees)
    raw = make_raw_rows(claim, specifications, trees)
    for spec, one in read_kept(paths, claim, extended).items():
        fits[f"{claim}/{spec}"] = one["fit"] | declare(by_name[spec])
        rows += [
            row | {"title": make_title(row["estimand"], reporting.LABELS, row["coords"])} for row in one["estimates"]
        ]
        raw += one["raw"]
    for row in rows:
        row["spec_title"] = fits[f"{claim}/{row['spec']}"]["title"]
    add_refits(rows, fits)
    add_moved_most(rows, fits)
    charts = import_part(claim, "chart_data").make_chart_data(trees, rows)
    charts |= make_check_data(claim, trees) | make_sensitivity_data(claim, rows)
    left_out = (posteriors.read_finished(paths, claim) or {"left_out": {}})["left_out"]
    ladders = make_ladders(specifications, reporting, rows, raw, left_out)
    absent = [{"spec": spec, "title": by_name[spec].title, "reason": why} for spec, why in left_out.items() if why]
    # Converted by way of JSON, so that the content is the same as when it is read from the file.
    found = {"fits": fits, "estimates": rows, "raw": raw, "ladders": ladders, "left_out": absent, "charts": charts}
    content: Row = json.loads(json.dumps(found, allow_nan=False))
    return content
