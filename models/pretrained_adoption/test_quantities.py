"""Test quantities of mentions: how their shares vary by field, venue-year and pairs of factors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW, Floats
from models.common.team_types import TEAM_TYPES

FACTORS = {
    "field and year": ("field", "year"),
    "venue and year": ("venue", "year"),
    "team type and field": ("team", "field"),
    "team type and year": ("team", "year"),
}


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute sds of shares over pairs of factors, and the largest share of a field, observed or replicated.

    Parameters
    ----------
    data
        ``mentions_obs`` (..., cell).
    dataset
        The dataset that ``prepare`` returns.
    """
    y = data["mentions_obs"].transpose(..., "cell")
    events = y.to_numpy().reshape(-1, y.sizes["cell"]).astype(float)
    n = dataset["n"].to_numpy()
    out: dict[str, Floats] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over groups of which each has few papers
        for title, (first, second) in FACTORS.items():
            sizes = [dataset.sizes[name] for name in (first, second)]
            idx = np.ravel_multi_index([dataset[f"{name}_idx"].to_numpy() for name in (first, second)], sizes)
            shares = _compute_shares(events, n, idx, int(np.prod(sizes)))
            out[f"sd over {title} (share)"] = np.nanstd(shares, axis=1)
        team, field = (dataset[f"{name}_idx"].to_numpy() for name in ("team", "field"))
        for k, name in enumerate(TEAM_TYPES):
            shares = _compute_shares(events * (team == k), n * (team == k), field, dataset.sizes["field"])
            out[f"largest share of a field, {name}"] = np.nanmax(shares, axis=1)
    return xr.Dataset({name: (y.dims[:-1], value.reshape(y.shape[:-1])) for name, value in out.items()})


def _compute_shares(events: Floats, n: Any, idx: Any, groups: int) -> Floats:
    """Compute shares by group, (data set, group); NaN where there are few papers."""
    levels = np.eye(groups)[idx]
    total = n @ levels
    return np.asarray(np.where(total >= FEW, (events @ levels) / np.maximum(total, 1), np.nan))
