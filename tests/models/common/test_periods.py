"""Averages over periods, and the first year from which a share stays above one half."""

from __future__ import annotations

import pytest
import xarray as xr

from models.common.periods import average_over_periods, mark_above_half


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
