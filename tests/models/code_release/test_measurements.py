"""Ways of looking for releases, each as it is: counts, likelihood and estimands by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from models.code_release.choices import Choices, MeasurementPriors
from models.code_release.measurements import MODEL, OPEN_REVIEW
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.points import as_draws, point

CHOICES, PRIORS = Choices(), MeasurementPriors()


def test_what_links_find_is_of_the_papers_that_were_also_read(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    frame = tables["papers"]
    frame = frame[(frame["track"] == "main") & (frame["research"] == "empirical")]
    frame = frame[(frame["coder_excluded"] != "yes") & frame["team_coded"].isin(TEAM_TYPES)]
    frame = frame[((frame["venue"] == "NeurIPS") & (frame["year"] == 2021))
                  | ((frame["venue"] == "ICLR") & (frame["year"] == 2022))]  # fmt: skip
    frame = frame[frame["code_page"] != "missing"]
    row = f"{OPEN_REVIEW}: machine learning 2021-22"
    for name, coded in (("found", "yes"), ("linked", "no")):
        for team in TEAM_TYPES:
            mine = frame[(frame["team_coded"] == team) & (frame["code_coded"] == coded)]
            got = data[[f"{name}_n", f"{name}_y"]].sel(lists=row, team=team)
            assert [int(value) for value in got.values()] == [len(mine), int((mine["code_page"] == "link").sum())]


def test_what_links_find_by_hand(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    names = ["level", "any_industry", "only_industry", "found_logit", "linked_logit"]
    at, found = point(model, names, 4)
    effect = np.stack([0 * at["any_industry"], at["any_industry"], at["any_industry"] + at["only_industry"]], axis=1)
    p = expit(at["level"][:, None] + effect[data["row_of"].values])
    wanted = binom.logpmf(data["y"].values, data["n"].values, p).sum()
    for name in ("found", "linked"):
        chance = expit(at[f"{name}_logit"])
        wanted += binom.logpmf(data[f"{name}_y"].values, data[f"{name}_n"].values, chance).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = MODEL.estimands(as_draws(at, model), data, CHOICES).isel(chain=0, draw=0)
    share = expit(at["found_logit"])
    np.testing.assert_allclose(got["found_ratio_mixed"], share[:, 1] / share[:, 0])
    np.testing.assert_allclose(got["found_ratio_industry_only"], share[:, 2] / share[:, 0])
    np.testing.assert_allclose(got["linked_unreleased"], expit(at["linked_logit"]))
