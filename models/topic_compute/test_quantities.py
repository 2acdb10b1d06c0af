"""Test quantities of the paper-level contrast, for prior and posterior predictive checks.

Chi-squares of data, observed or replicated alike (Gabry et al. 2019): between the levels of one grouping around the
overall share; between pairs of levels around what their two margins add up to, so that interactions show that no
parameter, or a shrunken one, carries.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from models.common.cells import Floats, Ints

Grouping = tuple[Ints, int]


def compute_test_quantities(data: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Chi-squares, each divided by its number of groups: by topic, year, venue, team size, and by their pairs.

    Parameters
    ----------
    data
        ``y_obs`` (..., cell): the observed counts or replicated ones.
    dataset
        As ``prepare`` gives it.
    """
    venue = np.unique(dataset["venue_of"].to_numpy(), return_inverse=True)[1][dataset["at_venue_year"].to_numpy()]
    year = dataset["year_of"].to_numpy()[dataset["at_venue_year"].to_numpy()]
    by = {
        "topic": dataset["at_topic"].to_numpy(),
        "year": year - year.min(),
        "venue": venue,
        "team size": dataset["at_size"].to_numpy(),
        "exposure": dataset["at_exposure"].to_numpy(),
    }
    pairs = [
        ("topic", "venue"), ("team size", "venue"), ("topic", "year"), ("team size", "year"), ("topic", "team size"),
        ("exposure", "year"), ("exposure", "venue"), ("exposure", "team size"),
    ]  # fmt: skip
    n = dataset["n"].to_numpy()
    y = data["y_obs"]
    lead = [dim for dim in y.dims if dim != "cell"]
    counts = y.transpose(*lead, "cell").to_numpy().reshape(-1, len(n))
    shape = [y.sizes[dim] for dim in lead]
    out = {}
    for name, at in by.items():
        out[f"chi-square by {name}"] = compute_chi_square(counts, n, [at])
    for pair in pairs:
        out[f"chi-square by {pair[0]} and {pair[1]}"] = compute_chi_square(counts, n, [by[name] for name in pair])
    return xr.Dataset({name: (lead, values.reshape(shape)) for name, values in out.items()})


def compute_chi_square(counts: Ints, n: Ints, groupings: list[Ints]) -> Floats:
    """Chi-square of grouped shares around the overall one, or of pairs around their additive margins, per group.

    Parameters
    ----------
    counts
        (data set, cell), events.
    n
        (cell,), trials.
    groupings
        One or two arrays (cell,) of positions.

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
        for at in groupings:
            inside, of = _sum_cells(counts, n, at)
            margins.append(inside / np.maximum(of, 1))
        expected = margins[0][:, :, None] + margins[1][:, None, :] - overall[:, :, None]
        expected = expected.reshape(len(counts), -1)
        pad = expected.shape[1] - events.shape[1]
        events, trials = np.pad(events, ((0, 0), (0, pad))), np.pad(trials, (0, pad))
    used = trials >= 5
    share = np.clip(expected[:, used], 0.01, 0.99)
    residual = events[:, used] - trials[used] * share
    total: Floats = (residual**2 / (trials[used] * share * (1 - share))).sum(axis=1) / max(int(used.sum()), 1)
    return total


def _sum_cells(counts: Ints, n: Ints, at: Ints) -> tuple[Floats, Floats]:
    """Events (data set, group) and trials (group,)."""
    indicator = csr_array((np.ones(len(at)), (np.arange(len(at)), at)), shape=(len(at), int(at.max()) + 1))
    return np.asarray(counts @ indicator, float), np.asarray(n @ indicator, float)
