r"""Training code of Epoch's models: a separate quantity beside code release by papers.

Whether the training code of a notable or other model is open: log-odds = level + sector[k] + trend[k] x date
+ slope x log10 compute + gap where compute is unknown; a Bernoulli row a model, of one of Epoch's vintages.
"""

from __future__ import annotations

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
TOP_LEVEL = ("level", "sector_effect", "trend", "slope", "gap")
SECTORS = {
    "academia-only": "academia-only",
    "academia-leaning collaboration": "collaboration",
    "collaboration": "collaboration",
    "industry-leaning collaboration": "collaboration",
    "industry-only": "industry-only",
}
TREND = 2.0  # of a decade against a step between sectors: each may turn about within one
SECTOR_LEVELS = ("academia-only", "collaboration", "industry-only")


def prepare(tables: Tables, choices: Choices) -> xr.Dataset:
    """One row a model of a vintage whose training code's access is known, of academia, industry or both."""
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
        raise InputError(problem, "table of models", hint="vintages 2025-06 and 2026-05 have it")
    year = frame["date"].str[:4].astype(float) + (frame["date"].str[5:7].replace("", "7").astype(float) - 0.5) / 12
    compute = frame["log10_compute"]
    known = compute.notna()
    sector = index_levels(frame["team_resolved"].map(SECTORS), SECTOR_LEVELS)
    return xr.Dataset(
        {
            "open": ("row", (frame["training_code"] == "open").to_numpy().astype(int)),
            "at_sector": ("row", sector),
            "date": ("row", ((year - 2021) / 10).to_numpy(), {"unit": "decades from 2021"}),
            "compute": ("row", ((compute - 22).where(known, 0) / 3).to_numpy(), {"unit": "3 dex from 10^22 FLOP"}),
            "unknown": ("row", (~known).to_numpy().astype(float)),
            "n": ("sector", np.bincount(sector, minlength=len(SECTOR_LEVELS)), {"unit": "models"}),
        },
        coords={"sector": list(SECTOR_LEVELS)},
        attrs={"flow": models.to_json()},
    )


def build(dataset: xr.Dataset, priors: TrainingCodePriors) -> pm.Model:
    """A logistic regression with academia-only as the base."""
    coords = {"sector": list(SECTOR_LEVELS), "other": list(SECTOR_LEVELS[1:])}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset, ("at_sector", "date", "compute", "unknown", "open"))
        sd = add_hyperparameters(priors, ("access_sd",))["access_sd"]
        level = pm.Normal("level", 0, sd)
        other = pm.Normal("sector_effect", 0, sd, dims="other")
        trend = pm.Normal("trend", 0, sd * TREND, dims="sector")
        slope, gap = (pm.Normal(name, 0, sd) for name in ("slope", "gap"))
        log_odds = level + pt.concatenate([[0.0], other])[data["at_sector"]]
        log_odds += trend[data["at_sector"]] * data["date"] + slope * data["compute"] + gap * data["unknown"]
        pm.Bernoulli("open_obs", logit_p=log_odds, observed=data["open"], dims="row")
    return model


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Odds ratios to academia-only, and the share with open training code if all models were of one sector and date.

    Returns
    -------
    xarray.Dataset
        ``training_code_open`` (sector, year), averaged over the models' compute; ``odds_ratio_training_code_...``
        (year,) of collaborations and of industry-only models to academia-only ones, in the middle of ``DATES``;
        ``odds_ratio_training_code_tenfold_compute``.
    """
    where = {"chain": draws["chain"].to_numpy(), "draw": draws["draw"].to_numpy()}
    effect = draws["sector_effect"].transpose("chain", "draw", "other").to_numpy()
    effect = np.concatenate([np.zeros((*effect.shape[:2], 1)), effect], axis=-1)[..., None]
    trend = draws["trend"].transpose("chain", "draw", "sector").to_numpy()[..., None]
    at_date = effect + trend * np.array(list(DATES.values()))  # (chain, draw, sector, year)
    of_compute = draws["level"] + draws["slope"] * dataset["compute"] + draws["gap"] * dataset["unknown"]
    others = of_compute.transpose("chain", "draw", "row").to_numpy()
    shares = np.empty(at_date.shape)
    for k, r in np.ndindex(*at_date.shape[2:]):
        shares[:, :, k, r] = (1 / (1 + np.exp(-others - at_date[:, :, k, r, None]))).mean(-1)
    coords = {**where, "sector": list(SECTOR_LEVELS), "year": list(DATES)}
    dims = ("chain", "draw", "sector", "year")
    ratios = xr.DataArray(np.exp(at_date - at_date[:, :, :1]), coords, dims)
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
    """Test quantities: how the share of open training code moves with time in each sector."""
    y = data["open_obs"]
    out = {}
    for i, name in enumerate(SECTOR_LEVELS):
        mine = dataset["at_sector"] == i
        late = dataset["date"] > 0.15
        out[f"{name}: open, from mid-2022 on less before"] = y.where(mine & late).mean("row") - y.where(
            mine & ~late
        ).mean("row")
    return xr.Dataset(out)


MODEL = Model(prepare, build, compute_estimands, compute_test_quantities, TOP_LEVEL)
