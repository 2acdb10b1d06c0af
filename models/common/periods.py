"""Yearly shares over periods of years, and when a share crosses one half."""

from __future__ import annotations

import xarray as xr

from models.common.estimand import rows


def mark_above_half(share: xr.DataArray) -> xr.DataArray:
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


def average_over_periods(
    share: xr.DataArray, weights: xr.DataArray, periods: dict[str, tuple[int, int]]
) -> xr.DataArray:
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


def count_rows(count: xr.DataArray, periods: dict[str, tuple[int, int]], name: str = "n") -> dict[str, xr.DataArray]:
    """Rows behind each year and period, beside the estimands; an estimand's attr ``rows`` names its own."""
    inside = {key: count.sel(year=slice(*years)) for key, years in periods.items()}
    sums = {key: int(part.sum()) for key, part in inside.items() if part.size}
    by_period = xr.DataArray(list(sums.values()), {"period": list(sums)}, ("period",))
    return {f"{name}_by_year": rows(count), f"{name}_by_period": rows(by_period)}
