"""Compute terms on tiny tables of one structure, compiled once: estimates stay near the prior or recover the truth."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from inference.sampling.compiled import Compiled
from inference.sampling.fit import fit
from inference.sampling.settings import Sampler
from models.topic_compute.cells import prepare
from models.topic_compute.choices import ContrastPriors
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.model import MODEL
from tests.models.topic_compute.test_recovery import find_least_covered, recover, sample_posterior
from tests.models.topic_papers import CHOICES, make_papers

SHORT = Sampler(draws=400, tune=400, chains=2)
NO_INDUSTRY, SOME_INDUSTRY = {"education": 3}, {"education": 2, "company": 1}


@pytest.fixture(scope="module")
def tiny_fit(compiled: Compiled) -> xr.DataTree:
    """Fit three papers of one topic, venue and year; return all groups of the fit."""
    rows = [{"terms": ["scale"]}, {"team": SOME_INDUSTRY}, {"team": {"company": 4, "unknown": 1}, "terms": ["FLOP"]}]
    return fit(MODEL, prepare({"papers": make_papers(rows)}, CHOICES), CHOICES, ContrastPriors(), 1, compiled, SHORT)


def assert_near_prior(after: xr.Dataset, before: xr.Dataset) -> None:
    for name in ("odds_ratio", "odds_ratio_new_topic", "ratio_per_ten_points"):
        found, prior = np.log(after[name]), np.log(before[name])
        assert float(found.std()) > 0.75 * float(prior.std()), name
        assert abs(float(found.median() - prior.median())) < 0.5 * float(prior.std()), name


def assert_finite(group: xr.Dataset) -> None:
    for name, values in group.data_vars.items():
        assert np.isfinite(values.values.astype(float)).all(), name


def test_three_papers_leave_the_prior(tiny_fit: xr.DataTree):
    assert "panel_weight" not in tiny_fit["constant_data"]
    for group in ("posterior", "estimands", "prior_estimands", "statistics", "posterior_statistics"):
        assert_finite(tiny_fit[group].to_dataset())
    assert_near_prior(tiny_fit["estimands"].to_dataset(), tiny_fit["prior_estimands"].to_dataset())


def test_academics_alone_leave_the_prior_of_the_slopes(tiny_fit: xr.DataTree, compiled: Compiled):
    """With forty papers, all academia-only, the intercept rises and stays finite; the slopes stay near their prior."""
    rows = [{"terms": ["scale"], "times": 10}, {"team": NO_INDUSTRY, "times": 20}, {"terms": ["FLOP"], "times": 10}]
    data = prepare({"papers": make_papers(rows)}, CHOICES)
    assert (data["y"] == data["n"]).all()
    draws = sample_posterior(compiled, "contrast", data, 1, SHORT)
    found = compute_estimands(draws, data, CHOICES)
    assert_finite(draws)
    assert_finite(found)
    assert_near_prior(found, compute_estimands(tiny_fit["prior"].to_dataset(), data, CHOICES))
    assert 0.5 < float(draws["intercept"].median()) < 3


def test_planted_slope_is_found_in_one_topic(compiled: Compiled):
    """One venue, year and topic: the structure of the other tables, compiled once."""
    rows = [
        {"team": {"education": 1 + number % 9}, "terms": terms, "times": 30 + 5 * number}
        for number, terms in enumerate([[], ["scale"], [], ["FLOP"], [], ["scale", "parallel"], [], ["hardware"]] * 5)
    ]
    rows += [{"team": {"education": 2, "unknown": 2}, "terms": ["scale"], "times": 200}]
    rows += [{"team": {"education": 3, "company": 1}, "times": 40}, {"team": {"company": 4}, "times": 10}]
    data = prepare({"papers": make_papers(rows)}, CHOICES)
    assert (data["topic"].size, data["venue_year"].size) == (1, 1)
    assert float(data["q"].max()) > 0.1
    found = recover(compiled, data, -1.0, 8)
    assert found.hits >= find_least_covered(8), found
    assert found.below >= 7, found
    assert abs(np.mean(found.errors)) < 0.2, found
