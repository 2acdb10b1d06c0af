"""Test quantities of the toy claim, for prior and posterior predictive checks."""

from __future__ import annotations

import xarray as xr


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Return the largest number, observed or replicated: ``y_obs`` (..., row)."""
    return xr.Dataset({"largest": data["y_obs"].max("row")})
