"""The log of exclusions, its description, and the window of years."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import InputError
from models.common.exclusions import Selection

FIRST, LAST = 2012, 2021


def make_selection(years: list[int]) -> Selection:
    return Selection(pd.DataFrame({"year": pd.Series(years, dtype=float)}), "papers of the table")


@pytest.mark.parametrize(
    ("years", "message"),
    [
        ([2024, 2024], "table of papers: all 2 papers are of 2024; the claim is about 2012-2021"),
        ([2024], "table of papers: the only paper is of 2024; the claim is about 2012-2021"),
        ([1999, 2024, 2023, 2025], "all 4 papers are of 1999, 2023-2025; the claim is about 2012-2021"),
    ],
)
def test_rows_that_are_all_of_other_years_are_refused_with_the_years(years: list[int], message: str):
    rows = make_selection(years)
    with pytest.raises(InputError) as refused:
        rows.keep_years(rows.frame["year"], FIRST, LAST, "outside 2012-2021")
    assert message in str(refused.value)


def test_earlier_exclusions_are_told_too():
    rows = make_selection([2015, 2024])
    rows.keep(rows.frame["year"] > 2015, "without an abstract")
    with pytest.raises(
        InputError, match=r"the only paper is of 2024.*of 2 papers of the table; left out: 1 without an"
    ):
        rows.keep_years(rows.frame["year"], FIRST, LAST, "outside 2012-2021")


@given(st.lists(st.integers(2000, 2030), max_size=20))
def test_years_inside_are_kept_and_the_others_counted(years: list[int]):
    rows, inside = make_selection(years), [year for year in years if FIRST <= year <= LAST]
    if years and not inside:
        with pytest.raises(InputError):
            rows.keep_years(rows.frame["year"], FIRST, LAST, "outside")
        return
    rows.keep_years(rows.frame["year"], FIRST, LAST, "outside")
    assert rows.frame["year"].tolist() == inside
    outside = len(years) - len(inside)
    assert rows.log[1] == {"reason": "outside", "n": outside, "left": len(inside)}
    assert rows.describe() == f"of {len(years)} papers of the table" + (
        f"; left out: {outside} outside" if outside else ""
    )
