r"""Releases as each detection method finds them, and the sign of the difference between team types under each.

For detection method i, venue-year v and team type k, without correction for the releases that the method misses,

    detected[i, v, k] ~ Binomial(papers, logistic(intercept[i, v] + any[r] (k has industry) + only[r] (k is
    industry-only))),

where r is a detection method in one venue group and era. The intercepts are normal, with an sd that leaves them almost
free. The effects are thus stratified log odds ratios, like Mantel and Haenszel's, with a prior. The papers of the
methods overlap in part. Each method has its own parameters, and methods are never pooled. Some papers of a list were
also read in full text. Their LLM labels calibrate the links of the list,

    found[l, k] ~ Binomial(papers labelled as released, logistic(found_logit[l, k])),
    linked[l, k] ~ Binomial(papers labelled as not released, logistic(linked_logit[l, k])),

where l is a list in one venue group and era. The first probability is the sensitivity of the links against the LLM
label, by team type; the second is their rate of false positives. Suppose that the probability of detection depends on
the team type alone, and that there are no false positives. Then the naive ratio of shares is the true ratio times the
ratio of sensitivities, and the sign changes where the ratio of sensitivities equals the naive ratio.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr

from data.errors import InputError
from models.code_release.cells import OWN, find_era, has_link_field
from models.code_release.choices import Choices, MeasurementPriors
from models.code_release.definitions import VENUES
from models.code_release.linear_predictor import INDUSTRY_ALONE, WITH_INDUSTRY
from models.common.cells import Ints, group_venues, index_levels
from models.common.claim import Model, Tables
from models.common.estimand import ratio, ratio_from_log, rows, share
from models.common.exclusions import Selection
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.common.team_types import ACADEMIA_ONLY, INDUSTRY_ONLY, MIXED, TEAM_TYPES

FULL_TEXT, SAME, FIRST_PAGE, OPEN_REVIEW, GROBID = (
    "full text",
    "full text, papers with a link field",
    "link in a list from first pages",
    "link in a list from OpenReview",
    "full text by GROBID",
)
LISTS = (FIRST_PAGE, OPEN_REVIEW)
# Lists of venues that use OpenReview. A link may come from the form or from the parsed first page; the lists do not say
# which. The text "Not provided" occurs.
ON_OPEN_REVIEW = (("ICLR", 2019), ("ICLR", 2020), ("ICLR", 2022), ("NeurIPS", 2021))
FIRST_YEAR, LAST_YEAR = 2014, 2022
TOP_LEVEL = ("intercept_mean", "intercept_sd", "any_industry", "only_industry", "found_logit", "linked_logit")


def list_detections(papers: pd.DataFrame) -> pd.DataFrame:
    """List one row per paper and detection method: ``method``, ``event`` (code is detected), ``team``."""
    frame = papers[papers["year"].between(FIRST_YEAR, LAST_YEAR) & papers["track"].isin(["main", "findings"])]
    read = frame["code_coded"].isin(["yes", "no"]) & frame["venue"].isin(VENUES)
    labelled = frame[read & (frame["research"] == "empirical") & (frame["coder_excluded"] != "yes")]
    labelled = labelled.assign(team=labelled["team_coded"], event=labelled["code_coded"] == "yes")
    linked = labelled[has_link_field(labelled)]
    others = frame[~frame["venue"].isin(VENUES)]
    # If an author is unknown, mixed is the only team type that can be known.
    others = others[others["authors_unknown"] == 0].assign(team=others["team_listed"])
    links = pd.concat([linked, others[has_link_field(others)]])
    links = links.assign(event=links["code_page"] == "link")
    venue_years = pd.Series(list(zip(links["venue"], links["year"].astype(int), strict=True)), index=links.index)
    method = pd.Series(np.where(venue_years.isin(ON_OPEN_REVIEW), OPEN_REVIEW, FIRST_PAGE), index=links.index)
    tei = others[others["sources"].str.contains("tei")]
    tei = tei.assign(event=tei["code_statement"].isin(OWN))
    found = pd.concat(
        [
            labelled.assign(method=FULL_TEXT),
            linked.assign(method=SAME),
            links.assign(method=method),
            tei.assign(method=GROBID),
        ]
    )
    return found[found["team"].isin(TEAM_TYPES)]


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers and detections by detection method, venue-year and team type.

    Returns
    -------
    xarray.Dataset
        ``n``, ``y`` (stratum, team): papers, and papers with code detected. A stratum is a detection method at a
        venue-year. ``row_idx`` (stratum,): index of the stratum in the dim ``row``, a detection method in one venue
        group and era. ``found_n``, ``found_y`` (lists, team): papers of a list that are labelled as releasing code, and
        those of them with a link. ``linked_n``, ``linked_y``: the same for papers labelled as not releasing code. attrs
        ``flow``: exclusions, JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    papers = tables["papers"]
    detected = list_detections(papers)
    if detected.empty:
        problem = "no paper has a team type and a link or a statement"
        raise InputError(problem, "table of papers", hint="code_page, code_coded, team_coded: see data/README.md")
    group, era = group_venues(detected["venue"]), find_era(detected["year"])
    detected["row"] = detected["method"] + ": " + group + " " + era
    detected["stratum"] = detected["method"] + ": " + detected["venue"] + " " + detected["year"].astype(int).astype(str)
    order = [FULL_TEXT, SAME, *LISTS, GROBID]
    strata = sorted(detected["stratum"].unique())
    row_of_stratum = detected.drop_duplicates("stratum").set_index("stratum").loc[strata, "row"]
    ranked = sorted(detected["row"].unique(), key=lambda name: (order.index(name.split(": ")[0]), name))
    n, y = _count_events(detected, "stratum", strata)
    labelled = detected["code_coded"].isin(["yes", "no"]) & detected["venue"].isin(VENUES)
    both = detected[detected["method"].isin(LISTS) & labelled]
    lists = [name for name in ranked if (both["row"] == name).any()] or list(LISTS)
    calibrated = {}
    for name, label in (("found", "yes"), ("linked", "no")):
        counts = _count_events(both[both["code_coded"] == label], "row", lists)
        for suffix, count in zip("ny", counts, strict=True):
            calibrated[f"{name}_{suffix}"] = (("lists", "team"), count, {"unit": "papers"})
    log = Selection(papers, "papers of the table")
    log.count("of these, with a detection method", 0, int(detected["id"].nunique()))
    for name in order:
        log.count(name, 0, int((detected["method"] == name).sum()))
    return xr.Dataset(
        {
            "n": (("stratum", "team"), n, {"unit": "papers"}),
            "y": (("stratum", "team"), y, {"unit": "papers"}),
            "row_idx": ("stratum", index_levels(row_of_stratum, ranked)),
            **calibrated,
        },
        coords={"stratum": strata, "row": ranked, "team": list(TEAM_TYPES), "lists": lists},
        attrs={"flow": log.to_json()},
    )


def _count_events(frame: pd.DataFrame, by: str, levels: list[str]) -> tuple[Ints, Ints]:
    """Count papers, and papers with an event, by a column and team type."""
    idx = index_levels(frame[by], levels) * len(TEAM_TYPES) + index_levels(frame["team"], TEAM_TYPES)
    event = frame["event"].to_numpy(bool)
    shape = (len(levels), len(TEAM_TYPES))
    n, y = (np.bincount(which, minlength=shape[0] * shape[1]).reshape(shape) for which in (idx, idx[event]))
    return n, y


def compute_log_odds(intercept: Any, any_industry: Any, only_industry: Any, row_idx: Any) -> Any:
    """Return the linear predictor, (..., stratum, team), from effects with any leading dims."""
    some, alone = any_industry[..., row_idx, None], only_industry[..., row_idx, None]
    return intercept[..., :, None] + some * WITH_INDUSTRY + alone * INDUSTRY_ALONE


def build(dataset: xr.Dataset, priors: MeasurementPriors) -> pm.Model:
    """Build the stratified odds ratios by detection method, and the rates at which lists link to releases."""
    coords = {name: dataset[name].to_numpy() for name in ("stratum", "row", "team", "lists")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("n", "y", "row_idx", "found_n", "found_y", "linked_n", "linked_y"))
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])
        mean = pm.Normal("intercept_mean", prior["stratum_mean"], prior["stratum_mean_sd"])
        sd = pm.HalfNormal("intercept_sd", prior["stratum_sd"])
        intercept = pm.Normal("intercept", mean, sd, dims="stratum")
        some = pm.Normal("any_industry", 0, prior["industry_sd"], dims="row")
        only = pm.Normal("only_industry", 0, prior["industry_sd"], dims="row")
        log_odds = compute_log_odds(intercept, some, only, data["row_idx"])
        pm.Binomial("y_obs", data["n"], logit_p=log_odds, observed=data["y"], dims=("stratum", "team"))
        for name in ("found", "linked"):
            logit = pm.Normal(f"{name}_logit", 0, prior["found_sd"], dims=("lists", "team"))
            n, y = data[f"{name}_n"], data[f"{name}_y"]
            pm.Binomial(f"{name}_obs", n, logit_p=logit, observed=y, dims=("lists", "team"))
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute naive ratios and odds ratios by detection method, venue group and era, and the rates of the lists' links.

    Returns
    -------
    xarray.Dataset
        By ``row``: ``naive_odds_ratio_...`` and ``naive_ratio_...``, each team type to academia-only; ``naive_share``
        (row, team), standardised to the papers of the row. By ``lists``, the rows of lists whose papers were also read
        in full text: ``found`` (lists, team), share of releases that have a link; ``found_ratio_...`` to academia-only,
        the value of a naive ratio at which its sign changes; ``linked_unreleased`` (lists, team), share of papers
        labelled as not releasing code that have a link.
    """
    some, only = draws["any_industry"], draws["only_industry"]
    n, row_idx = dataset["n"], dataset["row_idx"].to_numpy()
    weights = (row_idx[:, None] == np.arange(dataset.sizes["row"])) * n.sum("team").to_numpy()[:, None]
    intercept, any_industry, only_industry = (
        draws[name].transpose("chain", "draw", ...).to_numpy()
        for name in ("intercept", "any_industry", "only_industry")
    )
    p = 1 / (1 + np.exp(-compute_log_odds(intercept, any_industry, only_industry, row_idx)))
    shares = np.einsum("cdst,sr->cdrt", p, weights / weights.sum(0))
    coords = {"row": dataset["row"].to_numpy(), "team": list(TEAM_TYPES)}
    lead = {name: draws[name].to_numpy() for name in ("chain", "draw")}
    naive = xr.DataArray(shares, lead | coords, ("chain", "draw", "row", "team"))
    papers = np.zeros((dataset.sizes["row"], len(TEAM_TYPES)), dtype=np.int64)
    np.add.at(papers, row_idx, n.transpose("stratum", "team").to_numpy())
    n_naive = xr.DataArray(papers, coords, ("row", "team"))
    out = {"naive_share": share(naive, "n_naive"), "n_naive": rows(n_naive, "papers")}
    detected = {}
    for name in ("found", "linked"):
        logit = draws[f"{name}_logit"].assign_coords(team=list(TEAM_TYPES), lists=dataset["lists"].to_numpy())
        detected[name] = xr.DataArray(1 / (1 + np.exp(-logit))).transpose("chain", "draw", "lists", "team")
        out[f"n_{name}"] = rows(dataset[f"{name}_n"], "papers")
    found = detected["found"]
    out["found"] = share(found, "n_found")
    out["linked_unreleased"] = share(detected["linked"], "n_linked")
    for name, team, effect in (("mixed", MIXED, some), ("industry_only", INDUSTRY_ONLY, some + only)):
        out[f"n_naive_{name}"] = rows(n_naive.sel(team=[ACADEMIA_ONLY, team]).sum("team"), "papers")
        out[f"naive_odds_ratio_{name}"] = ratio_from_log(effect, f"n_naive_{name}")
        naive_ratio = naive.sel(team=team, drop=True) / naive.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"naive_ratio_{name}"] = ratio(naive_ratio, f"n_naive_{name}")
        against = found.sel(team=team, drop=True) / found.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"found_ratio_{name}"] = ratio(against, f"n_found_{name}")
        out[f"n_found_{name}"] = rows(dataset["found_n"].sel(team=[ACADEMIA_ONLY, team]).sum("team"), "papers")
    return xr.Dataset(out)


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities: how differences between team types vary over the venue-years of a detection method."""
    y = data["y_obs"]
    n = dataset["n"]
    share = (y / n).where(n >= 20)
    out = {}
    for name, team in (("mixed", MIXED), ("industry-only", INDUSTRY_ONLY)):
        gap = share.sel(team=team, drop=True) - share.sel(team=ACADEMIA_ONLY, drop=True)
        for method in (FULL_TEXT, FIRST_PAGE):
            strata = dataset["stratum"].str.startswith(f"{method}: ")
            out[f"sd over venue-years of {name} less academia-only, {method}"] = gap.where(strata).std("stratum")
    return xr.Dataset(out).drop_vars("team", errors="ignore")


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
