r"""The topic-year regression, as published: a topic's academia-only share on the share of its abstracts with terms.

By topic t, year r and venue v, k of m abstracts use a term, and y of n papers with a known team type are academia-only:

    k ~ Binomial(m, s),   logit s = term_venue[v] + logit x[t, r],
    logit x[t, r] = term_intercept + term_topic[t] + term_year[r] + term_trend[t] decade[r] + term_excess[t, r],
    y ~ Binomial(n, p),   logit p = venue[v] + topic[t] + year[r] + within (x[t, r] - x[t])
                                    + (trend + topic_trend[t]) decade[r] + excess[t, r],
    topic[t] ~ Normal(intercept + between (x[t] - x), topic_sd),

where x[t] is the mean of x[t, r] over years, weighted by papers with a known team type, and x the mean over topics.

- The share of abstracts with a term, x[t, r], is itself modelled, because the counted share has errors. The slopes
  within and between split the effect of x (Mundlak 1978).
- year[r] is what all topics share in a year, and sums to zero. Without it, a shock to a year would count once for each
  topic.
- trend and topic_trend keep a topic's linear trend out of the slope within. term_trend, which sums to zero over topics,
  keeps it out of term_excess.
- term_topic and term_year sum to zero.
- Effects of venues, which sum to zero, enter for the balanced panel of venues only. A regression over all venues has
  none.

Steps of the ladder leave parts out: trends, effects of years, and errors in x. Without errors, x is the share as
counted, k / m. Slopes are in log-odds per unit of share, from no paper with terms to all papers with terms. The
regression needs titles or abstracts, authors and years only, which any bibliographic source has. It needs no columns of
code or hardware.

References: Mundlak (1978), Econometrica 46:69. Besiroglu et al. (2024), arXiv:2401.02452.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
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
from models.topic_compute.cells import select_papers
from models.topic_compute.choices import Choices, TopicYearPriors
from models.topic_compute.decomposition import FEWEST
from models.topic_compute.definitions import CHANGE_OF, TEN_POINTS

DIMS = ("venue", "topic", "year")
ALL_VENUES = "all venues"
TOP_LEVEL = (
    "term_intercept", "term_topic", "term_year", "term_trend", "term_venue", "term_excess_sd", "intercept", "within",
    "between", "topic_effect", "venue_effect", "year_sd", "trend", "topic_trend_sd", "excess_sd",
)  # fmt: skip


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Count papers by venue, topic and year.

    Returns
    -------
    xarray.Dataset
        By ``venue``, ``topic`` and ``year``: ``k`` of ``m`` abstracts have a term; ``y`` of ``n`` papers with a known
        team type are academia-only, and so are ``y_with`` of the ``n_with`` with a term. By ``topic`` and ``year``:
        ``counted``, share of abstracts with a term, and ``weight``, share of the topic's ``n`` in the year. By
        ``year``: ``decade``, decades from the middle year. attrs: ``topic_trends`` and ``year_effects`` (1 or 0),
        ``share_of_terms``; ``flow`` (exclusions), JSON.

    Raises
    ------
    InputError
        If there are fewer than two topics or two years: a slope cannot be estimated.
    """
    papers = select_papers(tables, choices)
    venue = pd.Series(ALL_VENUES, index=papers.frame.index)
    last_year = choices.last_year
    if choices.venues == "spanning":
        periods = CHANGE_OF[False][1]
        last_year = max(last for _, last in periods.values())
        papers.keep(papers.frame["year"] <= last_year, "after the window of the balanced panel of venues")
        frame = papers.frame
        panel = find_balanced_panel(frame["venue"], frame["year"], pd.Series(1, index=frame.index), periods, FEWEST)
        papers.keep(frame["venue"].isin(panel), "at venues outside the balanced panel")
        venue = papers.frame["venue"]
    frame = papers.frame.assign(venue=venue)
    if frame["topic_used"].nunique() < 2 or frame["year"].nunique() < 2:
        problem = "fewer than two topics or two years: a regression of topics on years is not possible"
        raise InputError(problem, "table of papers", hint="the published claim has 24 topics, 2012 to 2021")
    years = list(range(choices.first_year, last_year + 1))
    coords = {"venue": sorted(frame["venue"].unique()), "topic": sorted(frame["topic_used"].unique()), "year": years}
    counts = _count_papers(frame, coords)
    by_topic_year = counts[["n", "m", "k"]].sum("venue")
    weight = by_topic_year["n"] / by_topic_year["n"].sum("year").clip(1)
    decade = xr.DataArray((np.array(years) - np.mean(years)) / 10, dims="year")
    dataset = counts.assign(weight=weight, counted=compute_counted_share(by_topic_year), decade=decade)
    attrs = {
        "topic_trends": int(choices.topic_trends),
        "year_effects": int(choices.year_effects),
        "share_of_terms": choices.share_of_terms,
    }
    return dataset.assign_attrs(attrs, flow=papers.to_json())


