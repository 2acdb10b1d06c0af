"""Test quantities of code release, for prior and posterior predictive checks.

The function takes data, observed or replicated alike, and returns one value a data set (Gabry et al. 2019). Each
quantity is about a factor, or a pair of factors: what an interaction that the model lacks would bend.
"""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from models.code_release.cells import find_era
from models.code_release.definitions import ERAS, GROUPS
from models.common.cells import FEW, cross_indices
from models.common.team_types import TEAM_TYPES


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Test quantities of releases by factors and pairs of them.

    Parameters
    ----------
    data
        ``y_obs`` (..., cell), papers with a release as observed or replicated; ``hand_release_obs`` and
        ``hand_none_obs`` (..., team, era) and ``passages_obs`` (..., team, year, venues), labels.
    dataset
        As ``prepare`` gives it.
    """
    values = data["y_obs"].transpose(..., "cell")
    y = values.to_numpy().reshape(-1, dataset.sizes["cell"]).astype(float)
    n = dataset["n"].to_numpy().astype(float)
    at = {name: dataset[f"at_{name}"].to_numpy() for name in ("venue_year", "topic", "size", "team", "year")}
    venue = np.array([name.split(" ")[0] for name in dataset["venue_year"].to_numpy()])
    at["venue"] = np.unique(venue, return_inverse=True)[1][at["venue_year"]]
    at["venues"] = dataset["at_venues"].to_numpy()

    def compute_share(*names: str) -> np.ndarray:
        """Shares (data set, cell of the factors); cells with few papers not a number."""
        shape = [int(at[name].max()) + 1 for name in names]
        place = cross_indices(at, dict(zip(names, shape, strict=True)), *names)
        count = np.bincount(place, n, int(np.prod(shape)))
        order = np.argsort(place, kind="stable")
        starts = np.flatnonzero(np.diff(place[order], prepend=-1))
        total = np.zeros((len(y), len(count)))
        total[:, place[order][starts]] = np.add.reduceat(y[:, order], starts, axis=1)
        return np.where(count >= FEW, total / np.maximum(count, 1), np.nan).reshape(-1, *shape)

    def compute_sd(shares: np.ndarray) -> np.ndarray:
        """Standard deviation of what is left of shares by two factors after both factors' means."""
        with np.errstate(invalid="ignore"):
            left = shares - np.nanmean(shares, 1, keepdims=True)
            left = left - np.nanmean(left, 2, keepdims=True)
            return np.asarray(np.nanstd(left, axis=(1, 2)))

    out: dict[str, np.ndarray] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of cells that are all too small
        for one in ("topic", "year", "venue", "size", "team"):
            out[f"sd of shares by {_name_rate(one)}"] = np.nanstd(compute_share(one), axis=1)
        for one, other in (
            ("topic", "venue"), ("size", "venue"), ("topic", "year"), ("size", "year"),
            ("team", "venue"), ("team", "topic"), ("team", "size"), ("team", "venue_year"),
        ):  # fmt: skip
            out[f"spread of shares left by {_name_rate(one)} and {_name_rate(other)}"] = compute_sd(
                compute_share(one, other)
            )
        by_team = compute_share("team", "venues")
        for i, group in enumerate(GROUPS[: by_team.shape[2]]):
            for k, team in enumerate(TEAM_TYPES[1 : by_team.shape[1]], start=1):
                out[f"{team} less academia-only share, {group}"] = by_team[:, k, i] - by_team[:, 0, i]
    out |= _compare_labels(data, dataset)
    shape = values.shape[:-1]
    dims = values.dims[:-1]
    return xr.Dataset({name: (dims, value.reshape(shape)) for name, value in out.items()})


def _compare_labels(data: xr.Dataset, dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """The labels that calibrate the coder: what it took rightly, by era, and in the last one by kind of team."""
    out: dict[str, np.ndarray] = {}
    era = np.array(list(ERAS))[[list(ERAS).index(name) for name in find_era(dataset["year"].to_series())]]
    right, read = data["hand_none_obs"].sel(era=list(ERAS)[-1]), dataset["hand_none"].sel(era=list(ERAS)[-1])
    own, passages = data["passages_obs"].sum("venues"), dataset["passages"].sum("venues")
    sources = {"papers without release left alone, by hand": [(list(ERAS)[-1], right, read)]}
    # The model has one sensitivity for all years.
    sources["papers with a release taken for one, by hand"] = [
        (name, data["hand_release_obs"].sel(era=name), dataset["hand_release"].sel(era=name)) for name in ERAS
    ]
    sources["passages that are the paper's own code"] = [
        (name, own.isel(year=era == name).sum("year"), passages.isel(year=era == name).sum("year")) for name in ERAS
    ]
    for source, parts in sources.items():
        for name, events, trials in parts:
            share = (events.sum("team") / int(trials.sum())) if int(trials.sum()) else events.sum("team") * np.nan
            out[f"share of {source}, {name}"] = share.to_numpy().ravel()
            if name == list(ERAS)[-1]:
                by_team = events / trials.where(trials > 0)
                gap = by_team.isel(team=1, drop=True) - by_team.isel(team=0, drop=True)
                out[f"mixed less academia-only, {source}, {name}"] = gap.to_numpy().ravel()
    return out


def _name_rate(name: str) -> str:
    return {"venue_year": "venue-year", "size": "team size", "team": "kind of team"}.get(name, name)
