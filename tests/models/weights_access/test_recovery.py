"""Recovery from simulated models: truths drawn from the prior, and planted nulls, at the real numbers of models."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.stats import binom

from data.tables.load import load
from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.weights_access.cells import prepare
from models.weights_access.choices import AccessPriors, Choices
from models.weights_access.definitions import INDUSTRY_ONLY, RECENT, SECTORS
from models.weights_access.estimands import compute_estimands
from models.weights_access.model import MODEL, build
from tests.models.declared import ready_for
from tests.models.weights_access.simulate import simulate_counts

CHOICES, PRIORS = Choices(), AccessPriors()
SETS = 20
INTERVAL = 0.89
QUICK = Sampler(draws=300, tune=400, chains=1, cores=1)
TRUTHS = {
    "open": {"sector": INDUSTRY_ONLY, "period": RECENT},
    "open_change_thousandfold": {"sector": INDUSTRY_ONLY},
    "known": {"sector": SECTORS[0], "period": RECENT},
}
NULLS = {"open_ratio_same_models": {"recent": RECENT}}


@pytest.fixture(scope="module")
def real() -> xr.Dataset:
    return prepare({name: load(name) for name in ("models", "access_labels")}, CHOICES)


def draw_truth(dataset: xr.Dataset, seed: int, null: bool) -> xr.Dataset:
    """Draw parameters from the prior; with ``null``, all sectors have the level, trend, walk and slope of the first."""
    with build(dataset, PRIORS):
        drawn = pm.sample_prior_predictive(1, random_seed=seed, compile_kwargs={"mode": INTERPRETED})
    prior: xr.Dataset = drawn["prior"].to_dataset()
    if null:
        for name in ("sector_year_effect", "slope"):
            prior[name] = prior[name].isel(sector=0, drop=True).broadcast_like(prior[name]).transpose(*prior[name].dims)
    return prior


def recover(
    real: xr.Dataset, compiled: Compiled, null: bool, wanted: dict[str, dict[str, str]]
) -> dict[str, list[tuple[float, float, float]]]:
    """Fit the model to simulated data sets; return the truth and the ends of the interval by estimand."""
    out: dict[str, list[tuple[float, float, float]]] = {name: [] for name in wanted}
    for seed in range(SETS):
        truth = draw_truth(real, 300 + seed, null)
        data = simulate_counts(real, truth.isel(chain=0, draw=0), seed)
        draws = sample(ready_for(compiled, MODEL, data, PRIORS), seed, QUICK)["posterior"].to_dataset()
        true, found = (compute_estimands(each, data, CHOICES) for each in (truth, draws))
        for name, coords in wanted.items():
            values = found[name].sel(coords).values.ravel()
            low, high = np.quantile(values, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
            out[name].append((float(true[name].sel(coords).squeeze()), float(low), float(high)))
    return out


@pytest.mark.slow
def test_truths_drawn_from_the_prior_are_covered(real: xr.Dataset, compiled: Compiled) -> None:
    for name, sets in recover(real, compiled, null=False, wanted=TRUTHS).items():
        hits = sum(low <= true <= high for true, low, high in sets)
        assert hits >= binom.ppf(0.001, SETS, INTERVAL), (name, sets)
        # Not because the intervals are wide: the truths of the prior are wider.
        widths = [high - low for _, low, high in sets]
        assert np.median(widths) < 0.5 * np.ptp([true for true, _, _ in sets]), (name, sets)


@pytest.mark.slow
def test_planted_nulls_are_not_found(real: xr.Dataset, compiled: Compiled) -> None:
    for name, sets in recover(real, compiled, null=True, wanted=NULLS).items():
        assert [true for true, _, _ in sets] == pytest.approx([1.0] * SETS)
        decided = sum(not low <= 1 <= high for _, low, high in sets)
        assert decided <= binom.ppf(0.999, SETS, 1 - INTERVAL), (name, sets)
