"""Adoption by another package: a binomial regression of mentions, standardised as here, and crude shares."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import expit

from benchmarks.odds_ratios import REACH, Fitted, Ratio, fit_glm, make_design
from models.common.cells import Floats
from models.common.team_types import ACADEMIA_ONLY, TEAM_TYPES
from models.pretrained_adoption.definitions import ANY_INDUSTRY, RECENT_YEARS

if TYPE_CHECKING:
    from benchmarks.peers import Peer

FACTORS = ("year", "field", "venue")
CRUDE = "fields and venues of each team type's own papers"


def list_cells(data: xr.Dataset) -> pd.DataFrame:
    """List cells with their levels; fields and venues without any mention are left out, as their odds are 0."""
    cells = pd.DataFrame({"n": data["n"].to_numpy(), "y": data["y"].to_numpy()})
    for name in ("team", *FACTORS):
        cells[name] = data[name].to_numpy()[data[f"{name}_idx"].to_numpy()]
    cells["year"] = cells["year"].astype(str)
    for name in ("field", "venue"):
        cells = cells[cells.groupby(name)["y"].transform("sum") > 0]
    return cells.reset_index(drop=True)


def list_standard(data: xr.Dataset, cells: pd.DataFrame) -> pd.DataFrame:
    """List fields, venues and the years 2020-22 with their weights: papers of all years, times papers of the year."""
    by_year = data["base_n"].to_numpy().astype(float)
    base = pd.DataFrame(
        {name: data[name].to_numpy()[data[f"base_{name}_idx"].to_numpy()] for name in ("field", "venue")}
    ).assign(weight=by_year.sum(axis=0))
    base = base[base["field"].isin(cells["field"]) & base["venue"].isin(cells["venue"])]
    years = {str(year): n for year, n in zip(data["year"].to_numpy(), by_year.sum(axis=1), strict=True)}
    recent = [str(year) for year in range(RECENT_YEARS[0], RECENT_YEARS[1] + 1)]
    return pd.concat(
        [base.assign(year=year, weight=base["weight"] * years[year]) for year in recent], ignore_index=True
    )


def make_effects(frame: pd.DataFrame, team: pd.Series, years: list[str]) -> pd.DataFrame:
    """Make an effect of each team type with industry in each year."""
    return pd.DataFrame({f"{k}, {year}": ((team == k) & (frame["year"] == year)).astype(float)
                         for k in TEAM_TYPES[1:] for year in years})  # fmt: skip


def compare_standardised(fitted: Fitted, designs: list[Floats], shares: list[float], weights: Floats) -> Ratio:
    """Return the mean probability of the first design over the mean of the others by their shares, by delta method."""
    means, slopes = [], []
    for columns in designs:
        p = expit(columns @ fitted[0])
        means.append(float(np.average(p, weights=weights)))
        slopes.append((weights * p * (1 - p)) @ columns / weights.sum())
    others = sum(share * mean for share, mean in zip(shares, means[1:], strict=True))
    slope = slopes[0] / means[0] - sum(share * part for share, part in zip(shares, slopes[1:], strict=True)) / others
    centre, error = math.log(means[0] / others), math.sqrt(slope @ fitted[1] @ slope)
    return math.exp(centre), math.exp(centre - REACH * error), math.exp(centre + REACH * error)


def compare_crude(cells: pd.DataFrame) -> Ratio:
    """Return the ratio of counted shares, academia-only over others, 2020-22, with Katz's interval."""
    recent = cells[cells["year"].astype(int).between(*RECENT_YEARS)]
    is_academia = recent["team"] == ACADEMIA_ONLY
    n0, y0 = recent[~is_academia][["n", "y"]].sum().to_numpy(float)
    n1, y1 = recent[is_academia][["n", "y"]].sum().to_numpy(float)
    centre, error = math.log(y1 / n1 / (y0 / n0)), math.sqrt(1 / y1 - 1 / n1 + 1 / y0 - 1 / n0)
    return math.exp(centre), math.exp(centre - REACH * error), math.exp(centre + REACH * error)


def list_adoption_peers() -> Iterator[Peer]:
    """Compare mentions of academia-only papers with those of all papers with industry, 2020-22."""
    from benchmarks.peers import Peer, make_dataset  # late, so that peers.py may import this module

    data = make_dataset("pretrained_adoption", "main")
    cells = list_cells(data)
    years = sorted(cells["year"].unique())
    fitted = fit_glm(cells, make_design(cells, make_effects(cells, cells["team"], years), FACTORS))
    standard = list_standard(data, cells)
    both = pd.concat([cells[list(FACTORS)], standard[list(FACTORS)]], ignore_index=True)  # the levels of the fit
    designs = []
    for team in TEAM_TYPES:
        effects = make_effects(both, pd.Series(team, both.index), years)
        designs.append(make_design(both, effects, FACTORS).to_numpy()[len(cells) :])
    recent = data["year"].to_numpy()[data["year_idx"].to_numpy()]
    papers = data["n"].to_numpy() * ((recent >= RECENT_YEARS[0]) & (recent <= RECENT_YEARS[1]))
    n = np.bincount(data["team_idx"].to_numpy(), papers, len(TEAM_TYPES))
    shares = [float(each / n[1:].sum()) for each in n[1:]]
    ratio = compare_standardised(fitted, designs, shares, standard["weight"].to_numpy())
    coords, total = {"industry": ANY_INDUSTRY}, int(n.sum())
    names = ("pretrained_adoption", "main", "ratio_recent", coords)
    yield Peer(*names, "GLM, standardised", ratio, total)
    yield Peer(*names, "crude ratio of shares", compare_crude(cells), total, CRUDE)
