"""Estimands of the upper tail on a tiny posterior: thresholds by root search, ratios of compute by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import brentq
from scipy.special import logit
from scipy.stats import norm

from models.academic_share.choices import Choices
from models.academic_share.upper_tail_estimands import compute_upper_tail_estimands

CHAINS, DRAWS = 2, 3
YEARS = (2013, 2014, 2020, 2022)
DOMAINS = ("Language", "Other")
SECTORS = ("academia-only", "collaboration", "industry-leaning collaboration", "industry-only", "other")
ACADEMIA, LEANING, INDUSTRY = 0, 2, 3
EARLY, LATE = ("2010-14", (0, 1)), ("2020-22", (2, 3))
CHOICES = Choices()
SPECIFIED: dict[str, dict[str, Any]] = {
    "as it is": {},
    "higher threshold": {"z": 1.3},
    "fixed mix": {"domain_mix": "fixed"},
    "missing compute": {"missing_compute": 1.2},
    "missing compute of academia": {"missing_compute": -0.8, "missing_team_types": ("academia-only",)},
}


@pytest.fixture(scope="module")
def tiny() -> tuple[xr.Dataset, xr.Dataset]:
    """Return draws of the deterministics that estimands use, and data for the weights; all numbers differ."""
    rng = np.random.default_rng(8)
    sizes = {"chain": CHAINS, "draw": DRAWS, "year": len(YEARS), "domain": len(DOMAINS), "sector": len(SECTORS)}
    coords = {"chain": [0, 1], "draw": [0, 1, 2], "year": list(YEARS), "domain": list(DOMAINS), "sector": list(SECTORS)}

    def drawn(centre: float, sd: float, *dims: str) -> tuple[tuple[str, ...], np.ndarray]:
        names = ("chain", "draw", *dims)
        return names, centre + sd * rng.normal(size=[sizes[name] for name in names])

    draws = xr.Dataset(
        {
            "log_odds": drawn(0, 0.8, "year", "sector"),
            "log_odds_domain": drawn(0, 0.5, "domain", "sector"),
            "location": drawn(21, 1.0, "year", "sector"),
            "location_domain": drawn(0, 0.7, "domain"),
            "sd": drawn(1.4, 0.1, "sector"),
        },
        coords,
    )
    counts = rng.integers(1, 20, (len(YEARS), len(SECTORS)))
    data = xr.Dataset(
        {
            "n": ("year", [4, 9, 30, 55]),
            "n_compute": ("year", counts.sum(axis=1)),
            "count_compute": (("year", "sector"), counts),
            "domain_mix": (("year", "domain"), [[0.5, 0.5], [0.2, 0.8], [0.7, 0.3], [0.9, 0.1]]),
            "domain_mix_fixed": ("domain", [0.65, 0.35]),
            "missing": (("year", "sector"), rng.uniform(0.1, 0.6, (len(YEARS), len(SECTORS)))),
        },
        {name: coords[name] for name in ("year", "domain", "sector")},
    )
    return draws, data


def solve_tail(draws: xr.Dataset, data: xr.Dataset, choices: Choices, idx: tuple[int, int, int]) -> tuple[Any, float]:
    """Compute the shares and threshold of the upper tail, for one draw and year, by the docstring's equation."""
    chain, draw, t = idx
    of = {name: values.to_numpy()[chain, draw] for name, values in draws.items()}
    mix = {"observed": data["domain_mix"].to_numpy()[t], "fixed": data["domain_mix_fixed"].to_numpy()}
    missing = data["missing"].to_numpy()[t]
    shifted = SECTORS if choices.missing_team_types is None else choices.missing_team_types
    parts = []  # sector_idx, weight, mean, sd
    for d, of_domain in enumerate(mix[choices.domain_mix]):
        odds = np.exp(of["log_odds"][t] + of["log_odds_domain"][d])
        for k, sector in enumerate(SECTORS):
            mean = of["location"][t, k] + of["location_domain"][d]
            shift = choices.missing_compute if sector in shifted else 0.0
            for share, moved in ((1 - missing[k], 0.0), (missing[k], shift)):
                parts.append((k, of_domain * odds[k] / odds.sum() * share, mean + moved, of["sd"][k]))
    sector_idx, weight, mean, sd = (np.array(column) for column in zip(*parts, strict=True))

    def above(threshold: float) -> np.ndarray:
        return np.asarray(weight * norm.sf(threshold, mean, sd))

    threshold = brentq(lambda c: above(c).sum() - norm.sf(choices.z), 0, 60, xtol=1e-12)
    tail = np.bincount(sector_idx, above(threshold), len(SECTORS))
    return tail / tail.sum(), threshold


