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
from scipy.stats import binom, lognorm, multinomial, norm

from inference.sampling import compiled
from models.common.walks import make_walk_basis, make_zero_sum_basis
from models.topic_compute.cells import prepare as prepare_contrast
from models.topic_compute.choices import TopicYearPriors
from models.topic_compute.specifications import SPECIFICATIONS
from models.topic_compute.topic_year import MODEL, build
from models.topic_compute.topic_year_counts import ALL_VENUES, OUTCOMES, compute_counted_share, prepare
from models.topic_compute.topic_year_estimands import (
    compute_estimands,
    compute_reliability,
    compute_test_quantities,
)
from tests.models.topic_papers import CHOICES, TOPICS, evaluate_at_random_point, make_papers, simulate_papers

LANGUAGE, SCALE = {"topic": TOPICS[1]}, {"terms": ["scale"]}
# Free variables: of every variant, and of the parts that a specification may leave out.
ALWAYS = {
    "term_intercept", "term_topic", "term_year", "term_trend", "term_walk_sd", "term_walk_raw", "intercept",
    "contextual", "contextual_between", "topic_effect", "walk_sd", "walk_raw",
}  # fmt: skip
YEARS, TRENDS = {"year_sd", "year_direction_shifted"}, {"trend_shifted", "topic_trend_sd", "topic_trend_raw"}
VENUES, TABLES = {"term_venue", "venue_effect"}, {"own_term", "own_term_topic_sd", "own_term_topic_raw"}
FREE = {
    "plain": ALWAYS,
    "with_years": ALWAYS | YEARS,
    "as_published": ALWAYS | YEARS | TABLES,
    "with_trends": ALWAYS | YEARS | TRENDS | TABLES,
    "smoother_walks": ALWAYS | YEARS | TRENDS | TABLES,
    "spanning": ALWAYS | YEARS | VENUES | TABLES,
    "spanning_with_trends": ALWAYS | YEARS | TRENDS | VENUES | TABLES,
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
    vision, language = (data.sel(topic=topic, year=year) for topic, year in ((TOPICS[0], 2015), (TOPICS[1], 2021)))
    assert data["outcome"].values.tolist() == list(OUTCOMES)
    assert vision["table"].values.tolist() == [[3, 0, 5, 2]]  # with a term, then without; academia-only, then other
    assert language["table"].values.tolist() == [[0, 6, 0, 0]]
    assert [vision["k_other"].item(), language["k_other"].item()] == [4, 0]
    assert [int(data[name].sum()) for name in names] == [16, 8, 20, 13, 9, 3]
    assert MODEL.raw is not None
    raw = MODEL.raw(data)["crude_odds_ratio"]
    assert raw.attrs["measure"] == "odds ratio"
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
    derived = {"year_direction"} & {name.removesuffix("_shifted") for name in FREE[name]}
    derived |= {"trend"} & {name.removesuffix("_shifted") for name in FREE[name]}
    assert {variable.name for variable in model.deterministics} == {"share_of_terms", "log_odds"} | derived
    counted = CHOICES_OF[name].get("share_of_terms") == "counted"
    observed = {"y_obs", "k_obs"} if counted else {"table_obs", "k_other_obs"}
    assert {variable.name for variable in model.observed_RVs} == observed


def test_variants_of_the_ladder_are_the_four_of_the_model():
    switches = {"topic_trends", "year_effects", "share_of_terms", "walk_order"}
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


def walk_by_hand(steps: Any, order: int, keep_trend: bool) -> Any:
    """Sum steps to a walk, minus its least-squares line or mean; a walk of second order has the scale of a first."""
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    if order == 2:
        walk = np.concatenate([[0.0], np.cumsum(walk)])
    years = np.arange(len(walk))
    degree = 0 if keep_trend else 1
    return walk - np.polyval(np.polyfit(years, walk, degree), years)


@pytest.mark.parametrize("name", FREE)
def test_likelihood_is_the_sum_over_topics_years_and_venues(name: str):
    choices = dataclasses.replace(CHOICES, **CHOICES_OF[name])
    data = prepare_counts(**CHOICES_OF[name])
    model = build(data, TopicYearPriors())
    derived = [variable.name for variable in model.deterministics if variable.name in ("year_direction", "trend")]
    point, found = evaluate_at_random_point(model, [*sorted(FREE[name]), *derived], 13)
    years, topics, venues = (data[dim].values for dim in ("year", "topic", "venue"))
    assert len(venues) == (2 if choices.venues == "spanning" else 1)
    counted = choices.share_of_terms == "counted"
    scale = 1.0
    if choices.walk_order == 2:
        scale = np.sqrt((make_walk_basis(len(years)) ** 2).sum() / sum(
            (walk_by_hand(one, 2, False) ** 2).sum() for one in np.eye(len(years) - 2)))  # fmt: skip
    total, x, by_topic_year = 0.0, np.zeros((len(topics), len(years))), data.sum("venue")
    terms = np.zeros_like(x)
    for t, topic in enumerate(topics):
        walk = walk_by_hand(point["term_walk_raw"][t], 1, keep_trend=False)
        for r, year in enumerate(years):
            terms[t, r] = point["term_intercept"] + point["term_topic"][t] + point["term_year"][r]
            terms[t, r] += point["term_walk_sd"] * walk[r] + point["term_trend"][t] * (year - years.mean()) / 10
            x[t, r] = expit(terms[t, r])
            if counted:
                m, k = (int(by_topic_year[count].sel(topic=topic, year=year)) for count in ("m", "k"))
                of_topic = by_topic_year.sel(topic=topic)
                x[t, r] = k / m if m else float(of_topic["k"].sum() / of_topic["m"].sum())
    n = by_topic_year["n"].transpose("topic", "year").values
    mean = (n * x).sum(axis=1) / n.sum(axis=1)  # of each topic, weighted by its papers
    for t, topic in enumerate(topics):
        walk = scale * walk_by_hand(point["walk_raw"][t], choices.walk_order, keep_trend=not choices.topic_trends)
        for (r, year), (v, venue) in itertools.product(enumerate(years), enumerate(venues)):
            log_odds = point["topic_effect"][t] + point["walk_sd"] * walk[r] + point["contextual"] * (x[t, r] - mean[t])
            if choices.year_effects:
                log_odds += make_zero_sum_basis(len(years))[r] @ point["year_direction"]
            if choices.topic_trends:
                slope = point["trend"] + point["topic_trend_sd"] * point["topic_trend_raw"][t]
                log_odds += slope * (year - years.mean()) / 10
            several = len(venues) > 1
            log_odds += point["venue_effect"][v] if several else 0
            share = expit(terms[t, r] + (point["term_venue"][v] if several else 0))
            cell = data.sel(topic=topic, year=year, venue=venue)
            papers, academic, m, k = (int(cell[count]) for count in ("n", "y", "m", "k"))
            if counted:
                total += float(binom.logpmf(k, m, share) + binom.logpmf(academic, papers, expit(log_odds)))
                continue
            own = point["own_term"] + point["own_term_topic_sd"] * point["own_term_topic_raw"][t]
            one, other = expit(log_odds + own), expit(log_odds)
            chance = [share * one, share * (1 - one), (1 - share) * other, (1 - share) * (1 - other)]
            n_with, y_with = int(cell["n_with"]), int(cell["y_with"])
            table = [y_with, n_with - y_with, academic - y_with, papers - n_with - academic + y_with]
            total += float(multinomial.logpmf(table, papers, chance) + binom.logpmf(k - n_with, m - papers, share))
    assert found.sum() == pytest.approx(total, rel=1e-9)


def test_a_table_is_three_binomials():
    """Whether papers use terms, and whether papers with terms and papers without are academia-only."""
    s, p1, p0 = 0.2, 0.5, 0.7
    chance = [s * p1, s * (1 - p1), (1 - s) * p0, (1 - s) * (1 - p0)]
    table = [3, 4, 20, 8]
    wanted = binom.logpmf(7, 35, s) + binom.logpmf(3, 7, p1) + binom.logpmf(20, 28, p0)
    assert multinomial.logpmf(table, 35, chance) == pytest.approx(wanted)


def test_year_effects_have_the_estimated_scale():
    """They sum to zero; neither they nor the trend depend on the offsets that decorrelate them in the sampler."""
    model = build(prepare_counts(), TopicYearPriors())
    names = ("year_direction", "year_sd", "trend", "contextual")
    year, sd, trend, contextual = pm.draw([model[name] for name in names], 3000, random_seed=1)
    scaled = year / sd[:, None]
    assert scaled.std() == pytest.approx(1, rel=0.05)
    assert trend.std() == pytest.approx(TopicYearPriors().trend_sd, rel=0.07)
    pairs = [scaled[:, 0], trend, contextual]
    assert abs(np.corrcoef(pairs)[np.triu_indices(3, 1)]).max() < 0.07  # 4 standard errors
    assert abs(make_zero_sum_basis(10).sum(axis=0)).max() < 1e-12


def test_sds_are_log_normal():
    model = build(prepare_counts(), TopicYearPriors())
    rng = np.random.default_rng(16)
    names = ["walk_sd", "term_walk_sd", "year_sd", "topic_trend_sd", "own_term_topic_sd"]
    for name in names:
        value = float(rng.uniform(0.05, 0.5))
        found = float(pm.logp(model[name], value).eval())
        priors = TopicYearPriors()
        assert found == pytest.approx(lognorm.logpdf(value, priors.sd_log_sd, scale=getattr(priors, name))), name


def test_topics_lie_around_the_line_between_them():
    data = prepare_counts()
    model = build(data, TopicYearPriors())
    names = ["contextual_between", "intercept", "topic_effect", "share_of_terms"]
    rng = np.random.default_rng(15)
    point = {name: rng.normal(0, 0.7, np.shape(start)) for name, start in model.initial_point().items()}
    outs = model.replace_rvs_by_values([model[name] for name in names])
    density = model.logp(vars=[model["topic_effect"]], sum=False)
    options = {"mode": "FAST_COMPILE", "on_unused_input": "ignore"}
    *values, found = model.compile_fn([*outs, *density], inputs=model.value_vars, **options)(point)
    value = dict(zip(names, values, strict=True))
    n = data["n"].sum("venue").transpose("topic", "year").values
    mean = (n * value["share_of_terms"]).sum(axis=1) / n.sum(axis=1)
    line = value["intercept"] + value["contextual_between"] * (mean - mean.mean())
    np.testing.assert_allclose(found, norm.logpdf(value["topic_effect"], line, TopicYearPriors().topic_sd))


def make_share_draws(shares: Any, data: xr.Dataset) -> xr.DataArray:
    """Make draws of ``share_of_terms`` in one chain, from shares (draw, topic, year)."""
    coords = {"chain": [0], "draw": range(len(shares)), "topic": data["topic"].values, "year": data["year"].values}
    return xr.DataArray(np.asarray(shares)[None], coords, ("chain", "draw", "topic", "year"))


def make_draws(data: xr.Dataset, seed: int) -> xr.Dataset:
    """Make two draws of all that the estimands use."""
    rng = np.random.default_rng(seed)
    share = make_share_draws(rng.uniform(0.05, 0.5, (2, data.sizes["topic"], data.sizes["year"])), data)
    scalars = {name: (("chain", "draw"), rng.normal(0, 1, (1, 2)))
               for name in ("contextual", "contextual_between", "own_term", "own_term_topic_sd")}  # fmt: skip
    by_topic = (("chain", "draw", "topic"), rng.normal(0, 1, (1, 2, data.sizes["topic"])))
    log_odds = share.copy(data=rng.normal(0.5, 1, share.shape))
    made = {"share_of_terms": share, "log_odds": log_odds, "own_term_topic_raw": by_topic}
    return xr.Dataset(made | scalars)


def test_estimands_of_the_regression_by_hand():
    """With counted shares, slopes are coefficients."""
    data = prepare_counts(share_of_terms="counted")
    draws = make_draws(data, 1)
    found = compute_estimands(draws, data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], draws["contextual"])
    np.testing.assert_allclose(found["slope_between"], draws["contextual_between"])
    # Ten points more papers with terms: a tenth of the slope from no paper to all.
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp(draws["contextual"] / 10))
    assert "slope_contextual" not in found
    reliability = compute_reliability(draws["share_of_terms"], data)
    xr.testing.assert_equal(found["reliability"].drop_attrs(), reliability)
    assert int(found["n_all"]) == int(data["n"].sum())


