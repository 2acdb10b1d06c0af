"""What the figures of code release show: the algebra of the coder's errors, and the shares that they start from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models.code_release.cells import prepare
from models.code_release.chart_data import _correct_ratio, _take_seen_shares
from models.code_release.choices import Choices
from models.code_release.definitions import ERAS, GROUPS
from models.common.team_types import TEAM_TYPES


def test_corrected_ratio_undoes_the_coders_errors():
    true = {"academia-only": 0.5, "mixed": 0.4}
    sensitivity = {"academia-only": 0.97, "mixed": 0.9}
    false = {"academia-only": 0.2, "mixed": 0.05}
    seen = {team: p * sensitivity[team] + (1 - p) * false[team] for team, p in true.items()}
    assert _correct_ratio(seen, sensitivity, false) == pytest.approx(0.8)
    # The level counts, not the difference alone: the same difference at another level is another ratio.
    other = {team: rate + 0.1 for team, rate in false.items()}
    assert _correct_ratio(seen, sensitivity, other) != pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("group", GROUPS)
def test_shares_seen_are_at_the_mix_of_all_papers(tables: dict[str, Any], group: str):
    data = prepare(tables, Choices())
    seen = _take_seen_shares(data, group)
    cells = pd.DataFrame({name: data[name].values for name in ("n", "y", "at_venue_year", "at_team")})
    mine = (data["at_era"].values == len(ERAS) - 1) & (data["at_venues"].values == GROUPS.index(group))
    table = cells[mine].groupby(["at_venue_year", "at_team"])[["n", "y"]].sum()
    papers = table["n"].groupby("at_venue_year").sum()
    share = (table["y"] / table["n"]).rename("share").reset_index()
    by_team = share.pivot_table("share", "at_venue_year", "at_team")
    for i, team in enumerate(TEAM_TYPES):
        assert seen[team] == pytest.approx((by_team[i] * papers).sum() / papers.sum())
