"""The likelihood of mentions, row by row from the docstring, and the sizes of its priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit, xlogy
from scipy.stats import binom

from inference.sampling.compiled import INTERPRETED
from models.pretrained_adoption.cells import prepare
from models.pretrained_adoption.choices import Choices, MentionPriors
from models.pretrained_adoption.model import MODEL, build
from tests.models.compute_gap.value_points import make_value_point
from tests.models.pretrained_adoption.mentions import make_many, make_tables

PRIORS = MentionPriors()


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare(make_tables(make_many(500, 3)), Choices())


def compute_log_likelihood(data: xr.Dataset, point: Mapping[str, Any], wrong: str = "") -> float:
    """Compute the log likelihood from the docstring, or with one mistake."""
    total = 0.0
    for cell in range(data.sizes["cell"]):
        team, year, field, venue = (int(data[f"{name}_idx"][cell]) for name in ("team", "year", "field", "venue"))
        if wrong == "teams confused":
            team = 2 - team
        eta = point["team_year_effect"][team, year] + point["venue_effect"][venue]
        eta += point["field_year_effect"][field, 0 if wrong == "no trend of fields" else year]
        n, y, p = int(data["n"][cell]), int(data["y"][cell]), expit(eta)
        total += float(xlogy(y, p) + xlogy(n - y, 1 - p))
    total += float(binom.logpmf(int(data["used"]), int(data["labelled"]), expit(point["use_logit"])))
    for i in range(2):
        for k in range(3):
            n = int(data["mentioning"][k])
            total += float(binom.logpmf(int(data["origin_count"][i, k]), n, point["origin_share"][i, k]))
    return total


def test_the_likelihood_row_by_row_and_planted_mistakes(dataset: xr.Dataset):
    model = build(dataset, PRIORS)
    with model:
        drawn = pm.sample_prior_predictive(3, random_seed=5, compile_kwargs={"mode": INTERPRETED})["prior"].to_dataset()
    density = model.compile_logp(vars=model.observed_RVs, jacobian=False, mode=INTERPRETED)
    for draw in range(3):
        point = {name: drawn[name].isel(chain=0, draw=draw).to_numpy() for name in drawn}
        found = float(density(make_value_point(model, point)))
        assert found == pytest.approx(compute_log_likelihood(dataset, point), rel=1e-9)
        for wrong in ("teams confused", "no trend of fields"):
            assert abs(found - compute_log_likelihood(dataset, point, wrong)) > 1e-3, wrong


def test_the_effects_are_those_of_the_docstring(dataset: xr.Dataset):
    with build(dataset, PRIORS):
        drawn = pm.sample_prior_predictive(1, random_seed=6, compile_kwargs={"mode": INTERPRETED})["prior"].to_dataset()
    point = {name: drawn[name].isel(chain=0, draw=0).to_numpy() for name in drawn}
    x = (dataset["year"].values - 2020) / 2
    line = point["intercept"] + point["trend"] * x
    academia = point["team_year_effect"][0] - line
    assert np.polyfit(x, academia, 1) == pytest.approx([0, 0], abs=1e-9)  # a walk without its line
    for k in range(2):
        effect = point["team_year_effect"][k + 1] - point["team_year_effect"][0]
        level = [point["team_trend"][k], point["team_effect"][k] + point["team_trend"][k] * x.mean()]
        centred = np.polyfit(x - x.mean(), effect, 1)
        assert centred == pytest.approx(level, abs=1e-9)
    trend = np.diff(point["field_year_effect"], axis=1) / np.diff(x)
    assert np.ptp(trend, axis=1).max() == pytest.approx(0, abs=1e-9)
    assert point["field_year_effect"].sum(0) == pytest.approx(np.zeros(len(x)), abs=1e-9)


def test_prior_draws_are_of_the_sizes_stated(dataset: xr.Dataset):
    with build(dataset, PRIORS):
        prior = pm.sample_prior_predictive(800, random_seed=6, compile_kwargs={"mode": INTERPRETED})[
            "prior"
        ].to_dataset()
    for name, sizes in (("intercept", (0.001, 0.01, 0.10)), ("use_logit", (0.08, 0.5, 0.92))):
        low, middle, high = expit(prior[name].quantile([0.055, 0.5, 0.945]).to_numpy())
        assert (low, middle, high) == pytest.approx(sizes, rel=0.25), name
    found = MODEL.estimands(prior, dataset, Choices())
    change = found["change"].sel(team="academia-only").quantile([0.055, 0.945]).to_numpy()
    assert change[0] < -0.02 and change[1] > 0.1  # a fall and a rise are both possible
    ratio = found["ratio_recent"].sel(industry="any industry").quantile([0.055, 0.945]).to_numpy()
    assert 0.2 < ratio[0] < 0.7 and 1.4 < ratio[1] < 5
