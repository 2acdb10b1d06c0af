"""Estimands of the toy claim: the mean."""

from __future__ import annotations

import xarray as xr

from models.common.estimand import quantity, rows
from models.toy.choices import Choices


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Return the mean by draw, as of 2020: ``mean_by_year`` (year,), dex from 10^20 FLOP."""
    by_year = draws["mean"].expand_dims(year=[2020]).transpose("chain", "draw", "year")
    return xr.Dataset({"mean_by_year": quantity(by_year, "log10 FLOP", reference=0.0), "n_by_year": rows(dataset["n"])})
