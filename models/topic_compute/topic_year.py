r"""The topic-year regression, as published: a topic's academia-only share on the share of its abstracts with terms.

The papers of topic t, year r and venue v whose team type is known form a table of two by two: the paper uses a term or
not, and its team is academia-only or not. Let x[t, r] be the share of papers that use a term, at a typical venue. The
four counts of a table are

    table ~ Multinomial(n, (s p1, s (1 - p1), (1 - s) p0, (1 - s) (1 - p0))),
    logit s = term_venue[v] + logit x[t, r],
    logit p0 = venue[v] + log_odds[t, r],   logit p1 = logit p0 + own_term + own_term_topic[t],
    logit x[t, r] = term_intercept + term_topic[t] + term_year[r] + term_trend[t] decade[r] + term_walk[t, r],
    log_odds[t, r] = topic[t] + year[r] + contextual (x[t, r] - x[t]) + (trend + topic_trend[t]) decade[r] + walk[t, r],
    topic[t] ~ Normal(intercept + contextual_between (x[t] - x), topic_sd),

where x[t] is the mean of x[t, r] over years, weighted by papers with a known team type, and x the mean over topics. Of
the other abstracts, whose team type is not known, k_other ~ Binomial(m - n, s) use a term.

- The same papers make both shares, so the sampling errors of the shares are correlated. Papers with a term are less
  often academia-only, and a year that happens to have more of them has a lower academia-only share. A regression of one
  counted share on the other takes this for a slope; the table does not.
- own_term is the association between papers of one topic and year. contextual is that of x beyond it: the change for
  papers that do not themselves change. own_term_topic is normal, and holds what topics differ in.
- x[t, r] is itself modelled, because the counted share has errors. The slopes within and between split the effect of x
  (Mundlak 1978).
- year[r] is what all topics share in a year, and sums to zero. Without it, a shock to a year would count once for each
  topic.
- trend and topic_trend keep a topic's linear trend out of the slope within. term_topic, term_year and term_trend (over
  topics) sum to zero.
- walk[t] and term_walk[t] are random walks over years, minus their least-squares lines: a topic departs from its trend
  smoothly. Independent deviations would give the slope more topic-years than there are.
- The sds of own_term_topic, years, topic trends and walks have log-normal priors, as in ``model.py``.
- Effects of venues, which sum to zero, enter for the balanced panel of venues only. A regression over all venues has
  none.

Known misfit
------------
The yearly change of a topic's academia-only share is somewhat larger in replicated data than in the observed, in all
forms with a random walk: it mends most of what independent deviations get wrong, and not all. With a smoother walk, a
specification with its own checks, the observed change is inside the interval.

The slopes
----------
The published claim is about shares of topics: a topic comes to have fewer academia-only papers as it comes to mention
compute more often. Its slope is the *total* one, ``slope_within``: the change of the log odds of a topic-year's share

    P = x p1 + (1 - x) p0

per unit of x, that is d logit P / dx, averaged over topic-years weighted by papers. It holds both what papers with
terms add by themselves and what x adds for all papers. ``slope_contextual`` is the latter alone (Raudenbush and Bryk
2002, Hierarchical Linear Models, chapter 5, on contextual and total effects). Both are in log-odds per unit of share,
from no paper with terms to all papers with terms.

Steps of the ladder
-------------------
Steps leave parts out: trends, effects of years, and errors in the share of terms. Without topic_trends, a walk keeps
its linear trend (it is centred on its mean): a topic still drifts, by as much as its yearly steps suggest. If its line
were removed too, the slope would have to account for every trend. With counted shares, x is k / m, and one binomial
takes the place of the table, as in the published regression:

    y ~ Binomial(n, p),   logit p = venue[v] + log_odds[t, r].

contextual is then the slope within. The regression needs titles or abstracts, authors and years only, which any
bibliographic source has. It needs no columns of code or hardware.

References: Mundlak (1978), Econometrica 46:69. Besiroglu et al. (2024), arXiv:2401.02452. Robinson (1950), American
Sociological Review 15:351, on slopes between groups and between members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters, shifted_normal
from models.common.walks import make_walk_basis, make_zero_sum_basis
from models.topic_compute.choices import TopicYearPriors
from models.topic_compute.topic_year_counts import DIMS, OUTCOMES, count_raw, prepare
from models.topic_compute.topic_year_estimands import compute_estimands, compute_test_quantities

TOP_LEVEL = (
    "term_intercept", "term_topic", "term_year", "term_trend", "term_venue", "term_walk_sd", "intercept", "contextual",
    "contextual_between", "own_term", "own_term_topic_sd", "topic_effect", "venue_effect", "year_sd", "trend_shifted",
    "topic_trend_sd", "walk_sd",
)  # fmt: skip


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
        ``contextual`` and ``contextual_between``, log-odds per unit of share; ``own_term``, log-odds. Deterministics
        (topic, year): ``share_of_terms``, and ``log_odds`` of a paper without terms at a typical venue.
    """
    counted = dataset.attrs["share_of_terms"] == "counted"
    names = ("n", "m", "weight", "decade") + (("y", "k", "counted") if counted else ("table", "k_other"))
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    changes = dataset["year"].to_numpy()[1:]
    coords |= {"direction": changes, "term_walk_step": changes, "walk_step": changes[dataset.attrs["walk_order"] - 1 :]}
    coords |= {} if counted else {"outcome": list(OUTCOMES)}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.transpose(*DIMS, ...), names)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])
        term = add_terms(dataset, data, prior)
        x = pm.Deterministic("share_of_terms", pm.math.sigmoid(term), dims=("topic", "year"))
        log_odds = add_log_odds(data["counted"] if counted else x, dataset, data, prior)
        by_venue = term + add_venues("term_venue", prior["term_sd"], dataset)
        academia = log_odds + add_venues("venue_effect", prior["topic_sd"], dataset)
        if counted:
            pm.Binomial("k_obs", n=data["m"], logit_p=by_venue, observed=data["k"], dims=DIMS)
            pm.Binomial("y_obs", n=data["n"], logit_p=academia, observed=data["y"], dims=DIMS)
        else:
            add_tables(by_venue, academia, data, prior)
    return model


