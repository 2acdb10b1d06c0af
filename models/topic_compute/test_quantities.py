"""Test quantities of the paper-level contrast, for prior and posterior predictive checks.

The quantities are chi-squares of observed or replicated data (Gabry et al. 2019). They compare groups by one factor
with the overall share, and groups by two factors with their additive margins. The latter reveal interactions that the
model lacks or shrinks too much.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from models.common.cells import Floats, Ints


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Compute chi-squares per group, by one factor (topic, year, venue, team size, exposure) and by two.

    Parameters
    ----------
    data
        ``y_obs`` (..., cell): observed or replicated counts.
    dataset
        The dataset that ``prepare`` returns.
    """
    venue_year_idx = dataset["venue_year_idx"].to_numpy()
    venue_idx = np.unique(dataset["venue_year_venue"].to_numpy(), return_inverse=True)[1][venue_year_idx]
    year = dataset["venue_year_year"].to_numpy()[venue_year_idx]
    by = {
        "topic": dataset["topic_idx"].to_numpy(),
        "year": year - year.min(),
        "venue": venue_idx,
        "team size": dataset["size_idx"].to_numpy(),
        "exposure": dataset["exposure_idx"].to_numpy(),
    }
    crossed = [
        ("topic", "venue"), ("team size", "venue"), ("topic", "year"), ("team size", "year"), ("topic", "team size"),
        ("exposure", "year"), ("exposure", "venue"), ("exposure", "team size"),
    ]  # fmt: skip
    n = dataset["n"].to_numpy()
    y = data["y_obs"]
    lead = [dim for dim in y.dims if dim != "cell"]
    counts = y.transpose(*lead, "cell").to_numpy().reshape(-1, len(n))
    shape = [y.sizes[dim] for dim in lead]
    out = {}
    for name, idx in by.items():
        out[f"chi-square by {name}"] = compute_chi_square(counts, n, [idx])
    for first, second in crossed:
        out[f"chi-square by {first} and {second}"] = compute_chi_square(counts, n, [by[first], by[second]])
    return xr.Dataset({name: (lead, values.reshape(shape)) for name, values in out.items()})


def compute_chi_square(counts: Ints, n: Ints, groupings: list[Ints]) -> Floats:
    """Compute the chi-square per group: by one factor around the overall share, by two around their additive margins.

    Parameters
    ----------
    counts
        (data set, cell), events.
    n
        (cell,), trials.
    groupings
        One or two index vectors (cell,).

    Returns
    -------
    numpy.ndarray
        (data set,). Groups of fewer than five trials are left out.
    """
    overall = counts.sum(axis=1, keepdims=True) / n.sum()
    if len(groupings) == 1:
        events, trials = _sum_cells(counts, n, groupings[0])
        expected = np.broadcast_to(overall, events.shape)
    else:
        first, second = groupings
        width = int(second.max()) + 1
        events, trials = _sum_cells(counts, n, first * width + second)
        margins = []
        for idx in groupings:
            margin_events, margin_trials = _sum_cells(counts, n, idx)
            margins.append(margin_events / np.maximum(margin_trials, 1))
        expected = margins[0][:, :, None] + margins[1][:, None, :] - overall[:, :, None]
        expected = expected.reshape(len(counts), -1)
        pad = expected.shape[1] - events.shape[1]
        events, trials = np.pad(events, ((0, 0), (0, pad))), np.pad(trials, (0, pad))
    used = trials >= 5
    share = np.clip(expected[:, used], 0.01, 0.99)
    residual = events[:, used] - trials[used] * share
    total: Floats = (residual**2 / (trials[used] * share * (1 - share))).sum(axis=1) / max(int(used.sum()), 1)
    return total


def _sum_cells(counts: Ints, n: Ints, idx: Ints) -> tuple[Floats, Floats]:
    """Sum events (data set, group) and trials (group,) by group."""
    indicator = csr_array((np.ones(len(idx)), (np.arange(len(idx)), idx)), shape=(len(idx), int(idx.max()) + 1))
    return np.asarray(counts @ indicator, float), np.asarray(n @ indicator, float)
