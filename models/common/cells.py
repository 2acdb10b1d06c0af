"""Counts of papers by cell, which are sufficient: the cost of a fit grows with the cells, not with the papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Team type differs most among teams of one to three authors; few teams have more than eight.
TEAM_SIZES = {"1": (1, 1), "2": (2, 2), "3": (3, 3), "4": (4, 4), "5-6": (5, 6), "7-8": (7, 8), "9 or more": (9, 10**6)}
VENUE_GROUPS = {
    "machine learning": ("NeurIPS", "ICML", "ICLR", "AISTATS", "UAI", "ACML", "COLT", "AutoML", "CoRL"),
    "vision": ("CVPR", "ICCV", "WACV"),
    "language": ("ACL", "EMNLP", "NAACL", "COLING"),
    "AI": ("AAAI", "IJCAI"),
}
OTHER_VENUE_GROUP = "other"  # for venues that only a user's table has
FEW = 30  # papers; smaller groups are flagged, or left out of test quantities


def band_team_size(authors: pd.Series) -> pd.Series:
    """Return the band of ``TEAM_SIZES`` for each number of authors."""
    edges = [first - 0.5 for first, _ in TEAM_SIZES.values()] + [np.inf]
    return pd.Series(pd.cut(authors, edges, labels=list(TEAM_SIZES)), index=authors.index).astype("str")


def group_venues(venues: pd.Series) -> pd.Series:
    """Return the venue group of each venue; the venues of a group share one audience."""
    group_of = {venue: group for group, members in VENUE_GROUPS.items() for venue in members}
    return venues.map(lambda venue: group_of.get(venue, OTHER_VENUE_GROUP))


def group_rare(values: pd.Series, most: int, other: str) -> pd.Series:
    """Replace all but the ``most`` most common values by ``other``.

    The value ``other`` itself is kept and does not count towards ``most``. Ties are broken by name, so the order of the
    rows does not matter.
    """
    counts = values[values != other].value_counts()
    kept = sorted(counts.index, key=lambda value: (-counts[value], value))[:most]
    return values.where(values.isin(kept), other)


def count_cells(frame: pd.DataFrame, by: Sequence[str], event: str) -> pd.DataFrame:
    """Count papers by cell: one row per cell with ``n`` (papers) and ``y`` (papers with the event), sorted.

    Parameters
    ----------
    frame
        One row per paper.
    by
        Columns that define a cell.
    event
        Boolean column.
    """
    cells = frame.groupby(list(by), sort=True, observed=True)[event].agg(n="size", y="sum").reset_index()
    return cells.astype({"n": "int64", "y": "int64"})


def index_levels(values: pd.Series, levels: Sequence[Any]) -> Ints:
    """Return the index of each value among the levels of a coordinate.

    Raises
    ------
    KeyError
        If a value is not among the levels.
    """
    index = {level: i for i, level in enumerate(levels)}
    return np.array([index[value] for value in values], dtype=np.int64)


def cross_indices(indices: Mapping[str, Ints], lengths: Mapping[str, int], *names: str) -> Ints:
    """Return the index of each cell among the combinations of several coordinates, of which the last varies fastest.

    Parameters
    ----------
    indices
        Index (cell,) of the level, by coordinate.
    lengths
        Number of levels, by coordinate.
    names
        The coordinates to cross.
    """
    return np.asarray(np.ravel_multi_index([indices[name] for name in names], [lengths[name] for name in names]))


def find_balanced_panel(
    venues: Any, years: Any, papers: Any, periods: Mapping[str, tuple[int, int]], fewest: int
) -> list[str]:
    """Find the venues of the balanced panel: those with at least ``fewest`` papers in every period.

    Parameters
    ----------
    venues, years, papers
        Arrays of equal length: venue names, years and numbers of papers.
    periods
        First and last year, by name.
    fewest
        Smallest number of papers that a venue needs in each period.
    """
    frame = pd.DataFrame({"venue": np.asarray(venues), "year": np.asarray(years), "n": np.asarray(papers)})
    counts = [frame[frame["year"].between(first, last)].groupby("venue")["n"].sum() for first, last in periods.values()]
    table = pd.concat(counts, axis=1).fillna(0)
    return sorted(table.index[(table >= fewest).all(axis=1)])
