"""Compute terms on simulated papers: what was planted is found, what was not is not, masks and falls do not mislead."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

from data.tables.load import load
from inference.sampling.compiled import Compiled, sample
from inference.sampling.settings import Sampler
from models.common.cells import SIZES
from models.topic_compute.cells import prepare, select
from models.topic_compute.decomposition import SIZE
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.specifications import PRIORS
from models.topic_compute.topic_year import prepare as prepare_topic_year
from tests.models.declared import models_of, ready_for
from tests.models.topic_papers import CHOICES, papers

INTERVAL = 0.89
SETS = 20  # simulated data sets
QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
MODELS = models_of("topic_compute")
Truth = xr.Dataset


def least_covered(trials: int) -> int:
    """So many 89 % intervals of a right model hold the truth, but for one chance in a thousand."""
    return int(binom.ppf(0.001, trials, INTERVAL))


def most_found(trials: int) -> int:
    """So many nulls get a direction of more than 0.945, but for one chance in a thousand."""
    return int(binom.ppf(0.999, trials, 1 - INTERVAL))


def posterior(compiled: Compiled, model: str, data: xr.Dataset, seed: int, sampler: Sampler = QUICK) -> xr.Dataset:
    ready = ready_for(compiled, MODELS[model], data, PRIORS[model])
    drawn: xr.Dataset = sample(ready, seed, sampler)["posterior"].to_dataset()
    return drawn


def odds_ratio(draws: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """Log of the pooled odds ratio; the rest of the estimands takes longer than the draws."""
    value, at = data["value"].to_numpy(), data["at_exposure"].to_numpy()
    weight = np.zeros((data.sizes["topic"], data.sizes["family"]))
    np.add.at(weight, data["at_topic"].to_numpy(), value[at] * data["n"].to_numpy()[:, None])
    exposed = float((data["n"].to_numpy() * (value[at] > 0).any(axis=1)).sum())
    return (draws["slope"] * xr.DataArray(weight / exposed, dims=("topic", "family"))).sum(("topic", "family"))


def planted(data: xr.Dataset, slope: float, seed: int, years: bool = True) -> Truth:
    """Parameters of a world in which terms have this slope in every topic and family; one chain, one draw."""
    rng = np.random.default_rng(seed)
    sizes = data.sizes
    of_venue = {venue: rng.normal(0, 0.4) for venue in np.unique(data["venue_of"])}
    by_year = rng.normal(0, 0.3, sizes["venue_year"]) * years
    topic = rng.normal(0, 0.5, sizes["topic"])
    size = np.linspace(1.0, -1.4, len(SIZES)) + rng.normal(0, 0.1, (sizes["group"], len(SIZES)))
    values: dict[str, tuple[tuple[str, ...], Any]] = {
        "level": ((), 0.6),
        "venue_year_effect": (("venue_year",), 0.6 + by_year + [of_venue[venue] for venue in data["venue_of"].values]),
        "topic_effect": (("topic",), topic - topic.mean()),
        "size_effect": (("group", "size"), size - size.mean(axis=1, keepdims=True)),
        "pair_effect": (("pair",), rng.normal(0, 0.2, sizes["pair"])),
        "slope": (("topic", "family"), np.full((sizes["topic"], sizes["family"]), slope)),
        "family_slope": (("family",), np.full(sizes["family"], slope)),
        "topic_slope_sd": ((), 0.0), "topic_family_sd": ((), 0.0), "new_topic_raw": ((), 0.0),
        "new_topic_family_raw": (("family",), np.zeros(sizes["family"])),
    }  # fmt: skip
    coords = {name: data[name].to_numpy() for name in ("venue_year", "topic", "group", "size", "pair", "family")}
    lead = {name: (("chain", "draw", *dims), np.asarray(value)[None, None]) for name, (dims, value) in values.items()}
    return xr.Dataset(lead, coords | {"chain": [0], "draw": [0]})


def chances(data: xr.Dataset, truth: Truth) -> Any:
    """P(academia only) of each cell."""
    at = {name: data[f"at_{name}"].to_numpy() for name in ("venue_year", "topic", "group", "size", "pair", "exposure")}
    of = {name: values.isel(chain=0, draw=0).to_numpy() for name, values in truth.data_vars.items()}
    used = data["value"].to_numpy()[at["exposure"]]
    log_odds = of["venue_year_effect"][at["venue_year"]] + of["topic_effect"][at["topic"]]
    log_odds = log_odds + of["size_effect"][at["group"], at["size"]] + of["pair_effect"][at["pair"]]
    return expit(log_odds + (of["slope"][at["topic"]] * used).sum(axis=1))


def simulated(data: xr.Dataset, truth: Truth, seed: int) -> xr.Dataset:
    p = chances(data, truth)
    shown = p + (1 - p) * data["q"].to_numpy()
    return data.assign(y=("cell", np.random.default_rng(seed).binomial(data["n"].to_numpy(), shown)))


@dataclasses.dataclass
class Recovered:
    """Of each simulated data set: the estimate's error, whether its interval held the truth, its direction."""

    errors: list[float] = dataclasses.field(default_factory=list)
    hits: int = 0
    found: int = 0
    below: int = 0

    def add(self, draws: xr.DataArray, true: float) -> None:
        low, high = draws.quantile([(1 - INTERVAL) / 2, (1 + INTERVAL) / 2]).values
        negative = float((draws < 0).mean())
        self.errors.append(float(draws.median()) - true)
        self.hits += bool(low <= true <= high)
        self.found += max(negative, 1 - negative) > 0.945
        self.below += negative > 0.945

    def check(self) -> None:
        """Coverage within binomial bounds, mean bias within Monte Carlo bounds."""
        count = len(self.errors)
        assert self.hits >= least_covered(count), self
        assert abs(np.mean(self.errors)) < 3.3 * np.std(self.errors, ddof=1) / np.sqrt(count), self