def add_terms(dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the log-odds that a paper uses a term, (topic, year), at a typical venue."""
    intercept = pm.Normal("term_intercept", prior["term_intercept_mean"], prior["term_intercept_sd"])
    topic = pm.ZeroSumNormal("term_topic", sigma=prior["term_sd"], dims="topic")
    year = pm.ZeroSumNormal("term_year", sigma=prior["term_sd"], dims="year")
    trend = pm.ZeroSumNormal("term_trend", sigma=prior["term_trend_sd"], dims="topic")
    walk = add_walks("term_walk", prior["term_walk_sd"], prior["sd_log_sd"], make_walk_basis(dataset.sizes["year"]))
    return intercept + topic[:, None] + year + trend[:, None] * data["decade"] + walk


def add_log_odds(x: Any, dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any]) -> Any:
    """Add the log-odds of an academia-only team on the share of terms x, (topic, year), of a paper without terms."""
    mean = (x * data["weight"]).sum(axis=1, keepdims=True)
    contextual = pm.Normal("contextual", 0, prior["slope_sd"])
    between = pm.Normal("contextual_between", 0, prior["slope_sd"])
    intercept = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
    # Topics are centred on the line of the slope between. Otherwise their effects would trade off against that slope.
    line = intercept + between * (mean - mean.mean())[:, 0]
    topic = pm.Normal("topic_effect", line, prior["topic_sd"], dims="topic")
    trends = bool(dataset.attrs["topic_trends"])
    basis = make_walk_basis(dataset.sizes["year"], keep_trend=not trends, order=dataset.attrs["walk_order"])
    walk = add_walks("walk", prior["walk_sd"], prior["sd_log_sd"], basis)
    log_odds = topic[:, None] + contextual * (x - mean) + walk
    slope: Any = 0.0  # of the shifted effects of years, a decade
    if dataset.attrs["year_effects"]:
        # Effects of years are centred, as every year has thousands of papers. The data identify their sum with what the
        # slope adds in a year, on average over topics; the sampler moves in this sum.
        zero_sum = make_zero_sum_basis(dataset.sizes["year"])
        common = pt.dot(contextual * (x - mean).mean(axis=0), zero_sum)
        year_sd = add_sd("year_sd", prior["year_sd"], prior["sd_log_sd"])
        year = shifted_normal("year_direction", 0, year_sd, -common, dims="direction")
        slope = (year + common)[0] * zero_sum[-1, 0] / data["decade"][-1]
        log_odds += pt.dot(zero_sum, year)
    if trends:
        # The data identify the common trend with that of the effects of years, so the sampler moves in their sum.
        trend = shifted_normal("trend", 0, prior["trend_sd"], -slope, dims=())
        topic_trend_sd = add_sd("topic_trend_sd", prior["topic_trend_sd"], prior["sd_log_sd"])
        topic_trend = trend + topic_trend_sd * pm.Normal("topic_trend_raw", dims="topic")
        log_odds += topic_trend[:, None] * data["decade"]
    return pm.Deterministic("log_odds", log_odds, dims=("topic", "year"))


def add_tables(term: Any, academia: Any, data: Mapping[str, Any], prior: Mapping[str, Any]) -> None:
    """Add the tables of terms by team type, and the terms of papers whose team type is not known.

    Parameters
    ----------
    term, academia
        (venue, topic, year), log-odds that a paper uses a term, and that a paper without terms is academia-only.
    data, prior
        Data and hyper-parameters by name.
    """
    own_term = pm.Normal("own_term", 0, prior["own_term_sd"])
    own_term_topic_sd = add_sd("own_term_topic_sd", prior["own_term_topic_sd"], prior["sd_log_sd"])
    by_topic = own_term + own_term_topic_sd * pm.Normal("own_term_topic_raw", dims="topic")
    s, p0 = pm.math.sigmoid(term), pm.math.sigmoid(academia)
    p1 = pm.math.sigmoid(academia + by_topic[:, None])
    chance = pt.stack([s * p1, s * (1 - p1), (1 - s) * p0, (1 - s) * (1 - p0)], axis=-1)
    pm.Multinomial("table_obs", n=data["n"], p=chance, observed=data["table"], dims=(*DIMS, "outcome"))
    pm.Binomial("k_other_obs", n=data["m"] - data["n"], logit_p=term, observed=data["k_other"], dims=DIMS)


def add_walks(name: str, median: Any, log_sd: Any, basis: Any) -> Any:
    """Add a random walk of each topic over years, with a common sd of its yearly steps; return it (topic, year)."""
    sd = add_sd(f"{name}_sd", median, log_sd)
    return sd * pt.dot(pm.Normal(f"{name}_raw", dims=("topic", f"{name}_step")), basis.T)


def add_sd(name: str, median: Any, log_sd: Any) -> Any:
    """Add an sd with a log-normal prior."""
    return pm.LogNormal(name, pt.log(median), log_sd)


def add_venues(name: str, sd: Any, dataset: xr.Dataset) -> Any:
    """Add effects of venues that sum to zero and return them, (venue, 1, 1). A single venue has no effect."""
    if dataset.sizes["venue"] == 1:
        return np.zeros((1, 1, 1))
    return pm.ZeroSumNormal(name, sigma=sd, dims="venue")[:, None, None]


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL, count_raw)
