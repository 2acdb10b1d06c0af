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

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from scipy.special import ndtr

from data.epoch import COMPUTE_SE
from data.io import InputError
from models._blocks import over_periods, rows_behind, sector_log_odds, stays_above_half, upper_tail, walk_departures
from models._claim import Alternative, Headline, Model, Published, Tables
from models.academic_share_statistics import statistics, statistics_latent_excess

SEED = 20240105
SECTORS = ("academia-only", "collaboration", "industry-leaning collaboration", "industry-only", "other")
# How a labelled team enters; data/README.md has the table with reasons. A team of unknown kind is left out.
TEAM_TO_SECTOR = {
    "academia-only": "academia-only",
    "academia-leaning collaboration": "collaboration",
    "collaboration": "collaboration",
    "industry-leaning collaboration": "industry-leaning collaboration",
    "industry-only": "industry-only",
    "government": "other",
    "non-profit": "other",
    "research collective": "other",
}
PERIODS = {"2010-12": (2010, 2012), "2010-14": (2010, 2014), "2015-19": (2015, 2019), "2020-22": (2020, 2022)}
EARLY, LATE = "2010-14", "2020-22"
OTHER_DOMAIN = "Other"
SHARES_TOP = ("level", "trend", "walk_sd")
EXCESS_TOP = (
    *SHARES_TOP, "domain_sd", "compute_level", "growth", "compute_walk_sd", "offset", "offset_trend",
    "compute_domain_sd", "log_spread", "log_spread_sector",
)  # fmt: skip
EXCESS_DATA = (
    "decade", "cell_year", "cell_domain", "count", "se", "row_sector", "row_domain", "row_year", "row_decade",
    "log10_compute",
)  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """Decisions of the analysis."""

    vintage: str = "2023-12"
    notable_only: bool = True
    first_year: int = 2010  # the published claim's window; 2023 is incomplete in this vintage
    last_year: int = 2022
    domains: tuple[str, ...] = ("Language", "Vision", "Games", "Drawing", "Multimodal", "Speech")  # the rest is Other
    unlabelled_se: float = 0.61  # dex; blank, unknown or unverified confidence, taken as Likely
    z: float = 0.76  # large-scale: above this quantile of a standard normal, so the upper 22 %


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


