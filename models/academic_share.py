r"""Who makes large-scale machine-learning models: the academic share.

The claim
---------
Academic labs made about 65 % of large-scale models in the early 2010s and about 10 % in the early 2020s; industry-only
teams dominate since 2017, and with industry-leaning collaborations made about 81 % in 2022 (Besiroglu et al. 2024). The
source's own definition of "large-scale" could not be recovered from what is public.

Two models
----------
*Shares* (estimand A, like for like): labelled notable models with a known training compute. With n_t rows in year t,

    counts[t] ~ Multinomial(n_t, softmax(eta[t])),   eta[t, k] = a[k] + level[k] + trend[k] x[t] + walk[t, k],

k a kind of team, x decades from the middle year, a the prior mean, and walk the departures of a random walk from its
own least-squares line. level, trend and the walk's innovations sum to zero over kinds; level and trend have fixed
scales, the innovations the scale walk_sd, half-normal. A period averages its years by their rows; the change is the
difference of the two periods' log-odds.

*Latent excess* (estimand B, another quantity): who makes the upper tail of the notable models' own distribution of
log10 compute C. Mirror factorisation, with the latent true compute integrated out:

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
Rows without a sector label are left out: as if labels were missing at random. In B, models without compute inform
p(k | t, d): compute is missing at random given kind, time and domain. Errors of log10 compute are normal, with Epoch's
documented factors. None of this is causal.

References
----------
Besiroglu et al. (2024), arXiv:2401.02452. Epoch AI (2022), Parameter, Compute and Data Trends in Machine Learning.
Rubin (1976), Biometrika 63:581. Gelman (2006), Bayesian Analysis 1:515 (half-normal scales).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.epoch import COMPUTE_SE
from data.io import InputError
from models._blocks import (
    CHECK_BOUNDS,
    data_of,
    hyperparameters,
    over_periods,
    rows_behind,
    sector_log_odds,
    stays_above_half,
    walk_departures,
)
from models._claim import Model, Tables
from models.academic_share_rows import (
    OTHER_DOMAIN,
    SECTORS,
    above_line,
    counts,
    decimal_year,
    missing_share,
    resolved_facts,
    select,
    three_years,
    with_time,
)
from models.academic_share_specifications import (
    BESIDE,
    EARLY,
    HEADLINES,
    LADDER,
    LATE,
    PUBLISHED,
    TITLES,
    specifications,
)
from models.academic_share_statistics import statistics, statistics_latent_excess
from models.academic_share_tail import large_scale_shares

__all__ = [
    "ALTERNATIVES",
    "BESIDE",
    "HEADLINES",
    "LADDER",
    "MODELS",
    "PUBLISHED",
    "SEED",
    "TITLES",
    "Choices",
    "Priors",
]

SEED = 20240105
PERIODS = {"2010-12": (2010, 2012), "2010-14": (2010, 2014), "2015-19": (2015, 2019), "2020-22": (2020, 2022)}
PERIODS["2023-25"] = (2023, 2025)  # in the latest vintage only
TINY = 1e-12  # keeps log-odds finite where a share rounds to 0 or 1
SHARES_TOP = ("level", "trend", "walk_sd")
EXCESS_TOP = (
    *SHARES_TOP, "domain_sd", "compute_level", "growth", "compute_walk_sd", "offset", "offset_trend",
    "compute_domain_sd", "log_spread", "log_spread_sector",
)  # fmt: skip
EXCESS_DATA = (
    "decade", "cell_year", "cell_domain", "total", "se", "row_sector", "row_domain", "row_year", "row_decade",
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2023-12"
    models: Literal["notable", "all", "without use alone", "without cost alone"] = "notable"  # alone: nothing else
    team: Literal["resolved", "labelled", "sponsor"] = "resolved"  # whose label says who made a model
    resolved_leaning: Literal["derived", "industry"] = "derived"  # of collaborations whose label was blank
    first_year: int = 2010  # the published claim's window; 2023 is incomplete in this vintage
    last_year: int = 2022
    domains: tuple[str, ...] = ("Language", "Vision", "Games", "Drawing", "Multimodal", "Speech")  # the rest is Other
    above_line: float | None = None  # A: only models so many sd above the line of log10 compute on time
    unlabelled_se: float = 0.61  # dex; blank, unknown or unverified confidence, taken as Likely
    z: float = 0.76  # large-scale: above this quantile of a standard normal, so the upper 22 %
    missing_compute: float = 0.0  # dex; models without a compute differ so much from those with one
    missing_kinds: tuple[str, ...] = SECTORS  # in these kinds of team
    domain_mix: Literal["observed", "fixed"] = "observed"  # in a three-year window, or that of the whole window


@dataclass(frozen=True)
class Priors:
    """Hyper-parameters, with what they imply. The prior predictive test holds them to it."""

    # The sector part is as wide as the upper tail allows: in B these add to the computes' priors, and much wider ones
    # would say beforehand that one kind makes all or none of the large-scale models (tests/models has the limit).
    # At the prior mean academia-only, collaborations of both leanings together, and industry-only are equally likely
    # (0.31 each), the rare other kinds a quarter of that.
    level_mean: tuple[float, ...] = (0.55, -0.15, -0.15, 0.55, -0.8)
    level_sd: float = 0.7  # log-odds; academia-only in the middle year between about 0.1 and 0.6
    trend_sd: float = 1.8  # log-odds a decade; the odds of one kind to another change by e^2.5 = 12 in ten years
    walk_sd: float = 0.2  # log-odds a year; departures from the line of some 0.2, rarely 0.5
    domain_sd: float = 0.3  # log-odds; domains differ by a factor of about 1.3 in odds, rarely 2
    compute_mean: float = 20.0  # log10 FLOP in the middle year; with the sd, 10^17 to 10^23
    compute_sd: float = 1.5
    growth_mean: float = 6.0  # dex a decade: doubling in six months (Sevilla et al. 2022), and much either side
    growth_sd: float = 2.0
    compute_walk_sd: float = 0.3  # dex a year
    offset_sd: float = 0.6  # dex; two kinds of team differ by a factor of about 7, rarely 50
    offset_trend_sd: float = 0.5  # dex a decade
    compute_domain_sd: float = 0.7  # dex
    spread_median: float = 1.4  # dex within a kind of team, year and domain
    spread_sd: float = 0.3  # of its logarithm
    spread_sector_sd: float = 0.2  # of its logarithm between kinds: spreads within about 1.5 of each other


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts behind estimand A: labelled notable models with a known training compute.

    Returns
    -------
    xarray.Dataset
        ``count`` (year, sector), models; ``n`` (year,), models; ``decade`` (year,). attrs ``flow``: exclusions, JSON.
    """
    frame, flow = select(tables, choices)
    wrong = int(((frame["confidence"] == "wrong") & frame["log10_compute"].notna()).sum())
    missing = int(frame["log10_compute"].isna().sum())
    known = frame[frame["has_compute"]]
    flow.append({"reason": "training compute unknown", "n": missing, "left": len(frame) - missing})
    flow.append({"reason": "training compute marked wrong by Epoch", "n": wrong, "left": len(known)})
    if choices.above_line is not None:
        large = above_line(known, choices.above_line)
        reason = f"less than {choices.above_line:g} sd above the trend of compute"
        flow.append({"reason": reason, "n": int((~large).sum()), "left": int(large.sum())})
        known = known[large]
    count = counts(known, choices)
    dataset = xr.Dataset({"count": count.assign_attrs(unit="models"), "n": count.sum("sector")})
    facts = json.dumps(resolved_facts(known, PERIODS[LATE]))
    return with_time(dataset).assign_attrs(flow=json.dumps(flow), periods=json.dumps(PERIODS), facts=facts)


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The model of yearly shares. Deterministic ``share`` (year, sector), probability."""
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset, ["decade", "n"])
        count = pm.Data("count", dataset["count"].to_numpy(), dims=("year", "sector"))
        level_mean = pm.Data("prior_level_mean", priors.level_mean, dims="sector")
        prior = hyperparameters(priors, ["level_sd", "trend_sd", "walk_sd"])
        log_odds = sector_log_odds(data["decade"], prior, level_mean, dataset.sizes["year"])
        share = pm.Deterministic("share", pm.math.softmax(log_odds, axis=1), dims=("year", "sector"))
        pm.Multinomial("count_obs", n=data["n"], p=share, observed=count, dims=("year", "sector"))
    return model


def _share_estimands(share: xr.DataArray, weights: xr.DataArray, prefix: str) -> dict[str, xr.DataArray]:
    """Reported shares, from the shares of the five kinds by year; collaborations leaning to industry both ways."""
    academia, collaboration, leaning, industry, other = (share.sel(sector=name, drop=True) for name in SECTORS)
    by_year = {
        "academia_only": academia,
        "collaboration": collaboration,
        "collaboration_with_leaning": collaboration + leaning,
        "industry_only": industry,
        "industry_with_leaning": industry + leaning,
        "other": other,
    }
    out: dict[str, xr.DataArray] = {}
    for name, value in by_year.items():
        attrs: dict[str, object] = {"unit": "probability", "scale": "logit", "kind": "quantity"}
        if name.startswith("industry"):
            attrs["reference"] = 0.5
        out[f"{prefix}share_{name}_by_year"] = value.assign_attrs(attrs)
        out[f"{prefix}share_{name}"] = over_periods(value, weights, PERIODS).assign_attrs(attrs)
    periods = out[f"{prefix}share_academia_only"]
    if {EARLY, LATE} <= set(periods["period"].to_numpy()):
        early, late = (periods.sel(period=name, drop=True).clip(TINY, 1 - TINY) for name in (EARLY, LATE))
        change = {"scale": "identity", "kind": "quantity", "reference": 0.0, "over": [EARLY, LATE]}
        log_odds = xr.DataArray(np.log(late / (1 - late)) - np.log(early / (1 - early)))
        out[f"{prefix}change_academia_only"] = (late - early).assign_attrs(change, unit="difference in probability")
        out[f"{prefix}change_academia_only_log_odds"] = log_odds.assign_attrs(change, unit="log-odds")
    crossed = stays_above_half(industry)
    event = {"unit": "probability", "scale": "identity", "kind": "probability"}
    out[f"{prefix}industry_only_never_stays_above_half"] = (~crossed.isel(year=-1, drop=True)).assign_attrs(event)
    out[f"{prefix}industry_only_above_half_from"] = crossed.assign_attrs(event)
    return out


def estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Estimand A by draw: shares by year and period, the change, the crossing of one half.

    Parameters
    ----------
    draws
        ``share`` (chain, draw, year, sector): posterior or prior draws.
    dataset, choices
        As given to ``prepare`` and ``build``.

    Returns
    -------
    xarray.Dataset
        One variable an estimand, dims (chain, draw) and ``year`` or ``period``; attrs unit, reference, scale, kind.
        A period's share weights its years by their rows. Variables of kind ``rows`` count the rows behind an
        estimand; attr ``rows`` names others than ``n``, attr ``over`` the periods that an estimand compares.
    """
    n = dataset["n"]
    return xr.Dataset(_share_estimands(draws["share"], n, "") | rows_behind(n, PERIODS))


