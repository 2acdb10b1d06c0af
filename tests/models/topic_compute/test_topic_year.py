"""The regression of topics and years: its counts, its likelihood cell by cell, its estimands and test quantities."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom, norm

from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.choices import TopicYearPriors
from models.topic_compute.topic_year import (
    ALL_VENUES,
    MODEL,
    build,
    compute_counted_share,
    compute_estimands,
    compute_reliability,
    compute_test_quantities,
    prepare,
)
from tests.models.topic_papers import CHOICES, TOPICS, at_random_point, papers, varied

LANGUAGE, SCALE = {"topic": TOPICS[1]}, {"terms": ["scale"]}
NAMES = [
    "term_level", "term_topic", "term_year", "term_trend", "term_venue", "year_effect", "term_excess_sd",
    "term_excess_raw", "within", "topic_level", "trend", "topic_trend_sd", "trend_raw", "excess_sd", "excess_raw",
    "place_effect",
]  # fmt: skip


def counts(**choices: Any) -> xr.Dataset:
    """Counts of invented papers, at two venues that span the window where that is asked for."""
    rows = varied(900, 12)
    spanning = [
        {"venue": venue, "year": year, "topic": topic, "times": 21, "terms": ["scale"] * (year % 2)}
        for venue in ("ICML", "NeurIPS") for year in (2013, 2016, 2019) for topic in TOPICS[:2]
    ]  # fmt: skip
    frame = papers(spanning) if choices.get("venues") == "spanning" else rows
    return prepare({"papers": frame}, dataclasses.replace(CHOICES, **choices))


def test_counts_by_topic_and_year_by_hand():
    rows = [
        SCALE | {"times": 3}, {"times": 5}, {"team": {"company": 2}, "times": 2},
        SCALE | {"team": {"education": 1, "unknown": 1}, "times": 4},  # kind of team not known: an abstract only
        LANGUAGE | SCALE | {"year": 2021, "team": {"company": 1}, "times": 6}, LANGUAGE | {"year": 2022, "times": 9},
    ]  # fmt: skip
    data = prepare({"papers": papers(rows)}, CHOICES)
    assert data["year"].values.tolist() == list(range(2012, 2022))
    assert data["venue"].values.tolist() == [ALL_VENUES]
    names = ("n", "y", "m", "k", "n_with", "y_with")

    def at(topic: str, year: int) -> list[int]:
        return [int(data[name].sel(topic=topic, year=year).item()) for name in names]

    assert at(TOPICS[0], 2015) == [10, 8, 14, 7, 3, 3]
    assert at(TOPICS[1], 2021) == [6, 0, 6, 6, 6, 0]
    assert [int(data[name].sum()) for name in names] == [16, 8, 20, 13, 9, 3]
    assert MODEL.raw is not None
    raw = MODEL.raw(data)["crude_odds_ratio"]
    assert {str(name): int(raw.sel(raw=name)) for name in raw["raw"].values} == {
        "k": 3, "n": 9, "k_reference": 5, "n_reference": 7,
    }  # fmt: skip


def test_spanning_venues_are_those_of_the_fall_in_the_years_of_the_window():
    rows = [{"venue": "ICML", "year": year, "times": 25} | SCALE for year in (2013, 2016, 2019)]
    rows += [LANGUAGE | {"venue": "AISTATS", "year": year, "times": 30} for year in (2013, 2016, 2019)]
    rows += [{"venue": "ICML", "year": 2021, "times": 3}]  # after the window
    rows += [{"venue": "CVPR", "year": year, "times": 50} for year in (2016, 2019, 2020)]
    of = dataclasses.replace(CHOICES, venues="spanning")
    data = prepare({"papers": papers(rows)}, of)
    assert data["year"].values.tolist() == list(range(2012, 2020))
    assert data["n"].sum(("topic", "year")).to_series().to_dict() == {"AISTATS": 90, "ICML": 75}
    fall = prepare_contrast({"papers": papers(rows)}, CHOICES)
    assert json.loads(fall.attrs["facts"])["spanning"] == "AISTATS, ICML"


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"topic_trends": False},
        {"topic_trends": False, "share_of_terms": "counted"},
        {"topic_trends": False, "share_of_terms": "counted", "year_effects": False},
        {"venues": "spanning"},
    ],
    ids=lambda choices: "-".join(map(str, choices.values())) or "main",
)
def test_regression_is_the_one_written_down(choices: dict[str, Any]):
    data = counts(**choices)
    of = dataclasses.replace(CHOICES, **choices)
    point, found = at_random_point(build(data, TopicYearPriors()), NAMES, 13)
    years, topics, venues = (data[name].values for name in ("year", "topic", "venue"))
    assert len(venues) == (2 if of.venues == "spanning" else 1)
    total, x, by_topic_year = 0.0, np.zeros((len(topics), len(years))), data.sum("venue")
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        at = {"topic": topics[t], "year": years[r]}
        terms = point["term_level"] + point["term_topic"][t] + point["term_year"][r]
        terms += point["term_excess_sd"] * point["term_excess_raw"][t, r]
        if of.topic_trends:
            terms += point["term_trend"][t] * (years[r] - years.mean()) / 10
        x[t, r] = expit(terms)
        for v, venue in enumerate(venues):
            more = point["term_venue"][v] if len(venues) > 1 else 0
            m, k = (int(data[name].sel(at | {"venue": venue})) for name in ("m", "k"))
            total += float(binom.logpmf(k, m, expit(terms + more)))
        if of.share_of_terms == "counted":
            m, k = (int(by_topic_year[name].sel(at)) for name in ("m", "k"))
            own = by_topic_year.sel(topic=topics[t])
            x[t, r] = k / m if m else float(own["k"].sum() / own["m"].sum())
    n = by_topic_year["n"].transpose("topic", "year").values
    mean = (n * x).sum(axis=1) / n.sum(axis=1)  # of a topic, by its papers
    for t, r, v in itertools.product(range(len(topics)), range(len(years)), range(len(venues))):
        log_odds = point["topic_level"][t] + point["excess_sd"] * point["excess_raw"][t, r]
        log_odds += point["within"] * (x[t, r] - mean[t])
        if of.year_effects:
            log_odds += point["year_effect"][r]
        if of.topic_trends:
            slope = point["trend"] + point["topic_trend_sd"] * point["trend_raw"][t]
            log_odds += slope * (years[r] - years.mean()) / 10
        if len(venues) > 1:
            log_odds += point["place_effect"][v]
        at = {"topic": topics[t], "year": years[r], "venue": venues[v]}
        n_at, y_at = (int(data[name].sel(at)) for name in ("n", "y"))
        total += float(binom.logpmf(y_at, n_at, expit(log_odds)))
    assert found.sum() == pytest.approx(total, rel=1e-9)


def test_years_without_effect_keep_a_scale_that_can_be_sampled():
    """Centred around their own scale and seen by no data, they would make a funnel."""
    for on in (True, False):
        data = counts(topic_trends=False, year_effects=on)
        model = build(data, TopicYearPriors())
        drawn = pm.draw([model["year_effect"], model["year_sd"]], 800, random_seed=1)
        scaled = drawn[0] / (drawn[1][:, None] if on else 1)
        assert scaled.std() == pytest.approx(np.sqrt(1 - 1 / scaled.shape[1]), rel=0.1)


def test_topics_lie_around_the_line_between_them():
    data = counts()
    model = build(data, TopicYearPriors())
    names = ["between", "topic_year_level", "topic_level", "share_of_terms"]
    rng = np.random.default_rng(15)
    point = {name: rng.normal(0, 0.7, np.shape(value)) for name, value in model.initial_point().items()}
    outs = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=[model["topic_level"]], sum=False)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*outs, *density], inputs=model.value_vars, **options)(point)
    at = dict(zip(names, values, strict=True))
    n = data["n"].sum("venue").transpose("topic", "year").values
    mean = (n * at["share_of_terms"]).sum(axis=1) / n.sum(axis=1)
    line = at["topic_year_level"] + at["between"] * (mean - mean.mean())
    np.testing.assert_allclose(found, norm.logpdf(at["topic_level"], line, TopicYearPriors().topic_sd))


def draws_of(shares: Any, data: xr.Dataset) -> xr.DataArray:
    coords = {"chain": [0], "draw": range(len(shares)), "topic": data["topic"].values, "year": data["year"].values}
    return xr.DataArray(np.asarray(shares)[None], coords, ("chain", "draw", "topic", "year"))


def test_estimands_of_the_regression_by_hand():
    data = counts()
    lead = {"chain": [0], "draw": [0, 1]}
    within = xr.DataArray([[-1.0, 2.0]], lead, ("chain", "draw"))
    share = draws_of(np.random.default_rng(1).uniform(0.1, 0.3, (2, data.sizes["topic"], data.sizes["year"])), data)
    draws = xr.Dataset({"within": within, "between": 3 * within, "share_of_terms": share})
    found = compute_estimands(draws, data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], within)
    np.testing.assert_allclose(found["slope_between"], 3 * within)
    # Ten points more papers with terms: a tenth of the slope from none to all.
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp([[-0.1, 0.2]]))
    xr.testing.assert_equal(found["reliability"].drop_attrs(), compute_reliability(share, data))
    assert int(found["n_all"]) == int(data["n"].sum())


def test_reliability_is_the_part_that_is_not_sampling_error():
    """Against the spread of simulated counts about what topics, years and trends leave, all topic-years alike."""
    data = counts(topic_trends=False)
    full = xr.full_like(data["n"], 200)
    data = data.assign(n=full, m=full)
    rng = np.random.default_rng(2)
    topics, years = data.sizes["topic"], data.sizes["year"]
    of_topic, of_year = rng.uniform(0.1, 0.2, (topics, 1)), rng.uniform(0, 0.1, (1, years))
    trend = np.linspace(-1, 1, topics)[:, None] * np.linspace(-0.05, 0.05, years)
    own = rng.normal(0, 0.03, (topics, years))
    nothing, something = of_topic + of_year, of_topic + of_year + own
    found = compute_reliability(draws_of([nothing, something, nothing + trend, something + trend], data), data)[
        0
    ].values
    with_trends = compute_reliability(draws_of([nothing + trend, something], data), data.assign_attrs(topic_trends=1))[
        0
    ].values
    assert found[0] == pytest.approx(0, abs=1e-9) == with_trends[0]
    assert found[2] > 0.3  # a topic's own line counts as signal where the regression has no trends

    def left(share: Any) -> Any:
        return (
            share - share.mean(-1, keepdims=True) - share.mean(-2, keepdims=True) + share.mean((-1, -2), keepdims=True)
        )

    observed = rng.binomial(200, something, (4000, topics, years)) / 200
    wanted = (left(something) ** 2).sum() / (left(observed) ** 2).sum((-1, -2)).mean()
    assert found[1] == pytest.approx(wanted, rel=0.02)


def test_counted_share_of_a_year_without_abstracts_is_the_topics_own():
    k, m = np.array([[1, 0, 3]]), np.array([[4, 0, 6]])
    found = compute_counted_share(xr.Dataset({"k": (("topic", "year"), k), "m": (("topic", "year"), m)}))
    np.testing.assert_allclose(found, [[0.25, 0.4, 0.5]])


def test_test_quantities_of_the_regression_by_hand():
    data = counts(venues="spanning")
    rng = np.random.default_rng(3)
    dims = ("chain", "draw", *data["n"].dims)
    made = {
        f"{name}_obs": (dims, rng.binomial(data[of].values, 0.4, (1, 2, *data[of].shape)))
        for name, of in (("y", "n"), ("k", "m"))
    }
    found = compute_test_quantities(xr.Dataset(made, data.coords), data)
    n, m = (data[name].sum("venue").values for name in ("n", "m"))
    seen = n.sum(axis=0) > 0  # years 2013, 2016 and 2019, all topic-years with 42 papers
    for draw in range(2):
        y, k = (made[f"{name}_obs"][1][0, draw].sum(axis=0)[:, seen] for name in ("y", "k"))
        share, terms = y / n[:, seen], k / m[:, seen]
        at = found.isel(chain=0, draw=draw)
        assert float(at["smallest academia-only share of a topic and year"]) == pytest.approx(share.min())
        assert float(at["largest academia-only share of a topic and year"]) == pytest.approx(share.max())
        one, other = (part - part.mean(axis=1, keepdims=True) for part in (share, terms))
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert float(at["correlation within topics of terms and academia-only"]) == pytest.approx(correlation)
