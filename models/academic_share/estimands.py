"""Estimands of the shares: shares by year and period, their change, and since when industry-only leads.

Two quantities have the name of a share. ``share_...`` is the *trend*: the probability that a model of a year or period
has a team type. ``table_share_...`` is the *share among the models in the table*: a proportion of the finite population
of models with a recorded training compute (Gelman et al. 2013, Bayesian Data Analysis, section 8.3, on finite
populations and superpopulations). Its only uncertainty are unknown team types, which are drawn from the posterior; if
none is unknown, it is a count, and its draws are all equal. Models without a recorded compute are not in this
population: the published shares are of models with one, and without it no model could be called large-scale. A resolved
team type counts as known, also where its leaning is a convention (``resolved_leaning``), which has a bound of its own.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from models.academic_share.choices import Choices
from models.academic_share.definitions import EARLY, IMPUTATION_SEED, LATE, PERIODS
from models.academic_share.rows import SECTORS, TABLE_SHARES
from models.common.estimand import TINY, difference, event, log_odds, rows, share
from models.common.periods import (
    average_over_periods,
    compute_share_over_periods,
    count_rows,
    mark_above_half,
    mark_lasting,
)


def compute_estimands(draws: xr.Dataset, dataset: xr.Dataset, choices: Choices) -> xr.Dataset:
    """Compute, by draw, shares by year and period, their change, and since when industry-only leads.

    Parameters
    ----------
    draws
        ``share`` (chain, draw, year, sector): posterior or prior draws.
    dataset, choices
        The dataset that ``prepare_shares`` returns, and the choices that it takes.

    Returns
    -------
    xarray.Dataset
        One variable per estimand, with dims (chain, draw) and ``year``, ``table_year`` or ``period``. The trend of a
        period weights its years by their numbers of models.
    """
    n = dataset["n"]
    out = make_share_estimands(draws["share"], n, "") | count_rows(n, PERIODS)
    return xr.Dataset(out | make_table_shares(draws["share"], dataset))


def make_share_estimands(shares: xr.DataArray, weights: xr.DataArray, prefix: str) -> dict[str, xr.DataArray]:
    """Compute the reported shares from the shares of the five team types by year.

    Industry-leaning collaborations count as industry in some shares, and as collaborations in others. Two events say
    since when industry-only leads: its share is above one half, or it is the largest of three groups, of which the
    others are academia-only and all collaborations together, leaning ones included.
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
    until_end = rows(weights.isel(year=slice(None, None, -1)).cumsum("year").isel(year=slice(None, None, -1)))
    out[f"n_{prefix}from"] = until_end  # models of a year and all later ones, on which "from a year on" is based
    out[f"{prefix}industry_only_never_stays_above_half"] = event(~crossed.isel(year=-1, drop=True))
    out[f"{prefix}industry_only_above_half_from"] = event(crossed, f"n_{prefix}from")
    largest = (industry > academia) & (industry > collaboration + leaning)
    out[f"{prefix}industry_only_largest_from"] = event(mark_lasting(largest), f"n_{prefix}from")
    return out


def make_table_shares(shares: xr.DataArray, dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """Compute shares among the models in the table, by period and by year that has models (dim ``table_year``).

    Parameters
    ----------
    shares
        (chain, draw, year, sector), from which unknown team types are drawn: missing at random, given the year.
    dataset
        ``count`` (year, sector) and ``unknown`` (year,), as ``prepare_shares`` returns them.
    """
    filled = dataset["count"] + draw_unknown(shares, dataset["unknown"])
    total = dataset["n"] + dataset["unknown"]
    periods = {name: years for name, years in PERIODS.items() if dataset["n"].sel(year=slice(*years)).sum() > 0}
    of_table = total[total > 0].rename(year="table_year")
    out = {
        "n_table_by_period": count_rows(total, periods)["n_by_period"],
        "n_table_by_table_year": rows(of_table),
    }
    for name, sectors in TABLE_SHARES.items():
        majority = 0.5 if name.startswith("industry") else None
        k = filled.sel(sector=list(sectors)).sum("sector")
        by_year = k.rename(year="table_year").sel(table_year=of_table["table_year"]) / of_table
        out[f"table_share_{name}_by_year"] = share(by_year, "n_table_by_table_year", majority)
        out[f"table_share_{name}"] = share(compute_share_over_periods(k, total, periods), "n_table", majority)
    return out


def draw_unknown(shares: xr.DataArray, unknown: xr.DataArray) -> xr.DataArray:
    """Draw the team types of models whose team type is unknown, by draw of the shares of their year.

    Parameters
    ----------
    shares
        (chain, draw, year, sector), probabilities.
    unknown
        (year,), numbers of models.

    Returns
    -------
    xarray.DataArray
        (chain, draw, year, sector), numbers of models.
    """
    ordered = shares.transpose("chain", "draw", "year", "sector")
    probability = ordered.to_numpy() / ordered.to_numpy().sum(axis=-1, keepdims=True)
    drawn = np.random.default_rng(IMPUTATION_SEED).multinomial(unknown.to_numpy(), probability)
    return ordered.copy(data=drawn)
