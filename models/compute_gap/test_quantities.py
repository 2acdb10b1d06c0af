"""Test quantities of the hardware gap: what the likelihood of numbers and chips does not fit directly."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW, Floats
from models.common.team_types import TEAM_TYPES
from models.compute_gap.definitions import CLASSES, LARGE

FACTORS = {"venue_year": "venue-year", "topic": "topic", "size": "team size"}
HUGE = 64  # chips


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities of numbers and chips, observed or replicated.

    Parameters
    ----------
    data
        ``count_obs`` (..., cell, class), ``large_obs`` (..., year, team, large), ``chip_obs`` (..., year, team, class,
        chip) and ``unknown_obs`` (..., year, team, chip).
    dataset
        The dataset that ``prepare`` returns.
    """
    count = data["count_obs"].transpose(..., "cell", "class")
    dims = count.dims[:-2]
    shape = count.shape[:-2]
    values = count.to_numpy().reshape(-1, *count.shape[-2:]).astype(float)
    n = values.sum(-1)
    several, many = n - values[..., 0], values[..., -1]
    team = dataset["team_idx"].to_numpy()
    out: dict[str, Floats] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over groups of which each has few papers
        for name, title in FACTORS.items():
            idx = dataset[f"{name}_idx"].to_numpy()
            for what, k in (("academia-only", team == 0), ("with industry", team > 0)):
                shares = _compute_shares(several, n, idx, k)
                out[f"sd by {title} of the share with more than one chip, {what}"] = np.nanstd(shares, axis=1)
            gap = _compute_shares(several, n, idx, team > 0) - _compute_shares(several, n, idx, team == 0)
            out[f"sd by {title} of the gap in that share"] = np.nanstd(gap, axis=1)
        for k, name in enumerate(TEAM_TYPES):
            of = team == k
            more = np.maximum(several[:, of].sum(1), 1)
            out[f"share of more than eight chips among more than one, {name}"] = many[:, of].sum(1) / more
    large = data["large_obs"].transpose(..., "year", "team", "large").to_numpy()
    large = large.reshape(-1, *large.shape[-3:])
    chips = np.array(LARGE, float)
    for k, name in enumerate(TEAM_TYPES):
        of = large[:, :, k].sum(axis=1)
        out[f"largest number of chips, {name} (log2)"] = np.log2(np.max(np.where(of > 0, chips, 1.0), axis=-1))
        huge = of[:, chips >= HUGE].sum(-1) / np.maximum(of.sum(-1), 1)
        out[f"share of {HUGE} chips and more among more than eight, {name}"] = huge
    out |= _describe_chips(data, dataset)
    return xr.Dataset({name: (dims, value.reshape(shape)) for name, value in out.items()})


def _compute_shares(events: Floats, n: Floats, idx: Any, which: Any) -> Floats:
    """Compute shares by a factor, (data set, level); NaN where there are few papers."""
    levels = np.eye(int(idx.max()) + 1)[idx] * which[:, None]
    total = n @ levels
    return np.asarray(np.where(total >= FEW, (events @ levels) / np.maximum(total, 1), np.nan))


def _describe_chips(data: xr.Dataset, dataset: xr.Dataset) -> dict[str, Floats]:
    """Describe the chips: ties, and mean peaks by year, team type and class."""
    chip = data["chip_obs"].transpose(..., "year", "team", "class", "chip").to_numpy().astype(float)
    chip = chip.reshape(-1, *chip.shape[-4:])
    peak = dataset["peak"].to_numpy()
    one = chip[:, :, :, 0]
    out: dict[str, Floats] = {}
    for k, name in enumerate(TEAM_TYPES):
        of = one[:, :, k]
        total = np.maximum(of.sum((1, 2)), 1)
        out[f"share of papers with one chip that use the commonest of their year, {name}"] = of.max(-1).sum(1) / total
        mean = (of @ peak) / np.maximum(of.sum(-1), 1)
        enough = np.where(of.sum(-1) >= FEW, mean, np.nan)
        out[f"sd over years of the mean peak of one chip, {name} (dex)"] = np.nanstd(enough, axis=1)
    by_class = chip.sum(axis=(1, 2))
    means = (by_class @ peak) / np.maximum(by_class.sum(-1), 1)
    out[f"mean peak, {CLASSES[2]} chips less {CLASSES[0]} (dex)"] = means[:, 2] - means[:, 0]
    unknown = data["unknown_obs"].transpose(..., "year", "team", "chip").to_numpy().astype(float)
    by_team = unknown.reshape(-1, *unknown.shape[-3:]).sum(axis=1)
    academia, industry = by_team[:, 0], by_team[:, 1:].sum(axis=1)
    if academia.any() and industry.any():
        first, second = ((each @ peak) / np.maximum(each.sum(-1), 1) for each in (industry, academia))
        out["mean peak without a number, with industry less academia-only (dex)"] = first - second
    return out
