"""Averages of yearly shares over periods, and the year in which a share crosses one half."""

from __future__ import annotations

import xarray as xr

from models.common.estimand import rows


def mark_lasting(holds: xr.DataArray) -> xr.DataArray:
    """Mark the years from which something holds: in that year and in every later one.

    Parameters
    ----------
    holds
        True or false; any dims that include ``year``.
    """
    reverse = holds.isel(year=slice(None, None, -1))
    return (reverse.cumsum("year") == xr.ones_like(reverse, dtype=int).cumsum("year")).isel(year=slice(None, None, -1))


def mark_above_half(share: xr.DataArray) -> xr.DataArray:
    """Mark the years from which a share stays above one half: in that year and in every later one.

    The crossing has happened by year y if and only if the share is above one half in y and in every later year. If the
    share is not above one half in the last year, the crossing never happens.

    Parameters
    ----------
    share
        Probability; any dims that include ``year``.
    """
    return mark_lasting(share > 0.5)


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


def compute_share_over_periods(
    count: xr.DataArray, total: xr.DataArray, periods: dict[str, tuple[int, int]]
) -> xr.DataArray:
    """Divide the sums of counts over periods by those of totals.

    Parameters
    ----------
    count
        Yearly counts; any dims that include ``year``.
    total
        (year,), counts of which ``count`` is a part.
    periods
        First and last year, by name. Years outside the data are ignored; a period with a total of zero is left out.
    """
    sums = {name: total.sel(year=slice(*years)).sum("year") for name, years in periods.items()}
    shares = {name: count.sel(year=slice(*periods[name])).sum("year") / n for name, n in sums.items() if n > 0}
    return xr.concat(shares.values(), dim=xr.DataArray(list(shares), dims="period", name="period"))


def count_rows(count: xr.DataArray, periods: dict[str, tuple[int, int]], name: str = "n") -> dict[str, xr.DataArray]:
    """Count rows by year and period, for estimands whose attribute ``rows`` is ``name``."""
    inside = {key: count.sel(year=slice(*years)) for key, years in periods.items()}
    sums = {key: int(part.sum()) for key, part in inside.items() if part.size}
    by_period = xr.DataArray(list(sums.values()), {"period": list(sums)}, ("period",))
    return {f"{name}_by_year": rows(count), f"{name}_by_period": rows(by_period)}
