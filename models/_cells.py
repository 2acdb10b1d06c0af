"""Papers as cells: sufficient counts in place of rows, so that the cost of a fit grows with cells, not with papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from scipy.special import expit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Teams of one to three authors differ most in who they are; beyond eight there are few.
SIZES = {"1": (1, 1), "2": (2, 2), "3": (3, 3), "4": (4, 4), "5-6": (5, 6), "7-8": (7, 8), "9 or more": (9, 10**6)}
VENUE_GROUPS = {
    "machine learning": ("NeurIPS", "ICML", "ICLR", "AISTATS", "UAI", "ACML", "COLT", "AutoML", "CoRL"),
    "vision": ("CVPR", "ICCV", "WACV"),
    "language": ("ACL", "EMNLP", "NAACL", "COLING"),
    "AI": ("AAAI", "IJCAI"),
}
OTHER_GROUP = "other"  # of a user's own venues
FEW = 30  # papers with an exposure; a group with fewer is flagged


def team_size(authors: pd.Series) -> pd.Series:
    """Band of ``SIZES`` for a number of authors."""
    edges = [first - 0.5 for first, _ in SIZES.values()] + [np.inf]
    return pd.Series(pd.cut(authors, edges, labels=list(SIZES)), index=authors.index).astype("str")


def venue_group(venues: pd.Series) -> pd.Series:
    """Group of venues with one audience."""
    group_of = {venue: group for group, members in VENUE_GROUPS.items() for venue in members}
    return venues.map(lambda venue: group_of.get(venue, OTHER_GROUP))


def counted(frame: pd.DataFrame, by: Sequence[str], event: str) -> pd.DataFrame:
    """Sufficient counts: one row a cell with ``n`` (papers) and ``y`` (those with the event), sorted.

    Parameters
    ----------
    frame
        One row a paper.
    by
        Columns that make a cell.
    event
        Column of booleans.
    """
    cells = frame.groupby(list(by), sort=True, observed=True)[event].agg(n="size", y="sum").reset_index()
    return cells.astype({"n": "int64", "y": "int64"})


def codes(values: pd.Series, levels: Sequence[Any]) -> Ints:
    """Position of each value among the levels of a coordinate.

    Raises
    ------
    KeyError
        If a value is none of them.
    """
    position = {level: i for i, level in enumerate(levels)}
    return np.array([position[value] for value in values], dtype=np.int64)


def crossed(at: Mapping[str, Ints], sizes: Mapping[str, int], *names: str) -> Ints:
    """Position of each cell among the combinations of several coordinates' levels, the last running fastest.

    Parameters
    ----------
    at
        Coordinate to positions (cell,) among its levels.
    sizes
        Coordinate to the number of its levels.
    names
        The coordinates that are crossed.
    """
    return np.asarray(np.ravel_multi_index([at[name] for name in names], [sizes[name] for name in names]))


def counts_with_false_positives(
    name: str,
    odds: pt.TensorVariable,
    trials: pt.TensorVariable,
    observed: pt.TensorVariable,
    false_positive: pt.TensorVariable,
) -> pt.TensorVariable:
    r"""Binomial counts of an event that is always seen, and at times where it is not, dim ``cell``.

    With p = odds / (1 + odds) the probability of the event, an observation shows it with probability

        p + (1 - p) * false_positive

    (Rogan and Gladen 1978, American Journal of Epidemiology 107:71). Constants of the data are left out of the log
    density, which cost time at every step and change nothing: the binomial coefficient, and log(1 - false_positive) of
    each observation that does not show the event.

    Parameters
    ----------
    name
        Of the observed variable.
    odds
        (cell,), of the event itself.
    trials, observed
        (cell,), papers, and papers that show the event.
    false_positive
        (cell,), probabilities.
    """

    def logp(
        value: pt.TensorVariable,
        odds: pt.TensorVariable,
        trials: pt.TensorVariable,
        false_positive: pt.TensorVariable,
    ) -> pt.TensorVariable:
        # log(1 + odds), written so that pytensor does not make it log1p(odds), which is slower.
        return value * pt.log(odds + false_positive) - trials * (pt.log(0.5 + 0.5 * odds) + log(2))

    def random(
        odds: Floats,
        trials: Ints,
        false_positive: Floats,
        rng: np.random.Generator | None = None,
        size: Any = None,
    ) -> Ints:
        assert rng is not None
        chance = np.clip(1 - (1 - false_positive) / (1 + odds), 0, 1)
        return np.asarray(rng.binomial(trials.astype(np.int64), chance, size=size))

    out: pt.TensorVariable = pm.CustomDist(
        name, odds, trials, false_positive, logp=logp, random=random, observed=observed, dims="cell", dtype="int64"
    )
    return out


Part = tuple[xr.DataArray, Ints]
CHUNK = 10  # draws averaged at a time: their cells stay in the processor's cache, which halves the time


def levels(draws: xr.DataArray, first: str, second: str) -> xr.DataArray:
    """Flatten two dimensions of draws into one of levels, the second running fastest."""
    flat = draws.transpose("chain", "draw", first, second)
    shape = (flat.sizes["chain"], flat.sizes["draw"], -1)
    coords = {"chain": flat["chain"].to_numpy(), "draw": flat["draw"].to_numpy()}
    return xr.DataArray(flat.to_numpy().reshape(shape), coords, ("chain", "draw", "level"))


def standardised(parts: Sequence[Part], weights: Mapping[Any, Floats], dim: str) -> xr.DataArray:
    """Average probability over cells by draw, under each of several sets of weights.

    Parameters
    ----------
    parts
        Additive parts of a cell's log-odds: draws with dims (chain, draw, a level), and the level of each cell.
    weights
        Name to weights of the cells; each set is divided by its sum.
    dim
        Name of the dimension of the result that carries the names.

    Returns
    -------
    xarray.DataArray
        (chain, draw, ``dim``), probability.
    """
    names = list(weights)
    matrix = np.stack([np.asarray(weights[name], float) / np.sum(weights[name]) for name in names])
    used = np.flatnonzero(matrix.any(axis=0))  # cells without weight cost nothing
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


def spanning(venues: Any, years: Any, papers: Any, periods: Mapping[str, tuple[int, int]], fewest: int) -> list[str]:
    """Venues with at least so many papers in every period.

    Parameters
    ----------
    venues, years, papers
        Of equal length: a name, a year, a number of papers.
    periods
        Name to first and last year.
    fewest
        Papers that a venue needs in each.
    """
    frame = pd.DataFrame({"venue": np.asarray(venues), "year": np.asarray(years), "n": np.asarray(papers)})
    counts = [frame[frame["year"].between(first, last)].groupby("venue")["n"].sum() for first, last in periods.values()]
    table = pd.concat(counts, axis=1).fillna(0)
    return sorted(table.index[(table >= fewest).all(axis=1)])
