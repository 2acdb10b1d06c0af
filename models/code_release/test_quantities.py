"""Test quantities of code release, for prior and posterior predictive checks.

The function takes observed or replicated data and returns one value per data set (Gabry et al. 2019). Each quantity
concerns one factor or two; those of two factors reveal interactions that the model lacks. LLM labels are those of a
language model that read the papers.
"""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from models.code_release.cells import find_era
from models.code_release.definitions import ERAS, GROUPS
from models.common.cells import FEW, cross_indices
from models.common.team_types import TEAM_TYPES

FACTORS = {"topic": "topic", "year": "year", "venue": "venue", "size": "team size", "team": "team type"}
CROSSED = (
    ("topic", "venue"), ("size", "venue"), ("topic", "year"), ("size", "year"),
    ("team", "venue"), ("team", "topic"), ("team", "size"), ("team", "venue_year"),
)  # fmt: skip


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute test quantities of releases by one factor and by two, and of the labels that calibrate the annotator.

    Parameters
    ----------
    data
        ``y_obs`` (..., cell), papers with a release, observed or replicated. If the model has errors of the annotator,
        also ``human_release_obs`` and ``human_none_obs`` (..., team, era) and ``passages_obs`` (..., team, year,
        venues).
    dataset
        The dataset that ``prepare`` returns.
    """
    values = data["y_obs"].transpose(..., "cell")
    y = values.to_numpy().reshape(-1, dataset.sizes["cell"]).astype(float)
    n = dataset["n"].to_numpy().astype(float)
    idx = {name: dataset[f"{name}_idx"].to_numpy() for name in ("venue_year", "topic", "size", "team", "year")}
    venue = np.array([name.split(" ")[0] for name in dataset["venue_year"].to_numpy()])
    idx["venue"] = np.unique(venue, return_inverse=True)[1][idx["venue_year"]]
    idx["venue_group"] = dataset["venue_group_idx"].to_numpy()

    def compute_share(*names: str) -> np.ndarray:
        """Compute shares by factors, (data set, factor, ...); NaN where there are few papers."""
        shape = [int(idx[name].max()) + 1 for name in names]
        group_idx = cross_indices(idx, dict(zip(names, shape, strict=True)), *names)
        count = np.bincount(group_idx, n, int(np.prod(shape)))
        order = np.argsort(group_idx, kind="stable")
        starts = np.flatnonzero(np.diff(group_idx[order], prepend=-1))
        total = np.zeros((len(y), len(count)))
        total[:, group_idx[order][starts]] = np.add.reduceat(y[:, order], starts, axis=1)
        return np.where(count >= FEW, total / np.maximum(count, 1), np.nan).reshape(-1, *shape)

    def compute_interaction_sd(shares: np.ndarray) -> np.ndarray:
        """Compute the sd of shares by two factors after the means of both factors are subtracted."""
        with np.errstate(invalid="ignore"):
            residual = shares - np.nanmean(shares, 1, keepdims=True)
            residual = residual - np.nanmean(residual, 2, keepdims=True)
            return np.asarray(np.nanstd(residual, axis=(1, 2)))

    out: dict[str, np.ndarray] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over groups of which each has few papers
        for name, title in FACTORS.items():
            out[f"sd of shares by {title}"] = np.nanstd(compute_share(name), axis=1)
        titles = FACTORS | {"venue_year": "venue-year"}
        for first, second in CROSSED:
            title = f"sd of shares by {titles[first]} and {titles[second]}, margins subtracted"
            out[title] = compute_interaction_sd(compute_share(first, second))
        by_team = compute_share("team", "venue_group")
        for i, group in enumerate(GROUPS[: by_team.shape[2]]):
            for k, team in enumerate(TEAM_TYPES[1 : by_team.shape[1]], start=1):
                out[f"{team} less academia-only share, {group}"] = by_team[:, k, i] - by_team[:, 0, i]
    if "human_none_obs" in data:
        out |= _compare_labels(data, dataset)
    shape = values.shape[:-1]
    dims = values.dims[:-1]
    return xr.Dataset({name: (dims, value.reshape(shape)) for name, value in out.items()})


def _compare_labels(data: xr.Dataset, dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """Compute the share of correct LLM labels and passages by era, and the gap between team types in the last era.

    Papers without a release are compared in the last era only. Papers with a release are compared in every era, because
    the sensitivity is the same in all years.
    """
    out: dict[str, np.ndarray] = {}
    eras = list(ERAS)
    last = eras[-1]
    era = np.array(eras)[[eras.index(name) for name in find_era(dataset["year"].to_series())]]
    own, passages = data["passages_obs"].sum("venues"), dataset["passages"].sum("venues")
    sources = {
        "papers without release by human label, LLM label no": [
            (last, data["human_none_obs"].sel(era=last), dataset["human_none"].sel(era=last))
        ],
        "papers with a release by human label, LLM label yes": [
            (name, data["human_release_obs"].sel(era=name), dataset["human_release"].sel(era=name)) for name in eras
        ],
        "passages that are the paper's own code": [
            (name, own.isel(year=era == name).sum("year"), passages.isel(year=era == name).sum("year")) for name in eras
        ],
    }
    for source, parts in sources.items():
        for name, events, trials in parts:
            share = (events.sum("team") / int(trials.sum())) if int(trials.sum()) else events.sum("team") * np.nan
            out[f"share of {source}, {name}"] = share.to_numpy().ravel()
            if name == last:
                by_team = events / trials.where(trials > 0)
                gap = by_team.isel(team=1, drop=True) - by_team.isel(team=0, drop=True)
                out[f"mixed less academia-only, {source}, {name}"] = gap.to_numpy().ravel()
    return out | {f"mistaken LLM labels yes, human labels less passages, {last}": _compare_calibrations(data, dataset)}


def _compare_calibrations(data: xr.Dataset, dataset: xr.Dataset) -> np.ndarray:
    """Compute the share of LLM labels yes that are mistaken, by human labels less by passages, in the last era.

    Each kind of labels alone may agree with the model, while the two disagree with each other. NaN without either.
    """
    last = list(ERAS)[-1]
    right = data["human_release_obs"].sel(era=last).sum("team")
    wrong = (dataset["human_none"] - data["human_none_obs"]).sel(era=last).sum("team")
    of_era = dataset["year_in_era"].sel(era=last) == 1
    read = dataset["passages"].where(of_era, 0).sum()
    own = data["passages_obs"].where(of_era, 0).sum(("team", "year", "venues"))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_human = (wrong / (right + wrong)).to_numpy().ravel()
        return np.asarray(by_human - (1 - own / read).to_numpy().ravel())
