"""Models of unknown access that differ from known ones: the naive share is biased, and the bounds hold the truth."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import xarray as xr

from inference.sampling.compiled import Compiled, sample
from inference.sampling.settings import Sampler
from models.weights_access.cells import prepare
from models.weights_access.choices import AccessPriors, Choices
from models.weights_access.definitions import SECTORS
from models.weights_access.estimands import compute_estimands
from models.weights_access.model import MODEL
from tests.models.declared import ready_for
from tests.models.weights_access.entries import TEAMS, make_entry, make_tables
from tests.models.weights_access.posteriors import count_by_sector_year, make_saturated

CHOICES = Choices(error="none")
YEARS = (2022, 2023)
KNOWN = {"open": 0.9, "not open": 0.45}  # a model that is not open is silent about it
TRUTH = {"academia-only": 0.6, "collaboration": 0.5, "industry-only": 0.4}
EACH = 400  # models of a sector and year
SHIFT = float(np.log((0.1 / 0.9) / (0.55 / 0.45)))  # log-odds of open, unknown less known
QUICK = Sampler(draws=300, tune=300, chains=1, cores=1)


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    """Models whose access is known more often if they are open, at exact shares."""
    entries: list[dict[str, Any]] = []
    for team, sector in zip(TEAMS, SECTORS, strict=True):
        for year in YEARS:
            n_open = round(EACH * TRUTH[sector])
            for access, n in {"open": n_open, "not open": EACH - n_open}.items():
                for i in range(n):
                    known = i < round(n * KNOWN[access])
                    label = {"open": "open weights", "not open": "API"}[access] if known else "unknown"
                    columns = {
                        "weights_access": label,
                        "weights_terms": "restricted" if label == "open weights" else "",
                    }
                    entries.append(make_entry(len(entries), team_resolved=team, date=f"{year}-05-01", **columns))
    return prepare(make_tables(entries), CHOICES)


def test_the_naive_share_is_biased_and_the_bounds_hold_the_truth(dataset: xr.Dataset) -> None:
    found = compute_estimands(make_saturated(dataset), dataset, CHOICES).squeeze(("chain", "draw"))
    naive = count_by_sector_year(dataset, "open") / count_by_sector_year(dataset, "known")
    np.testing.assert_allclose(found["open_by_year"], naive)  # missing at random: the share among the known
    for sector, truth in TRUTH.items():
        assert (found["open_by_year"].sel(sector=sector) > truth + 0.1).all()
        assert (found["open_low_by_year"].sel(sector=sector) < truth).all()
        assert (found["open_high_by_year"].sel(sector=sector) > truth).all()
        assert float(found["known_by_year"].sel(sector=sector, year=2022)) == pytest.approx(0.45 + 0.45 * truth)


def test_the_shift_of_the_mechanism_gives_the_truth(dataset: xr.Dataset) -> None:
    shifted = dataclasses.replace(CHOICES, unknown_shift=SHIFT)
    found = compute_estimands(make_saturated(dataset), dataset, shifted).squeeze(("chain", "draw"))
    for sector, truth in TRUTH.items():
        np.testing.assert_allclose(found["open_by_year"].sel(sector=sector), truth, rtol=1e-9)


def test_a_fit_is_biased_and_its_bounds_hold_the_truth(dataset: xr.Dataset, compiled: Compiled) -> None:
    draws = sample(ready_for(compiled, MODEL, dataset, AccessPriors()), 1, QUICK)["posterior"].to_dataset()
    found = compute_estimands(draws, dataset, CHOICES)
    low, share, high = (found[f"open{end}_by_year"] for end in ("_low", "", "_high"))
    for sector, truth in TRUTH.items():
        assert (share.sel(sector=sector).quantile(0.055, ("chain", "draw")) > truth + 0.05).all()
        assert (low.sel(sector=sector).quantile(0.055, ("chain", "draw")) < truth).all()
        assert (high.sel(sector=sector).quantile(0.945, ("chain", "draw")) > truth).all()
