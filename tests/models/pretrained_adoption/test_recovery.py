"""Recovery from simulated papers: truths drawn from the prior, and nulls."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.stats import binom

from data.tables.load import load
from inference.sampling.compiled import INTERPRETED, Compiled, sample
from inference.sampling.settings import Sampler
from models.pretrained_adoption.cells import prepare
from models.pretrained_adoption.choices import Choices, MentionPriors
from models.pretrained_adoption.estimands import compute_estimands
from models.pretrained_adoption.model import MODEL, build
from tests.models.declared import ready_for

CHOICES, PRIORS = Choices(), MentionPriors()
SETS, INTERVAL = 20, 0.89
QUICK = Sampler(draws=500, tune=500, chains=1, cores=1, target_accept=0.9)
OBSERVED = {"y": "mentions_obs", "used": "used_obs", "origin_count": "origin_obs"}
FOUND = {
    "change": {"team": "academia-only"}, "ratio_recent": {"industry": "any industry"},
    "use_by_year": {"team": "academia-only", "year": 2022},
}  # fmt: skip
TEAMS = ("team_effect", "team_trend", "team_walk_raw")
YEARS = ("trend", "walk_raw", "field_trend_raw")  # without them, the share of academia-only papers does not change


@pytest.fixture(scope="module")
def real() -> xr.Dataset:
    return prepare({name: load(name) for name in ("papers", "mention_labels", "pretrained_models")}, CHOICES)


def recover(real: xr.Dataset, compiled: Compiled, null: tuple[str, ...]) -> dict[str, list[tuple[bool, bool]]]:
    """Fit simulated data sets: whether the interval holds the truth, and whether it excludes no effect."""
    out: dict[str, list[tuple[bool, bool]]] = {}
    for seed in range(SETS):
        model = build(real, PRIORS)
        if null:
            model = pm.do(model, {name: np.zeros(model[name].eval().shape) for name in null})
        with model:
            drawn = pm.sample_prior_predictive(1, random_seed=300 + seed, compile_kwargs={"mode": INTERPRETED})
        counts = drawn["prior_predictive"].to_dataset().isel(chain=0, draw=0)
        made = {name: (real[name].dims, counts[of].transpose(*real[name].dims).to_numpy())
                for name, of in OBSERVED.items()}  # fmt: skip
        data = real.assign(made)
        truth = compute_estimands(drawn["prior"].to_dataset(), data, CHOICES)
        draws = sample(ready_for(compiled, MODEL, data, PRIORS), seed, QUICK)["posterior"].to_dataset()
        found = compute_estimands(draws, data, CHOICES)
        for name, at in FOUND.items():
            low, high = found[name].sel(at).quantile([(1 - INTERVAL) / 2, (1 + INTERVAL) / 2]).to_numpy()
            none = found[name].attrs.get("reference", np.nan)
            out.setdefault(name, []).append(
                (low <= float(truth[name].sel(at).squeeze()) <= high, not low <= none <= high)
            )
    return out


@pytest.mark.slow
def test_truths_drawn_from_the_prior_are_covered(real: xr.Dataset, compiled: Compiled):
    for name, sets in recover(real, compiled, ()).items():
        assert sum(hit for hit, _ in sets) >= binom.ppf(0.001, SETS, INTERVAL), (name, sets)


@pytest.mark.slow
@pytest.mark.parametrize(("null", "name"), [(TEAMS, "ratio_recent"), (YEARS, "change")], ids=["teams", "years"])
def test_planted_nulls_are_not_found(real: xr.Dataset, compiled: Compiled, null: tuple[str, ...], name: str):
    sets = recover(real, compiled, null)[name]
    assert sum(found for _, found in sets) <= binom.ppf(0.999, SETS, 1 - INTERVAL), sets