def recovered(compiled: Compiled, data: xr.Dataset, slope: float, count: int) -> Recovered:
    out = Recovered()
    for seed in range(count):
        truth = planted(data, slope, seed)
        given = simulated(data, truth, 1000 + seed)
        draws = posterior(compiled, "contrast", given, seed)
        out.add(odds_ratio(draws, given), odds_ratio(truth, given).item())
    return out


def test_bounds():
    assert least_covered(SETS) == 13
    assert most_found(SETS) == 7


@pytest.fixture(scope="module")
def real() -> dict[str, pd.DataFrame]:
    return {"papers": load("papers")}


@pytest.fixture(scope="module")
def cells(real: dict[str, pd.DataFrame]) -> xr.Dataset:
    return prepare(real, CHOICES)


@pytest.mark.slow
def test_planted_slope_is_found(compiled: Compiled, cells: xr.Dataset):
    found = recovered(compiled, cells, -0.25, SETS)
    found.check()
    assert found.below == SETS, found


@pytest.mark.slow
def test_planted_null_is_not_found(compiled: Compiled, cells: xr.Dataset):
    found = recovered(compiled, cells, 0.0, SETS)
    found.check()
    assert found.found <= most_found(SETS), found


@pytest.mark.slow
def test_planted_slopes_by_topic_and_family_keep_their_places(compiled: Compiled, cells: xr.Dataset):
    """Slopes that differ: the families' order comes back, and one topic's departure is not given to another."""
    truth = planted(cells, 0.0, 1)
    family = xr.DataArray([0.0, -0.1, -0.3, -0.6, -0.8, -0.5], dims="family")
    topic = xr.zeros_like(truth["slope"].isel(family=0, drop=True))
    topic = topic.where(topic["topic"] != "natural language processing", -0.5)
    truth["slope"] = truth["slope"] + family + topic
    true = np.log(compute_estimands(truth, cells, CHOICES)["odds_ratio_by_family"]).squeeze()
    errors, hits = [], []
    for seed in range(SETS):
        given = simulated(cells, truth, 50 + seed)
        draws = posterior(compiled, "contrast", given, seed)
        found = compute_estimands(draws, given, CHOICES)
        by_family = np.log(found["odds_ratio_by_family"]).squeeze()
        low, middle, high = by_family.quantile([(1 - INTERVAL) / 2, 0.5, (1 + INTERVAL) / 2], "draw").values
        hits.append((low <= true.values) & (true.values <= high))
        errors.append((middle - true.values) / by_family.std("draw").values)
        languages = np.log(found["odds_ratio_by_topic"].sel(topic="natural language processing"))
        others = np.log(found["odds_ratio_by_topic"].sel(topic=["learning theory", "computer vision"])).mean("topic")
        assert float((languages < others).mean()) > 0.9, seed
        assert float((draws["topic_slope_sd"] > 0.05).mean()) > 0.5
    assert (np.sum(hits, axis=0) >= least_covered(SETS)).all(), np.sum(hits, axis=0)
    # Partial pooling pulls families together, a little: by less than what is left open of each.
    assert (abs(np.mean(errors, axis=0)) < 1).all(), np.mean(errors, axis=0)


# Authors unseen.


