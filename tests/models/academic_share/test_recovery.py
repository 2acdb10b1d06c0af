"""Simulation: the generating parameters are recovered, and planted mistakes are detected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from scipy.stats import binom

from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.academic_share import upper_tail
from models.academic_share.choices import UpperTailPriors
from models.academic_share.rows import prepare_shares, prepare_upper_tail
from models.academic_share.specifications import CHOICES, PRIORS, SEED
from models.academic_share.upper_tail_estimands import compute_upper_tail_estimands
from tests.models.declared import models_of, ready_for

MODELS = models_of("academic_share")
FAST = Sampler(draws=500, tune=500, chains=2)
INTERVAL = 0.89


def least_covered(trials: int) -> int:
    """Return the number of 89 % intervals that a correct model covers with probability 0.999 or more."""
    return int(binom.ppf(0.001, trials, INTERVAL))


def replicate(model: str, dataset: xr.Dataset, count: int) -> list[tuple[xr.Dataset, xr.Dataset]]:
    """Draw parameters from the prior and data given them, with the sizes of ``dataset``."""
    spec = MODELS[model]
    with spec.build(dataset, PRIORS[model]):
        drawn = pm.sample_prior_predictive(count, random_seed=SEED, compile_kwargs={"mode": INTERPRETED})
    prior, predictive = drawn["prior"].to_dataset(), drawn["prior_predictive"].to_dataset()
    out = []
    for index in range(count):
        data = dataset.copy()
        data["count"] = (dataset["count"].dims, predictive["count_obs"].values[0, index])
        if model == "upper_tail":
            data["log10_compute"] = ("row", predictive["log10_compute_obs"].values[0, index])
        out.append((prior.isel(draw=[index]), data))
    return out


def covered(
    model: str,
    compiled: Compiled,
    replicates: list[tuple[xr.Dataset, xr.Dataset]],
    names: list[str],
    mistake: Callable[[xr.Dataset], xr.Dataset] = lambda draws: draws,
    data_mistake: Callable[[xr.Dataset], xr.Dataset] = lambda data: data,
) -> dict[str, int]:
    """Count how often the posterior 89 % interval covers each estimand or parameter, over replicates."""
    spec = MODELS[model]
    hits = dict.fromkeys(names, 0)
    for number, (truth, data) in enumerate(replicates):
        changed = data_mistake(data)
        ready = ready_for(compiled, spec, changed, PRIORS[model])
        draws = mistake(sample(ready, SEED + number, FAST)["posterior"].to_dataset())
        found = draws.merge(spec.estimands(draws, changed, CHOICES))
        true = truth.merge(spec.estimands(truth, data, CHOICES))
        for name in names:
            key, *where = name.split("|")
            posterior = found[key].sel(_where(where))
            low, high = posterior.quantile([(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], ("chain", "draw")).values
            hits[name] += bool(low <= float(true[key].sel(_where(where)).squeeze()) <= high)
    return hits


def _where(parts: list[str]) -> dict[str, Any]:
    pairs = (part.split("=") for part in parts)
    return {key: int(value) if value.isdigit() else value for key, value in pairs}


SHARES = [
    "share_academia_only|period=2010-14",
    "share_academia_only|period=2020-22",
    "share_industry_with_leaning_by_year|year=2022",
    "change_academia_only_log_odds",
    "trend|sector=academia-only",
    "intercept|sector=industry-only",
]
UPPER_TAIL = [
    "large_scale_share_academia_only|period=2010-14",
    "large_scale_share_academia_only|period=2020-22",
    "compute_ratio|period=2020-22",
    "growth",
    "sd|sector=industry-only",
    "offset|sector=academia-only",
]


def more(data: xr.Dataset, times: int) -> xr.Dataset:
    """Return the same design with more models in each cell, so that a mistake stands out from noise."""
    if "row" not in data.dims:
        return data.assign(n=data["n"] * times, count=data["count"] * times)
    rows = data.isel(row=np.tile(np.arange(data.sizes["row"]), times))
    return rows.assign(count=data["count"] * times, n=data["n"] * times)


def test_shares_recover_the_generating_parameters(tables: dict[str, Any], compiled: Compiled):
    replicates = replicate("shares", prepare_shares(tables, CHOICES), 20)
    hits = covered("shares", compiled, replicates, SHARES)
    assert min(hits.values()) >= least_covered(20), hits


@pytest.fixture(scope="module")
def replicates_of_upper_tail(tables: dict[str, Any]) -> list[tuple[xr.Dataset, xr.Dataset]]:
    return replicate("upper_tail", more(prepare_upper_tail(tables, CHOICES), 3), 12)


@pytest.mark.slow
def test_the_upper_tail_recovers_the_generating_parameters(replicates_of_upper_tail: list[Any], compiled: Compiled):
    hits = covered("upper_tail", compiled, replicates_of_upper_tail, UPPER_TAIL)
    assert min(hits.values()) >= least_covered(12), hits


@pytest.mark.slow
def test_swapped_means_of_compute_are_detected(replicates_of_upper_tail: list[Any], compiled: Compiled):
    """Planted: the locations of log compute of academia and industry are swapped before the estimands."""

    def swap(draws: xr.Dataset) -> xr.Dataset:
        order = [3, 1, 2, 0, 4]
        swapped = draws["location"].isel(sector=order).assign_coords(sector=draws["sector"])
        return draws.assign(location=swapped)

    hits = covered("upper_tail", compiled, replicates_of_upper_tail, UPPER_TAIL, mistake=swap)
    assert hits["compute_ratio|period=2020-22"] < least_covered(12), hits  # so the recovery test would fail


@pytest.mark.slow
def test_dropped_measurement_error_is_detected(tables: dict[str, Any], compiled: Compiled):
    """Planted: the data have errors of 1.5 dex but the model assumes none, so the sds absorb them."""
    dataset = more(prepare_upper_tail(tables, CHOICES), 3)
    dataset["se"] = xr.full_like(dataset["se"], 1.5)
    replicates = replicate("upper_tail", dataset, 8)
    names = ["sd|sector=industry-only"]
    right = covered("upper_tail", compiled, replicates, names)
    assert right[names[0]] >= least_covered(8), right
    wrong = covered(
        "upper_tail", compiled, replicates, names, data_mistake=lambda data: data.assign(se=data["se"] * 0 + 1e-6)
    )
    assert wrong[names[0]] < least_covered(8), wrong


def with_latents(dataset: xr.Dataset, priors: UpperTailPriors) -> pm.Model:
    """Build the same model with each true log10 compute as a latent variable, non-centred."""
    model = upper_tail.build(dataset.isel(row=slice(0, 0)), priors)
    with model:
        sector_idx, decade = dataset["sector_idx"].values, dataset["row_decade"].values
        by_year = dataset["decade"].values
        line = model["compute_intercept"] + model["growth"] * decade
        year = model["location"][:, 0] - model["offset"][0] - model["offset_trend"][0] * by_year
        walk = year - model["compute_intercept"] - model["growth"] * by_year
        mean = line + walk[dataset["year_idx"].values] + model["offset"][sector_idx]
        mean += model["offset_trend"][sector_idx] * decade + model["location_domain"][dataset["domain_idx"].values]
        raw = pm.Normal("true_raw", shape=dataset.sizes["row"])
        true = mean + model["sd"][sector_idx] * raw
        pm.Normal("recorded", true, pt.as_tensor(dataset["se"].values), observed=dataset["log10_compute"].values)
    return model


@pytest.mark.slow
def test_marginalised_form_agrees_with_latent_variables(tables: dict[str, Any], compiled: Compiled):
    """On a small table, medians and interval ends agree within four combined Monte Carlo standard errors."""
    full = prepare_upper_tail(tables, CHOICES)
    small = full.isel(row=np.arange(0, full.sizes["row"], 3))
    sampler = Sampler(draws=2000, tune=1000, chains=4)
    priors = PRIORS["upper_tail"]
    marginal = sample(ready_for(compiled, upper_tail.MODEL, small, priors), 11, sampler)
    latent = sample(compiled.get(with_latents(small, priors), "with_latents"), 12, sampler)
    sides = []
    for tree in (marginal, latent):
        draws = tree["posterior"].to_dataset()
        found = compute_upper_tail_estimands(draws, small, CHOICES)
        sides.append(
            xr.Dataset(
                {
                    "ratio": np.log(found["compute_ratio"].sel(period="2020-22", drop=True)),
                    "sd": draws["sd"].sel(sector="industry-only", drop=True),
                    "growth": draws["growth"],
                    "share": found["large_scale_share_industry_only"].sel(period="2020-22", drop=True),
                }
            )
        )
    for name in sides[0].data_vars:
        for prob in (0.055, 0.5, 0.945):
            values = [float(side[name].quantile(prob)) for side in sides]
            errors = [float(az.mcse(side[name], method="quantile", prob=prob)) for side in sides]
            assert abs(values[0] - values[1]) < 4 * np.hypot(*errors), (name, prob, values, errors)