def _count_papers(frame: pd.DataFrame, coords: Mapping[str, list[Any]]) -> xr.Dataset:
    every = pd.MultiIndex.from_product(list(coords.values()))
    known, with_terms = frame["unseen"] == 0, frame["exposure"].map(any)
    counted = {"n": known, "y": known & frame["y"], "m": pd.Series(True, index=frame.index), "k": with_terms}
    counted |= {f"{name}_with": counted[name] & with_terms for name in ("n", "y")}
    out = {}
    for name, which in counted.items():
        counts = frame[which].groupby(["venue", "topic_used", "year"]).size().reindex(every, fill_value=0)
        shape = [len(level) for level in coords.values()]
        out[name] = (DIMS, counts.to_numpy().reshape(shape), {"unit": "papers"})
    return xr.Dataset(out, coords)


def compute_counted_share(counts: xr.Dataset) -> xr.DataArray:
    """Compute the share of abstracts with a term, k / m (topic, year); where m is 0, the topic's share in all years."""
    of_topic = counts["k"].sum("year") / counts["m"].sum("year").clip(1)
    return (counts["k"] / counts["m"].clip(1)).where(counts["m"] > 0, of_topic)


def build(dataset: xr.Dataset, priors: TopicYearPriors) -> pm.Model:
    """Build the regression; attributes of the dataset turn trends, effects of years and errors in the share on or off.

    Parameters
    ----------
    dataset
        As ``prepare`` returns it.
    priors
        Hyper-parameters.

    Returns
    -------
    pymc.Model
        ``within`` and ``between``, log-odds per unit of share. Deterministic ``share_of_terms`` (topic, year).
    """
    coords = {name: dataset[name].to_numpy() for name in DIMS}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.transpose(*DIMS), ("n", "y", "m", "k", "weight", "counted", "decade"))
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])
        x = add_share_of_terms(dataset, data, prior)
        if dataset.attrs["share_of_terms"] == "counted":
            x = data["counted"]
        add_academia_only(x, dataset, data, prior)
    return model