def masked(real: Mapping[str, pd.DataFrame], cells: xr.Dataset, truth: Truth, seed: int, heavy: bool) -> pd.DataFrame:
    """The real papers with simulated teams, some authors of which are masked.

    Industry teams have as many industry authors as real ones of their size. Masked are as many authors of the same
    papers as are unseen in the real table; ``heavy``: half the papers with terms and a tenth of the others.
    """
    rng = np.random.default_rng(seed)
    rows = select(real, CHOICES).frame
    rows = rows[rows["authors"] <= 30]
    log_odds = truth.isel(chain=0, draw=0)
    place = rows["venue"] + " " + rows["year"].astype(int).astype(str)
    pair = rows["topic_used"] + " at " + rows["venue"]
    at = log_odds["venue_year_effect"].to_series()[place].to_numpy()
    at = at + log_odds["topic_effect"].to_series()[rows["topic_used"]].to_numpy()
    at = at + log_odds["pair_effect"].to_series()[pair].to_numpy()
    at = at + log_odds["size_effect"].to_series()[pd.MultiIndex.from_frame(rows[["group", "size"]])].to_numpy()
    number = np.array([sum(exposure) for exposure in rows["exposure"]])
    academic = rng.random(len(rows)) < expit(at + float(log_odds["slope"][0, 0]) * number)
    n = rows["authors"].to_numpy().astype(int)
    industry = rows["authors_company"] + rows["authors_double"]
    complete = rows[(rows["slots_per"] == "author") & (rows["authors_unknown"] == 0)].assign(k=industry).query("k > 0")
    of_size = {size: of.to_numpy().astype(int) for size, of in complete.groupby("authors")["k"]}
    k = np.array([rng.choice(of_size.get(size, np.array([1]))) for size in n]) * ~academic
    u = rows["authors_unknown"].to_numpy().astype(int) * (rows["unseen"] > 0).to_numpy()
    if heavy:
        u = np.where(rng.random(len(n)) < np.where(number > 0, 0.5, 0.1), rng.integers(1, np.maximum(n, 2)), 0)
    u = np.minimum(u, n - 1)
    hidden = rng.hypergeometric(k, n - k, u)
    authors = {"company": k - hidden, "education": n - k - u + hidden, "unknown": u}
    kinds = ("government", "nonprofit", "double")
    columns = {f"authors_{kind}": values.astype(float) for kind, values in authors.items()}
    out = real["papers"].loc[rows.index].assign(slots_per="author", team_coded="unknown", **columns)
    return out.assign(**{f"authors_{kind}": 0.0 for kind in kinds})


@pytest.mark.slow
def test_masks_of_the_real_pattern_do_not_bias_the_slope(
    compiled: Compiled, real: dict[str, pd.DataFrame], cells: xr.Dataset
):
    found = Recovered()
    partly = int(cells["n"].where(cells["partly"] == 1).sum())
    assert partly > 300
    for seed in range(SETS):
        truth = planted(cells, -0.25, seed)
        table = {"papers": masked(real, cells, truth, seed, heavy=False)}
        data = prepare(table, CHOICES)
        assert int(data["n"].where(data["partly"] == 1).sum()) == partly
        draws = posterior(compiled, "contrast", data, seed)
        found.add(odds_ratio(draws, data), odds_ratio(planted(data, -0.25, seed), data).item())
    found.check()


@pytest.mark.slow
def test_masks_that_follow_the_terms_do_not_bias_the_slope(
    compiled: Compiled, real: dict[str, pd.DataFrame], cells: xr.Dataset
):
    """Half the papers with terms have unseen authors. Taking all of these for academic hides most of the slope."""
    found, naive = Recovered(), Recovered()
    taken = dataclasses.replace(CHOICES, unseen="all academic")
    for seed in range(SETS):
        truth = planted(cells, -0.25, seed)
        table = {"papers": masked(real, cells, truth, seed, heavy=True)}
        data = prepare(table, CHOICES)
        true = odds_ratio(planted(data, -0.25, seed), data).item()
        found.add(odds_ratio(posterior(compiled, "contrast", data, seed), data), true)
        if seed < 4:
            wrong = prepare(table, taken)
            naive.add(odds_ratio(posterior(compiled, "contrast", wrong, seed), wrong), true)
    found.check()
    assert np.mean(naive.errors) > 0.13, naive
    assert naive.hits == 0, naive


# What goes with the fall.


