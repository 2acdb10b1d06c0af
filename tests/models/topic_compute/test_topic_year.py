"""The topic-year regression: its counts, its likelihood cell by cell, its estimands and test quantities."""

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

from inference.sampling import compiled
from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.choices import TopicYearPriors
from models.topic_compute.specifications import SPECIFICATIONS
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
from tests.models.topic_papers import CHOICES, TOPICS, evaluate_at_random_point, make_papers, simulate_papers

LANGUAGE, SCALE = {"topic": TOPICS[1]}, {"terms": ["scale"]}
# Free variables: of every variant, and of the parts that a specification may leave out.
ALWAYS = {
    "term_intercept", "term_topic", "term_year", "term_excess_sd", "term_excess_raw", "intercept", "within", "between",
    "topic_effect", "excess_sd", "excess_raw",
}  # fmt: skip
YEARS, TRENDS = {"year_sd", "year_effect"}, {"term_trend", "trend", "topic_trend_sd", "topic_trend_raw"}
VENUES = {"term_venue", "venue_effect"}
FREE = {
    "plain": ALWAYS,
    "with_years": ALWAYS | YEARS,
    "as_published": ALWAYS | YEARS,
    "with_trends": ALWAYS | YEARS | TRENDS,
    "spanning": ALWAYS | YEARS | VENUES,
    "spanning_with_trends": ALWAYS | YEARS | TRENDS | VENUES,
}
CHOICES_OF = {one.name: dict(one.choices) for one in SPECIFICATIONS if one.name in FREE}
LADDER = ("plain", "with_years", "as_published", "with_trends")


def prepare_counts(**choices: Any) -> xr.Dataset:
    """Prepare invented papers; for the balanced panel, at two venues that belong to it."""
    rows = simulate_papers(900, 12)
    spanning = [
        {"venue": venue, "year": year, "topic": topic, "times": 21, "terms": ["scale"] * (year % 2)}
        for venue in ("ICML", "NeurIPS") for year in (2013, 2016, 2019) for topic in TOPICS[:2]
    ]  # fmt: skip
    frame = make_papers(spanning) if choices.get("venues") == "spanning" else rows
    return prepare({"papers": frame}, dataclasses.replace(CHOICES, **choices))


def test_counts_by_topic_and_year_by_hand():
    rows = [
        SCALE | {"times": 3}, {"times": 5}, {"team": {"company": 2}, "times": 2},
        SCALE | {"team": {"education": 1, "unknown": 1}, "times": 4},  # team type not known: an abstract alone
        LANGUAGE | SCALE | {"year": 2021, "team": {"company": 1}, "times": 6}, LANGUAGE | {"year": 2022, "times": 9},
    ]  # fmt: skip
    data = prepare({"papers": make_papers(rows)}, CHOICES)
    assert data["year"].values.tolist() == list(range(2012, 2022))
    assert data["venue"].values.tolist() == [ALL_VENUES]
    names = ("n", "y", "m", "k", "n_with", "y_with")

    def read_counts(topic: str, year: int) -> list[int]:
        return [int(data[name].sel(topic=topic, year=year).item()) for name in names]

    assert read_counts(TOPICS[0], 2015) == [10, 8, 14, 7, 3, 3]
    assert read_counts(TOPICS[1], 2021) == [6, 0, 6, 6, 6, 0]
    assert [int(data[name].sum()) for name in names] == [16, 8, 20, 13, 9, 3]
    assert MODEL.raw is not None
    raw = MODEL.raw(data)["crude_odds_ratio"]
    assert {str(name): int(raw.sel(raw=name)) for name in raw["raw"].values} == {
        "k": 3, "n": 9, "k_reference": 5, "n_reference": 7,
    }  # fmt: skip


def test_balanced_panel_is_that_of_the_decomposition_in_the_years_of_its_window():
    rows = [{"venue": "ICML", "year": year, "times": 25} | SCALE for year in (2013, 2016, 2019)]
    rows += [LANGUAGE | {"venue": "AISTATS", "year": year, "times": 30} for year in (2013, 2016, 2019)]
    rows += [{"venue": "ICML", "year": 2021, "times": 3}]  # after the window
    rows += [{"venue": "CVPR", "year": year, "times": 50} for year in (2016, 2019, 2020)]
    data = prepare({"papers": make_papers(rows)}, dataclasses.replace(CHOICES, venues="spanning"))
    assert data["year"].values.tolist() == list(range(2012, 2020))
    assert data["n"].sum(("topic", "year")).to_series().to_dict() == {"AISTATS": 90, "ICML": 75}
    contrast = prepare_contrast({"papers": make_papers(rows)}, CHOICES)
    assert json.loads(contrast.attrs["facts"])["spanning"] == "AISTATS, ICML"


@pytest.mark.parametrize("name", FREE)
def test_free_variables_of_each_variant_are_exactly_these(name: str):
    """A variant has no variable for the parts that it leaves out; all model the terms in abstracts."""
    model = build(prepare_counts(**CHOICES_OF[name]), TopicYearPriors())
    assert {variable.name for variable in model.free_RVs} == FREE[name]
    assert {variable.name for variable in model.deterministics} == {"share_of_terms"}
    assert {variable.name for variable in model.observed_RVs} == {"y_obs", "k_obs"}


