"""Recovery from simulated papers: truths drawn from the prior, nulls, and a selection by the size of the run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.stats import binom

from data.tables.load import load
from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.compute_gap.cells import prepare
from models.compute_gap.choices import Choices, SetupsPriors
from models.compute_gap.definitions import ANY_INDUSTRY
from models.compute_gap.estimands import compute_estimands
from models.compute_gap.model import MODEL, build
from tests.models.compute_gap.papers import make_many, make_tables
from tests.models.declared import ready_for

CHOICES, PRIORS = Choices(), SetupsPriors()
SETS = 20
INTERVAL = 0.89
QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
COUNTS = ("ordinary", "large", "chip", "unknown")
OBSERVED = {"count": "count_obs", "misread": "misread_obs", "misread_as": "misread_as_obs"}
OBSERVED |= {f"{name}_count": f"{name}_obs" for name in COUNTS}
OF_TEAMS = ("industry_effect", "industry_trend", "industry_walk_raw", "industry_venue_raw", "ordinary",
            "large_team", "taste_team", "taste_trend", "kind_team")  # fmt: skip


@pytest.fixture(scope="module")
def real() -> xr.Dataset:
    return prepare({name: load(name) for name in ("papers", "hardware_labels")}, CHOICES)


def simulate(data: xr.Dataset, seed: int, null: bool) -> tuple[xr.Dataset, xr.Dataset]:
    """Draw parameters from the prior, and counts of as many papers; with ``null``, all team types are alike.

    Returns
    -------
    data
        With simulated counts.
    truth
        Estimands of the parameters.
    """
    model = build(data, PRIORS)
    if null:
        model = pm.do(model, {name: np.zeros(model[name].eval().shape) for name in OF_TEAMS})
    with model:
        drawn = pm.sample_prior_predictive(1, random_seed=seed, compile_kwargs={"mode": INTERPRETED})
    counts = drawn["prior_predictive"].to_dataset().isel(chain=0, draw=0)
    made = {name: (data[name].dims, counts[of].transpose(*data[name].dims).to_numpy()) for name, of in OBSERVED.items()}
    return data.assign(made), compute_estimands(drawn["prior"].to_dataset(), data, CHOICES)


def recover(real: xr.Dataset, compiled: Compiled, null: bool) -> dict[str, list[tuple[bool, float, float]]]:
    """Fit the model to simulated data sets: whether the interval holds the truth, the error, and P(below no effect)."""
    out: dict[str, list[tuple[bool, float, float]]] = {}
    for seed in range(SETS):
        data, truth = simulate(real, 100 + seed, null)
        draws = sample(ready_for(compiled, MODEL, data, PRIORS), seed, QUICK)["posterior"].to_dataset()
        found = compute_estimands(draws, data, CHOICES)
        for name, none in (("ratio_geometric_pooled", 1.0), ("ratio_arithmetic_pooled", 1.0), ("more_pooled", 0.5)):
            values = found[name].sel(industry=ANY_INDUSTRY).to_numpy().ravel()
            true = float(truth[name].sel(industry=ANY_INDUSTRY).squeeze())
            low, high = np.quantile(values, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
            out.setdefault(name, []).append(
                (low <= true <= high, float(np.median(values)) - true, (values < none).mean())
            )
    return out


@pytest.mark.slow
def test_truths_drawn_from_the_prior_are_covered(real: xr.Dataset, compiled: Compiled):
    for name, sets in recover(real, compiled, null=False).items():
        hits = sum(hit for hit, _, _ in sets)
        assert hits >= binom.ppf(0.001, SETS, INTERVAL), (name, sets)


@pytest.mark.slow
def test_planted_nulls_are_not_found(real: xr.Dataset, compiled: Compiled):
    for name, sets in recover(real, compiled, null=True).items():
        assert sum(hit for hit, _, _ in sets) >= binom.ppf(0.001, SETS, INTERVAL), (name, sets)
        decided = sum(max(below, 1 - below) > 0.945 for _, _, below in sets)
        assert decided <= binom.ppf(0.999, SETS, 1 - INTERVAL), (name, sets)


@pytest.mark.slow
def test_a_selection_by_the_size_of_the_run_stays_within_the_bounds():
    """Industry states its large runs and hides its small ones: P(more) among those that state is too large."""
    papers = make_many(3000, 11)
    for i, paper in enumerate(papers):
        paper["accelerator"], small = "V100", paper["accelerator_count"] < 8
        paper["accelerator_log10_peak"], paper["id"] = 13.2, f"paper{i}"
        if np.isnan(paper["accelerator_count"]):
            paper["accelerator_count"] = 1.0
        if paper["team_coded"] != "academia-only" and small and i % 4:
            paper["hardware_kind"], paper["accelerator"] = "none", ""
    data = prepare(make_tables(papers), dataclasses.replace(CHOICES, error="none"))
    use = {
        team: np.array([p["accelerator_count"] for p in papers if (p["team_coded"] == "academia-only") == team])
        for team in (True, False)
    }
    academia, industry = use[True], use[False]
    true = np.mean((industry[:, None] > academia) + 0.5 * (industry[:, None] == academia))
    draws = sample(ready_for(Compiled(), MODEL, data, PRIORS), 1, QUICK)["posterior"].to_dataset()
    found = compute_estimands(draws, data, CHOICES)
    stated = found["more_by_year"].sel(industry=ANY_INDUSTRY)
    assert (stated.quantile(0.05, ("chain", "draw")) > true + 0.05).all()
    low, high = (found[f"more_{name}_by_year"].sel(industry=ANY_INDUSTRY) for name in ("low", "high"))
    assert (low.quantile(0.055, ("chain", "draw")) < true).all()
    assert (high.quantile(0.945, ("chain", "draw")) > true).all()
