"""The likelihood of the model of set-ups, row by row from its docstring, and its variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy.special import expit, gammaln, softmax, xlogy

from inference.sampling.compiled import INTERPRETED
from models.compute_gap.cells import prepare
from models.compute_gap.choices import Choices, SetupsPriors
from models.compute_gap.model import MODEL, build
from tests.models.compute_gap.papers import NO_LABELS, make_many, make_tables
from tests.models.compute_gap.value_points import make_value_point

CHOICES, PRIORS = Choices(), SetupsPriors()


def make_dataset(error: str) -> xr.Dataset:
    papers = make_many(400, 7)
    labels = NO_LABELS.copy()
    for i, paper in enumerate(papers[:40]):
        count = paper["accelerator_count"] * (4 if i % 5 == 0 else 1)
        labels.loc[i] = [paper["id"], "fourth", paper["accelerator"], count, paper["accelerator_log10_peak"], np.nan]
    return prepare(make_tables(papers, labels), dataclasses.replace(CHOICES, error=error))  # type: ignore[arg-type]


def compute_log_multinomial(count: Any, p: Any) -> float:
    """Return the log density of counts (..., event), summed, without the multinomial coefficient."""
    return float(xlogy(np.asarray(count, float), p).sum())


def compute_coefficients(*counts: Any) -> float:
    """Return the log multinomial coefficients of counts (..., event), summed."""
    return float(sum((gammaln(each.sum(-1) + 1) - gammaln(each + 1).sum(-1)).sum() for each in counts))


def compute_classes(point: Mapping[str, Any], at: Mapping[str, int]) -> Any:
    """Return P(one), P(two to eight), P(more) of one cell."""
    p = []
    for stage in range(2):
        eta = sum(point[f"{name}_effect"][stage, at[name]] for name in ("venue_year", "topic", "size"))
        if at["team"] > 0:
            eta += point["industry_year_effect"][stage, at["team"] - 1, at["year"]]
            eta += point["industry_venue_effect"][stage, at["team"] - 1, at["venue"]]
        p.append(expit(eta))
    return np.array([1 - p[0], p[0] * (1 - p[1]), p[0] * p[1]])


def find_levels(data: xr.Dataset, cell: int, prefix: str = "") -> dict[str, int]:
    """Return the levels of a cell; those of venue and year are read from the name of the venue-year."""
    at = {name: int(data[f"{prefix}{name}_idx"][cell]) for name in ("team", "venue_year", "topic", "size")}
    venue, year = str(data["venue_year"].values[at["venue_year"]]).split(" ")
    venues, years = data["venue"].values.tolist(), data["year"].values.tolist()
    return at | {"venue": venues.index(venue), "year": years.index(int(year))}


def compute_log_likelihood(data: xr.Dataset, point: Mapping[str, Any]) -> float:
    """Compute the log likelihood from the docstring; ``point`` has the free parameters and deterministics by name."""
    total = 0.0
    for cell in range(data.sizes["cell"]):
        at = find_levels(data, cell)
        p = compute_classes(point, at)
        if not data["checked"][cell]:
            e = expit(point["error_logit"][at["team"]])
            p = (1 - e) * p + e * point["wrong"]
        total += compute_log_multinomial(data["count"][cell], p)
    x = data["time"].values
    ordinary = softmax(point["ordinary"] + point["ordinary_trend"] * x[:, None, None], axis=-1)
    total += compute_log_multinomial(data["ordinary_count"], ordinary)
    mean = point["large_location"] + point["large_team"] + point["large_trend"] * x[:, None]
    log2 = np.log2(data["large"].values)
    weight = np.exp(-0.5 * ((log2 - mean[..., None]) / point["large_spread"]) ** 2)
    total += compute_log_multinomial(data["large_count"], weight / weight.sum(-1, keepdims=True))
    p, kinds = data["peak"].values - data["peak"].values.mean(), data["kind_of_chip"].values
    tilt = point["taste_team"] + point["taste_trend"] * x[:, None]
    utility = (
        point["chip_popularity"][:, None, None, :]
        + (tilt[:, :, None] + point["taste_class"])[..., None] * p
        + sum(
            (point["kind_team"][i][:, None] + point["kind_class"][i])[..., None] * kinds[i] for i in range(len(kinds))
        )
    )
    chip = softmax(utility, axis=-1)
    total += compute_log_multinomial(data["chip_count"], chip)
    for year in range(data.sizes["year"]):
        for k in range(3):
            levels = [find_levels(data, cell, "unknown_") for cell in range(data.sizes["unknown"])]
            cells = [cell for cell, at in enumerate(levels) if (at["year"], at["team"]) == (year, k)]
            if cells:
                at = [levels[cell] for cell in cells]
                classes = np.average(
                    [compute_classes(point, each) for each in at], axis=0, weights=data["unknown_n"][cells]
                )
                total += compute_log_multinomial(data["unknown_count"][year, k], classes @ chip[year, k])
    e, n, wrong = expit(point["error_logit"]), data["scored"].values, data["misread"].values
    labels, as_class = np.stack([wrong, n - wrong], -1), data["misread_as"].values
    total += compute_log_multinomial(labels, np.stack([e, 1 - e], -1))
    total += compute_log_multinomial(as_class, point["wrong"])
    return total + compute_coefficients(labels, as_class)


@pytest.mark.parametrize("error", ["by team", "none"])
def test_the_likelihood_row_by_row(error: str):
    data = make_dataset(error)
    assert data["misread"].sum() > 0 and data["unknown_n"].sum() > 10
    model = build(data, PRIORS)
    with model:
        drawn = pm.sample_prior_predictive(3, random_seed=5, compile_kwargs={"mode": INTERPRETED})["prior"].to_dataset()
    observed = model.observed_RVs
    transform = model.initial_point(random_seed=0)
    density = model.compile_logp(vars=observed, jacobian=False, mode=INTERPRETED)
    for draw in range(3):
        point = {name: drawn[name].isel(chain=0, draw=draw).to_numpy() for name in drawn}
        values = make_value_point(model, point)
        assert set(values) == set(transform)
        assert float(density(values)) == pytest.approx(compute_log_likelihood(data, point), rel=1e-9)


def test_prior_draws_are_of_the_sizes_stated():
    data = make_dataset("by team")
    with build(data, PRIORS):
        drawn = pm.sample_prior_predictive(500, random_seed=6, compile_kwargs={"mode": INTERPRETED})
    prior = drawn["prior"].to_dataset()
    several = expit(prior["intercept"].sel(stage="several"))
    low, middle, high = several.quantile([0.055, 0.5, 0.945])
    assert (float(low), float(middle), float(high)) == pytest.approx((0.04, 0.18, 0.53), abs=0.03)
    error = prior["error"].quantile([0.055, 0.5, 0.945]).to_numpy()
    assert error == pytest.approx((0.013, 0.06, 0.24), abs=0.03)
    found = MODEL.estimands(prior, data, CHOICES)
    ratio = np.log10(found["ratio_geometric_pooled"].sel(industry="any industry")).quantile([0.055, 0.945]).to_numpy()
    assert -1 < ratio[0] < -0.1 and 0.1 < ratio[1] < 1  # between a tenth and ten times
