"""Faulty variants of the toy claim's model, which the gate must refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pymc as pm
import xarray as xr

from models.common.claim import Model


def plant(model: Model, fault: str) -> Model:
    """Return the model with a fault: ``divergence`` (Neal's funnel, centred), ``r_hat`` (two modes) or ``nan``."""
    if fault == "nan":
        return replace(model, estimands=drop_draws(model))
    return replace(model, build={"divergence": build_funnel, "r_hat": build_two_modes}[fault])


def drop_draws(model: Model) -> Any:
    def compute(draws: xr.Dataset, dataset: xr.Dataset, choices: Any) -> xr.Dataset:
        return model.estimands(draws.assign(mean=draws["mean"].where(draws["draw"] > 0)), dataset, choices)

    return compute


def build_funnel(dataset: xr.Dataset, priors: Any) -> pm.Model:
    with build_mean(dataset) as model:
        scale = pm.Normal("scale", 0, 3)
        pm.Normal("funnel", 0, pm.math.exp(scale / 2), shape=9)
    return model


def build_two_modes(dataset: xr.Dataset, priors: Any) -> pm.Model:
    """Build a model with two modes that no chain leaves."""
    with build_mean(dataset) as model:
        mode = pm.Normal("mode", 0, 10)
        pm.Potential("two", pm.math.logaddexp(-50 * (mode - 5) ** 2, -50 * (mode + 5) ** 2))
    return model


def build_mean(dataset: xr.Dataset) -> pm.Model:
    with pm.Model() as model:
        y = pm.Data("y", dataset["y"].to_numpy(), dims="row")
        mean = pm.Normal("mean", 0, 1.0)
        pm.Normal("y_obs", mean, 3.0, observed=y, dims="row")
    return model