def prepare_latent_excess(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts and computes behind estimand B: all labelled notable models, with or without a known compute.

    Returns
    -------
    xarray.Dataset
        ``count`` (cell, sector) of year-by-domain cells that hold a model; ``log10_compute`` and ``se`` (row,), dex,
        of models with a known compute; ``domain_mix`` (year, domain), observed in a three-year window, and
        ``domain_mix_fixed`` (domain,); ``missing`` (year, sector), share without a compute in such a window; ``n`` and
        ``n_compute`` (year,), models. attrs ``flow``: exclusions, JSON.
    """
    frame, flow = select(tables, choices)
    domains = [*choices.domains, OTHER_DOMAIN]
    frame["domain_code"] = frame["domain"].map(domains.index)
    frame["year_code"] = frame["year"] - choices.first_year
    frame["sector_code"] = frame["sector"].map(SECTORS.index)
    cells = pd.crosstab([frame["year_code"], frame["domain_code"]], frame["sector_code"])
    cells = cells.reindex(columns=range(len(SECTORS)), fill_value=0)
    rows = frame[frame["has_compute"]]
    se = rows["log10_compute_se"].fillna(rows["confidence"].map(COMPUTE_SE))
    by_domain = pd.crosstab(frame["year"], frame["domain"])
    by_domain = by_domain.reindex(index=range(choices.first_year, choices.last_year + 1), columns=domains, fill_value=0)
    window = three_years(by_domain)
    for year in window.index[window.sum(axis=1) == 0]:
        problem = f"no labelled model within a year of {year}: no mix of domains to stand on"
        raise InputError(problem, "table of models", hint="the analysis is of 2010 to 2022")
    fixed = by_domain.sum() / len(frame)
    dataset = xr.Dataset(
        {
            "count": (("cell", "sector"), cells.to_numpy(), {"unit": "models"}),
            "cell_year": ("cell", cells.index.get_level_values(0).to_numpy(int)),
            "cell_domain": ("cell", cells.index.get_level_values(1).to_numpy(int)),
            "log10_compute": ("row", rows["log10_compute"].to_numpy(), {"unit": "log10 FLOP"}),
            "se": ("row", se.fillna(choices.unlabelled_se).to_numpy(), {"unit": "dex"}),
            "error_known": ("row", se.notna().to_numpy()),
            "row_sector": ("row", rows["sector_code"].to_numpy(int)),
            "row_domain": ("row", rows["domain_code"].to_numpy(int)),
            "row_year": ("row", rows["year_code"].to_numpy(int)),
            "domain_mix": (("year", "domain"), window.div(window.sum(axis=1), axis=0).to_numpy()),
            "domain_mix_fixed": ("domain", fixed.to_numpy()),
            "missing": (("year", "sector"), missing_share(frame, choices).to_numpy()),
            "n": ("year", by_domain.sum(axis=1).to_numpy(), {"unit": "models"}),
        },
        coords={"year": by_domain.index.to_numpy(), "sector": list(SECTORS), "domain": domains},
    )
    dataset = with_time(dataset)
    dataset["row_decade"] = ("row", (decimal_year(rows["date"]).to_numpy() - dataset.attrs["middle"] - 0.5) / 10)
    dataset["count_compute"] = counts(rows, choices)
    dataset["n_compute"] = dataset["count_compute"].sum("sector")
    flow.append(
        {"reason": "of these without a usable training compute (they stay in the sector part)"}
        | {"n": len(frame) - len(rows), "left": len(rows)}
    )
    return dataset.assign_attrs(flow=json.dumps(flow), periods=json.dumps(PERIODS))


def build_latent_excess(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The mirror factorisation, latent compute integrated out.

    Deterministics ``log_odds`` (year, sector) and ``log_odds_domain`` (domain, sector), log-odds; ``location`` (year,
    sector), log10 FLOP at mid-year; ``location_domain`` (domain,) and ``spread`` (sector,), dex.
    """
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step", "domain")}
    coords |= {"cell": np.arange(dataset.sizes["cell"]), "row": np.arange(dataset.sizes["row"])}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = data_of(dataset.assign(total=dataset["count"].sum("sector")), EXCESS_DATA)
        count = pm.Data("count", dataset["count"].to_numpy(), dims=("cell", "sector"))
        log10_compute = pm.Data("log10_compute", dataset["log10_compute"].to_numpy(), dims="row")
        level_mean = pm.Data("prior_level_mean", priors.level_mean, dims="sector")
        prior = hyperparameters(priors, [field.name for field in fields(priors) if field.name != "level_mean"])

        # Which kind of team: by year and domain.
        log_odds = sector_log_odds(data["decade"], prior, level_mean, dataset.sizes["year"])
        domain_sd = pm.HalfNormal("domain_sd", sigma=prior["domain_sd"])
        domain_raw = pm.ZeroSumNormal("domain_raw", dims=("domain", "sector"), n_zerosum_axes=1)
        log_odds_domain = pm.Deterministic("log_odds_domain", domain_sd * domain_raw, dims=("domain", "sector"))
        cell_log_odds = log_odds[data["cell_year"]] + log_odds_domain[data["cell_domain"]]
        share = pm.math.softmax(cell_log_odds, axis=1)
        pm.Multinomial("count_obs", n=data["total"], p=share, observed=count, dims=("cell", "sector"))

        # How much compute, given the kind of team.
        level = pm.Normal("compute_level", prior["compute_mean"], prior["compute_sd"])
        growth = pm.Normal("growth", prior["growth_mean"], prior["growth_sd"])
        walk_sd = pm.HalfNormal("compute_walk_sd", sigma=prior["compute_walk_sd"])
        walk = walk_sd * pt.dot(walk_departures(dataset.sizes["year"]), pm.Normal("compute_walk_raw", dims="step"))
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
        pm.Normal("log10_compute_obs", mean, sd, observed=log10_compute, dims="row")
    return model


def estimands_latent_excess(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Estimand B by draw, and the ratio of training compute, industry-only to academia-only.

    Returns
    -------
    xarray.Dataset
        As ``estimands``, names with the prefix ``large_scale_``; ``compute_ratio`` (ratio of geometric means in the
        same domain) by year and period, scale log; ``threshold_by_year``, log10 FLOP. Years and periods are weighted
        by labelled notable models.
    """
    mix = dataset["domain_mix" if choices.domain_mix == "observed" else "domain_mix_fixed"]
    shift = choices.missing_compute * dataset["sector"].isin(choices.missing_kinds)
    share, threshold = large_scale_shares(draws, mix, choices.z, dataset["missing"], shift)
    out = _share_estimands(share, dataset["n"], "large_scale_") | rows_behind(dataset["n_compute"], PERIODS)
    location = draws["location"]
    gap = location.sel(sector="industry-only", drop=True) - location.sel(sector="academia-only", drop=True)
    ratio = {"unit": "ratio", "scale": "log", "kind": "quantity", "reference": 1.0, "rows": "n_ratio"}
    pair = dataset["count_compute"].sel(sector=["academia-only", "industry-only"]).sum("sector")
    out |= rows_behind(pair, PERIODS, "n_ratio")
    out["compute_ratio_by_year"] = (10**gap).assign_attrs(ratio)
    out["compute_ratio"] = (10 ** over_periods(gap, dataset["n"], PERIODS)).assign_attrs(ratio)
    level = {"unit": "log10 FLOP", "scale": "identity", "kind": "quantity"}
    out["threshold_by_year"] = threshold.assign_attrs(level)
    return xr.Dataset(out)


def raw(dataset: xr.Dataset) -> xr.Dataset:
    """Counts behind the shares of A: dim ``raw``, ``k`` of the kind and ``n`` of all, by year and period."""
    n = dataset["count"].sum("sector")
    out: dict[str, xr.DataArray] = {}
    for name, kinds in (
        ("share_academia_only", ["academia-only"]),
        ("share_industry_only", ["industry-only"]),
        ("share_industry_with_leaning", ["industry-only", "industry-leaning collaboration"]),
    ):
        k = dataset["count"].sel(sector=kinds).sum("sector")
        for which, by in (("year", "_by_year"), ("period", "")):
            parts = [rows_behind(part, PERIODS)[f"n_by_{which}"] for part in (k, n)]
            out[f"{name}{by}"] = xr.concat(parts, xr.DataArray(["k", "n"], dims="raw", name="raw"))
    return xr.Dataset(out)


MODELS = {
    "shares": Model(prepare, build, estimands, statistics, SHARES_TOP, raw, draws=1200),
    "latent_excess": Model(
        prepare_latent_excess, build_latent_excess, estimands_latent_excess, statistics_latent_excess, EXCESS_TOP
    ),
}

ALTERNATIVES = specifications(Priors())
