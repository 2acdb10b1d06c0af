r"""Training code of Epoch's models: a separate quantity from code release by papers.

The outcome is whether the training code of a model, notable or other, is open. Each model of one of Epoch's vintages is
one Bernoulli row, with

    log-odds = intercept + sector[k] + trend[k] date + slope compute + gap (where compute is unknown).

k is the sector, with academia-only as the reference, and date is in decades from 2021. compute is log10 FLOP minus 22,
in units of 3 dex, and 0 where it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

from data.errors import InputError
from models.code_release.choices import Choices, TrainingCodePriors
from models.common.cells import index_levels
from models.common.claim import Model, Tables
from models.common.estimand import ratio, ratio_from_log, rows, share
from models.common.exclusions import Selection
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters

DATES = {2019: -0.15, 2024: 0.35}  # mid-years at which sectors are compared, in decades from 2021
TOP_LEVEL = ("intercept", "sector_contrast", "trend", "slope", "gap")
SECTORS = {
    "academia-only": "academia-only",
    "academia-leaning collaboration": "collaboration",
    "collaboration": "collaboration",
    "industry-leaning collaboration": "collaboration",
    "industry-only": "industry-only",
}
TREND = 2.0  # sd of a trend per decade, over the sd between sectors: the order of sectors may reverse in a decade
SECTOR_LEVELS = ("academia-only", "collaboration", "industry-only")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """Prepare one row per model of a vintage, by academia, industry or both, whose training code has known access."""
    frame = tables["models"]
    frame = frame[(frame["vintage"] == choices.access_vintage) & (frame["date"] != "")]
    models = Selection(frame, "models of the vintage with a date")
    labelled = models.frame["training_code"].isin(["open", "restricted", "unreleased"])
    models.keep(labelled, "access to the training code unknown")
    models.keep(models.frame["team_resolved"].isin(list(SECTORS)), "neither academia nor industry, or unknown")
    models.keep(models.frame["date"] >= "2012", "before 2012")
    frame = models.frame
    if frame.empty:
        problem = f"no model of vintage {choices.access_vintage} has a known access to its training code"
        raise InputError(problem, "table of models", hint="vintages 2025-06, 2026-03 and 2026-05 have it")
    year = frame["date"].str[:4].astype(float) + (frame["date"].str[5:7].replace("", "7").astype(float) - 0.5) / 12
    compute = frame["log10_compute"]
    known = compute.notna()
    sector = index_levels(frame["team_resolved"].map(SECTORS), SECTOR_LEVELS)
    return xr.Dataset(
        {
            "open": ("row", (frame["training_code"] == "open").to_numpy().astype(int)),
            "sector_idx": ("row", sector),
            "date": ("row", ((year - 2021) / 10).to_numpy(), {"unit": "decades from 2021"}),
            "compute": ("row", ((compute - 22).where(known, 0) / 3).to_numpy(), {"unit": "3 dex from 10^22 FLOP"}),
            "unknown": ("row", (~known).to_numpy().astype(float)),
            "n": ("sector", np.bincount(sector, minlength=len(SECTOR_LEVELS)), {"unit": "models"}),
        },
        coords={"sector": list(SECTOR_LEVELS)},
        attrs={"flow": models.to_json()},
    )


def compute_log_odds(effect: Mapping[str, Any], sector_idx: Any, date: Any, compute: Any, unknown: Any) -> Any:
    """Return the linear predictor, (..., row), from effects with any leading dims and covariates by row."""
    by_sector = effect["sector_effect"][..., sector_idx] + effect["trend"][..., sector_idx] * date
    by_compute = effect["slope"][..., None] * compute + effect["gap"][..., None] * unknown
    return effect["intercept"][..., None] + by_sector + by_compute


def build(dataset: xr.Dataset, priors: TrainingCodePriors) -> pm.Model:
    """Build a logistic regression with academia-only as the reference, which has no effect of its own."""
    coords = {"sector": list(SECTOR_LEVELS), "other": list(SECTOR_LEVELS[1:])}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("sector_idx", "date", "compute", "unknown", "open"))
        sd = add_hyperparameters(priors, ("access_sd",))["access_sd"]
        contrast = pm.Normal("sector_contrast", 0, sd, dims="other")
        effect = {
            "intercept": pm.Normal("intercept", 0, sd),
            "sector_effect": pt.concatenate([[0.0], contrast]),
            "trend": pm.Normal("trend", 0, sd * TREND, dims="sector"),
            "slope": pm.Normal("slope", 0, sd),
            "gap": pm.Normal("gap", 0, sd),
        }
        log_odds = compute_log_odds(effect, *(data[name] for name in ("sector_idx", "date", "compute", "unknown")))
        pm.Bernoulli("open_obs", logit_p=log_odds, observed=data["open"], dims="row")
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute odds ratios to academia-only, and the share with open training code by sector and date.

    Returns
    -------
    xarray.Dataset
        ``training_code_open`` (sector, year), the share if all models had the sector and date;
        ``odds_ratio_training_code_...`` (year,), collaborations or industry-only models to academia-only models, at the
        mid-years of ``DATES``;
        ``odds_ratio_training_code_tenfold_compute``, for ten times the compute.
    """
    effect = {
        name: draws[name].transpose("chain", "draw", ...).to_numpy()
        for name in ("intercept", "sector_contrast", "trend", "slope", "gap")
    }
    reference = np.zeros((*effect["intercept"].shape, 1))
    effect["sector_effect"] = np.concatenate([reference, effect["sector_contrast"]], axis=-1)
    compute, unknown = dataset["compute"].to_numpy(), dataset["unknown"].to_numpy()
    shape = (len(SECTOR_LEVELS), len(DATES))
    shares, log_odds = (np.empty((*effect["intercept"].shape, *shape)) for _ in range(2))
    for k, r in np.ndindex(*shape):
        sector_idx, date = np.full(len(compute), k), list(DATES.values())[r]
        of_models = compute_log_odds(effect, sector_idx, date, compute, unknown)
        shares[..., k, r] = (1 / (1 + np.exp(-of_models))).mean(-1)
        log_odds[..., k, r] = compute_log_odds(effect, sector_idx[:1], date, 0.0, 0.0)[..., 0]
    coords = {
        "chain": draws["chain"].to_numpy(),
        "draw": draws["draw"].to_numpy(),
        "sector": list(SECTOR_LEVELS),
        "year": list(DATES),
    }
    dims = tuple(coords)
    ratios = xr.DataArray(np.exp(log_odds - log_odds[:, :, :1]), coords, dims)
    out = {
        "training_code_open": share(xr.DataArray(shares, coords, dims), "n_models"),
        "odds_ratio_training_code_tenfold_compute": ratio_from_log(draws["slope"] / 3, "n_models"),
        "n_models": rows(dataset["n"], "models"),
    }
    for name in SECTOR_LEVELS[1:]:
        of_sector = ratios.sel(sector=name, drop=True)
        out[f"odds_ratio_training_code_{name.replace('-', '_')}"] = ratio(of_sector, "n_models")
    return xr.Dataset(out)


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities: the change over time in the share of open training code, by sector."""
    y = data["open_obs"]
    out = {}
    for i, name in enumerate(SECTOR_LEVELS):
        in_sector = dataset["sector_idx"] == i
        late = dataset["date"] > 0.15
        out[f"{name}: open, from mid-2022 on less before"] = y.where(in_sector & late).mean("row") - y.where(
            in_sector & ~late
        ).mean("row")
    return xr.Dataset(out)


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