def test_total_slopes_are_the_change_of_the_log_odds_of_the_share():
    """Compare with a small step in x: papers come to use terms, and the log-odds of all papers change."""
    data = prepare_counts()
    draws = make_draws(data, 2)
    found = compute_estimands(draws, data, CHOICES)
    n = data["n"].sum("venue").transpose("topic", "year").values
    step = 1e-6
    for draw in range(2):
        one = {name: values.isel(chain=0, draw=draw).values for name, values in draws.data_vars.items()}
        own = one["own_term"] + one["own_term_topic_sd"] * one["own_term_topic_raw"]
        for name, coefficient in (("slope_within", "contextual"), ("slope_between", "contextual_between")):
            log_odds = []
            for change in (-step, step):
                x, base = one["share_of_terms"] + change, one["log_odds"] + one[coefficient] * change
                mean = x * expit(base + own[:, None]) + (1 - x) * expit(base)
                log_odds.append(np.log(mean / (1 - mean)))
            wanted = ((log_odds[1] - log_odds[0]) / (2 * step) * n).sum() / n.sum()
            assert float(found[name].isel(chain=0, draw=draw)) == pytest.approx(wanted, rel=1e-5), name
    np.testing.assert_allclose(found["slope_contextual"], draws["contextual"])
    np.testing.assert_allclose(found["ratio_per_ten_points"], np.exp(found["slope_within"] / 10))


