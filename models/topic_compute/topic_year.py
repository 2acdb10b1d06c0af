r"""The topic-year regression, as published: fewer academia-only papers in a topic's years with more terms.

With k of m abstracts of topic t, year r and venue v using a term, and y of n papers with a known team academia-only,

    k ~ Binomial(m, s),   logit s = term_venue[v] + logit x[t, r],
    logit x[t, r] = term_level + term_topic[t] + term_year[r] + term_trend[t] decade + term_excess[t, r],
    y ~ Binomial(n, p),   logit p = venue[v] + topic[t] + year[r] + within (x[t, r] - x[t]) + trend[t] decade
                                    + excess[t, r],
    topic[t] ~ Normal(level + between (x[t] - x), topic_sd),

x[t] the mean of a topic's years by their papers: errors in the variable, and the split of Mundlak (1978). year[r],
summing to zero, is what all topics share in a year: without it a shock to a year would count once for each of its
topics. Trends take a topic's own line out of the slope, and out of the terms, where else the excess would have to
carry it. Venues enter at those that span the window, to hold their mix; over all venues they are one. Simpler forms,
on the ladder: no years' effects, and the share of terms as it is counted, x = k / m. Slopes are log-odds per unit of
share, from no paper with terms to all of them. It needs titles or abstracts, authors and years only, as any
bibliographic source gives them; no columns of code or hardware.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.errors import InputError
from models.common.cells import find_balanced_panel
from models.common.claim import Model, Tables
from models.common.estimand import log_odds, ratio_from_log, rows, share
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.topic_compute.cells import select
from models.topic_compute.choices import Choices, TopicYearPriors
from models.topic_compute.decomposition import FEWEST
from models.topic_compute.definitions import FALL_OF, TEN_POINTS

DIMS = ("venue", "topic", "year")
SWITCHES = ("topic_trends", "year_effects", "errors_in_terms")
ALL_VENUES = "all venues"
TOP_LEVEL = (
    "term_level", "term_topic", "term_year", "term_trend", "term_venue", "term_excess_sd", "topic_year_level", "within",
    "between", "topic_level", "place_effect", "year_sd", "trend", "topic_trend_sd", "excess_sd",
)  # fmt: skip
HYPERPARAMETERS = (
    "level_mean", "level_sd", "topic_sd", "term_level_mean", "term_level_sd", "term_sd", "slope_sd", "year_sd",
    "trend_sd", "topic_trend_sd", "excess_sd", "sd_spread",
)  # fmt: skip


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts by venue, topic and year: ``k`` of ``m`` abstracts with a term, ``y`` of ``n`` papers academia-only.

    Raises
    ------
    InputError
        If there are fewer than two topics or two years: no slope can be told.
    """
    papers = select(tables, choices)
    venue = pd.Series(ALL_VENUES, index=papers.frame.index)
    last_year = choices.last_year
    if choices.venues == "spanning":
        periods = FALL_OF[False][1]
        last_year = max(last for _, last in periods.values())
        papers.keep(papers.frame["year"] <= last_year, "after the window that venues have to span")
        frame = papers.frame
        span = find_balanced_panel(frame["venue"], frame["year"], pd.Series(1, index=frame.index), periods, FEWEST)
        papers.keep(frame["venue"].isin(span), "at venues that do not span the window")
        venue = papers.frame["venue"]
    frame = papers.frame.assign(place=venue)
    if frame["topic_used"].nunique() < 2 or frame["year"].nunique() < 2:
        problem = "fewer than two topics or two years: a regression of topics on years has nothing to go by"
        raise InputError(problem, "table of papers", hint="the published claim has 24 topics, 2012 to 2021")
    known = frame["unseen"] == 0
    with_terms = frame["exposure"].map(any)
    grid = {
        "venue": sorted(frame["place"].unique()),
        "topic": sorted(frame["topic_used"].unique()),
        "year": list(range(choices.first_year, last_year + 1)),
    }
    every = pd.MultiIndex.from_product(list(grid.values()))

    def count(which: pd.Series) -> Any:
        counts = frame[which].groupby(["place", "topic_used", "year"]).size().reindex(every, fill_value=0)
        return counts.to_numpy().reshape([len(levels) for levels in grid.values()])

    parts = {"n": known, "y": known & frame["y"], "m": pd.Series(True, index=frame.index), "k": with_terms}
    parts |= {f"{name}_with": which & with_terms for name, which in parts.items() if name in ("n", "y")}
    dataset = xr.Dataset({name: (DIMS, count(papers), {"unit": "papers"}) for name, papers in parts.items()}, grid)
    attrs = {
        "topic_trends": int(choices.topic_trends),
        "year_effects": int(choices.year_effects),
        "errors_in_terms": int(choices.share_of_terms == "with errors"),
    }
    return dataset.assign_attrs(attrs, flow=papers.to_json())


