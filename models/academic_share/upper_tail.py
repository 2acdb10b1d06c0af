r"""The upper tail of compute: which team types make its models, and how much more compute industry uses.

This is the second quantity of the claim: who makes the models in the upper tail of the distribution of log10 compute C
of notable models. The model is a mirror factorisation: first the team type k of a model, with eta as in ``model.py``,
then its compute given the team type. The latent true compute is integrated out. For model i of year t and domain d,

    p(k | t, d) = softmax(eta[t] + gamma[d])[k]
    C_i | k, t, d ~ Normal(mu_i[k] + epsilon[d], sqrt(sd[k]^2 + se_i^2))
    mu_i[k] = intercept + growth x_i + v[t] + offset[k] + offset_trend[k] x_i.

x_i is the date of the model, in decades from mid-year of the middle year. v holds the deviations of a random walk from
its least-squares line, the same for all team types. log sd[k] is normal around a mean that is itself normal. gamma,
offset, offset_trend and the deviations of log sd sum to zero over team types; epsilon sums to zero over domains. An
element of an effect that sums to zero over n, with the scale s, has the sd s sqrt(1 - 1/n); the difference between two
elements has the sd s sqrt(2). The scales of gamma, epsilon and both walks have half-normal priors; the scales of the
other effects are fixed. mu[k, t] is mu_i[k] at the middle of year t.

In one specification the spread changes with time, alike in all team types: sd[k] is multiplied by exp(spread_trend x),
with x the date of the model, or the middle of the year for an estimand. spread_trend is normal around zero.

Let w[d] be the observed mix of domains in the three-year window around year t. The threshold c[t] in the middle of that
year solves

    sum_kd w[d] p(k | t, d) Phi((mu[k, t] + epsilon[d] - c[t]) / sd[k]) = 1 - Phi(z),   z = 0.76.

The share of each team type in that sum is its share of the large-scale models. It refers to true compute, so se does
not enter. The share of a period is the mean over its years, weighted by their numbers of labelled notable models. The
ratio of compute of two team types is 10 to the power of the mean difference between their mean log10 computes.

Missing compute
---------------
Models without a compute inform p(k | t, d) alone. In the main form their compute is missing at random given team type,
time and domain. Specifications shift it by b[k] dex (``missing_compute``): a pattern mixture (Little 1993, Journal of
the American Statistical Association 88:125), about which the data hold no information. With a share m[k, t] of models
without a compute, the mean log10 compute of all models of a team type is mu[k, t] + b[k] m[k, t], which enters the
ratio of compute; the threshold and the shares of the tail are those of the mixture of both parts. A shift of
academia-only models by one dex moves the ratio more than half or twice the scale of any prior does, but less than the
prior of a sceptic, who expects hardly any difference in compute. m[k, t] is counted, and enters as known.

Assumptions
-----------
Errors of log10 compute are normal, with Epoch's documented factors. The model is not causal.

Known misfit
------------
Models whose compute has a confidence label have several times the compute of others of their year and team type, which
replicated data do not show, and around one line for all they scatter less. Within year and team type, neither they nor
late models scatter less than in replicated data: what differs is the mean. So no Student-t cures the misfit, nor a free
error of models without a label, nor a changing spread. A label is no cause of compute, and stays out of the model.

The largest academia-only model is closer to the largest industry-only one than replicated data show. Normal tails are
too light for academia-only models there, so a small share of the upper tail does not rule out a single model of the
first rank. Test quantities hold these comparisons (Gelman, Meng and Stern 1996, Statistica Sinica 6:733).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.academic_share.choices import UpperTailPriors
from models.academic_share.rows import prepare_upper_tail
from models.academic_share.team_log_odds import add_team_log_odds
from models.academic_share.test_quantities import compute_upper_tail_test_quantities
from models.academic_share.upper_tail_estimands import compute_upper_tail_estimands
from models.common.claim import Model
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.common.walks import make_walk_basis

TOP_LEVEL = (
    "intercept", "trend", "walk_sd", "domain_sd", "compute_intercept", "growth", "compute_walk_sd", "offset",
    "offset_trend", "compute_domain_sd", "log_sd", "log_sd_sector", "spread_trend",
)  # fmt: skip
DATA = (
    "decade", "cell_year_idx", "cell_domain_idx", "total", "se", "sector_idx", "domain_idx", "year_idx", "row_decade",
    "count", "log10_compute",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: UpperTailPriors) -> pm.Model:
    """Build the mirror factorisation: team type, then compute given the team type.

    Deterministics: ``log_odds`` (year, sector) and ``log_odds_domain`` (domain, sector), log-odds; ``location`` (year,
    sector), log10 FLOP at mid-year; ``location_domain`` (domain,) and ``sd`` (sector,), dex, which also has the dim
    ``year`` if the spread changes.
    """
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step", "domain")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.assign(total=dataset["count"].sum("sector")), DATA)
        intercept_mean = pm.Data("prior_intercept_mean", priors.intercept_mean, dims="sector")
        prior = add_hyperparameters(priors, [field.name for field in fields(priors) if field.name != "intercept_mean"])

        # Each model has a team type, which depends on its year and domain.
        log_odds = add_team_log_odds(data["decade"], prior, intercept_mean, dataset.sizes["year"])
        log_odds_domain = add_domain_log_odds(prior)
        log_odds_cell = log_odds[data["cell_year_idx"]] + log_odds_domain[data["cell_domain_idx"]]
        share = pm.math.softmax(log_odds_cell, axis=1)
        pm.Multinomial("count_obs", n=data["total"], p=share, observed=data["count"], dims=("cell", "sector"))

        # The compute of a model depends on its date, team type and domain: hyper-parameters and effects.
        intercept = pm.Normal("compute_intercept", prior["compute_mean"], prior["compute_sd"])
        growth = pm.Normal("growth", prior["growth_mean"], prior["growth_sd"])
        walk_sd = pm.HalfNormal("compute_walk_sd", sigma=prior["compute_walk_sd"])
        walk = walk_sd * pt.dot(make_walk_basis(dataset.sizes["year"]), pm.Normal("compute_walk_raw", dims="step"))
        offset = pm.ZeroSumNormal("offset", sigma=prior["offset_sd"], dims="sector")
        offset_trend = pm.ZeroSumNormal("offset_trend", sigma=prior["offset_trend_sd"], dims="sector")
        domain_sd = pm.HalfNormal("compute_domain_sd", sigma=prior["compute_domain_sd"])
        domain_raw = pm.ZeroSumNormal("compute_domain_raw", dims="domain")
        location_domain = pm.Deterministic("location_domain", domain_sd * domain_raw, dims="domain")
        sd_of_row = add_spread(data, prior, changing=dataset.attrs["spread"] == "changing")

        # Linear predictor, twice: of each team type at mid-year, for the estimands, and of each model at its date.
        def compute_location(
            decade: pt.TensorVariable, walk: pt.TensorVariable, offset: pt.TensorVariable, trend: pt.TensorVariable
        ) -> pt.TensorVariable:
            return intercept + growth * decade + walk + offset + trend * decade

        mid_year = compute_location(data["decade"][:, None], walk[:, None], offset, offset_trend)
        pm.Deterministic("location", mid_year, dims=("year", "sector"))
        k = data["sector_idx"]
        location = compute_location(data["row_decade"], walk[data["year_idx"]], offset[k], offset_trend[k])
        location += location_domain[data["domain_idx"]]

        # Likelihood. With the true compute integrated out, sd within the team type and error of the record add up.
        total_sd = pt.sqrt(sd_of_row**2 + data["se"] ** 2)
        pm.Normal("log10_compute_obs", location, total_sd, observed=data["log10_compute"], dims="row")
    return model


def add_domain_log_odds(prior: Mapping[str, pt.TensorVariable]) -> pt.TensorVariable:
    """Add the random effects of domains on the log-odds of the team types, non-centred: (domain, sector)."""
    domain_sd = pm.HalfNormal("domain_sd", sigma=prior["domain_sd"])
    domain_raw = pm.ZeroSumNormal("domain_raw", dims=("domain", "sector"), n_zerosum_axes=1)
    return pm.Deterministic("log_odds_domain", domain_sd * domain_raw, dims=("domain", "sector"))


def add_spread(
    data: Mapping[str, pt.TensorVariable], prior: Mapping[str, pt.TensorVariable], changing: bool
) -> pt.TensorVariable:
    """Add the sd of log10 compute of each team type, the deterministic ``sd``; return the sd of each model, (row,).

    If it is changing, its logarithm has a trend that is common to all team types.
    """
    log_sd = pm.Normal("log_sd", pt.log(prior["sd_median"]), prior["sd_log_sd"])
    log_sd_sector = pm.ZeroSumNormal("log_sd_sector", sigma=prior["sd_sector_log_sd"], dims="sector")
    by_sector = log_sd + log_sd_sector
    if not changing:
        return pm.Deterministic("sd", pt.exp(by_sector), dims="sector")[data["sector_idx"]]
    trend = pm.Normal("spread_trend", 0, prior["spread_trend_sd"])
    pm.Deterministic("sd", pt.exp(by_sector + trend * data["decade"][:, None]), dims=("year", "sector"))
    return pt.exp(by_sector[data["sector_idx"]] + trend * data["row_decade"])


MODEL = Model(prepare_upper_tail, build, compute_upper_tail_estimands, compute_upper_tail_test_quantities, TOP_LEVEL)