def test_without_an_association_between_papers_the_total_slope_is_the_contextual_one():
    data = prepare_counts()
    draws = make_draws(data, 3)
    draws["own_term"] = xr.zeros_like(draws["own_term"])
    draws["own_term_topic_sd"] = xr.zeros_like(draws["own_term"])
    found = compute_estimands(draws, data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], found["slope_contextual"])


def test_without_a_contextual_slope_the_total_one_is_near_the_odds_ratio_between_papers():
    """For a small odds ratio, and equal for all topics: the change from no paper with terms to all."""
    data = prepare_counts()
    draws = make_draws(data, 4)
    draws["contextual"] = xr.zeros_like(draws["contextual"])
    draws["own_term"] = xr.full_like(draws["own_term"], -0.05)
    draws["own_term_topic_sd"] = xr.zeros_like(draws["own_term"])
    found = compute_estimands(draws, data, CHOICES)
    np.testing.assert_allclose(found["slope_within"], -0.05, rtol=0.05)


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


@pytest.mark.parametrize("counted", [True, False])
def test_test_quantities_of_the_regression_by_hand(counted: bool):
    data = prepare_counts(venues="spanning", **({"share_of_terms": "counted"} if counted else {}))
    rng = np.random.default_rng(3)
    dims = ("chain", "draw", *data["n"].dims)
    n, m = (data[name].values for name in ("n", "m"))
    tables = rng.multinomial(n, [0.1, 0.2, 0.4, 0.3], (1, 2, *n.shape))
    other = rng.binomial(m - n, 0.3, (1, 2, *n.shape))
    y, k = tables[..., 0] + tables[..., 2], tables[..., 0] + tables[..., 1] + other
    made = {"y_obs": (dims, y), "k_obs": (dims, k)}
    if not counted:
        made = {"table_obs": ((*dims, "outcome"), tables), "k_other_obs": (dims, other)}
    found = compute_test_quantities(
        xr.Dataset(made, data.drop_vars("outcome").coords | {"outcome": list(OUTCOMES)}), data
    )
    n, m = n.sum(axis=0), m.sum(axis=0)
    with_papers = n.sum(axis=0) > 0  # 2013, 2016 and 2019; each topic-year has 42 papers
    for draw in range(2):
        share, terms = (
            (part[0, draw].sum(axis=0) / np.maximum(whole, 1))[:, with_papers] for part, whole in ((y, n), (k, m))
        )
        quantity = found.isel(chain=0, draw=draw)
        assert float(quantity["smallest academia-only share of a topic and year"]) == pytest.approx(share.min())
        assert float(quantity["largest academia-only share of a topic and year"]) == pytest.approx(share.max())
        one, other_part = (part - part.mean(axis=1, keepdims=True) for part in (share, terms))
        correlation = np.corrcoef(one.ravel(), other_part.ravel())[0, 1]
        assert float(quantity["correlation within topics of terms and academia-only"]) == pytest.approx(correlation)
        name = "over topics of the log odds ratio of terms and academia-only"
        assert (f"sd {name}" in found) == (f"mean {name}" in found) == (not counted)
        if counted:
            continue
        table = tables[0, draw].sum(axis=0)[:, with_papers]  # (topic, year, outcome)
        R, S = (table[..., 0] * table[..., 3] / 42).sum(axis=1), (table[..., 1] * table[..., 2] / 42).sum(axis=1)
        ratio = np.log((R + 0.5) / (S + 0.5))
        assert float(quantity[f"mean {name}"]) == pytest.approx(ratio.mean())
        assert float(quantity[f"sd {name}"]) == pytest.approx(ratio.std())
