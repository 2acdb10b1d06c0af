"""Estimands of the shares: shares by year and period, their change, and the crossing of one half."""

from __future__ import annotations

import numpy as np
import xarray as xr

from models.academic_share.choices import Choices
from models.academic_share.definitions import EARLY, LATE, PERIODS
from models.academic_share.rows import SECTORS
from models.common.estimand import TINY, difference, event, log_odds, share
from models.common.periods import average_over_periods, count_rows, mark_above_half


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute, by draw, shares by year and period, their change, and the crossing of one half.

    Parameters
    ----------
    draws
        ``share`` (chain, draw, year, sector): posterior or prior draws.
    dataset, choices
        The dataset that ``prepare_shares`` returns, and the choices that it takes.

    Returns
    -------
    xarray.Dataset
        One variable per estimand, with dims (chain, draw) and ``year`` or ``period``. The share of a period weights its
        years by their numbers of models.
    """
    n = dataset["n"]
    return xr.Dataset(make_share_estimands(draws["share"], n, "") | count_rows(n, PERIODS))


def make_share_estimands(shares: xr.DataArray, weights: xr.DataArray, prefix: str) -> dict[str, xr.DataArray]:
    """Compute the reported shares from the shares of the five team types by year.

    Industry-leaning collaborations count as industry in some shares, and as collaborations in others.
    """
    academia, collaboration, leaning, industry, other = (shares.sel(sector=name, drop=True) for name in SECTORS)
    by_year = {
        "academia_only": academia,
        "collaboration": collaboration,
        "collaboration_with_leaning": collaboration + leaning,
        "industry_only": industry,
        "industry_with_leaning": industry + leaning,
        "other": other,
    }
    out: dict[str, xr.DataArray] = {}
    for name, value in by_year.items():
        majority = 0.5 if name.startswith("industry") else None
        out[f"{prefix}share_{name}_by_year"] = share(value, reference=majority)
        out[f"{prefix}share_{name}"] = share(average_over_periods(value, weights, PERIODS), reference=majority)
    periods = out[f"{prefix}share_academia_only"]
    if {EARLY, LATE} <= set(periods["period"].to_numpy()):
        early, late = (periods.sel(period=name, drop=True).clip(TINY, 1 - TINY) for name in (EARLY, LATE))
        change = xr.DataArray(np.log(late / (1 - late)) - np.log(early / (1 - early)))
        out[f"{prefix}change_academia_only"] = difference(late - early, over=(EARLY, LATE))
        out[f"{prefix}change_academia_only_log_odds"] = log_odds(change, over=(EARLY, LATE))
    crossed = mark_above_half(industry)
    out[f"{prefix}industry_only_never_stays_above_half"] = event(~crossed.isel(year=-1, drop=True))
    out[f"{prefix}industry_only_above_half_from"] = event(crossed)
    return out
