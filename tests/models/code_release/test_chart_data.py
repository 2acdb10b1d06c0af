"""Chart data of code release: correction for the errors of the LLM annotator, and the shares that it starts from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models.code_release.cells import prepare
from models.code_release.chart_data import _correct_ratio, _take_seen_shares
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS
from models.common.team_types import TEAM_TYPES


def test_corrected_ratio_undoes_the_annotators_errors():
    true = {"academia-only": 0.5, "mixed": 0.4}
    sensitivity = {"academia-only": 0.97, "mixed": 0.9}
    false = {"academia-only": 0.2, "mixed": 0.05}
    seen = {team: p * sensitivity[team] + (1 - p) * false[team] for team, p in true.items()}
    assert _correct_ratio(seen, sensitivity, false) == pytest.approx(0.8)
    # The ratio depends on the mean of the rates as well as on their difference.
    other = {team: rate + 0.1 for team, rate in false.items()}
    assert _correct_ratio(seen, sensitivity, other) != pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("group", GROUPS)
def test_labelled_shares_have_the_mix_of_venue_years_of_all_papers(tables: dict[str, Any], group: str):
    data = prepare(tables, Choices())
    seen = _take_seen_shares(data, group)
    cells = pd.DataFrame({name: data[name].values for name in ("n", "y", "venue_year_idx", "team_idx")})
    chosen = (data["era_idx"].values == len(ERAS) - 1) & (data["venue_group_idx"].values == GROUPS.index(group))
    table = cells[chosen].groupby(["venue_year_idx", "team_idx"])[["n", "y"]].sum()
    papers = table["n"].groupby("venue_year_idx").sum()
    share = (table["y"] / table["n"]).rename("share").reset_index()
    by_team = share.pivot_table("share", "venue_year_idx", "team_idx")
    for i, team in enumerate(TEAM_TYPES):
        assert seen[team] == pytest.approx((by_team[i] * papers).sum() / papers.sum())
