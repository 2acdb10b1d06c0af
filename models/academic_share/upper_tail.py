r"""The upper tail of compute: which team type makes it, and how much more compute industry uses.

Estimand B: who makes the upper tail of the notable models' own distribution of log10 compute C. Mirror factorisation,
with eta as in ``model.py`` and the latent true compute integrated out:

    p(k | t, d) = softmax(eta[t] + gamma[d])[k]
    C_i | k, t, d ~ Normal(mu_i[k] + epsilon[d], sqrt(sigma[k]^2 + se_i^2))
    mu_i[k] = mu + growth x_i + v[t] + offset[k] + offset_trend[k] x_i,

with x_i the model's own date, t its year, v a walk of its own (one for all kinds) less its line, and log sigma[k]
normal. gamma, offset, offset_trend and the kinds' deviations of log sigma sum to zero over kinds, epsilon over domains.
gamma, epsilon and both walks have half-normal scales, the other effects fixed ones. mu[k, t] is mu_i[k] at mid-year.

At the middle of year t, with w[d] the domains' observed mix in a three-year window, the threshold c[t] solves

    sum_kd w[d] p(k | t, d) Phi((mu[k, t] + epsilon[d] - c[t]) / sigma[k]) = 1 - Phi(z),   z = 0.76,

and each kind's share of that sum is its share of the large-scale models: true compute, so without se. A period averages
its years by their labelled notable models; the ratio of compute is 10 to the average difference of mu[k, t].

Assumptions
-----------
Models without compute inform p(k | t, d): compute is missing at random given kind, time and domain. Errors of log10
compute are normal, with Epoch's documented factors. None of this is causal.
"""

from __future__ import annotations

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
    "level", "trend", "walk_sd", "domain_sd", "compute_level", "growth", "compute_walk_sd", "offset", "offset_trend",
    "compute_domain_sd", "log_spread", "log_spread_sector",
)  # fmt: skip
DATA = (
    "decade", "cell_year", "cell_domain", "total", "se", "row_sector", "row_domain", "row_year", "row_decade",
    "count", "log10_compute",
)  # fmt: skip


def build(dataset: xr.Dataset, priors: UpperTailPriors) -> pm.Model:
    """The mirror factorisation, latent compute integrated out.

    Deterministics ``log_odds`` (year, sector) and ``log_odds_domain`` (domain, sector), log-odds; ``location`` (year,
    sector), log10 FLOP at mid-year; ``location_domain`` (domain,) and ``spread`` (sector,), dex.
    """
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step", "domain")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.assign(total=dataset["count"].sum("sector")), DATA)
        level_mean = pm.Data("prior_level_mean", priors.level_mean, dims="sector")
        prior = add_hyperparameters(priors, [field.name for field in fields(priors) if field.name != "level_mean"])

        # Which kind of team: by year and domain.
        log_odds = add_team_log_odds(data["decade"], prior, level_mean, dataset.sizes["year"])
        domain_sd = pm.HalfNormal("domain_sd", sigma=prior["domain_sd"])
        domain_raw = pm.ZeroSumNormal("domain_raw", dims=("domain", "sector"), n_zerosum_axes=1)
        log_odds_domain = pm.Deterministic("log_odds_domain", domain_sd * domain_raw, dims=("domain", "sector"))
        cell_log_odds = log_odds[data["cell_year"]] + log_odds_domain[data["cell_domain"]]
        share = pm.math.softmax(cell_log_odds, axis=1)
        pm.Multinomial("count_obs", n=data["total"], p=share, observed=data["count"], dims=("cell", "sector"))

        # How much compute, given the kind of team.
        level = pm.Normal("compute_level", prior["compute_mean"], prior["compute_sd"])
        growth = pm.Normal("growth", prior["growth_mean"], prior["growth_sd"])
        walk_sd = pm.HalfNormal("compute_walk_sd", sigma=prior["compute_walk_sd"])
        walk = walk_sd * pt.dot(make_walk_basis(dataset.sizes["year"]), pm.Normal("compute_walk_raw", dims="step"))
        offset = pm.ZeroSumNormal("offset", sigma=prior["offset_sd"], dims="sector")
        offset_trend = pm.ZeroSumNormal("offset_trend", sigma=prior["offset_trend_sd"], dims="sector")
        compute_domain_sd = pm.HalfNormal("compute_domain_sd", sigma=prior["compute_domain_sd"])
        compute_domain_raw = pm.ZeroSumNormal("compute_domain_raw", dims="domain")
        location_domain = pm.Deterministic("location_domain", compute_domain_sd * compute_domain_raw, dims="domain")
        log_spread = pm.Normal("log_spread", pt.log(prior["spread_median"]), prior["spread_sd"])
        log_spread_sector = pm.ZeroSumNormal("log_spread_sector", sigma=prior["spread_sector_sd"], dims="sector")
        spread = pm.Deterministic("spread", pt.exp(log_spread + log_spread_sector), dims="sector")
        common = level + growth * data["decade"] + walk
        own = offset + offset_trend * data["decade"][:, None]
        pm.Deterministic("location", common[:, None] + own, dims=("year", "sector"))

        k, x = data["row_sector"], data["row_decade"]
        mean = level + growth * x + walk[data["row_year"]] + offset[k] + offset_trend[k] * x
        mean += location_domain[data["row_domain"]]
        sd = pt.sqrt(spread[k] ** 2 + data["se"] ** 2)
        pm.Normal("log10_compute_obs", mean, sd, observed=data["log10_compute"], dims="row")
    return model


MODEL = Model(prepare_upper_tail, build, compute_upper_tail_estimands, compute_upper_tail_test_quantities, TOP_LEVEL)