def build(dataset: xr.Dataset, priors: TopicYearPriors) -> pm.Model:
    """The regression. Scalars ``within`` and ``between``, log-odds per unit of share; ``share_of_terms`` (topic, year).

    What the switches turn off is left to its prior.
    """
    years = dataset["year"].to_numpy()
    coords = {name: dataset[name].to_numpy() for name in DIMS}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        observed = add_data(dataset[["y", "k"]].transpose(*DIMS), ("y", "k"))
        prior = add_hyperparameters(priors, HYPERPARAMETERS)
        by_topic_year = dataset[["n", "m", "k"]].sum("venue").transpose("topic", "year")
        weight = by_topic_year["n"] / by_topic_year["n"].sum("year").clip(1)
        derived = {"by_year": weight, "counted": compute_counted_share(by_topic_year)}
        derived |= {"decade": xr.DataArray((years - years.mean()) / 10, dims="year")}
        derived |= {name: xr.DataArray(float(dataset.attrs[name])) for name in SWITCHES}
        data = add_data(dataset[["n", "m"]].transpose(*DIMS).assign(derived), ["n", "m", *derived])
        by_year, counted, on = data["by_year"], data["counted"], {name: data[name] for name in SWITCHES}
        trends = on["topic_trends"] * data["decade"]

        # How often abstracts of a topic and year use a term.
        term_level = pm.Normal("term_level", prior["term_level_mean"], prior["term_level_sd"])
        term_topic = pm.ZeroSumNormal("term_topic", sigma=prior["term_sd"], dims="topic")
        term_year = pm.ZeroSumNormal("term_year", sigma=prior["term_sd"], dims="year")
        term_trend = pm.ZeroSumNormal("term_trend", sigma=prior["topic_trend_sd"], dims="topic")
        term_venue = _of_venues("term_venue", prior["term_sd"], dataset)
        term_excess_sd = pm.HalfNormal("term_excess_sd", prior["excess_sd"])
        term_excess = term_excess_sd * pm.Normal("term_excess_raw", dims=("topic", "year"))
        term = term_level + term_topic[:, None] + term_year + term_trend[:, None] * trends + term_excess
        pm.Binomial("k_obs", n=data["m"], logit_p=term_venue[:, None, None] + term, observed=observed["k"], dims=DIMS)
        x = pm.Deterministic("share_of_terms", pm.math.sigmoid(term), dims=("topic", "year"))
        x = on["errors_in_terms"] * x + (1 - on["errors_in_terms"]) * counted
        mean = (x * by_year).sum(axis=1, keepdims=True)

        # How many of its papers are academia-only.
        within = pm.Normal("within", 0, prior["slope_sd"])
        between = pm.Normal("between", 0, prior["slope_sd"])
        level = pm.Normal("topic_year_level", prior["level_mean"], prior["level_sd"])
        # Centred on the line between topics: beside it, the slope and the topics' departures would trade off.
        line = level + between * (mean - mean.mean())[:, 0]
        topic = pm.Normal("topic_level", line, prior["topic_sd"], dims="topic")
        # Centred, for every year has thousands of papers, and off zero, where topics' trends leave years little; with a
        # unit scale where years have no effect.
        year_sd = pm.LogNormal("year_sd", pt.log(prior["year_sd"]), prior["sd_spread"])
        year = pm.ZeroSumNormal("year_effect", sigma=year_sd ** on["year_effects"], dims="year")
        venue = _of_venues("place_effect", prior["topic_sd"], dataset)
        trend = pm.Normal("trend", 0, prior["trend_sd"])
        topic_trend = pm.HalfNormal("topic_trend_sd", prior["topic_trend_sd"]) * pm.Normal("trend_raw", dims="topic")
        excess = pm.HalfNormal("excess_sd", prior["excess_sd"]) * pm.Normal("excess_raw", dims=("topic", "year"))
        log_odds = topic[:, None] + on["year_effects"] * year + (trend + topic_trend[:, None]) * trends + excess
        log_odds += within * (x - mean)
        pm.Binomial("y_obs", n=data["n"], logit_p=venue[:, None, None] + log_odds, observed=observed["y"], dims=DIMS)
    return model


def _of_venues(name: str, sd: Any, dataset: xr.Dataset) -> Any:
    """Effects of several venues, summing to zero; of a single one there is none, and its variable has its prior."""
    several = dataset.sizes["venue"] > 1
    return pm.ZeroSumNormal(name, sigma=sd, dims="venue") if several else 0 * pm.Normal(name, 0, sd, dims="venue")


