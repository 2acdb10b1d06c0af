"""The summary of one claim: its fits, estimates, raw counts, ladders and chart data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

from data.errors import CheckError
from inference.store import posteriors
from inference.store.declarations import import_part, list_prior_groups
from inference.store.extended import read_kept
from inference.store.fingerprints import Parts, combine
from inference.store.paths import POWER, Paths
from inference.summaries.chart_data import make_check_data, make_sensitivity_data
from inference.summaries.estimates import find_published, make_key, make_title, summarise
from inference.summaries.fits import declare, describe_fit
from inference.summaries.ladder import make_ladders, make_raw_rows
from inference.summaries.power import compute_power, read_refits, replace_by_refits
from inference.summaries.refits import add_refits
from inference.summaries.robustness import add_robustness
from inference.summaries.verdicts import decide_shifted

Row = dict[str, Any]
# Estimates that were kept before schema version 2 lack these columns, and have verdicts of the earlier rule.
NEW_COLUMNS = (
    *(f"p_{name}{end}" for name in ("sign", "within", "rope") for end in ("", "_mcse", "_text")), "rope_low",
    "rope_high", "rope_text", "covers_reference", "published_inside", "not_comparable", "verdict_note", "scale",
    "sd_scale", "prior_sensitivity_by_group",
)  # fmt: skip
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
        groups = {name: names for name, (_, names) in list_prior_groups(claim, by_name[spec].model).items()}
        rows += summarise(claim, spec, tree, reporting.PUBLISHED, reporting.HEADLINES, reporting.LABELS, groups)
    if strict:
        check_declared(claim, reporting, rows, trees)
    raw = make_raw_rows(claim, specifications, trees)
    for spec, one in read_kept(paths, claim, extended).items():
        fits[f"{claim}/{spec}"] = one["fit"] | declare(by_name[spec])
        rows += [
            _add_columns(row) | {"title": make_title(row["estimand"], reporting.LABELS, row["coords"])}
            for row in one["estimates"]
        ]
        raw += one["raw"]
    for row in rows:
        row["spec_title"] = fits[f"{claim}/{row['spec']}"]["title"]
    add_refits(rows, fits)
    _add_robustness(rows, specifications, fits, trees, reporting)
    _add_power(claim, rows, fits, reporting)
    charts = import_part(claim, "chart_data").make_chart_data(trees, rows)
    charts |= make_check_data(claim, trees) | make_sensitivity_data(claim, rows)
    left_out = (posteriors.read_finished(paths, claim) or {"left_out": {}})["left_out"]
    ladders = make_ladders(specifications, reporting, rows, raw, left_out)
    absent = [{"spec": spec, "title": by_name[spec].title, "reason": why} for spec, why in left_out.items() if why]
    # Converted by way of JSON, so that the content is the same as when it is read from the file.
    found = {"fits": fits, "estimates": rows, "raw": raw, "ladders": ladders, "left_out": absent, "charts": charts}
    content: Row = json.loads(json.dumps(found, allow_nan=False))
    return content


def _add_columns(row: Row) -> Row:
    """Return a kept estimate with all columns; one that was kept before schema version 2 has no verdict."""
    if row.keys() >= set(NEW_COLUMNS):
        return row
    return dict.fromkeys(NEW_COLUMNS) | row | {"verdict": None, "verdict_text": None}


def _add_robustness(
    rows: list[Row], specifications: Any, fits: Row, trees: Mapping[str, Any], reporting: ModuleType
) -> None:
    def decide_again(row: Row, median: float) -> str | None:
        known = find_published(reporting.PUBLISHED, row["spec"], row["estimand"], row["coords"])
        if row["spec"] not in trees or known is None:
            return None
        draws = trees[row["spec"]]["estimands"].to_dataset()[row["estimand"]].sel(row["coords"])
        return decide_shifted(draws, known, median)

    add_robustness(rows, specifications, fits, decide_again)


def _add_power(claim: str, rows: list[Row], fits: Row, reporting: ModuleType) -> None:
    """Add ``power`` to each row: that of the verdict on a headline, null for others."""
    refits = read_refits(POWER, claim)
    for row in rows:
        row["power"] = None
        if row["headline"]:
            known = find_published(reporting.PUBLISHED, row["spec"], row["estimand"], row["coords"])
            if power := compute_power(row, known):
                row["power"] = replace_by_refits(power, row, fits[f"{claim}/{row['spec']}"]["fit_key"], refits)
