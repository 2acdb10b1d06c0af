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

k a kind of team, x decades from the middle year, and walk the departures of a random walk from its own line.

*Latent excess* (estimand B, another quantity): who makes the upper tail of the notable models' own distribution of
log10 compute C. Mirror factorisation, with the latent true compute integrated out:

    p(k | t, d) = softmax(eta[t] + gamma[d])[k]
    C_i | k, t, d ~ Normal(mu[k, t] + epsilon[d], sqrt(sigma[k]^2 + se_i^2))
    mu[k, t] = mu + growth x[t] + walk[t] + offset[k] + offset_trend[k] x[t].

At the middle of year t, with w[d] the domains' observed mix in a three-year window, the threshold c[t] solves

    sum_kd w[d] p(k | t, d) Phi((mu[k, t] + epsilon[d] - c[t]) / sigma[k]) = 1 - Phi(z),   z = 0.76,

and each kind's share of that sum is its share of the large-scale models: true compute, so without se.

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
from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from scipy.special import ndtr

from models._blocks import over_periods, sector_log_odds, stays_above_half, walk_departures
from models._claim import Alternative, Headline, Model, Published, Tables

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

    # Other kinds (government, non-profit, collectives) are rare: about a quarter of each main kind at the prior mean.
    level_mean: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25, -1.0)
    level_sd: float = 0.8  # log-odds; a kind's share at the middle year between about 0.05 and 0.5
    trend_sd: float = 1.2  # log-odds a decade; a share may go from 0.1 to 0.5 in ten years, or the reverse
    walk_sd: float = 0.2  # log-odds a year; departures from the line of some 0.2, rarely 0.5
    domain_sd: float = 0.4  # log-odds; domains differ by a factor of about 1.5 in odds, rarely 3
    compute_mean: float = 20.0  # log10 FLOP in the middle year; with the sd, 10^17 to 10^23
    compute_sd: float = 1.5
    growth_mean: float = 6.0  # dex a decade: doubling in six months (Sevilla et al. 2022), and much either side
    growth_sd: float = 2.0
    compute_walk_sd: float = 0.3  # dex a year
    offset_sd: float = 0.7  # dex; kinds of team differ by a factor of about 5, rarely 100
    offset_trend_sd: float = 0.7  # dex a decade
    compute_domain_sd: float = 0.7  # dex
    spread_median: float = 1.4  # dex within a kind of team, year and domain
    spread_sd: float = 0.3  # of its logarithm
    spread_sector_sd: float = 0.25  # of its logarithm between kinds: spreads within about 1.6 of each other


def _select(tables: Tables, choices: Choices) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Labelled models of the window, and the flow of exclusions (reason, number left out, number left)."""
    frame = tables["models"]
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
    return frame, flow


def _counts(frame: pd.DataFrame, choices: Choices) -> xr.DataArray:
    years = np.arange(choices.first_year, choices.last_year + 1)
    table = pd.crosstab(frame["year"], frame["sector"]).reindex(index=years, columns=list(SECTORS), fill_value=0)
    return xr.DataArray(table.to_numpy(), {"year": years, "sector": list(SECTORS)}, ("year", "sector"))


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
    return _with_time(dataset).assign_attrs(flow=json.dumps(flow), periods=json.dumps(PERIODS))


def build(dataset: xr.Dataset, priors: Priors) -> pm.Model:
    """The model of yearly shares. Deterministic ``share`` (year, sector), probability."""
    coords = {name: dataset[name].to_numpy() for name in ("year", "sector", "step")}
    with pm.Model(coords=coords) as model:
        pm.Data("decade", dataset["decade"].to_numpy(), dims="year")
        n = pm.Data("n", dataset["n"].to_numpy(), dims="year")
        count = pm.Data("count", dataset["count"].to_numpy(), dims=("year", "sector"))
        _sector_priors(priors)
        log_odds = sector_log_odds(dataset.sizes["year"])
        share = pm.Deterministic("share", pm.math.softmax(log_odds, axis=1), dims=("year", "sector"))
        pm.Multinomial("count_obs", n=n, p=share, observed=count, dims=("year", "sector"))
    return model


def _sector_priors(priors: Priors) -> None:
    pm.Data("prior_level_mean", np.array(priors.level_mean), dims="sector")
    for name in ("level_sd", "trend_sd", "walk_sd"):
        pm.Data(f"prior_{name}", getattr(priors, name))


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
        change = {"scale": "identity", "kind": "quantity", "reference": 0.0}
        log_odds = np.log(late / (1 - late)) - np.log(early / (1 - early))
        out[f"{prefix}change_academia_only"] = (late - early).assign_attrs(change, unit="difference in probability")
        out[f"{prefix}change_academia_only_log_odds"] = log_odds.assign_attrs(change, unit="log-odds")
    crossed = stays_above_half(industry)
    event = {"unit": "probability", "scale": "identity", "kind": "probability"}
    out[f"{prefix}industry_only_never_stays_above_half"] = (~crossed.isel(year=-1, drop=True)).assign_attrs(event)
    out[f"{prefix}industry_only_above_half_from"] = crossed.assign_attrs(event)
    return out


def _n_by(weights: xr.DataArray) -> dict[str, xr.DataArray]:
    """Rows behind each year and period, beside the estimands."""
    counts = [weights.sel(year=slice(first, last)).sum() for first, last in PERIODS.values()]
    return {
        "n_by_year": weights.assign_attrs(kind="rows"),
        "n_by_period": xr.DataArray(counts, {"period": list(PERIODS)}, ("period",), attrs={"kind": "rows"}),
    }


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
        A period's share weights its years by their rows. Variables of kind ``rows`` count the rows.
    """
    n = dataset["n"]
    return xr.Dataset(_share_estimands(draws["share"], n, "") | _n_by(n))