@pytest.mark.parametrize("name", SPECIFIED)
def test_shares_of_the_upper_tail_are_those_of_a_root_search(name: str, tiny: tuple[xr.Dataset, xr.Dataset]):
    draws, data = tiny
    choices = dataclasses.replace(CHOICES, **SPECIFIED[name])
    found = compute_upper_tail_estimands(draws, data, choices)
    shape = (CHAINS, DRAWS, len(YEARS))
    share, threshold = np.empty((*shape, len(SECTORS))), np.empty(shape)
    for idx in np.ndindex(shape):
        share[idx], threshold[idx] = solve_tail(draws, data, choices, idx)
    agree(found["threshold_by_year"], threshold, atol=1e-7)
    industry = share[..., INDUSTRY] + share[..., LEANING]
    agree(found["large_scale_share_academia_only_by_year"], share[..., ACADEMIA])
    agree(found["large_scale_share_industry_only_by_year"], share[..., INDUSTRY])
    agree(found["large_scale_share_industry_with_leaning_by_year"], industry)
    n = data["n"].to_numpy()
    means = {}
    for period, years in (EARLY, LATE):
        at_years = list(years)
        weights = n[at_years] / n[at_years].sum()
        means[period] = share[:, :, at_years, ACADEMIA] @ weights
        agree(found["large_scale_share_academia_only"].sel(period=period), means[period])
        wanted = industry[:, :, at_years] @ weights
        agree(found["large_scale_share_industry_with_leaning"].sel(period=period), wanted)
    change = logit(means[LATE[0]]) - logit(means[EARLY[0]])
    agree(found["large_scale_change_academia_only_log_odds"], change)
    agree(found["large_scale_change_academia_only"], means[LATE[0]] - means[EARLY[0]])


def test_ratio_of_compute_is_ten_to_the_mean_gap(tiny: tuple[xr.Dataset, xr.Dataset]):
    """Computes are decimal logarithms; a period is the geometric mean of its years, weighted by their models."""
    draws, data = tiny
    found = compute_upper_tail_estimands(draws, data, CHOICES)
    location = draws["location"].transpose("chain", "draw", "year", "sector").to_numpy()
    gap = location[..., INDUSTRY] - location[..., ACADEMIA]
    assert abs(gap).min() > 0.01 and (gap > 0).any() and (gap < 0).any()
    agree(found["compute_ratio_by_year"], 10.0**gap)
    for period, (first, last), (one, other) in (("2010-14", (0, 1), (4, 9)), ("2020-22", (2, 3), (30, 55))):
        mean = (one * gap[..., first] + other * gap[..., last]) / (one + other)
        agree(found["compute_ratio"].sel(period=period), 10.0**mean)
    # It is based on the models of the two team types with a compute.
    compared = data["count_compute"].to_numpy()[:, [ACADEMIA, INDUSTRY]].sum(axis=1)
    assert found["n_ratio_by_period"].sel(period="2020-22") == compared[2:].sum()
    np.testing.assert_array_equal(found["n_ratio_by_year"], compared)
    assert found["compute_ratio"].attrs["reference"] == 1.0 and found["compute_ratio"].attrs["scale"] == "log"


@pytest.mark.parametrize("name", ["missing compute", "missing compute of academia"])
def test_ratio_of_compute_is_of_all_models(name: str, tiny: tuple[xr.Dataset, xr.Dataset]):
    """A team type's mean log10 compute is that of models with a compute, plus the shift times the share without."""
    draws, data = tiny
    found = compute_upper_tail_estimands(draws, data, dataclasses.replace(CHOICES, **SPECIFIED[name]))
    shift = SPECIFIED[name]["missing_compute"]
    of_industry = 0.0 if "missing_team_types" in SPECIFIED[name] else shift
    location = draws["location"].transpose("chain", "draw", "year", "sector").to_numpy()
    missing = data["missing"].to_numpy()
    gap = np.empty((CHAINS, DRAWS, len(YEARS)))
    for t in range(len(YEARS)):
        industry = location[:, :, t, INDUSTRY] + of_industry * missing[t, INDUSTRY]
        academia = location[:, :, t, ACADEMIA] + shift * missing[t, ACADEMIA]
        gap[:, :, t] = industry - academia
    agree(found["compute_ratio_by_year"], 10.0**gap)
    agree(found["compute_ratio"].sel(period="2020-22"), 10.0 ** ((30 * gap[..., 2] + 55 * gap[..., 3]) / 85))
    at_random = compute_upper_tail_estimands(draws, data, CHOICES)["compute_ratio"]
    if of_industry == 0:  # less compute of academia-only models, a larger ratio
        assert shift < 0 and (found["compute_ratio"] > at_random).all()


def test_a_spread_that_changes_enters_each_year(tiny: tuple[xr.Dataset, xr.Dataset]):
    """With an sd by year, each year's tail is that of a constant sd of the same value."""
    draws, data = tiny
    factor = xr.DataArray([1.3, 1.1, 0.9, 0.7], {"year": list(YEARS)}, ("year",))
    changing = compute_upper_tail_estimands(draws.assign(sd=draws["sd"] * factor), data, CHOICES)
    for year, times in zip(YEARS, factor.values, strict=True):
        constant = compute_upper_tail_estimands(draws.assign(sd=draws["sd"] * times), data, CHOICES)
        for name in ("threshold_by_year", "large_scale_share_academia_only_by_year"):
            agree(changing[name].sel(year=year), constant[name].sel(year=year).transpose("chain", "draw").to_numpy())


def agree(found: xr.DataArray, wanted: np.ndarray, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(found.transpose("chain", "draw", ...), wanted, rtol=1e-7, atol=atol)
