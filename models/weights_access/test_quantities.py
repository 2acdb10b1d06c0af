"""Test quantities of access: how its classes vary by sector and year, and the order of its classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from models.common.cells import FEW, Floats
from models.weights_access.definitions import LARGE, MIDDLE, SECTORS, THOUSANDFOLD

STAGES = {  # title of each stage, and the models that reach it
    "known": ("access known", "n"),
    "open": ("open weights, of known", "known"),
    "unrestricted": ("unrestricted, of open", "with_terms"),
    "served": ("served, of not open", "closed"),
}


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities of each stage, observed or replicated.

    Parameters
    ----------
    data
        ``known_obs``, ``open_obs``, ``unrestricted_obs`` and ``served_obs``, (..., cell).
    dataset
        The dataset that ``prepare`` returns; it says how many models reach a stage.
    """
    sector, year = (dataset[f"{name}_idx"].to_numpy() for name in ("sector", "year"))
    compute = dataset["compute"].to_numpy() * THOUSANDFOLD + MIDDLE
    large = (compute >= LARGE) & (dataset["compute_unknown"].to_numpy() == 0)
    out: dict[str, Floats] = {}
    first = data["known_obs"].transpose(..., "cell")
    dims, shape = first.dims[:-1], first.shape[:-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over groups of which each has few models
        for stage, (title, reached) in STAGES.items():
            events = data[f"{stage}_obs"].transpose(..., "cell").to_numpy().reshape(-1, len(sector))
            n = dataset[reached].to_numpy()
            for k, of_sector in enumerate(SECTORS):
                inside = sector == k
                if n[inside].sum() >= FEW:
                    shares = _compute_shares(events, n, inside, year)
                    if np.isfinite(shares[0]).sum() > 2:
                        out[f"sd over years, {title}, {of_sector}"] = np.nanstd(shares, axis=1)
                    both = [inside & large, inside & ~large]
                    if min(n[part].sum() for part in both) >= FEW:
                        large_share, other = (events[:, part].sum(axis=1) / n[part].sum() for part in both)
                        out[f"large-scale less others, {title}, {of_sector}"] = large_share - other
    return xr.Dataset({name: (dims, value.reshape(shape)) for name, value in out.items()})


def _compute_shares(events: Floats, n: Any, inside: Any, idx: Any) -> Floats:
    """Compute shares by year, (data set, year); NaN where there are few models."""
    levels = np.eye(int(idx.max()) + 1)[idx] * inside[:, None]
    total = n @ levels
    return np.asarray(np.where(total >= FEW / 3, (events @ levels) / np.maximum(total, 1), np.nan))
