"""Papers as cells: sufficient counts in place of rows, so that the cost of a fit grows with cells, not with papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

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
FEW = 30  # papers; a smaller group tells little: it is flagged, or left out of test quantities


def band_team_size(authors: pd.Series) -> pd.Series:
    """Band of ``SIZES`` for a number of authors."""
    edges = [first - 0.5 for first, _ in SIZES.values()] + [np.inf]
    return pd.Series(pd.cut(authors, edges, labels=list(SIZES)), index=authors.index).astype("str")


def group_venues(venues: pd.Series) -> pd.Series:
    """Group of venues with one audience."""
    group_of = {venue: group for group, members in VENUE_GROUPS.items() for venue in members}
    return venues.map(lambda venue: group_of.get(venue, OTHER_GROUP))


def count_cells(frame: pd.DataFrame, by: Sequence[str], event: str) -> pd.DataFrame:
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


def index_levels(values: pd.Series, levels: Sequence[Any]) -> Ints:
    """Position of each value among the levels of a coordinate.

    Raises
    ------
    KeyError
        If a value is none of them.
    """
    position = {level: i for i, level in enumerate(levels)}
    return np.array([position[value] for value in values], dtype=np.int64)


def cross_indices(at: Mapping[str, Ints], sizes: Mapping[str, int], *names: str) -> Ints:
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


def find_balanced_panel(
    venues: Any, years: Any, papers: Any, periods: Mapping[str, tuple[int, int]], fewest: int
) -> list[str]:
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
