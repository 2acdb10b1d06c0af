r"""Adoption of pre-trained models: papers that mention one that industry released.

The claim
---------
Academia turns to open, pre-trained models that industry has built (Besiroglu et al. 2024: "a noticeable shift"). What
titles and abstracts show are mentions.

The model
---------
Papers with an abstract are counted by team type k, year t, field f and venue v; y of n mention a model:

    y ~ Binomial(n, logit^-1 eta)
    eta = a + s[t] + field[f] + g[f] x_t + venue[v] + b[k, t]

s[t] has a trend and a random walk, b[k, t] a level, a trend and a random walk; b is zero for academia-only. x_t is time
in two years from 2020. Fields, their trends and venues are partially pooled.

*Use.* Of the labelled mentions, some are a use of the model: used ~ Binomial(labelled, u). The share of papers that
mention and use a model is u times the share that mention one. It is a lower bound of use: what a paper uses and does
not name in its title or abstract is not seen. u is the same for all team types.

*Origin.* Of the papers of 2020-22 that mention any pre-trained model, some mention one that industry released, and some
one of these that anyone could download: count ~ Binomial(mentioning, o[k]), the team types partially pooled.

Estimands
---------
Shares are standardised: averaged over fields and venues of all papers, the same in every year and for every team type.

Assumptions
-----------
The lexicon has 84 models: others are not seen. Papers without an abstract are left out. The model is not causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_binomial, add_data, add_hyperparameters, multiply_odds
from models.common.walks import make_walk_basis
from models.pretrained_adoption.cells import prepare
from models.pretrained_adoption.choices import MentionPriors
from models.pretrained_adoption.definitions import ORIGINS
from models.pretrained_adoption.estimands import compute_estimands
from models.pretrained_adoption.test_quantities import compute_test_quantities

DIMS = ("team", "year", "field", "venue", "contrast")
DATA = (
    "n",
    "y",
    "team_year_idx",
    "field_year_idx",
    "venue_idx",
    "time",
    "mentioning",
    "origin_count",
    "labelled",
    "used",
)
SDS = ("walk_sd", "field_sd", "field_trend_sd", "venue_sd", "team_walk_sd")
TOP_LEVEL = (
    "intercept", "trend", *SDS, "team_effect", "team_trend", "use_logit", "origin_mean", "origin_team_sd",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: MentionPriors) -> pm.Model:
    """Build the model of mentions.

    Deterministics: ``team_year_effect`` (team, year), with the intercept and the effect of the year,
    ``field_year_effect`` (field, year) and ``venue_effect`` (venue,), log-odds; ``use`` and ``origin_share`` (origin,
    team), probabilities.
    """
    coords: dict[str, Any] = {name: dataset[name].to_numpy() for name in DIMS}
    coords |= {"step": dataset["year"].values[1:], "origin": list(ORIGINS)}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, DATA)
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # The log-odds of a mention, by team type and year, field and year, and venue.
        sd = {name: pm.LogNormal(name, pt.log(prior[name]), prior["sd_log_sd"]) for name in SDS}
        team_year = pm.Deterministic("team_year_effect", add_years(dataset, data, prior, sd), dims=("team", "year"))
        field_year = pm.Deterministic("field_year_effect", add_fields(data, sd), dims=("field", "year"))
        venue = pm.Deterministic(
            "venue_effect", sd["venue_sd"] * pm.ZeroSumNormal("venue_raw", dims="venue"), dims="venue"
        )
        odds = multiply_odds(
            (team_year, data["team_year_idx"]), (field_year, data["field_year_idx"]), (venue, data["venue_idx"])
        )
        add_binomial("mentions_obs", odds / (1 + odds), data["n"], data["y"])

        # Labelled mentions that are a use.
        use = pm.Deterministic("use", pm.math.sigmoid(pm.Normal("use_logit", 0, prior["use_sd"])))
        pm.Binomial("used_obs", n=data["labelled"], p=use, observed=data["used"])

        # Who released the models that papers mention.
        origin = pm.Deterministic("origin_share", add_origins(prior), dims=("origin", "team"))
        pm.Binomial(
            "origin_obs", n=data["mentioning"], p=origin, observed=data["origin_count"], dims=("origin", "team")
        )
    return model


def add_years(dataset: xr.Dataset, data: Mapping[str, Any], prior: Mapping[str, Any], sd: Mapping[str, Any]) -> Any:
    """Add the intercept, the effect of years, and effects of team types by year, log-odds: (team, year)."""
    basis = make_walk_basis(dataset.sizes["year"])
    intercept = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
    trend = pm.Normal("trend", 0, prior["trend_sd"])
    by_year = intercept + trend * data["time"] + sd["walk_sd"] * pt.dot(basis, pm.Normal("walk_raw", dims="step"))
    level = pm.Normal("team_effect", 0, prior["team_sd"], dims="contrast")
    team_trend = pm.Normal("team_trend", 0, prior["team_trend_sd"], dims="contrast")
    walk = sd["team_walk_sd"] * pt.dot(pm.Normal("team_walk_raw", dims=("contrast", "step")), basis.T)
    by_team = level[:, None] + team_trend[:, None] * data["time"] + walk
    return by_year + pt.concatenate([pt.zeros((1, len(dataset["year"]))), by_team])


def add_fields(data: Mapping[str, Any], sd: Mapping[str, Any]) -> Any:
    """Add the effects of fields and their trends, log-odds: (field, year)."""
    level = sd["field_sd"] * pm.ZeroSumNormal("field_raw", dims="field")
    trend = sd["field_trend_sd"] * pm.ZeroSumNormal("field_trend_raw", dims="field")
    return level[:, None] + trend[:, None] * data["time"]


def add_origins(prior: Mapping[str, Any]) -> Any:
    """Add the shares of mentioned models by origin, team types partially pooled: (origin, team)."""
    mean = pm.Normal("origin_mean", prior["origin_mean"], prior["origin_sd"], dims="origin")
    spread = pm.LogNormal("origin_team_sd", pt.log(prior["origin_team_sd"]), prior["sd_log_sd"])
    return pm.math.sigmoid(mean[:, None] + spread * pm.Normal("origin_raw", dims=("origin", "team")))


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
