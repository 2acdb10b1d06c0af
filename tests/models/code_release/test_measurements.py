"""Detection methods without correction: counts, likelihood and estimands by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from models.code_release.choices import Choices, MeasurementPriors
from models.code_release.measurements import MODEL, OPEN_REVIEW
from models.common.team_types import TEAM_TYPES
from tests.models.code_release.points import evaluate_at_random, make_draw

CHOICES, PRIORS = Choices(), MeasurementPriors()


def test_links_are_compared_with_the_llm_labels_of_the_same_papers(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    frame = tables["papers"]
    frame = frame[(frame["track"] == "main") & (frame["research"] == "empirical")]
    frame = frame[(frame["coder_excluded"] != "yes") & frame["team_coded"].isin(TEAM_TYPES)]
    frame = frame[((frame["venue"] == "NeurIPS") & (frame["year"] == 2021))
                  | ((frame["venue"] == "ICLR") & (frame["year"] == 2022))]  # fmt: skip
    frame = frame[frame["code_page"] != "missing"]
    row = f"{OPEN_REVIEW}: machine learning 2021-22"
    for name, label in (("found", "yes"), ("linked", "no")):
        for team in TEAM_TYPES:
            chosen = frame[(frame["team_coded"] == team) & (frame["code_coded"] == label)]
            got = data[[f"{name}_n", f"{name}_y"]].sel(lists=row, team=team)
            assert [int(value) for value in got.values()] == [len(chosen), int((chosen["code_page"] == "link").sum())]


def test_likelihood_and_estimands_by_hand(tables: dict[str, Any]):
    data = MODEL.prepare(tables, CHOICES)
    model = MODEL.build(data, PRIORS)
    names = ["intercept", "any_industry", "only_industry", "found_logit", "linked_logit"]
    values, found = evaluate_at_random(model, names, 4)
    some, only = values["any_industry"], values["only_industry"]
    effect = np.stack([0 * some, some, some + only], axis=1)
    p = expit(values["intercept"][:, None] + effect[data["row_idx"].values])
    wanted = binom.logpmf(data["y"].values, data["n"].values, p).sum()
    for name in ("found", "linked"):
        rate = expit(values[f"{name}_logit"])
        wanted += binom.logpmf(data[f"{name}_y"].values, data[f"{name}_n"].values, rate).sum()
    assert found == pytest.approx(float(wanted), rel=1e-9)
    got = MODEL.estimands(make_draw(values, model), data, CHOICES).isel(chain=0, draw=0)
    share = expit(values["found_logit"])
    np.testing.assert_allclose(got["found_ratio_mixed"], share[:, 1] / share[:, 0])
    np.testing.assert_allclose(got["found_ratio_industry_only"], share[:, 2] / share[:, 0])
    np.testing.assert_allclose(got["linked_unreleased"], expit(values["linked_logit"]))
    n = data["n"].transpose("stratum", "team").values
    for i, row in enumerate(data["row"].values):
        strata = data["row_idx"].values == i
        shares = np.average(p[strata], axis=0, weights=n[strata].sum(1))
        np.testing.assert_allclose(got["naive_share"].sel(row=row), shares)
        assert (got["n_naive"].sel(row=row).values == n[strata].sum(0)).all()
        for name, k in (("mixed", 1), ("industry_only", 2)):
            np.testing.assert_allclose(got[f"naive_ratio_{name}"].sel(row=row), shares[k] / shares[0])
            np.testing.assert_allclose(got[f"naive_odds_ratio_{name}"].sel(row=row), np.exp(effect[i, k]))
