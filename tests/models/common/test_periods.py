"""Averages over periods, and the first year from which a share stays above one half."""

from __future__ import annotations

import pytest
import xarray as xr

from models.common.periods import average_over_periods, compute_share_over_periods, mark_above_half, mark_lasting


def test_crossing_is_the_first_year_from_which_it_stays():
    share = xr.DataArray([0.6, 0.4, 0.7, 0.8], {"year": [1, 2, 3, 4]}, ("year",))
    assert mark_above_half(share).values.tolist() == [False, False, True, True]
    assert mark_above_half(share * 0.5).values.tolist() == [False] * 4


def test_period_without_rows_is_left_out():
    share = xr.DataArray([0.2, 0.4], {"year": [2010, 2011]}, ("year",))
    n = xr.DataArray([3, 1], {"year": [2010, 2011]}, ("year",))
    found = average_over_periods(share, n, {"a": (2010, 2011), "b": (2015, 2016)})
    assert found["period"].values.tolist() == ["a"]
    assert float(found.sel(period="a")) == pytest.approx(0.25)


def test_lasting_needs_every_later_year():
    holds = xr.DataArray([[True, False, True, True], [True, True, True, False]], dims=("draw", "year"))
    assert mark_lasting(holds).transpose("draw", "year").values.tolist() == [[False, False, True, True], [False] * 4]


def test_counts_of_a_period_are_divided_by_its_total():
    years = {"year": [2010, 2011, 2012]}
    count = xr.DataArray([[1, 0, 4], [0, 0, 5]], years, ("draw", "year"))
    total = xr.DataArray([3, 0, 5], years, ("year",))
    periods = {"a": (2010, 2012), "empty": (2011, 2011), "later": (2015, 2016), "last": (2012, 2012)}
    found = compute_share_over_periods(count, total, periods).transpose("draw", "period")
    assert found["period"].values.tolist() == ["a", "last"]
    assert found.values.tolist() == [[5 / 8, 4 / 5], [5 / 8, 1.0]]
