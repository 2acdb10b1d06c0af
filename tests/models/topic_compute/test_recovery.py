"""Recovery from simulated papers: slopes, nulls, partly observed teams, and changes that terms do not cause."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import binom

from inference.sampling.compiled import Compiled, sample
from inference.sampling.settings import Sampler
from models.common.cells import TEAM_SIZES
from models.topic_compute.cells import prepare, select
from models.topic_compute.decomposition import TEAM_SIZE, UNEXPLAINED
from models.topic_compute.estimands import compute_estimands
from models.topic_compute.specifications import PRIORS
from tests.models.declared import models_of, ready_for
from tests.models.topic_papers import CHOICES, read_real_tables

INTERVAL = 0.89
SETS = 20  # simulated data sets
QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
MODELS = models_of("topic_compute")
GIVEN = dataclasses.replace(CHOICES, resampled=False)  # the share that papers as given have, which is known here
Truth = xr.Dataset


def find_least_covered(trials: int) -> int:
    """Return the fewest 89 % intervals of a right model that hold the truth, at one chance in a thousand."""
    return int(binom.ppf(0.001, trials, INTERVAL))


def find_most_found(trials: int) -> int:
    """Return the most nulls whose direction has a probability above 0.945, at one chance in a thousand."""
    return int(binom.ppf(0.999, trials, 1 - INTERVAL))


def sample_posterior(
    compiled: Compiled, model: str, data: xr.Dataset, seed: int, sampler: Sampler = QUICK
) -> xr.Dataset:
    """Draw from the posterior of a model."""
    ready = ready_for(compiled, MODELS[model], data, PRIORS[model])
    drawn: xr.Dataset = sample(ready, seed, sampler)["posterior"].to_dataset()
    return drawn


def average_log_ratio(draws: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """Return the log of the pooled odds ratio; the other estimands take longer than the draws."""
    value, exposure_idx = data["value"].to_numpy(), data["exposure_idx"].to_numpy()
    weight = np.zeros((data.sizes["topic"], data.sizes["family"]))
    np.add.at(weight, data["topic_idx"].to_numpy(), value[exposure_idx] * data["n"].to_numpy()[:, None])
    exposed = float((data["n"].to_numpy() * (value[exposure_idx] > 0).any(axis=1)).sum())
    return (draws["slope"] * xr.DataArray(weight / exposed, dims=("topic", "family"))).sum(("topic", "family"))


def plant(data: xr.Dataset, slope: float, seed: int, years: bool = True) -> Truth:
    """Draw true parameters with this slope of terms in every topic and family; one chain, one draw."""
    rng = np.random.default_rng(seed)
    sizes = data.sizes
    by_venue = {venue: rng.normal(0, 0.4) for venue in np.unique(data["venue_year_venue"])}
    by_year = rng.normal(0, 0.3, sizes["venue_year"]) * years
    venue_year = 0.6 + by_year + [by_venue[venue] for venue in data["venue_year_venue"].values]
    topic = rng.normal(0, 0.5, sizes["topic"])
    size = np.linspace(1.0, -1.4, len(TEAM_SIZES)) + rng.normal(0, 0.1, (sizes["venue_group"], len(TEAM_SIZES)))
    values: dict[str, tuple[tuple[str, ...], Any]] = {
        "intercept": ((), 0.6),
        "venue_year_effect": (("venue_year",), venue_year),
        "topic_effect": (("topic",), topic - topic.mean()),
        "size_effect": (("venue_group", "size"), size - size.mean(axis=1, keepdims=True)),
        "topic_venue_effect": (("topic_venue",), rng.normal(0, 0.2, sizes["topic_venue"])),
        "slope": (("topic", "family"), np.full((sizes["topic"], sizes["family"]), slope)),
        "family_slope": (("family",), np.full(sizes["family"], slope)),
        "topic_slope_sd": ((), 0.0), "topic_family_sd": ((), 0.0),
    }  # fmt: skip
    coords = {name: data[name].to_numpy() for dims, _ in values.values() for name in dims}
    lead = {name: (("chain", "draw", *dims), np.asarray(value)[None, None]) for name, (dims, value) in values.items()}
    return xr.Dataset(lead, coords | {"chain": [0], "draw": [0]})


def compute_probability(data: xr.Dataset, truth: Truth) -> Any:
    """Return P(academia only) of each cell."""
    names = ("venue_year", "topic", "venue_group", "size", "exposure")
    idx = {name: data[f"{name}_idx"].to_numpy() for name in names}
    true = {name: values.isel(chain=0, draw=0).to_numpy() for name, values in truth.data_vars.items()}
    topic_venue_idx = data["topic_venue_idx"].to_numpy()[idx["venue_year"], idx["topic"]]
    used = data["value"].to_numpy()[idx["exposure"]]
    log_odds = true["venue_year_effect"][idx["venue_year"]] + true["topic_effect"][idx["topic"]]
    log_odds = log_odds + true["topic_venue_effect"][topic_venue_idx]
    log_odds = log_odds + true["size_effect"][idx["venue_group"], idx["size"]]
    return expit(log_odds + (true["slope"][idx["topic"]] * used).sum(axis=1))


def simulate(data: xr.Dataset, truth: Truth, seed: int) -> xr.Dataset:
    """Simulate counts of papers without an observed industry author."""
    p = compute_probability(data, truth)
    shown = p + (1 - p) * data["q"].to_numpy()
    return data.assign(y=("cell", np.random.default_rng(seed).binomial(data["n"].to_numpy(), shown)))


@dataclasses.dataclass
class Recovered:
    """Results of simulated data sets: errors of estimates, intervals that hold the truth, directions found."""

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
        """Assert that coverage is within binomial bounds and the mean error within Monte Carlo bounds."""
        count = len(self.errors)
        assert self.hits >= find_least_covered(count), self
        assert abs(np.mean(self.errors)) < 3.3 * np.std(self.errors, ddof=1) / np.sqrt(count), self


def recover(compiled: Compiled, data: xr.Dataset, slope: float, count: int) -> Recovered:
    """Plant a slope in simulated data sets and estimate it."""
    out = Recovered()
    for seed in range(count):
        truth = plant(data, slope, seed)
        simulated = simulate(data, truth, 1000 + seed)
        draws = sample_posterior(compiled, "contrast", simulated, seed)
        out.add(average_log_ratio(draws, simulated), average_log_ratio(truth, simulated).item())
    return out


def test_bounds():
    assert find_least_covered(SETS) == 13
    assert find_most_found(SETS) == 7


@pytest.fixture(scope="module")
def cells() -> xr.Dataset:
    return prepare(read_real_tables(), CHOICES)


@pytest.mark.slow
def test_planted_slope_is_found(compiled: Compiled, cells: xr.Dataset):
    found = recover(compiled, cells, -0.25, SETS)
    found.check()
    assert found.below == SETS, found


@pytest.mark.slow
def test_planted_null_is_not_found(compiled: Compiled, cells: xr.Dataset):
    found = recover(compiled, cells, 0.0, SETS)
    found.check()
    assert found.found <= find_most_found(SETS), found


@pytest.mark.slow
def test_planted_slopes_by_topic_and_family_are_recovered(compiled: Compiled, cells: xr.Dataset):
    """Slopes that differ: those of families are recovered, and the deviation of one topic is not given to another."""
    truth = plant(cells, 0.0, 1)
    family = xr.DataArray([0.0, -0.1, -0.3, -0.6, -0.8, -0.5], dims="family")
    topic = xr.zeros_like(truth["slope"].isel(family=0, drop=True))
    topic = topic.where(topic["topic"] != "natural language processing", -0.5)
    truth["slope"] = truth["slope"] + family + topic
    true = np.log(compute_estimands(truth, cells, CHOICES)["odds_ratio_by_family"]).squeeze()
    errors, hits = [], []
    for seed in range(SETS):
        simulated = simulate(cells, truth, 50 + seed)
        draws = sample_posterior(compiled, "contrast", simulated, seed)
        found = compute_estimands(draws, simulated, CHOICES)
        by_family = np.log(found["odds_ratio_by_family"]).squeeze()
        low, middle, high = by_family.quantile([(1 - INTERVAL) / 2, 0.5, (1 + INTERVAL) / 2], "draw").values
        hits.append((low <= true.values) & (true.values <= high))
        errors.append((middle - true.values) / by_family.std("draw").values)
        languages = np.log(found["odds_ratio_by_topic"].sel(topic="natural language processing"))
        others = np.log(found["odds_ratio_by_topic"].sel(topic=["learning theory", "computer vision"])).mean("topic")
        assert float((languages < others).mean()) > 0.9, seed
        assert float((draws["topic_slope_sd"] > 0.05).mean()) > 0.5
    assert (np.sum(hits, axis=0) >= find_least_covered(SETS)).all(), np.sum(hits, axis=0)
    # Partial pooling shrinks families by less than their posterior sd.
    assert (abs(np.mean(errors, axis=0)) < 1).all(), np.mean(errors, axis=0)


# Authors not observed.


def mask_authors(truth: Truth, seed: int, heavy: bool) -> pd.DataFrame:
    """Return the real papers with simulated teams, in which some authors are not observed.

    Teams with industry have as many industry authors as real ones of their size. Not observed are as many authors of
    the same papers as in the real table; with ``heavy``, authors of half the papers with terms and of a tenth of the
    others.
    """
    rng = np.random.default_rng(seed)
    real = read_real_tables()
    rows = select(real, CHOICES).frame
    rows = rows[rows["authors"] <= 30]
    true = truth.isel(chain=0, draw=0)
    venue_year = rows["venue"] + " " + rows["year"].astype(int).astype(str)
    topic_venue = rows["topic_used"] + " at " + rows["venue"]
    group_size = pd.MultiIndex.from_frame(rows[["venue_group", "size"]])
    log_odds = true["venue_year_effect"].to_series()[venue_year].to_numpy()
    log_odds = log_odds + true["topic_effect"].to_series()[rows["topic_used"]].to_numpy()
    log_odds = log_odds + true["topic_venue_effect"].to_series()[topic_venue].to_numpy()
    log_odds = log_odds + true["size_effect"].to_series()[group_size].to_numpy()
    number = np.array([sum(exposure) for exposure in rows["exposure"]])
    academic = rng.random(len(rows)) < expit(log_odds + float(true["slope"][0, 0]) * number)
    n = rows["authors"].to_numpy().astype(int)
    industry = rows["authors_company"] + rows["authors_double"]
    complete = rows[(rows["slots_per"] == "author") & (rows["authors_unknown"] == 0)].assign(k=industry).query("k > 0")
    by_size = {size: some.to_numpy().astype(int) for size, some in complete.groupby("authors")["k"]}
    k = np.array([rng.choice(by_size.get(size, np.array([1]))) for size in n]) * ~academic
    u = rows["authors_unknown"].to_numpy().astype(int) * (rows["unseen"] > 0).to_numpy()
    if heavy:
        u = np.where(rng.random(len(n)) < np.where(number > 0, 0.5, 0.1), rng.integers(1, np.maximum(n, 2)), 0)
    u = np.minimum(u, n - 1)
    hidden = rng.hypergeometric(k, n - k, u)
    authors = {"company": k - hidden, "education": n - k - u + hidden, "unknown": u}
    others = ("government", "nonprofit", "double")
    columns = {f"authors_{sector}": values.astype(float) for sector, values in authors.items()}
    out = real["papers"].loc[rows.index].assign(slots_per="author", team_coded="unknown", **columns)
    return out.assign(**{f"authors_{sector}": 0.0 for sector in others})


@pytest.mark.slow
def test_missing_authors_of_the_real_pattern_do_not_bias_the_slope(compiled: Compiled, cells: xr.Dataset):
    found = Recovered()
    partly = int(cells["n"].where(cells["partly"] == 1).sum())
    assert partly > 300
    for seed in range(SETS):
        truth = plant(cells, -0.25, seed)
        table = {"papers": mask_authors(truth, seed, heavy=False)}
        data = prepare(table, CHOICES)
        assert int(data["n"].where(data["partly"] == 1).sum()) == partly
        draws = sample_posterior(compiled, "contrast", data, seed)
        found.add(average_log_ratio(draws, data), average_log_ratio(plant(data, -0.25, seed), data).item())
    found.check()


@pytest.mark.slow
def test_missing_authors_that_depend_on_terms_do_not_bias_the_slope(compiled: Compiled, cells: xr.Dataset):
    """Half the papers with terms are partly observed. Taking unseen authors as academic hides most of the slope."""
    found, naive = Recovered(), Recovered()
    taken = dataclasses.replace(CHOICES, unseen="all academic")
    for seed in range(SETS):
        truth = plant(cells, -0.25, seed)
        table = {"papers": mask_authors(truth, seed, heavy=True)}
        data = prepare(table, CHOICES)
        true = average_log_ratio(plant(data, -0.25, seed), data).item()
        found.add(average_log_ratio(sample_posterior(compiled, "contrast", data, seed), data), true)
        if seed < 4:
            wrong = prepare(table, taken)
            naive.add(average_log_ratio(sample_posterior(compiled, "contrast", wrong, seed), wrong), true)
    found.check()
    assert np.mean(naive.errors) > 0.13, naive
    assert naive.hits == 0, naive


# What accounts for the change in the academia-only share.


@pytest.mark.slow
def test_a_change_by_team_size_is_not_attributed_to_terms(compiled: Compiled, cells: xr.Dataset):
    """Probabilities depend on venue and team size, not on years, topics or terms; teams grow as in the real papers."""
    of_terms = Recovered()
    for seed in range(SETS):
        truth = plant(cells, 0.0, seed, years=False)
        for name in ("topic_effect", "topic_venue_effect"):
            truth[name] = xr.zeros_like(truth[name])
        truth["size_effect"] = 1.5 * truth["size_effect"]
        simulated = simulate(cells, truth, 70 + seed)
        found = compute_estimands(sample_posterior(compiled, "contrast", simulated, seed), simulated, GIVEN)
        true = compute_estimands(truth, simulated, GIVEN)
        change = float(true["change_spanning"].squeeze())
        assert change < -0.05
        assert float(true["goes_with_last"].sel(factor=TEAM_SIZE).squeeze()) < 0.8 * change
        assert float(found["change_spanning"].median()) < 0.7 * change
        for name in ("goes_with_last", "goes_with_first"):
            terms = found[name].sel(factor="compute terms")
            assert abs(float(terms.median())) < 0.004, (name, terms.median())
            size = float(found[name].sel(factor=TEAM_SIZE).median())
            assert size == pytest.approx(float(true[name].sel(factor=TEAM_SIZE).squeeze()), abs=0.015), name
        last = (each["goes_with_last"].sel(factor="compute terms") for each in (found, true))
        of_terms.add(next(last), float(next(last).squeeze()))
        unexplained = found["waterfall"].sel(step=UNEXPLAINED)
        assert abs(float(unexplained.median())) < 0.03
    of_terms.check()
