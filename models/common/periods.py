"""Averages of yearly shares over periods, and the year in which a share crosses one half."""

from __future__ import annotations

import xarray as xr

from models.common.estimand import rows


def mark_above_half(share: xr.DataArray) -> xr.DataArray:
    """Mark the years from which a share stays above one half: in that year and in every later one.

    The crossing has happened by year y if and only if the share is above one half in y and in every later year. If the
    share is not above one half in the last year, the crossing never happens.

    Parameters
    ----------
    share
        Probability; any dims that include ``year``.
    """
    above = share > 0.5
    reverse = above.isel(year=slice(None, None, -1))
    return (reverse.cumsum("year") == xr.ones_like(reverse, dtype=int).cumsum("year")).isel(year=slice(None, None, -1))


def average_over_periods(
    share: xr.DataArray, weights: xr.DataArray, periods: dict[str, tuple[int, int]]
) -> xr.DataArray:
    """Average yearly values over periods, weighted by the number of rows in each year.

    With these weights, the average of the raw yearly shares is the raw share of the period.

    Parameters
    ----------
    share
        Yearly values; any dims that include ``year``.
    weights
        (year,), number of rows.
    periods
        First and last year, by name. Years outside the data are ignored; a period without rows is left out.
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
    """Count rows by year and period, for estimands whose attribute ``rows`` is ``name``."""
    inside = {key: count.sel(year=slice(*years)) for key, years in periods.items()}
    sums = {key: int(part.sum()) for key, part in inside.items() if part.size}
    by_period = xr.DataArray(list(sums.values()), {"period": list(sums)}, ("period",))
    return {f"{name}_by_year": rows(count), f"{name}_by_period": rows(by_period)}
