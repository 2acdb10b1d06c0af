"""What the chart data of several claims share: plain rows, and bands over draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

Rows = list[dict[str, Any]]
"""Rows of finite floats, integers, text and None: what JSON and CSV hold."""
Charts = dict[str, Rows]
"""Name to rows. Those of ``FIGURE`` are its CSV; those of ``FIGURE/PART`` are drawn beside them."""

BANDS = {"low89": 0.055, "low50": 0.25, "median": 0.5, "high50": 0.75, "high89": 0.945}


def make_finite(value: Any) -> float | None:
    """Return a number as a float, and None for what is not finite."""
    number = float(value)
    return number if math.isfinite(number) else None


def compute_bands(draws: xr.DataArray) -> dict[str, np.ndarray[Any, Any]]:
    """Return the quantiles of a median with 50 and 89 % bands, over chain and draw; each of the other dims' shape."""
    return {name: draws.quantile(q, ("chain", "draw")).to_numpy() for name, q in BANDS.items()}


def list_bands(draws: xr.DataArray) -> Rows:
    """List the bands of draws (chain, draw, year): one row a year."""
    bands = compute_bands(draws)
    return [
        {"year": int(year)} | {name: make_finite(values[i]) for name, values in bands.items()}
        for i, year in enumerate(draws["year"].to_numpy())
    ]
