r"""Log10 performance as a continuous number: what a model of one number per paper says of the hardware gap.

The model
---------
For paper (or model) i by team type k, in year t at venue u, on topic d, with team size s:

    y_i  ~ Student-t(nu, mu_i, sigma_k)        or  Normal(mu_i, sigma_k)
    mu_i = a + v[u, t] + topic[d] + size[s] + b_k + b'_k x_t + w[k, u]

y_i is log10 of FLOP/s, chips times peak. b, b' and w are zero for academia-only, x_t is time in four years from 2021.
Effects of a factor with one level are left out.

Estimands
---------
The ratio of geometric means, any industry, mixed and industry-only to academia-only, is 10 to the power b_k + b'_k x_t
+ w[k, u], averaged over the papers of a year. A Student-t on a logarithm has no arithmetic mean on the natural scale,
so no ratio of arithmetic means is reported.

Assumptions
-----------
Performance is a lattice, on which many papers tie, and here it is taken as a continuous number. Predictive checks show
what that misses. The main model, in ``model.py``, does not assume it.

References
----------
Lange, Little and Taylor (1989), Journal of the American Statistical Association 84:881 (Student-t errors). Juarez and
Steel (2010), Journal of Business and Economic Statistics 28:52 (prior of the degrees of freedom).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from models.common.cells import FEW, Floats
from models.common.claim import Model
from models.common.estimand import quantity, ratio_from_log, rows
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.common.team_types import TEAM_TYPES
from models.compute_gap.choices import Choices, PerformancePriors
from models.compute_gap.definitions import INDUSTRY, PUBLISHED_AT
from models.compute_gap.performance import INDEXED, prepare

EFFECTS = ("venue_year", "topic", "size")
INDUSTRY_DIMS = ("industry", "year", "venue")
TOP_LEVEL = (
    "intercept", "industry_effect", "industry_trend", "industry_venue_sd", "residual_sd", "nu",
    *(f"{name}_sd" for name in EFFECTS),
)  # fmt: skip


def build(dataset: xr.Dataset, priors: PerformancePriors) -> pm.Model:
    """Build the model of log10 performance, with Student-t or normal residuals by ``dataset.attrs["tail"]``."""
    coords = {name: dataset[name].to_numpy() for name in (*INDEXED, "industry")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("performance", "time", *(f"{name}_idx" for name in INDEXED)))
        prior = add_hyperparameters(priors, [field.name for field in fields(priors)])

        # The mean, in dex.
        location = pm.Normal("intercept", prior["intercept_mean"], prior["intercept_sd"])
        for name in EFFECTS:
            if dataset.sizes[name] > 1:
                sd = pm.LogNormal(f"{name}_sd", pt.log(prior[f"{name}_sd"]), prior["sd_log_sd"])
                location = location + (sd * pm.ZeroSumNormal(f"{name}_raw", dims=name))[data[f"{name}_idx"]]
        level = pm.Normal("industry_effect", 0, prior["industry_sd"], dims="industry")
        trend = pm.Normal("industry_trend", 0, prior["industry_trend_sd"], dims="industry")
        by_year = level[:, None] + trend[:, None] * data["time"]
        effect = pm.Deterministic("industry_year_venue_effect", add_venues(by_year, dataset, prior), dims=INDUSTRY_DIMS)
        of_all = pt.concatenate([pt.zeros_like(effect[:1]), effect])
        location = location + of_all[data["team_idx"], data["year_idx"], data["venue_idx"]]

        # The residuals.
        sd = pm.LogNormal("residual_sd", pt.log(prior["residual_sd"]), prior["sd_log_sd"], dims="team")
        scale = sd[data["team_idx"]]
        if dataset.attrs["tail"] == "student":
            nu = pm.Gamma("nu", 2, prior["nu_rate"])
            pm.StudentT("performance_obs", nu, mu=location, sigma=scale, observed=data["performance"], dims="row")
        else:
            pm.Normal("performance_obs", location, scale, observed=data["performance"], dims="row")
    return model


def add_venues(by_year: Any, dataset: xr.Dataset, prior: Mapping[str, Any]) -> Any:
    """Add effects of industry by venue to those by year: (industry, year, venue), in dex."""
    if dataset.sizes["venue"] == 1:
        return by_year[..., None]
    sd = pm.LogNormal("industry_venue_sd", pt.log(prior["industry_venue_sd"]), prior["sd_log_sd"])
    return by_year[..., None] + sd * pm.Normal("industry_venue_raw", dims=("industry", "venue"))[:, None]


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute ratios of geometric means by year, pooled, and for the published venue-year, where the source has it.

    Returns
    -------
    xarray.Dataset
        ``ratio_geometric_by_year`` (industry, year), for years with 30 rows of either side;
        ``ratio_geometric_pooled`` and ``neurips_2021_ratio`` (industry,); ``slope_geometric`` (industry,), the factor
        by which the ratio changes in a year; ``degrees_of_freedom``, of the Student-t.
    """
    team, year = (dataset[f"{name}_idx"].to_numpy() for name in ("team", "year"))
    years = dataset["year"].to_numpy()
    effect = draws["industry_year_venue_effect"]
    kept = [i for i in range(len(years)) if _has_enough(team[year == i])]
    everything = np.ones(len(team), bool)
    trend = _join(draws["industry_trend"], team) / 4
    out: dict[str, Any] = {
        "ratio_geometric_pooled": ratio_from_log(_average_effect(effect, everything, dataset) * np.log(10), "n_pooled"),
        "n_pooled": rows(_count(everything, team), "rows"),
        "slope_geometric": ratio_from_log(trend * np.log(10), "n_pooled"),
    }
    if kept:
        by_year = xr.concat([_average_effect(effect, year == i, dataset) for i in kept], "year")
        counts = xr.concat([_count(year == i, team) for i in kept], "year")
        of = {"year": years[kept]}
        out["ratio_geometric_by_year"] = ratio_from_log(by_year.assign_coords(of) * np.log(10), "n_by_year")
        out["n_by_year"] = rows(counts.assign_coords(of), "rows")
    published = dataset["venue_year"].to_numpy()[dataset["venue_year_idx"].to_numpy()] == PUBLISHED_AT
    if _has_enough(team[published]):
        at = _average_effect(effect, published, dataset)
        out["neurips_2021_ratio"] = ratio_from_log(at * np.log(10), "n_neurips_2021")
        out["n_neurips_2021"] = rows(_count(published, team), "rows")
    if "nu" in draws:
        out["degrees_of_freedom"] = quantity(draws["nu"], "degrees of freedom", "log", rows="n_rows")
        out["n_rows"] = rows(xr.DataArray(len(team)), "rows")
    return xr.Dataset(out)


