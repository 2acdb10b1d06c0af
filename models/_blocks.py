"""Blocks of statistics that claims share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt
import xarray as xr

Floats = npt.NDArray[np.float64]
CHECK_BOUNDS = False
"""For ``pm.Model``: transforms keep every parameter within its bounds, and ``prepare`` every count. Checked at each
step, bounds are a fifth of the compilation."""


def data_of(dataset: xr.Dataset, names: Iterable[str]) -> dict[str, pt.TensorVariable]:
    """Variables of a dataset as data of the model in context, so that one compiled model serves any values of them.

    Parameters
    ----------
    dataset
        As ``prepare`` gives it.
    names
        Of its variables: numbers of any dims.

    Returns
    -------
    dict
        Name to ``pm.Data``, of the variable's shape: integers as int64, other numbers as float64.
    """
    out: dict[str, pt.TensorVariable] = {}
    for name in names:
        values = dataset[name].to_numpy()
        dtype = np.int64 if np.issubdtype(values.dtype, np.integer) else np.float64
        out[name] = pm.Data(name, values.astype(dtype))
    return out


def hyperparameters(priors: Any, names: Iterable[str]) -> dict[str, pt.TensorVariable]:
    """Hyper-parameters of the model in context, by name: data, so that one compiled model serves any values of them.

    One vector ``prior``: a hyper-parameter has at times the name of the parameter whose prior it sets.
    """
    names = tuple(names)
    vector = pm.Data("prior", np.array([getattr(priors, name) for name in names], float))
    return {name: vector[i] for i, name in enumerate(names)}


def walk_departures(n_years: int) -> Floats:
    """Map a random walk's innovations to its departures from a straight line.

    A walk beside a linear trend is nearly unidentified: both can rise. Taking the least-squares line out of the walk
    leaves the trend its plain meaning (the average change) and the walk the rest. On the data of the academic share it
    halved the leapfrog steps and removed the occasional divergence of the anchored walk.

    Returns
    -------
    numpy.ndarray
        Shape (n_years, n_years - 1). A walk with innovations of sd 1 departs by about 0.7 to 1.1 over 13 years.
    """
    steps = np.tril(np.ones((n_years, n_years)))[:, 1:]
    line = np.column_stack([np.ones(n_years), np.arange(n_years)])
    return steps - line @ np.linalg.lstsq(line, steps, rcond=None)[0]


def sector_log_odds(
    decade: pt.TensorVariable, prior: Mapping[str, pt.TensorVariable], level_mean: pt.TensorVariable, n_years: int
) -> pt.TensorVariable:
    """Log-odds of the kinds of team by year: level, linear trend, and a random walk's departures from it.

    Zero-sum over ``sector``: only contrasts between kinds matter to a softmax. The walk is non-centred, for few rows
    a year leave its scale nearly to the prior (Papaspiliopoulos, Roberts and Skold 2007).

    Parameters
    ----------
    decade
        (year,), decades from the middle year.
    prior
        Hyper-parameters ``level_sd``, ``trend_sd`` and ``walk_sd``, log-odds.
    level_mean
        (sector,), log-odds: the prior's mean of the level.
    n_years
        Number of years.

    Returns
    -------
    pytensor.tensor.TensorVariable
        (year, sector), log-odds; the deterministic ``log_odds``.
    """
    level = pm.ZeroSumNormal("level", sigma=prior["level_sd"], dims="sector")
    trend = pm.ZeroSumNormal("trend", sigma=prior["trend_sd"], dims="sector")
    walk_sd = pm.HalfNormal("walk_sd", sigma=prior["walk_sd"])
    walk_raw = pm.ZeroSumNormal("walk_raw", dims=("step", "sector"), n_zerosum_axes=1)
    walk = walk_sd * pt.dot(walk_departures(n_years), walk_raw)
    line = level_mean + level + trend * decade[:, None]
    return pm.Deterministic("log_odds", line + walk, dims=("year", "sector"))


def stays_above_half(share: xr.DataArray) -> xr.DataArray:
    """Whether a share is above one half in a year and in every later one.

    If the last year is not above, the crossing never happens; a crossing by year y happens exactly if the share
    stays above from y on.

    Parameters
    ----------
    share
        Any dims with ``year``, probability.
    """
    above = share > 0.5
    reverse = above.isel(year=slice(None, None, -1))
    return (reverse.cumsum("year") == xr.ones_like(reverse, dtype=int).cumsum("year")).isel(year=slice(None, None, -1))


def over_periods(share: xr.DataArray, weights: xr.DataArray, periods: dict[str, tuple[int, int]]) -> xr.DataArray:
    """Average yearly values over periods, weighted by the number of rows of each year.

    With these weights the average of the raw yearly shares is the raw share of the period.

    Parameters
    ----------
    share
        Dims with ``year``.
    weights
        (year,), number of rows.
    periods
        Name to first and last year. Years outside the data count nothing; a period without rows is left out.
    """
    averages = []
    names = []
    for name, (first, last) in periods.items():
        weight = weights.sel(year=slice(first, last))
        if weight.sum() > 0:
            averages.append((share.sel(year=slice(first, last)) * (weight / weight.sum())).sum("year"))
            names.append(name)
    return xr.concat(averages, dim=xr.DataArray(names, dims="period", name="period"))


def rows_behind(count: xr.DataArray, periods: dict[str, tuple[int, int]], name: str = "n") -> dict[str, xr.DataArray]:
    """Rows behind each year and period, beside the estimands; an estimand's attr ``rows`` names its own."""
    inside = {key: count.sel(year=slice(*years)) for key, years in periods.items()}
    sums = {key: int(part.sum()) for key, part in inside.items() if part.size}
    by_period = xr.DataArray(list(sums.values()), {"period": list(sums)}, ("period",), attrs={"kind": "rows"})
    return {f"{name}_by_year": count.assign_attrs(kind="rows"), f"{name}_by_period": by_period}
