"""Recovery from simulated tables of topics and years: total and contextual slopes, nulls, correlated errors."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit

from inference.sampling.compiled import Compiled
from models.common.pymc_helpers import CHECK_BOUNDS, add_data, add_hyperparameters
from models.topic_compute.choices import TopicYearPriors
from models.topic_compute.specifications import PRIORS
from models.topic_compute.topic_year import MODEL, add_log_odds, add_terms
from models.topic_compute.topic_year_counts import DIMS, compute_counted_share, prepare
from models.topic_compute.topic_year_estimands import compute_total_slopes
from tests.models.declared import ready_for
from tests.models.topic_compute.test_recovery import (
    QUICK,
    SETS,
    Recovered,
    find_most_found,
    sample,
    sample_posterior,
)
from tests.models.topic_papers import CHOICES, make_papers, read_real_tables


@dataclasses.dataclass
class Simulated:
    """Simulated counts, and the total slope within topics of what they are drawn from."""

    data: xr.Dataset
    total: float


def simulate_topic_years(
    data: xr.Dataset, contextual: float | None, own_term: float, seed: int, through_papers: bool = False
) -> Simulated:
    """Simulate tables of terms by team type for the real numbers of papers by topic and year.

    Each topic has its own trend in terms and in teams, and departs from it by a walk; all topics share the course of
    the terms, and effects of years on teams.

    Parameters
    ----------
    data
        Counts whose ``n`` and ``m`` are kept.
    contextual
        The contextual slope; ``None`` for the one at which the total slope is zero.
    own_term
        Log odds ratio of an academia-only team, papers with a term to papers without.
    seed
        Of the data set.
    through_papers
        Count papers of these tables, and check the counts.
    """
    rng = np.random.default_rng(seed)
    n, m = (data[name].sum("venue").transpose("topic", "year").to_numpy() for name in ("n", "m"))
    topics, years = n.shape
    decade = (np.arange(years) - (years - 1) / 2) / 10
    wave = np.linspace(-0.4, 0.4, years) + 0.2 * np.sin(np.arange(years))
    of_topic = rng.normal(0, 0.5, (topics, 1)) + rng.normal(0, 0.4, (topics, 1)) * decade
    x = expit(-2.0 + of_topic + wave + np.cumsum(rng.normal(0, 0.15, (topics, years)), axis=1))
    mean = (n * x).sum(axis=1, keepdims=True) / n.sum(axis=1, keepdims=True)
    base = 0.6 + rng.normal(0, 0.5, (topics, 1)) + rng.normal(-0.8, 0.3, (topics, 1)) * decade
    base = base + rng.normal(0, 0.2, years) + np.cumsum(rng.normal(0, 0.1, (topics, years)), axis=1)
    coords = {"chain": [0], "draw": [0], "topic": data["topic"].to_numpy(), "year": data["year"].to_numpy()}

    def compute_total(slope: float) -> float:
        scalars = {"contextual": slope, "contextual_between": 0.0, "own_term": own_term, "own_term_topic_sd": 0.0}
        truth = {name: (("chain", "draw"), [[value]]) for name, value in scalars.items()}
        truth |= {name: (tuple(coords), values[None, None])
                  for name, values in (("share_of_terms", x), ("log_odds", base + slope * (x - mean)))}  # fmt: skip
        truth["own_term_topic_raw"] = (("chain", "draw", "topic"), np.zeros((1, 1, topics)))
        return float(compute_total_slopes(xr.Dataset(truth, coords), data)[0].squeeze())

    if contextual is None:  # the total slope is all but linear in the contextual one
        contextual = 0.0
        for _ in range(4):
            contextual -= compute_total(contextual)
        assert compute_total(contextual) == pytest.approx(0, abs=0.01)
    log_odds = base + contextual * (x - mean)
    n_with = rng.binomial(n, x)
    y_with = rng.binomial(n_with, expit(log_odds + own_term))
    y = y_with + rng.binomial(n - n_with, expit(log_odds))
    other = rng.binomial(m - n, x)
    table = np.stack([y_with, n_with - y_with, y - y_with, n - n_with - y + y_with], axis=-1)
    made = {"n": n, "m": m, "y": y, "k": n_with + other, "n_with": n_with, "y_with": y_with, "k_other": other}
    if through_papers:
        rows = []
        for (t, topic), (r, year) in itertools.product(enumerate(coords["topic"]), enumerate(coords["year"])):
            teams = [{"education": 2}, {"company": 2}] * 2 + [{"education": 1, "unknown": 1}] * 2
            terms = [["scale"]] * 2 + [[]] * 2 + [["scale"], []]
            times = [*table[t, r], other[t, r], m[t, r] - n[t, r] - other[t, r]]
            paper = {"topic": str(topic), "year": int(year)}
            rows += [paper | {"team": team, "terms": used, "times": int(count)}
                     for team, used, count in zip(teams, terms, times, strict=True)]  # fmt: skip
        out = prepare({"papers": make_papers(rows)}, CHOICES)
        for name, counted in made.items():
            np.testing.assert_array_equal(out[name].sum("venue").transpose("topic", "year"), counted)
        np.testing.assert_array_equal(out["table"].sum("venue").transpose("topic", "year", "outcome"), table)
        return Simulated(out, compute_total(contextual))
    arrays = {name: (DIMS, values[None]) for name, values in made.items()}
    counted = compute_counted_share(xr.Dataset({name: (("topic", "year"), made[name]) for name in ("k", "m")}))
    replaced = data.assign(arrays | {"table": ((*DIMS, "outcome"), table[None]), "counted": counted})
    return Simulated(replaced, compute_total(contextual))


def build_independent(dataset: xr.Dataset, priors: TopicYearPriors) -> pm.Model:
    """Build the regression as if the two shares were of different papers: two binomials, and x with errors."""
    coords = {name: dataset[name].to_numpy() for name in DIMS}
    coords |= {name: dataset["year"].to_numpy()[1:] for name in ("direction", "term_walk_step", "walk_step")}
    with pm.Model(coords=coords, check_bounds=CHECK_BOUNDS) as model:
        data = add_data(dataset.transpose(*DIMS, ...), ("n", "m", "y", "k", "weight", "decade"))
        prior = add_hyperparameters(priors, [field.name for field in dataclasses.fields(priors)])
        term = add_terms(dataset, data, prior)
        academia = add_log_odds(pm.math.sigmoid(term), dataset, data, prior)
        pm.Binomial("k_obs", n=data["m"], logit_p=term[None], observed=data["k"], dims=DIMS)
        pm.Binomial("y_obs", n=data["n"], logit_p=academia[None], observed=data["y"], dims=DIMS)
    return model


@pytest.fixture(scope="module")
def counts() -> xr.Dataset:
    return prepare(read_real_tables(), CHOICES)


def test_simulated_papers_have_the_simulated_counts(counts: xr.Dataset):
    through = simulate_topic_years(counts, -2.0, -0.4, 1, through_papers=True)
    direct = simulate_topic_years(counts, -2.0, -0.4, 1)
    assert through.total == direct.total
    for name in ("table", "k_other", "counted", "n", "m", "y", "k"):
        np.testing.assert_allclose(through.data[name], direct.data[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(("contextual", "own_term"), [(-8.0, -0.4), (0.0, 0.0), (None, -0.4)])
def test_slopes_within_topics_are_recovered(
    compiled: Compiled, counts: xr.Dataset, contextual: float | None, own_term: float
):
    """A strong slope; no association at all; and a total slope of zero, of parts that cancel."""
    total, part = Recovered(), Recovered()
    for seed in range(SETS):
        made = simulate_topic_years(counts, contextual, own_term, seed)
        draws = sample_posterior(compiled, "topic_year", made.data, seed)
        total.add(compute_total_slopes(draws, made.data)[0], made.total)
        if contextual is not None:
            part.add(draws["contextual"], contextual)
    total.check()  # the shrinkage of -8 by the prior is small compared with this bound
    if contextual is not None:
        part.check()
    assert total.found <= find_most_found(SETS) or contextual, total
    if contextual:
        assert abs(np.mean(part.errors)) < 1.2, part  # little attenuated by errors in x or by the prior
        assert part.below >= SETS - 1, part


@pytest.mark.slow
def test_correlated_sampling_errors_bias_other_regressions_and_not_this_one(compiled: Compiled, counts: xr.Dataset):
    """The total slope is zero, and papers with terms are less often academia-only than others of their topic-year.

    A topic-year that happens to have more papers with terms then happens to have fewer academia-only papers. Counted
    shares show this as a slope; a model of errors in x alone magnifies it, as most of what x varies is error.
    """
    found: dict[str, list[float]] = {"tables": [], "independent": [], "counted": []}
    independent = dataclasses.replace(MODEL, build=build_independent)
    total = Recovered()
    for seed in range(SETS):
        made = simulate_topic_years(counts, None, -2.0, 100 + seed)
        assert made.total == pytest.approx(0, abs=0.01)
        slope = compute_total_slopes(sample_posterior(compiled, "topic_year", made.data, seed), made.data)[0]
        total.add(slope, made.total)
        found["tables"].append(float(slope.mean()))
        counted = made.data.assign_attrs(share_of_terms="counted")
        draws = sample_posterior(compiled, "topic_year", counted, seed)
        found["counted"].append(float(draws["contextual"].mean()))
        ready = ready_for(compiled, independent, made.data, PRIORS["topic_year"])
        draws = sample(ready, seed, QUICK)["posterior"].to_dataset()
        found["independent"].append(float(draws["contextual"].mean()))
    total.check()  # unbiased, and intervals hold zero
    for name in ("counted", "independent"):
        values = np.array(found[name])
        assert values.mean() < -3 * values.std(ddof=1) / np.sqrt(SETS), found
        assert abs(np.mean(found["tables"])) < 0.6 * abs(values.mean()), found
    # In the same data sets, the model of errors in x alone is below the tables by more than chance allows.
    below = np.array(found["independent"]) - np.array(found["tables"])
    assert below.mean() < -5 * below.std(ddof=1) / np.sqrt(SETS), found
