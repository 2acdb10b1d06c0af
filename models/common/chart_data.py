"""Chart data shared by the claims: plain rows, and quantile bands of draws."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

Rows = list[dict[str, Any]]
"""Rows of finite floats, integers, text and None, as JSON and CSV hold them."""
Charts = dict[str, Rows]
"""Rows by name. The rows of ``FIGURE`` are its CSV file; ``FIGURE/PART`` holds further rows that it draws."""

BANDS = {"low89": 0.055, "low50": 0.25, "median": 0.5, "high50": 0.75, "high89": 0.945}


def make_finite(value: Any) -> float | None:
    """Return a number as a float, or None if it is not finite."""
    number = float(value)
    return number if math.isfinite(number) else None


def compute_bands(draws: xr.DataArray) -> dict[str, np.ndarray[Any, Any]]:
    """Return the median and the 50 and 89 % bands over chain and draw; each has the shape of the other dims."""
    return {name: draws.quantile(q, ("chain", "draw")).to_numpy() for name, q in BANDS.items()}


def list_bands(draws: xr.DataArray) -> Rows:
    """List the bands of draws (chain, draw, year), one row per year."""
    bands = compute_bands(draws)
    return [
        {"year": int(year)} | {name: make_finite(values[i]) for name, values in bands.items()}
        for i, year in enumerate(draws["year"].to_numpy())
    ]
