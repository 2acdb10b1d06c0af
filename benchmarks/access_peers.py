"""Access to weights by another package: a binomial regression of open weights among models of known access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.odds_ratios import fit_glm, make_design, weight_ratios
from models.weights_access.definitions import INDUSTRY_ONLY

if TYPE_CHECKING:
    from benchmarks.peers import Peer

FACTORS = ("sector_year", "domain")
DIFFERS = "labels as they are; here their errors are modelled, and slopes and years partially pooled"


def list_known_cells(data: xr.Dataset) -> pd.DataFrame:
    """List cells of known access: ``n`` models, ``y`` of them open, their levels and covariates.

    Sector-years and domains of which all models are open, or none, are left out: their effects are infinite, and they
    say nothing of the others.
    """
    cells = pd.DataFrame({name: data[name].to_numpy() for name in ("compute", "compute_unknown", "notable")})
    cells["n"], cells["y"] = data["known"].to_numpy(), data["open"].to_numpy()
    for name in ("sector", "year", "domain"):
        cells[name] = data[name].to_numpy()[data[f"{name}_idx"].to_numpy()]
    cells["sector_year"] = cells["sector"] + " " + cells["year"].astype(str)
    cells = cells[cells["n"] > 0]
    before = -1
    while before != len(cells):  # leaving out a domain may leave a sector-year without variation
        before = len(cells)
        for name in FACTORS:
            sums = cells.groupby(name)[["n", "y"]].transform("sum")
            cells = cells[(sums["y"] > 0) & (sums["y"] < sums["n"])]
    return cells.reset_index(drop=True)


def list_access_peers() -> Iterator[Peer]:
    """Compare the odds ratio of open weights for a thousandfold compute, models by industry alone."""
    from benchmarks.peers import Peer, make_dataset  # late, so that peers.py may import this module

    cells = list_known_cells(make_dataset("weights_access", "no_errors"))
    sectors = [INDUSTRY_ONLY, *sorted(set(cells["sector"]) - {INDUSTRY_ONLY})]
    effects = pd.DataFrame({f"compute, {sector}": cells["compute"] * (cells["sector"] == sector) for sector in sectors})
    effects = effects.join(cells[["compute_unknown", "notable"]])
    fitted = fit_glm(cells, make_design(cells, effects, FACTORS))
    here = (cells["sector"] == INDUSTRY_ONLY) & (cells["compute_unknown"] == 0)
    yield Peer(
        "weights_access", "main", "odds_ratio_thousandfold", {"sector": INDUSTRY_ONLY},
        "GLM, sectors by year, domains", weight_ratios(fitted, np.ones(1)), int(cells["n"][here].sum()), DIFFERS,
    )  # fmt: skip