def _select(tables: Tables, choices: Choices) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Labelled models of the window, and the flow of exclusions (reason, number left out, number left)."""
    frame = tables["models"]
    if choices.vintage not in set(frame["vintage"]):
        found = ", ".join(sorted(set(frame["vintage"])))
        raise InputError("no models of this vintage", "table of models", column="vintage", value=choices.vintage,
                         hint=f"found: {found}")  # fmt: skip
    frame = frame[frame["vintage"] == choices.vintage].copy()
    flow: list[dict[str, object]] = [{"reason": "models of the vintage", "n": 0, "left": len(frame)}]

    def keep(rows: pd.Series, reason: str) -> None:
        nonlocal frame
        flow.append({"reason": reason, "n": int((~rows).sum()), "left": int(rows.sum())})
        frame = frame[rows]

    if choices.notable_only:
        keep(frame["notability"] != "", "not notable")
    keep(frame["date"] != "", "no publication date")
    frame["year"] = frame["date"].str[:4].astype(int)
    window = f"published outside {choices.first_year}-{choices.last_year}"
    keep(frame["year"].between(choices.first_year, choices.last_year), window)
    keep(frame["team"].isin(TEAM_TO_SECTOR), "team without a sector label")
    frame["sector"] = frame["team"].map(TEAM_TO_SECTOR)
    frame["has_compute"] = frame["log10_compute"].notna() & (frame["confidence"] != "wrong")
    for kind in ("academia-only", "industry-only"):
        if not (frame["has_compute"] & (frame["sector"] == kind)).any():
            raise InputError(f"no {kind} model with a known training compute in the window", "table of models")
    return frame, flow


def _counts(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    years = np.arange(choices.first_year, choices.last_year + 1)
    table = pd.crosstab(frame["year"], frame["sector"]).reindex(index=years, columns=list(SECTORS), fill_value=0)
    return xr.DataArray(table.to_numpy(), {"year": years, "sector": list(SECTORS)}, ("year", "sector"))


def _raw_by_period(count: xr.DataArray) -> dict[str, xr.DataArray]:
    """Raw counts of periods, for the reader: they do not enter the model."""
    names = {"academia-only": count.sel(sector="academia-only", drop=True), "models": count.sum("sector")}
    return {f"raw {name}": rows_behind(n, PERIODS)["n_by_period"] for name, n in names.items()}


def _with_time(dataset: xr.Dataset) -> xr.Dataset:
    years = dataset["year"].to_numpy()
    middle = years.mean()
    decade = xr.DataArray((years - middle) / 10, dims="year", attrs={"unit": "decades from the middle of the window"})
    return dataset.assign(decade=decade, step=years[1:]).assign_attrs(middle=float(middle))


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Counts behind estimand A: labelled notable models with a known training compute.

    Returns
    -------
    xarray.Dataset
        ``count`` (year, sector), models; ``n`` (year,), models; ``decade`` (year,). attrs ``flow``: exclusions, JSON.
    """
    frame, flow = _select(tables, choices)
    wrong = int(((frame["confidence"] == "wrong") & frame["log10_compute"].notna()).sum())
    missing = int(frame["log10_compute"].isna().sum())
    known = frame[frame["has_compute"]]
    flow.append({"reason": "training compute unknown", "n": missing, "left": len(frame) - missing})
    flow.append({"reason": "training compute marked wrong by Epoch", "n": wrong, "left": len(known)})
    count = _counts(known, choices)
    dataset = xr.Dataset({"count": count.assign_attrs(unit="models"), "n": count.sum("sector")})
    dataset = dataset.assign(_raw_by_period(count))
    return _with_time(dataset).assign_attrs(flow=json.dumps(flow), periods=json.dumps(PERIODS))


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The model of yearly shares. Deterministic ``share`` (year, sector), probability."""
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step")}
    with pm.Model(coords=coords) as model:
        pm.Data("decade", dataset["decade"].to_numpy(), dims="year")
        n = pm.Data("n", dataset["n"].to_numpy(), dims="year")
        count = pm.Data("count", dataset["count"].to_numpy(), dims=("year", "sector"))
        _prior_data(priors, ["level_mean", "level_sd", "trend_sd", "walk_sd"])
        log_odds = sector_log_odds(dataset.sizes["year"])
        share = pm.Deterministic("share", pm.math.softmax(log_odds, axis=1), dims=("year", "sector"))
        pm.Multinomial("count_obs", n=n, p=share, observed=count, dims=("year", "sector"))
    return model


def _prior_data(priors: Priors, names: list[str]) -> dict[str, pt.TensorVariable]:
    """Hyper-parameters as data, so that one compiled model serves any values of them."""
    dims = {"level_mean": "sector"}
    return {name: pm.Data(f"prior_{name}", getattr(priors, name), dims=dims.get(name)) for name in names}


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
        early, late = (periods.sel(period=name, drop=True) for name in (EARLY, LATE))
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
        of models with a known compute; ``domain_mix`` (year, domain), observed in a three-year window; ``n`` and
        ``n_compute`` (year,), models. attrs ``flow``: exclusions, JSON.
    """
    frame, flow = _select(tables, choices)
    domains = [*choices.domains, OTHER_DOMAIN]
    domain = frame["domain"].where(frame["domain"].isin(choices.domains), OTHER_DOMAIN)
    frame["domain_code"] = domain.map(domains.index)
    frame["year_code"] = frame["year"] - choices.first_year
    frame["sector_code"] = frame["sector"].map(SECTORS.index)
    cells = pd.crosstab([frame["year_code"], frame["domain_code"]], frame["sector_code"])
    cells = cells.reindex(columns=range(len(SECTORS)), fill_value=0)
    rows = frame[frame["has_compute"]]
    se = rows["log10_compute_se"].fillna(rows["confidence"].map(COMPUTE_SE))
    when = pd.to_datetime(rows["date"])
    year = when.dt.year + (when.dt.dayofyear - 0.5) / (365 + when.dt.is_leap_year)
    by_domain = pd.crosstab(frame["year"], domain)
    by_domain = by_domain.reindex(index=range(choices.first_year, choices.last_year + 1), columns=domains, fill_value=0)
    # A window of three years, two at the ends: a year's own mix is too noisy, and has no base in a year without models.
    window = by_domain.rolling(3, center=True, min_periods=1).sum()
    for year in window.index[window.sum(axis=1) == 0]:
        problem = f"no labelled model within a year of {year}: no mix of domains to stand on"
        raise InputError(problem, "table of models", hint="a shorter window of years")
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
            "n": ("year", by_domain.sum(axis=1).to_numpy(), {"unit": "models"}),
        },
        coords={"year": by_domain.index.to_numpy(), "sector": list(SECTORS), "domain": domains},
    )
    dataset = _with_time(dataset)
    dataset["row_decade"] = ("row", (year.to_numpy() - dataset.attrs["middle"] - 0.5) / 10)
    dataset["count_compute"] = _counts(rows, choices)
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
    with pm.Model(coords=coords) as model:
        data = {name: pm.Data(name, dataset[name].to_numpy(), dims=dataset[name].dims) for name in EXCESS_DATA}
        total = pm.Data("total", dataset["count"].sum("sector").to_numpy(), dims="cell")
        prior = _prior_data(priors, [field.name for field in fields(priors)])

        # Which kind of team: by year and domain.
        log_odds = sector_log_odds(dataset.sizes["year"])
        domain_sd = pm.HalfNormal("domain_sd", sigma=prior["domain_sd"])
        domain_raw = pm.ZeroSumNormal("domain_raw", dims=("domain", "sector"), n_zerosum_axes=1)
        log_odds_domain = pm.Deterministic("log_odds_domain", domain_sd * domain_raw, dims=("domain", "sector"))
        cell_log_odds = log_odds[data["cell_year"]] + log_odds_domain[data["cell_domain"]]
        share = pm.math.softmax(cell_log_odds, axis=1)
        pm.Multinomial("count_obs", n=total, p=share, observed=data["count"], dims=("cell", "sector"))

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
        pm.Normal("log10_compute_obs", mean, sd, observed=data["log10_compute"], dims="row")
    return model