def compute_counted_share(counts: xr.Dataset) -> xr.DataArray:
    """Share of abstracts with a term by topic and year, k / m; a topic's own over all years where it has none."""
    of_topic = counts["k"].sum("year") / counts["m"].sum("year").clip(1)
    return (counts["k"] / counts["m"].clip(1)).where(counts["m"] > 0, of_topic)


def compute_reliability(share: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Part of the counted shares' variance within topics that is not sampling error, by draw.

    Of what topics, years and, where they are in, topics' trends leave of the share of terms x, weighted by papers:
    Var(x) / (Var(x) + E[x (1 - x) / m]) (Fuller 1987, Measurement Error Models, section 1.1.2).

    Parameters
    ----------
    share
        ``share_of_terms`` (chain, draw, topic, year).
    dataset
        As ``prepare`` gives it.
    """
    counts = dataset[["n", "m"]].sum("venue").transpose("topic", "year")
    topics, years = counts.sizes["topic"], counts.sizes["year"]
    of_topic, of_year = np.repeat(np.eye(topics), years, axis=0), np.tile(np.eye(years), (topics, 1))
    columns = [of_topic, of_year]
    if dataset.attrs["topic_trends"]:
        columns.append(of_topic * np.tile(np.arange(years) - (years - 1) / 2, topics)[:, None])
    design = np.hstack(columns)
    n, m = (counts[name].to_numpy().ravel().astype(float) for name in ("n", "m"))
    root = np.sqrt(n)[:, None]
    left = np.eye(len(n)) * root[:, 0] - root * design @ np.linalg.pinv(root * design) * root[:, 0]
    x = share.transpose("chain", "draw", "topic", "year").to_numpy().reshape(-1, len(n))
    real = ((x @ left.T) ** 2).sum(axis=1)
    error = (x * (1 - x) / np.maximum(m, 1)) @ (left**2).sum(axis=0)
    values = (real / (real + error)).reshape(share.sizes["chain"], share.sizes["draw"])
    return xr.DataArray(values, {"chain": share["chain"], "draw": share["draw"]}, ("chain", "draw"))


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """The slopes within and between topics, and the first as an odds ratio.

    Returns
    -------
    xarray.Dataset
        ``slope_within``, ``slope_between``, log-odds per unit of share; ``ratio_per_ten_points``, the odds ratio of
        academia-only that goes with ten points more papers with terms in a topic; ``reliability`` of the counted share.
    """
    return xr.Dataset(
        {
            "ratio_per_ten_points": ratio_from_log(TEN_POINTS * draws["within"], "n_all"),
            "slope_within": log_odds(draws["within"], "n_all"),
            "slope_between": log_odds(draws["between"], "n_all"),
            "reliability": share(compute_reliability(draws["share_of_terms"], dataset), "n_all"),
            "n_all": rows(dataset["n"].sum()),
        }
    )


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities that no parameter fits: changes from year to year, topic-years at the edges, joint movement."""
    n, m = (dataset[name].sum("venue") for name in ("n", "m"))
    y, k = (data[f"{name}_obs"].sum("venue") for name in ("y", "k"))
    enough = n >= 20
    share, terms = (y / n.clip(1)).where(enough), (k / m.clip(1)).where(enough)
    mine, theirs = (part - part.mean("year") for part in (share, terms))
    return xr.Dataset(
        {
            "sd of the yearly change of a topic's academia-only share": share.diff("year").std(("topic", "year")),
            "sd between years of the academia-only share": (y.sum("topic") / n.sum("topic")).std("year"),
            "smallest academia-only share of a topic and year": share.min(("topic", "year")),
            "largest academia-only share of a topic and year": share.max(("topic", "year")),
            "sd of the yearly change of a topic's share of terms": terms.diff("year").std(("topic", "year")),
            "correlation within topics of terms and academia-only": xr.corr(mine, theirs, dim=("topic", "year")),
        }
    )


def count_raw(dataset: xr.Dataset) -> xr.Dataset:
    """Papers counted: academia-only ones (``k``) of those with terms (``n``), and of those without (``reference``)."""
    k, n = int(dataset["y_with"].sum()), int(dataset["n_with"].sum())
    counts = [k, n, int(dataset["y"].sum()) - k, int(dataset["n"].sum()) - n]
    return xr.Dataset({"crude_odds_ratio": ("raw", counts)}, {"raw": ["k", "n", "k_reference", "n_reference"]})


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL, count_raw)
