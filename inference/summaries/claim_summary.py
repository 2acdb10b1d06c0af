"""What one claim shows: its fits, estimates, raw counts, ladders, and the data of its charts."""

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
NOT_SHOWN = ("prior", "sample_stats", "observed_data")  # groups of a fit that no estimate and no figure needs


def check_declared(claim: str, reporting: ModuleType, rows: Iterable[Row], specs: Iterable[str]) -> None:
    """Hold what a claim declares to what is estimated.

    Raises
    ------
    CheckError
        If a headline, or a published value, names an estimate that the fits do not have.
    """
    found = {(row["spec"], *make_key(row["estimand"], row["coords"])) for row in rows}
    lacking = [
        f"headline {one.spec}/{one.estimand} {dict(one.coords)}"
        for one in reporting.HEADLINES
        if one.spec in specs and (one.spec, *make_key(one.estimand, one.coords)) not in found
    ]
    of_any = {key[1:] for key in found}
    lacking += [
        f"published {one.estimand} {dict(one.coords)}"
        for one in reporting.PUBLISHED
        if make_key(one.estimand, one.coords) not in of_any
    ]
    if lacking:
        raise CheckError(f"models/{claim}/reporting.py names what no fit estimates: {'; '.join(lacking)}")


def summarise_claim(
    claim: str,
    paths: Paths,
    parts: Mapping[str, Parts],
    extended: Mapping[str, Parts],
    say: Callable[[str], None],
    strict: bool = True,
) -> Row:
    """Summarise the stored fits of a claim.

    ``parts`` and ``extended`` say what each fit depends on now, and each extended specification that is to be shown.
    A user's own tables may lack what a headline needs: then not ``strict``.

    Returns
    -------
    dict
        ``fits``, ``estimates``, ``raw``, ``ladders`` as in estimates.json, and ``charts``: the rows behind each figure.
    """
    say(f"{claim}: estimates")
    reporting, specifications = import_part(claim, "reporting"), import_part(claim, "specifications").SPECIFICATIONS
    by_name = {one.name: one for one in specifications}
    fits: Row = {}
    rows: list[Row] = []
    trees = {}
    for spec in posteriors.list_specs(paths, claim):
        if spec not in by_name:
            continue
        tree, about = posteriors.load(paths, claim, spec, leave=NOT_SHOWN)
        tree.attrs |= {"kind": by_name[spec].kind, "title": by_name[spec].title}
        trees[spec] = tree
        stale = about["fit_key"] != combine(parts[spec])
        fits[f"{claim}/{spec}"] = {"stale": stale, **describe_fit(tree, about, by_name[spec])}
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
    steps = make_ladders(specifications, reporting, rows, raw)
    # As it is read again: with or without the file between, what is shown is the same.
    content: Row = json.loads(
        json.dumps({"fits": fits, "estimates": rows, "raw": raw, "ladders": steps, "charts": charts}, allow_nan=False)
    )
    return content
