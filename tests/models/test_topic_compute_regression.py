"""The regression of topics and years: its counts, its likelihood cell by cell, its estimands."""

from __future__ import annotations

import dataclasses
import itertools
import json

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom, norm

import models.topic_compute as claim
from tests.models.topic_papers import (
    CHOICES,
    TOPICS,
    at_random_point,
    papers,
    varied,
)

LANGUAGE, SCALE = {"topic": TOPICS[1]}, {"terms": ["scale"]}


def test_counts_by_topic_and_year_by_hand():
    rows = [
        SCALE | {"times": 3}, {"times": 5}, {"team": {"company": 2}, "times": 2},
        SCALE | {"team": {"education": 1, "unknown": 1}, "times": 4},  # kind of team not known: an abstract only
        LANGUAGE | SCALE | {"year": 2021, "team": {"company": 1}, "times": 6}, LANGUAGE | {"year": 2022, "times": 9},
    ]  # fmt: skip
    data = claim.prepare_topic_year({"papers": papers(rows)}, CHOICES)
    assert data["year"].values.tolist() == list(range(2012, 2022))
    names = ("n", "y", "m", "k", "n_with", "y_with")

    def at(topic: str, year: int) -> list[int]:
        return [int(data[name].sel(topic=topic, year=year)) for name in names]

    assert at(TOPICS[0], 2015) == [10, 8, 14, 7, 3, 3]
    assert at(TOPICS[1], 2021) == [6, 0, 6, 6, 6, 0]
    assert [int(data[name].sum()) for name in names] == [16, 8, 20, 13, 9, 3]
    counted = claim.MODELS["topic_year"].raw
    assert counted is not None
    raw = counted(data)["crude_odds_ratio"]
    assert {str(name): int(raw.sel(raw=name)) for name in raw["raw"].values} == {
        "k": 3, "n": 9, "k_reference": 5, "n_reference": 7,
    }  # fmt: skip


def test_spanning_venues_are_those_of_the_fall():
    rows = [{"venue": "ICML", "year": year, "times": 25} | SCALE for year in (2013, 2016, 2019)]
    rows += [{"venue": "ICML", "topic": TOPICS[1], "year": 2021, "times": 3}]
    rows += [{"venue": "CVPR", "year": year, "times": 50} for year in (2016, 2019, 2020)]
    of = dataclasses.replace(CHOICES, venues="spanning")
    data = claim.prepare_topic_year({"papers": papers(rows)}, of)
    assert int(data["n"].sum()) == 78
    fall = claim.prepare({"papers": papers(rows)}, CHOICES)
    assert json.loads(fall.attrs["facts"])["spanning"] == "ICML"


@pytest.mark.parametrize("trends", [True, False])
def test_regression_is_the_one_written_down(trends: bool):
    of = dataclasses.replace(CHOICES, topic_trends=trends)
    data = claim.prepare_topic_year({"papers": varied(900, 12)}, of)
    names = ["term_level", "term_topic", "term_year", "year_effect", "term_excess_sd", "term_excess_raw", "within",
             "topic_level", "trend", "topic_trend_sd", "trend_raw", "excess_sd", "excess_raw"]  # fmt: skip
    point, found = at_random_point(claim.build_topic_year(data, claim.Priors()), names, 13)
    years, topics = data["year"].values, data["topic"].values
    n, y, m, k = (data[name].transpose("topic", "year").values for name in ("n", "y", "m", "k"))
    total, x = 0.0, np.zeros(n.shape)
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        terms = point["term_level"] + point["term_topic"][t] + point["term_year"][r]
        x[t, r] = expit(terms + point["term_excess_sd"] * point["term_excess_raw"][t, r])
        total += binom.logpmf(k[t, r], m[t, r], x[t, r])
    mean = (n * x).sum(axis=1) / n.sum(axis=1)  # of a topic, by its papers
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        at = point["topic_level"][t] + point["year_effect"][r] + point["excess_sd"] * point["excess_raw"][t, r]
        at += point["within"] * (x[t, r] - mean[t])
        if trends:
            slope = point["trend"] + point["topic_trend_sd"] * point["trend_raw"][t]
            at += slope * (years[r] - years.mean()) / 10
        total += binom.logpmf(y[t, r], n[t, r], expit(at))
    assert found.sum() == pytest.approx(float(total), rel=1e-9)


def test_topics_lie_around_the_line_between_them():
    data = claim.prepare_topic_year({"papers": varied(900, 12)}, CHOICES)
    model = claim.build_topic_year(data, claim.Priors())
    names = [
        "between",
        "topic_year_level",
        "topic_level",
        "term_level",
        "term_topic",
        "term_year",
        "year_effect",
        "term_excess_sd",
        "term_excess_raw",
    ]
    rng = np.random.default_rng(15)
    point = {name: rng.normal(0, 0.7, np.shape(value)) for name, value in model.initial_point().items()}
    outs = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=[model["topic_level"]], sum=False)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*outs, *density], inputs=model.value_vars, **options)(point)
    at = dict(zip(names, values, strict=True))
    x = expit(
        at["term_level"] + at["term_topic"][:, None] + at["term_year"] + at["term_excess_sd"] * at["term_excess_raw"]
    )
    n = data["n"].transpose("topic", "year").values
    mean = (n * x).sum(axis=1) / n.sum(axis=1)
    line = at["topic_year_level"] + at["between"] * (mean - mean.mean())
    np.testing.assert_allclose(found, norm.logpdf(at["topic_level"], line, claim.Priors().topic_sd))


def test_estimands_of_the_regression_by_hand():
    data = claim.prepare_topic_year({"papers": varied(300, 14)}, CHOICES)
    within = xr.DataArray([[-1.0, 2.0]], dims=("chain", "draw"))
    found = claim.estimands_topic_year(xr.Dataset({"within": within, "between": 3 * within}), data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], within)
    np.testing.assert_allclose(found["slope_between"], 3 * within)
    # Ten points more papers with terms: a tenth of the slope from none to all.
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp([[-0.1, 0.2]]))
    assert int(found["n_all"]) == int(data["n"].sum())