def test_variants_of_the_ladder_are_the_four_of_the_model():
    switches = {"topic_trends", "year_effects", "share_of_terms"}
    assert [CHOICES_OF[name] for name in LADDER] == [
        {"topic_trends": False, "share_of_terms": "counted", "year_effects": False},
        {"topic_trends": False, "share_of_terms": "counted"},
        {"topic_trends": False},
        {},
    ]
    for name in LADDER:
        attrs = prepare_counts(**CHOICES_OF[name]).attrs
        assert {switch: attrs[switch] for switch in switches} == {
            switch: getattr(dataclasses.replace(CHOICES, **CHOICES_OF[name]), switch) for switch in switches
        }


def test_variants_do_not_share_a_compiled_density(monkeypatch: pytest.MonkeyPatch):
    """Their graphs differ, so that a density compiled for one is wrong for another."""

    class Density:
        def set_data(self, values: object) -> Density:
            return self

    monkeypatch.setattr(compiled, "compile_density", lambda model: Density())
    known = compiled.Compiled()
    for name in LADDER:
        model = build(prepare_counts(**CHOICES_OF[name]), TopicYearPriors())
        assert known.get(model, "topic_year").first is model, name


@pytest.mark.parametrize("name", FREE)
def test_likelihood_is_the_sum_over_topics_years_and_venues(name: str):
    choices = dataclasses.replace(CHOICES, **CHOICES_OF[name])
    data = prepare_counts(**CHOICES_OF[name])
    point, found = evaluate_at_random_point(build(data, TopicYearPriors()), sorted(FREE[name]), 13)
    years, topics, venues = (data[dim].values for dim in ("year", "topic", "venue"))
    assert len(venues) == (2 if choices.venues == "spanning" else 1)
    total, x, by_topic_year = 0.0, np.zeros((len(topics), len(years))), data.sum("venue")
    for t, r in itertools.product(range(len(topics)), range(len(years))):
        selected = {"topic": topics[t], "year": years[r]}
        terms = point["term_intercept"] + point["term_topic"][t] + point["term_year"][r]
        terms += point["term_excess_sd"] * point["term_excess_raw"][t, r]
        if choices.topic_trends:
            terms += point["term_trend"][t] * (years[r] - years.mean()) / 10
        x[t, r] = expit(terms)
        for v, venue in enumerate(venues):
            at_venue = point["term_venue"][v] if len(venues) > 1 else 0
            m, k = (int(data[count].sel(selected | {"venue": venue})) for count in ("m", "k"))
            total += float(binom.logpmf(k, m, expit(terms + at_venue)))
        if choices.share_of_terms == "counted":
            m, k = (int(by_topic_year[count].sel(selected)) for count in ("m", "k"))
            of_topic = by_topic_year.sel(topic=topics[t])
            x[t, r] = k / m if m else float(of_topic["k"].sum() / of_topic["m"].sum())
    n = by_topic_year["n"].transpose("topic", "year").values
    mean = (n * x).sum(axis=1) / n.sum(axis=1)  # of each topic, weighted by its papers
    for t, r, v in itertools.product(range(len(topics)), range(len(years)), range(len(venues))):
        log_odds = point["topic_effect"][t] + point["excess_sd"] * point["excess_raw"][t, r]
        log_odds += point["within"] * (x[t, r] - mean[t])
        if choices.year_effects:
            log_odds += point["year_effect"][r]
        if choices.topic_trends:
            slope = point["trend"] + point["topic_trend_sd"] * point["topic_trend_raw"][t]
            log_odds += slope * (years[r] - years.mean()) / 10
        if len(venues) > 1:
            log_odds += point["venue_effect"][v]
        selected = {"topic": topics[t], "year": years[r], "venue": venues[v]}
        papers, academic = (int(data[count].sel(selected)) for count in ("n", "y"))
        total += float(binom.logpmf(academic, papers, expit(log_odds)))
    assert found.sum() == pytest.approx(total, rel=1e-9)


def test_year_effects_have_the_estimated_scale():
    model = build(prepare_counts(topic_trends=False), TopicYearPriors())
    year, sd = pm.draw([model["year_effect"], model["year_sd"]], 800, random_seed=1)
    scaled = year / sd[:, None]
    assert scaled.std() == pytest.approx(np.sqrt(1 - 1 / scaled.shape[1]), rel=0.1)


def test_topics_lie_around_the_line_between_them():
    data = prepare_counts()
    model = build(data, TopicYearPriors())
    names = ["between", "intercept", "topic_effect", "share_of_terms"]
    rng = np.random.default_rng(15)
    point = {name: rng.normal(0, 0.7, np.shape(start)) for name, start in model.initial_point().items()}
    outs = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=[model["topic_effect"]], sum=False)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*outs, *density], inputs=model.value_vars, **options)(point)
    value = dict(zip(names, values, strict=True))
    n = data["n"].sum("venue").transpose("topic", "year").values
    mean = (n * value["share_of_terms"]).sum(axis=1) / n.sum(axis=1)
    line = value["intercept"] + value["between"] * (mean - mean.mean())
    np.testing.assert_allclose(found, norm.logpdf(value["topic_effect"], line, TopicYearPriors().topic_sd))