def add_share_of_terms(dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the model of the terms in abstracts; return x, the share of abstracts with a term (topic, year)."""
    intercept = pm.Normal("term_intercept", prior["term_intercept_mean"], prior["term_intercept_sd"])
    topic = pm.ZeroSumNormal("term_topic", sigma=prior["term_sd"], dims="topic")
    year = pm.ZeroSumNormal("term_year", sigma=prior["term_sd"], dims="year")
    excess_sd = pm.HalfNormal("term_excess_sd", prior["excess_sd"])
    excess = excess_sd * pm.Normal("term_excess_raw", dims=("topic", "year"))
    term = intercept + topic[:, None] + year + excess
    if dataset.attrs["topic_trends"]:
        trend = pm.ZeroSumNormal("term_trend", sigma=prior["topic_trend_sd"], dims="topic")
        term += trend[:, None] * data["decade"]
    by_venue = term + add_venues("term_venue", prior["term_sd"], dataset)
    pm.Binomial("k_obs", n=data["m"], logit_p=by_venue, observed=data["k"], dims=DIMS)
    return pm.Deterministic("share_of_terms", pm.math.sigmoid(term), dims=("topic", "year"))


def add_academia_only(x: Any, dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> None:
    """Add the regression of academia-only papers on the share of abstracts with a term, x (topic, year)."""
    mean = (x * data["weight"]).sum(axis=1, keepdims=True)
    within = pm.Normal("within", 0, prior["slope_sd"])
    between = pm.Normal("between", 0, prior["slope_sd"])
    intercept = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
    # Topics are centred on the line of the slope between. Otherwise their effects would trade off against that slope.
    line = intercept + between * (mean - mean.mean())[:, 0]
    topic = pm.Normal("topic_effect", line, prior["topic_sd"], dims="topic")
    excess = pm.HalfNormal("excess_sd", prior["excess_sd"]) * pm.Normal("excess_raw", dims=("topic", "year"))
    log_odds = topic[:, None] + within * (x - mean) + excess
    if dataset.attrs["year_effects"]:
        # Centred, as every year has thousands of papers; a log-normal sd, as trends of topics leave little to years.
        year_sd = pm.LogNormal("year_sd", pt.log(prior["year_sd"]), prior["sd_log_sd"])
        log_odds += pm.ZeroSumNormal("year_effect", sigma=year_sd, dims="year")
    if dataset.attrs["topic_trends"]:
        trend = pm.Normal("trend", 0, prior["trend_sd"])
        topic_trend_sd = pm.HalfNormal("topic_trend_sd", prior["topic_trend_sd"])
        topic_trend = trend + topic_trend_sd * pm.Normal("topic_trend_raw", dims="topic")
        log_odds += topic_trend[:, None] * data["decade"]
    by_venue = log_odds + add_venues("venue_effect", prior["topic_sd"], dataset)
    pm.Binomial("y_obs", n=data["n"], logit_p=by_venue, observed=data["y"], dims=DIMS)


def add_venues(name: str, sd: Any, dataset: xr.Dataset) -> Any:
    """Add effects of venues that sum to zero and return them, (venue, 1, 1). A single venue has no effect."""
    if dataset.sizes["venue"] == 1:
        return np.zeros((1, 1, 1))
    return pm.ZeroSumNormal(name, sigma=sd, dims="venue")[:, None, None]


def compute_reliability(share: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
    """Compute the reliability: the part of the variance of counted shares within topics that is not sampling error.

    By draw, it is Var(x) / (Var(x) + E[x (1 - x) / m]), weighted by papers (Fuller 1987, Measurement Error Models,
    section 1.1.2). x is the residual of the share of terms after effects of topics and years, and after trends of
    topics if the model has them.

    Parameters
    ----------
    share
        ``share_of_terms`` (chain, draw, topic, year).
    dataset
        As ``prepare`` returns it.
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
    """Compute the slopes within and between topics, and the slope within as an odds ratio.

    Returns
    -------
    xarray.Dataset
        ``slope_within``, ``slope_between``, log-odds per unit of share; ``ratio_per_ten_points``, the odds ratio of an
        academia-only team per ten points more papers with terms in a topic; ``reliability`` of the counted share.
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
    """Compute test quantities that no parameter fits: yearly changes, extremes, and correlation within topics."""
    n, m = (dataset[name].sum("venue") for name in ("n", "m"))
    y, k = (data[f"{name}_obs"].sum("venue") for name in ("y", "k"))
    enough = n >= 20
    share, terms = (y / n.clip(1)).where(enough), (k / m.clip(1)).where(enough)
    share_within, terms_within = (part - part.mean("year") for part in (share, terms))
    return xr.Dataset(
        {
            "sd of the yearly change of a topic's academia-only share": share.diff("year").std(("topic", "year")),
            "sd between years of the academia-only share": (y.sum("topic") / n.sum("topic")).std("year"),
            "smallest academia-only share of a topic and year": share.min(("topic", "year")),
            "largest academia-only share of a topic and year": share.max(("topic", "year")),
            "sd of the yearly change of a topic's share of terms": terms.diff("year").std(("topic", "year")),
            "correlation within topics of terms and academia-only": xr.corr(
                share_within, terms_within, dim=("topic", "year")
            ),
        }
    )


def count_raw(dataset: xr.Dataset) -> xr.Dataset:
    """Count ``k`` academia-only papers of ``n`` papers with terms; ``k_reference``, ``n_reference``: without terms."""
    k, n = int(dataset["y_with"].sum()), int(dataset["n_with"].sum())
    counts = [k, n, int(dataset["y"].sum()) - k, int(dataset["n"].sum()) - n]
    return xr.Dataset({"crude_odds_ratio": ("raw", counts)}, {"raw": ["k", "n", "k_reference", "n_reference"]})


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL, count_raw)
