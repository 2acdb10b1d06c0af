"""Standardisation: probabilities averaged, by draw, over the papers of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from models.common.cells import Floats, Ints

Part = tuple[xr.DataArray, Ints]
CHUNK = 10  # draws averaged at a time: few enough to keep their cells in the processor's cache, which halves the time


def make_part(table: Floats, draws: xr.Dataset, idx: Ints) -> Part:
    """Return a table of draws (chain, draw, ...), with its last dims as one, and the index of each cell in it."""
    coords = {name: draws[name].to_numpy() for name in ("chain", "draw")}
    return xr.DataArray(table.reshape(*table.shape[:2], -1), coords, ("chain", "draw", "level")), idx


def standardise(parts: Sequence[Part], weights: Mapping[Any, Floats], dim: str) -> xr.DataArray:
    """Average the probability over cells by draw, under each of several sets of weights.

    Parameters
    ----------
    parts
        Additive parts of a cell's log-odds: draws (chain, draw, level), and the index of each cell's level.
    weights
        Weights of the cells, by name; each set is divided by its sum.
    dim
        Dimension of the result whose coordinate holds the names.

    Returns
    -------
    xarray.DataArray
        (chain, draw, ``dim``), probability.
    """
    names = list(weights)
    matrix = np.stack([np.asarray(weights[name], float) / np.sum(weights[name]) for name in names])
    used = np.flatnonzero(matrix.any(axis=0))  # skip cells without weight
    matrix = matrix[:, used].T
    first = parts[0][0]
    tables = [(part.transpose("chain", "draw", ...).to_numpy(), index[used]) for part, index in parts]
    out = np.empty((first.sizes["chain"], first.sizes["draw"], len(names)))
    for chain in range(out.shape[0]):
        for start in range(0, out.shape[1], CHUNK):
            now = slice(start, start + CHUNK)
            log_odds = sum(table[chain, now][:, index] for table, index in tables)
            out[chain, now] = expit(log_odds) @ matrix
    coords = {"chain": first["chain"].to_numpy(), "draw": first["draw"].to_numpy(), dim: names}
    return xr.DataArray(out, coords, ("chain", "draw", dim))
