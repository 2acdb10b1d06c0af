r"""What the sign does under each instrument: one small model of releases as each way of looking shows them.

For an instrument i, venue-year v and kind of team k, with no correction of what the instrument misses,

    seen[i, v, k] ~ Binomial(papers, logistic(level[i, v] + any[r] (k has industry) + only[r] (k is industry-only))),

r the instrument with venue group and era. The levels are normal with a spread that leaves them all but free: a
stratified odds ratio, as Mantel and Haenszel's, with a prior. Instruments look at the same papers in part; each has
parameters of its own, and they are never pooled. Where papers of a list were also read in full text, the share of
releases that its link shows, and of papers without release,

    found[l, k] ~ Binomial(papers coded as released, logistic(found_logit[l, k])),
    linked[l, k] ~ Binomial(papers coded as not released, logistic(linked_logit[l, k])),

are the sensitivity against the coder, by kind of team, and what is seen that is not there; l is a list with venue group
and era, as r. If a paper is seen with a probability that depends on the
kind of team alone, and nothing is seen that is not there, the ratio of shares is the true ratio times the ratio of
sensitivities: the sign turns where the latter equals the naive ratio.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.errors import InputError
from models.code_release.cells import OWN, find_era, has_link_field
from models.code_release.choices import Choices, MeasurementPriors
from models.code_release.definitions import VENUES
from models.common.cells import group_venues, index_levels
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
# Lists of venues that use OpenReview: there a link may come from the form or from the first page's parse, and the text
# "Not provided" occurs; the lists do not say which.
ON_OPEN_REVIEW = (("ICLR", 2019), ("ICLR", 2020), ("ICLR", 2022), ("NeurIPS", 2021))
FIRST_YEAR, LAST_YEAR = 2014, 2022
SEEN = ("y", "found_y", "linked_y")
TOP_LEVEL = ("level_mean", "level_sd", "any_industry", "only_industry", "found_logit", "linked_logit")


def count_sightings(papers: pd.DataFrame) -> pd.DataFrame:
    """One row a paper and instrument: ``instrument``, ``event`` (code is seen), ``team``, and the paper's columns."""
    frame = papers[papers["year"].between(FIRST_YEAR, LAST_YEAR) & papers["track"].isin(["main", "findings"])]
    read = frame["code_coded"].isin(["yes", "no"]) & frame["venue"].isin(VENUES)
    coded = frame[read & (frame["research"] == "empirical") & (frame["coder_excluded"] != "yes")]
    coded = coded.assign(team=coded["team_coded"], event=coded["code_coded"] == "yes")
    linked = coded[has_link_field(coded)]
    others = frame[~frame["venue"].isin(VENUES)]
    # With an unknown author only a mixed team can be known.
    others = others[others["authors_unknown"] == 0].assign(team=others["team_listed"])
    links = pd.concat([linked, others[has_link_field(others)]])
    links = links.assign(event=links["code_page"] == "link")
    places = pd.Series(list(zip(links["venue"], links["year"].astype(int), strict=True)), index=links.index)
    kind = pd.Series(np.where(places.isin(ON_OPEN_REVIEW), OPEN_REVIEW, FIRST_PAGE), index=links.index)
    tei = others[others["sources"].str.contains("tei")]
    tei = tei.assign(event=tei["code_statement"].isin(OWN))
    found = pd.concat(
        [
            coded.assign(instrument=FULL_TEXT),
            linked.assign(instrument=SAME),
            links.assign(instrument=kind),
            tei.assign(instrument=GROBID),
        ]
    )
    return found[found["team"].isin(TEAM_TYPES)]


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts of papers and sightings by instrument, venue-year and kind of team.

    Returns
    -------
    xarray.Dataset
        ``n``, ``y`` (stratum, team), papers, and those with code seen; a stratum is an instrument at a venue-year.
        ``row_of`` (stratum,): its instrument with venue group and era, dim ``row``. ``found_n``, ``found_y`` (lists,
        team): papers of a list's row coded as released, and those of them with a link; ``linked_n``, ``linked_y``, the
        same of papers coded as not released. attrs ``flow``: JSON.

    Raises
    ------
    InputError
        If no paper is left.
    """
    papers = tables["papers"]
    seen = count_sightings(papers)
    if seen.empty:
        problem = "no paper has a kind of team and a link or a statement"
        raise InputError(problem, "table of papers", hint="code_page, code_coded, team_coded: see data/README.md")
    seen = seen.assign(venues=group_venues(seen["venue"]), era=find_era(seen["year"]))
    seen["row"] = seen["instrument"] + ": " + seen["venues"] + " " + seen["era"]
    seen["stratum"] = seen["instrument"] + ": " + seen["venue"] + " " + seen["year"].astype(int).astype(str)
    order = [FULL_TEXT, SAME, *LISTS, GROBID]
    strata = sorted(seen["stratum"].unique())
    place = seen.drop_duplicates("stratum").set_index("stratum").loc[strata]
    ranked = sorted(seen["row"].unique(), key=lambda name: (order.index(name.split(": ")[0]), name))
    shape = (len(strata), len(TEAM_TYPES))
    at = index_levels(seen["stratum"], strata) * len(TEAM_TYPES) + index_levels(seen["team"], TEAM_TYPES)
    n, y = (
        np.bincount(which, minlength=shape[0] * shape[1]).reshape(shape)
        for which in (at, at[seen["event"].to_numpy(bool)])
    )
    both = seen[seen["instrument"].isin(LISTS) & seen["code_coded"].isin(["yes", "no"]) & seen["venue"].isin(VENUES)]
    lists = [name for name in ranked if (both["row"] == name).any()] or list(LISTS)
    spot = index_levels(both["row"], lists) * len(TEAM_TYPES) + index_levels(both["team"], TEAM_TYPES)
    event = both["event"].to_numpy(bool)
    calibrated = {}
    for name, code in (("found", "yes"), ("linked", "no")):
        mine = (both["code_coded"] == code).to_numpy()
        for suffix, which in (("n", mine), ("y", mine & event)):
            count = np.bincount(spot[which], minlength=len(lists) * len(TEAM_TYPES)).reshape(len(lists), -1)
            calibrated[f"{name}_{suffix}"] = (("lists", "team"), count, {"unit": "papers"})
    log = Selection(papers, "papers of the table")
    log.count("of these, seen by an instrument", 0, int(seen["id"].nunique()))
    for name in order:
        log.count(name, 0, int((seen["instrument"] == name).sum()))
    return xr.Dataset(
        {
            "n": (("stratum", "team"), n, {"unit": "papers"}),
            "y": (("stratum", "team"), y, {"unit": "papers"}),
            "row_of": ("stratum", index_levels(place["row"], ranked)),
            **calibrated,
        },
        coords={"stratum": strata, "row": ranked, "team": list(TEAM_TYPES), "lists": lists},
        attrs={"flow": log.to_json()},
    )


def build(dataset: xr.Dataset, priors: MeasurementPriors) -> pm.Model:
    """Stratified odds ratios of each instrument, and the lists' sensitivities against the coder."""
    coords = {name: dataset[name].to_numpy() for name in ("stratum", "row", "team", "lists")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("n", "row_of", "found_n", "linked_n"))
        seen = add_data(dataset, SEEN)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])
        mean = pm.Normal("level_mean", prior["stratum_mean"], prior["stratum_mean_sd"])
        spread = pm.HalfNormal("level_sd", prior["stratum_sd"])
        level = pm.Normal("level", mean, spread, dims="stratum")
        some = pm.Normal("any_industry", 0, prior["industry_sd"], dims="row")
        only = pm.Normal("only_industry", 0, prior["industry_sd"], dims="row")
        effect = pt.stack([pt.zeros_like(some), some, some + only], axis=1)
        log_odds = level[:, None] + effect[data["row_of"]]
        pm.Binomial("y_obs", data["n"], logit_p=log_odds, observed=seen["y"], dims=("stratum", "team"))
        for name in ("found", "linked"):
            share = pm.Normal(f"{name}_logit", 0, prior["found_sd"], dims=("lists", "team"))
            n, y = data[f"{name}_n"], seen[f"{name}_y"]
            pm.Binomial(f"{name}_obs", n, logit_p=share, observed=y, dims=("lists", "team"))
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Naive odds ratios and ratios by instrument, venue group and era, and what the lists' links find.

    Returns
    -------
    xarray.Dataset
        By ``row``: ``naive_odds_ratio_...``, ``naive_ratio_...`` (each kind of team against academia-only), and
        ``naive_share`` (row, team), standardised to the row's papers. By ``lists``, the rows of lists that were also
        read in full text: ``found`` (lists, team), share of releases that the link shows, ``found_ratio_...`` against
        academia-only: the sign of a naive ratio turns where it equals this. ``linked_unreleased`` (lists, team), share
        of papers without release in full text that the list links to.
    """
    some, only = draws["any_industry"], draws["only_industry"]
    n = dataset["n"]
    row = dataset["row_of"].to_numpy()
    positions = np.arange(dataset.sizes["row"])
    papers = n.sum("team").to_numpy()
    weights = (row[:, None] == positions) * papers[:, None]
    weights = weights / weights.sum(0)
    level = draws["level"].transpose("chain", "draw", "stratum").to_numpy()
    by_team = {ACADEMIA_ONLY: 0 * some, MIXED: some, INDUSTRY_ONLY: some + only}
    shares = {}
    for team, effect in by_team.items():
        log_odds = level + effect.transpose("chain", "draw", "row").to_numpy()[:, :, row]
        shares[team] = (1 / (1 + np.exp(-log_odds))) @ weights
    coords = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy(), "row": dataset["row"].to_numpy()}
    count = np.stack(
        [np.bincount(row, n.sel(team=team).to_numpy(), len(positions)) for team in TEAM_TYPES], axis=1
    ).astype(int)
    rows_of = xr.DataArray(count, {"row": coords["row"], "team": list(TEAM_TYPES)}, ("row", "team"))
    stacked = np.stack(list(shares.values()), axis=-1)
    naive = xr.DataArray(stacked, {**coords, "team": list(TEAM_TYPES)}, ("chain", "draw", "row", "team"))
    out = {"naive_share": share(naive, "n_naive"), "n_naive": rows(rows_of, "papers")}
    shown = {}
    for name in ("found", "linked"):
        logit = draws[f"{name}_logit"].assign_coords(team=list(TEAM_TYPES), lists=dataset["lists"].to_numpy())
        shown[name] = xr.DataArray(1 / (1 + np.exp(-logit))).transpose("chain", "draw", "lists", "team")
        out[f"n_{name}"] = rows(dataset[f"{name}_n"], "papers")
    found = shown["found"]
    out["found"] = share(found, "n_found")
    out["linked_unreleased"] = share(shown["linked"], "n_linked")
    for name, team, effect in (("mixed", MIXED, some), ("industry_only", INDUSTRY_ONLY, some + only)):
        out[f"n_naive_{name}"] = rows(rows_of.sel(team=[ACADEMIA_ONLY, team]).sum("team"), "papers")
        out[f"naive_odds_ratio_{name}"] = ratio_from_log(effect, f"n_naive_{name}")
        naive_ratio = naive.sel(team=team, drop=True) / naive.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"naive_ratio_{name}"] = ratio(naive_ratio, f"n_naive_{name}")
        against = found.sel(team=team, drop=True) / found.sel(team=ACADEMIA_ONLY, drop=True)
        out[f"found_ratio_{name}"] = ratio(against, f"n_found_{name}")
        out[f"n_found_{name}"] = rows(dataset["found_n"].sel(team=[ACADEMIA_ONLY, team]).sum("team"), "papers")
    return xr.Dataset(out)


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities: how kinds of team differ between venue-years of a row, and without regard to the venue-year."""
    y = data["y_obs"]
    n = dataset["n"]
    share = (y / n).where(n >= 20)
    out = {}
    for name, team in (("mixed", MIXED), ("industry-only", INDUSTRY_ONLY)):
        gap = share.sel(team=team, drop=True) - share.sel(team=ACADEMIA_ONLY, drop=True)
        for instrument in (FULL_TEXT, FIRST_PAGE):
            mine = dataset["stratum"].str.startswith(f"{instrument}: ")
            out[f"sd over venue-years of {name} less academia-only, {instrument}"] = gap.where(mine).std("stratum")
    return xr.Dataset(out).drop_vars("team", errors="ignore")


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