def make_share_draws(shares: Any, data: xr.Dataset) -> xr.DataArray:
    """Make draws of ``share_of_terms`` in one chain, from shares (draw, topic, year)."""
    coords = {"chain": [0], "draw": range(len(shares)), "topic": data["topic"].values, "year": data["year"].values}
    return xr.DataArray(np.asarray(shares)[None], coords, ("chain", "draw", "topic", "year"))


def test_estimands_of_the_regression_by_hand():
    data = prepare_counts()
    lead = {"chain": [0], "draw": [0, 1]}
    within = xr.DataArray([[-1.0, 2.0]], lead, ("chain", "draw"))
    share = make_share_draws(
        np.random.default_rng(1).uniform(0.1, 0.3, (2, data.sizes["topic"], data.sizes["year"])), data
    )
    draws = xr.Dataset({"within": within, "between": 3 * within, "share_of_terms": share})
    found = compute_estimands(draws, data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], within)
    np.testing.assert_allclose(found["slope_between"], 3 * within)
    # Ten points more papers with terms: a tenth of the slope from no paper to all.
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp([[-0.1, 0.2]]))
    xr.testing.assert_equal(found["reliability"].drop_attrs(), compute_reliability(share, data))
    assert int(found["n_all"]) == int(data["n"].sum())


def test_reliability_is_the_part_that_is_not_sampling_error():
    """Compare with the variance of simulated counts, adjusted for topics and years; topic-years have equal counts."""
    data = prepare_counts(topic_trends=False)
    full = xr.full_like(data["n"], 200)
    data = data.assign(n=full, m=full)
    rng = np.random.default_rng(2)
    topics, years = data.sizes["topic"], data.sizes["year"]
    of_topic, of_year = rng.uniform(0.1, 0.2, (topics, 1)), rng.uniform(0, 0.1, (1, years))
    trend = np.linspace(-1, 1, topics)[:, None] * np.linspace(-0.05, 0.05, years)
    signal = rng.normal(0, 0.03, (topics, years))
    nothing, something = of_topic + of_year, of_topic + of_year + signal
    shares = make_share_draws([nothing, something, nothing + trend, something + trend], data)
    found = compute_reliability(shares, data)[0].values
    shares = make_share_draws([nothing + trend, something], data)
    with_trends = compute_reliability(shares, data.assign_attrs(topic_trends=1))[0].values
    assert found[0] == pytest.approx(0, abs=1e-9) == with_trends[0]
    assert found[2] > 0.3  # a topic's trend counts as signal where the regression has no trends

    def adjust(share: Any) -> Any:
        of_topic, of_year = share.mean(-1, keepdims=True), share.mean(-2, keepdims=True)
        return share - of_topic - of_year + share.mean((-1, -2), keepdims=True)

    observed = rng.binomial(200, something, (4000, topics, years)) / 200
    wanted = (adjust(something) ** 2).sum() / (adjust(observed) ** 2).sum((-1, -2)).mean()
    assert found[1] == pytest.approx(wanted, rel=0.02)


def test_counted_share_of_a_year_without_abstracts_is_that_of_all_years():
    k, m = np.array([[1, 0, 3]]), np.array([[4, 0, 6]])
    found = compute_counted_share(xr.Dataset({"k": (("topic", "year"), k), "m": (("topic", "year"), m)}))
    np.testing.assert_allclose(found, [[0.25, 0.4, 0.5]])


def test_test_quantities_of_the_regression_by_hand():
    data = prepare_counts(venues="spanning")
    rng = np.random.default_rng(3)
    dims = ("chain", "draw", *data["n"].dims)
    made = {
        f"{name}_obs": (dims, rng.binomial(data[trials].values, 0.4, (1, 2, *data[trials].shape)))
        for name, trials in (("y", "n"), ("k", "m"))
    }
    found = compute_test_quantities(xr.Dataset(made, data.coords), data)
    n, m = (data[name].sum("venue").values for name in ("n", "m"))
    with_papers = n.sum(axis=0) > 0  # 2013, 2016 and 2019; each topic-year has 42 papers
    for draw in range(2):
        y, k = (made[f"{name}_obs"][1][0, draw].sum(axis=0)[:, with_papers] for name in ("y", "k"))
        share, terms = y / n[:, with_papers], k / m[:, with_papers]
        quantity = found.isel(chain=0, draw=draw)
        assert float(quantity["smallest academia-only share of a topic and year"]) == pytest.approx(share.min())
        assert float(quantity["largest academia-only share of a topic and year"]) == pytest.approx(share.max())
        one, other = (part - part.mean(axis=1, keepdims=True) for part in (share, terms))
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert float(quantity["correlation within topics of terms and academia-only"]) == pytest.approx(correlation)