@pytest.mark.slow
def test_a_fall_by_team_size_is_not_credited_to_terms(compiled: Compiled, cells: xr.Dataset):
    """Chances depend on venue and team size, not on years, topics or terms; teams grow as they really did."""
    for seed in range(SETS):
        truth = planted(cells, 0.0, seed, years=False)
        for name in ("topic_effect", "pair_effect"):
            truth[name] = xr.zeros_like(truth[name])
        truth["size_effect"] = 1.5 * truth["size_effect"]
        given = simulated(cells, truth, 70 + seed)
        found = compute_estimands(posterior(compiled, "contrast", given, seed), given, CHOICES)
        true = compute_estimands(truth, given, CHOICES)
        change = float(true["change_spanning"].squeeze())
        assert change < -0.05
        assert float(true["goes_with_last"].sel(factor=SIZE).squeeze()) < 0.8 * change
        assert float(found["change_spanning"].median()) < 0.7 * change
        for name in ("goes_with_last", "goes_with_first"):
            terms = found[name].sel(factor="compute terms")
            assert abs(float(terms.median())) < 0.004, (name, terms.median())
            size = float(found[name].sel(factor=SIZE).median())
            assert size == pytest.approx(float(true[name].sel(factor=SIZE).squeeze()), abs=0.015), name
        low, high = found["goes_with_last"].sel(factor="compute terms").quantile([0.005, 0.995]).values
        assert low <= float(true["goes_with_last"].sel(factor="compute terms").squeeze()) <= high
        rest = found["waterfall"].sel(step="the rest")
        assert abs(float(rest.median())) < 0.03


# The regression of topics and years.


def topic_years(data: xr.Dataset, within: float, seed: int) -> xr.Dataset:
    """The real numbers of papers of topics and years, simulated terms and teams.

    Each topic has trends of its own, in terms and in teams; all topics share the course of the terms and what else
    moves teams in a year.
    """
    rng = np.random.default_rng(seed)
    n, m = (data[name].sum("venue").transpose("topic", "year").to_numpy() for name in ("n", "m"))
    topics, years = n.shape
    decade = (np.arange(years) - (years - 1) / 2) / 10
    wave = np.linspace(-0.4, 0.4, years) + 0.2 * np.sin(np.arange(years))
    own = rng.normal(0, 0.5, (topics, 1)) + rng.normal(0, 0.4, (topics, 1)) * decade
    x = expit(-2.0 + own + wave + rng.normal(0, 0.15, (topics, years)))
    mean = (n * x).sum(axis=1, keepdims=True) / n.sum(axis=1, keepdims=True)
    log_odds = 0.6 + rng.normal(0, 0.5, (topics, 1)) + rng.normal(-0.8, 0.3, (topics, 1)) * decade
    log_odds = log_odds + within * (x - mean) + rng.normal(0, 0.2, years)
    log_odds = log_odds + rng.normal(0, 0.1, (topics, years))
    k, y = rng.binomial(m, x), rng.binomial(n, expit(log_odds))
    rows = []
    for (t, topic), (r, year) in itertools.product(enumerate(data["topic"].values), enumerate(data["year"].values)):
        teams = [{"education": 2}, {"company": 2}, {"education": 1, "unknown": 1}]
        ends = np.cumsum([y[t, r], n[t, r] - y[t, r], m[t, r] - n[t, r]])
        for team, first, last in zip(teams, [0, *ends], ends, strict=False):
            used = int(np.clip(k[t, r], first, last) - first)
            place = {"topic": str(topic), "year": int(year), "team": team}
            rows += [place | {"terms": ["scale"], "times": used}, place | {"times": int(last - first) - used}]
    out = prepare_topic_year({"papers": papers(rows)}, CHOICES)
    for name, counted in (("n", n), ("y", y), ("m", m), ("k", k)):
        np.testing.assert_array_equal(out[name].sum("venue").transpose("topic", "year"), counted)
    return out


@pytest.fixture(scope="module")
def counts(real: dict[str, pd.DataFrame]) -> xr.Dataset:
    return prepare_topic_year(real, CHOICES)


@pytest.mark.slow
@pytest.mark.parametrize("within", [-8.0, 0.0])
def test_slope_within_topics_is_recovered(compiled: Compiled, counts: xr.Dataset, within: float):
    found = Recovered()
    for seed in range(SETS):
        draws = posterior(compiled, "topic_year", topic_years(counts, within, seed), seed)
        found.add(draws["within"], within)
    found.check()  # the pull of the prior on -8 is small beside this bound
    assert found.found <= most_found(SETS) or within, found
    if within:
        assert abs(np.mean(found.errors)) < 1.2, found  # hardly worn down by errors in x, or by the prior
        assert found.below >= SETS - 1, found