def large_scale_shares(draws: xr.Dataset, domain_mix: xr.DataArray, z: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Each kind's share of the upper tail of the distribution of true log10 compute, by solving for its threshold.

    Parameters
    ----------
    draws
        ``log_odds``, ``log_odds_domain``, ``location``, ``location_domain``, ``spread`` as ``build_latent_excess``
        names them, with any leading dims.
    domain_mix
        (year, domain), weights that sum to one.
    z
        The tail holds 1 - Phi(z) of the models.

    Returns
    -------
    share
        (..., year, sector), probability.
    threshold
        (..., year), log10 FLOP.
    """
    dims = ("chain", "draw", "year", "domain", "sector")
    kinds = xr.DataArray(np.exp(draws["log_odds"] + draws["log_odds_domain"]))
    weight = (domain_mix * kinds / kinds.sum("sector")).transpose(*dims).to_numpy()
    location = (draws["location"] + draws["location_domain"]).transpose(*dims).to_numpy()
    spread = draws["spread"].transpose("chain", "draw", "sector").to_numpy()[:, :, None, None, :]
    excess, threshold = upper_tail(weight, location, spread, 1 - ndtr(z))
    coords = {name: draws[name] for name in ("chain", "draw", "year", "sector")}
    share = xr.DataArray(excess / excess.sum(-1, keepdims=True), coords, ("chain", "draw", "year", "sector"))
    return share, xr.DataArray(threshold, {k: v for k, v in coords.items() if k != "sector"}, ("chain", "draw", "year"))


def estimands_latent_excess(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Estimand B by draw, and the ratio of training compute, industry-only to academia-only.

    Returns
    -------
    xarray.Dataset
        As ``estimands``, names with the prefix ``large_scale_``; ``compute_ratio`` (ratio of geometric means in the
        same domain) by year and period, scale log; ``threshold_by_year``, log10 FLOP. Years and periods are weighted
        by labelled notable models.
    """
    share, threshold = large_scale_shares(draws, dataset["domain_mix"], choices.z)
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


MODELS = {
    "shares": Model(prepare, build, estimands, statistics, SHARES_TOP),
    "latent_excess": Model(
        prepare_latent_excess, build_latent_excess, estimands_latent_excess, statistics_latent_excess, EXCESS_TOP
    ),
}

ALTERNATIVES = (
    Alternative("main", "main", "shares"),
    Alternative("half_scale", "prior", "shares", priors={"level_sd": 0.35, "trend_sd": 0.9, "walk_sd": 0.1}),
    Alternative("twice_scale", "prior", "shares", priors={"level_sd": 1.4, "trend_sd": 3.6, "walk_sd": 0.4}),
    Alternative("large_scale", "main", "latent_excess"),
    Alternative("large_scale_error_speculative", "measurement", "latent_excess", choices={"unlabelled_se": 0.90}),
    Alternative("large_scale_equal_spread", "prior", "latent_excess", priors={"spread_sector_sd": 0.01}),
    Alternative("large_scale_z_0", "definition", "latent_excess", choices={"z": 0.0}),
    Alternative("large_scale_z_1_5", "definition", "latent_excess", choices={"z": 1.5}),
)

HEADLINES = (
    Headline("main", "share_academia_only", {"period": EARLY}),
    Headline("main", "share_academia_only", {"period": LATE}),
    Headline("main", "change_academia_only_log_odds"),
    Headline("main", "share_industry_with_leaning_by_year", {"year": 2022}),
    Headline("large_scale", "large_scale_share_academia_only", {"period": LATE}),
    Headline("large_scale", "compute_ratio", {"period": LATE}),
)

_SOURCE = "besiroglu2024"
_LOG_ODDS = 0.5  # tolerance of shares
_TAIL = "the source's definition of large-scale is not public; this is the upper tail of notable models' compute"
_HARDWARE = "the published five-fold gap is of hardware named in papers; this is training compute of models"
PUBLISHED = (
    Published("share_academia_only", {"period": EARLY}, 0.65, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_academia_only", {"period": LATE}, 0.10, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("share_industry_with_leaning_by_year", {"year": 2022}, 0.81, tolerance=_LOG_ODDS, source=_SOURCE),
    Published("change_academia_only", sign=-1, source=_SOURCE),
    Published("change_academia_only_log_odds", sign=-1, source=_SOURCE),
    Published("share_industry_only_by_year", {"year": 2017}, sign=1, source=_SOURCE),
    Published("large_scale_share_academia_only", {"period": EARLY}, 0.65, source=_SOURCE, not_comparable=_TAIL),
    Published("large_scale_share_academia_only", {"period": LATE}, 0.10, source=_SOURCE, not_comparable=_TAIL),
    Published("compute_ratio", {"period": LATE}, 5.0, source=_SOURCE, not_comparable=_HARDWARE),
)
