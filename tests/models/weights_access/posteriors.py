"""Posterior draws of access that nothing ties to the data, or that fit given shares exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from models.weights_access.definitions import ORDERED_STAGES, STAGES
from models.weights_access.linear_predictor import EFFECTS


def make_draws(dataset: xr.Dataset, seed: int, ordered: bool = False, draws: int = 2) -> xr.Dataset:
    """Draw effects of every stage, with ``error``, or with ``cut`` in the ordered model."""
    rng = np.random.default_rng(seed)
    stages = ORDERED_STAGES if ordered else STAGES
    sizes = dataset.sizes
    values: dict[str, Any] = {
        name: (("chain", "draw", "stage", *dims),
               rng.normal(0, 0.7, (1, draws, len(stages), *(sizes[dim] for dim in dims))))
        for name, dims in EFFECTS.items()
    }  # fmt: skip
    if ordered:
        values["cut"] = (("chain", "draw", "cut_step"), np.cumsum(rng.uniform(0.3, 2, (1, draws, 2)), axis=-1))
    else:
        values["error"] = (("chain", "draw"), rng.uniform(0, 0.2, (1, draws)))
    coords = {name: dataset[name].values for name in ("sector", "year", "domain")}
    return xr.Dataset(values, {"chain": [0], "draw": range(draws), "stage": list(stages), **coords})


def count_by_sector_year(dataset: xr.Dataset, name: str) -> Any:
    """Count models of a sector and year, (sector, year)."""
    out = np.zeros((dataset.sizes["sector"], dataset.sizes["year"]))
    np.add.at(out, (dataset["sector_idx"].values, dataset["year_idx"].values), dataset[name].values)
    return out


def make_saturated(dataset: xr.Dataset) -> xr.Dataset:
    """Make one draw whose share of open models among the known is the observed one, in every sector and year."""
    out = make_draws(dataset, 0, draws=1)
    out = out.map(np.zeros_like, keep_attrs=True)
    is_open, known, n = (count_by_sector_year(dataset, name) for name in ("open", "known", "n"))
    for stage, p in {"open": is_open / known, "known": known / n}.items():
        out["sector_year_effect"].loc[{"stage": stage}] = np.log(p / (1 - p))
    return out
