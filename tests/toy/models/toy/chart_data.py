"""Data of the toy claim's figures."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from models.common.chart_data import Charts, Rows


def make_chart_data(trees: Mapping[str, xr.DataTree], estimates: Rows) -> Charts:
    """Return the rows of each figure: ``toy``, one median per specification."""
    return {"toy": [{"spec": row["spec"], "median": row["median"]} for row in estimates]}