def _has_enough(team: Any) -> bool:
    return bool(min((team == 0).sum(), (team > 0).sum()) >= FEW)


def _count(inside: Any, team: Any) -> xr.DataArray:
    """Count the rows of both sides of each comparison, (industry,)."""
    n = np.bincount(team[inside], minlength=len(TEAM_TYPES))
    counts = [int(n[0] + each) for each in (n[1:].sum(), *n[1:])]
    return xr.DataArray(counts, {"industry": list(INDUSTRY)}, ("industry",))


def _average_effect(effect: xr.DataArray, inside: Any, dataset: xr.Dataset) -> xr.DataArray:
    """Average effects over the rows inside, of all team types: (..., industry), in dex."""
    shape = dataset.sizes["year"], dataset.sizes["venue"]
    idx = [dataset[f"{name}_idx"].to_numpy()[inside] for name in ("year", "venue")]
    weight: Floats = np.bincount(np.ravel_multi_index(idx, shape), minlength=int(np.prod(shape))).astype(float)
    by_year_venue = xr.DataArray((weight / weight.sum()).reshape(shape), dims=("year", "venue"))
    average = (effect.drop_vars(["year", "venue"]) * by_year_venue).sum(["year", "venue"])
    return _join(xr.DataArray(average), dataset["team_idx"].to_numpy()[inside])


def _join(by_industry: xr.DataArray, team: Any) -> xr.DataArray:
    """Put the mean of mixed and industry-only, weighted by their rows, before both: (..., industry)."""
    n: Floats = np.bincount(team, minlength=len(TEAM_TYPES))[1:].astype(float)
    weight = xr.DataArray(n / max(n.sum(), 1), {"industry": list(TEAM_TYPES[1:])}, ("industry",))
    anyone = (by_industry * weight).sum("industry").expand_dims(industry=[INDUSTRY[0]])
    return xr.concat([anyone, by_industry], "industry").transpose("chain", "draw", "industry")


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities of log10 performance: ties, tails, and how group means vary.

    Parameters
    ----------
    data
        ``performance_obs`` (..., row), observed or replicated.
    dataset
        The dataset that ``prepare`` returns.
    """
    values = data["performance_obs"].transpose(..., "row")
    y = values.to_numpy().reshape(-1, values.sizes["row"])
    team = dataset["team_idx"].to_numpy()
    out: dict[str, Floats] = {}
    for name, of in (("academia-only", team == 0), ("with industry", team > 0)):
        mine = y[:, of]
        centred = mine - np.median(mine, axis=1, keepdims=True)
        out[f"share of rows at the commonest value, {name}"] = np.array([_compute_commonest(each) for each in mine])
        out[f"largest value less the median, {name} (dex)"] = centred.max(axis=1)
        out[f"skewness, {name}"] = (centred**3).mean(1) / (centred**2).mean(1) ** 1.5
        out[f"kurtosis, {name}"] = (centred**4).mean(1) / (centred**2).mean(1) ** 2
    for name, title in {"venue_year": "venue-year", "topic": "topic"}.items():
        levels = np.eye(dataset.sizes[name])[dataset[f"{name}_idx"].to_numpy()]
        n = levels.sum(0)
        means = (y @ levels)[:, n >= FEW] / n[n >= FEW]
        if means.shape[1] > 1:
            out[f"sd of means by {title} (dex)"] = means.std(axis=1)
    return xr.Dataset({name: (values.dims[:-1], value.reshape(values.shape[:-1])) for name, value in out.items()})


def _compute_commonest(values: Floats) -> float:
    counts = np.unique(values.round(3), return_counts=True)[1]
    return float(counts.max() / len(values))


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
