"""Ratios by four means and ties, against calculations by hand and by brute force."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.compute_gap.cells import prepare
from models.compute_gap.choices import Choices
from models.compute_gap.distributions import (
    CLASS_OF_LEVEL,
    LEVELS,
    compare,
    compute_distribution,
    drop_largest,
    find_quantile,
)
from models.compute_gap.estimands import compute_estimands, count_stated, list_groups, shift_unstated
from models.compute_gap.linear_predictor import EFFECTS
from tests.models.compute_gap.papers import make_many, make_tables

CHOICES = Choices()
GRID = np.array([0.0, 1.0, 1.0, 3.0])  # two set-ups of the same performance


def test_four_ratios_and_ties_by_hand():
    academia = np.array([0.6, 0.2, 0.2, 0.0])
    industry = np.array([[0.5, 0.0, 0.25, 0.25]])
    found = compare(industry, academia, GRID)
    assert found["geometric"] == pytest.approx([10 ** (1.0 - 0.4)])
    assert found["median"] == pytest.approx([1.0])  # half of industry's papers are at the lowest value
    assert found["quantile"] == pytest.approx([10 ** (3 - 1)])
    assert found["arithmetic"] == pytest.approx([(0.5 + 2.5 + 250) / (0.6 + 4)])
    assert found["more"] == pytest.approx([0.5 * 0.6 / 2 + 0.25 * (0.6 + 0.4 / 2) + 0.25])


def test_more_agrees_with_pairs_of_papers():
    rng = np.random.default_rng(1)
    grid = np.sort(rng.choice(np.arange(8.0), 30))
    first, second = rng.dirichlet(np.ones(30), size=2)
    pairs = sum(p * q * ((x > y) + 0.5 * (x == y)) for (p, x), (q, y) in
                itertools.product(zip(first, grid, strict=True), zip(second, grid, strict=True)))  # fmt: skip
    assert compare(first[None], second, grid)["more"] == pytest.approx([pairs])


def test_equal_distributions_have_no_gap():
    one = np.random.default_rng(2).dirichlet(np.ones(4))
    found = compare(one[None], one, GRID)
    for name, value in found.items():
        assert value == pytest.approx([0.5 if name == "more" else 1.0]), name


def test_a_quantile_is_a_value_of_the_lattice():
    cumulative = np.array([[0.5, 0.7, 0.9, 1.0], [0.4999, 0.5, 0.6, 1.0]])
    assert find_quantile(cumulative, GRID, 0.5).tolist() == [0.0, 1.0]
    assert find_quantile(cumulative, GRID, 0.9).tolist() == [1.0, 3.0]


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_the_largest_of_both_samples_are_left_out(k: int):
    first, second = np.array([[3, 0, 2, 1]]), np.array([[4, 1, 0, 1]])
    kept = drop_largest(first, second, k)
    papers = [(x, side) for side, counts in enumerate((first[0], second[0])) for x in np.repeat(range(4), counts)]
    both = sorted(papers, key=lambda paper: (-paper[0], paper[1]))[k:]
    for side, found in enumerate(kept):
        assert found[0].tolist() == [sum(pair == (x, side) for pair in both) for x in range(4)]


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare(make_tables(make_many(900, 3)), CHOICES)


@pytest.fixture(scope="module")
def draws(dataset: xr.Dataset) -> xr.Dataset:
    """Two draws of effects that nothing ties to the data."""
    rng = np.random.default_rng(4)
    sizes = dataset.sizes
    values = {
        name: (("chain", "draw", *of), rng.normal(0, 0.7, (1, 2, 2, *(sizes[dim] for dim in of[1:]))))
        for name, of in EFFECTS.items()
    }
    for name, of in {"ordinary": ("year", "team", "ordinary_number"), "large": ("year", "team", "large"),
                     "chip": ("year", "team", "class", "chip")}.items():  # fmt: skip
        shape = (1, 2, *(sizes[dim] for dim in of))
        values[f"{name}_probability"] = (("chain", "draw", *of), rng.dirichlet(np.ones(shape[-1]), shape[:-1]))
    return xr.Dataset(values, {"chain": [0], "draw": [0, 1]})


@pytest.mark.parametrize("mix", ["common", "own"])
def test_standardised_probabilities_paper_by_paper(dataset: xr.Dataset, draws: xr.Dataset, mix: str):
    by_year, weights = list_groups(dataset)["all"]
    found = compute_distribution(draws, dataset, by_year, weights, mix)
    draw = draws.isel(chain=0, draw=1)
    for team in range(3):
        expected = np.zeros((len(LEVELS), dataset.sizes["chip"]))
        of_papers = weights[team] if mix == "own" else weights.sum(axis=0)
        for cell, n in enumerate(of_papers):
            at = {name: int(dataset[f"base_{name}_idx"][cell]) for name in ("venue_year", "topic", "size")}
            at |= {name: int(dataset[f"venue_year_{name}_idx"][at["venue_year"]]) for name in ("venue", "year")}
            p = []
            for stage in range(2):
                eta = sum(float(draw[f"{name}_effect"][stage, at[name]]) for name in ("venue_year", "topic", "size"))
                if team > 0:
                    eta += float(draw["industry_year_effect"][stage, team - 1, at["year"]])
                    eta += float(draw["industry_venue_effect"][stage, team - 1, at["venue"]])
                p.append(expit(eta))
            here = (at["year"], team)
            level = [1 - p[0]]
            level += list(p[0] * (1 - p[1]) * draw["ordinary_probability"].values[here])
            level += list(p[0] * p[1] * draw["large_probability"].values[here])
            expected += n * np.array(level)[:, None] * draw["chip_probability"].values[here][CLASS_OF_LEVEL]
        np.testing.assert_allclose(found[0, 1, team], expected.ravel() / of_papers.sum(), rtol=1e-10)


def test_estimands_are_named_counted_and_bounded(dataset: xr.Dataset, draws: xr.Dataset):
    found = compute_estimands(draws, dataset, CHOICES)
    assert found["ratio_geometric_by_year"]["year"].values.tolist() == [2019, 2020, 2021]
    n = dataset["base_n"].sum("base").values
    assert found["n_pooled"].values.tolist() == [n.sum(), n[0] + n[1], n[0] + n[2]]
    low, more, high = (found[name] for name in ("more_low_by_year", "more_by_year", "more_high_by_year"))
    assert (low <= more + 1e-12).all() and (more <= high + 1e-12).all()
    np.testing.assert_allclose(low, more)  # every invented paper states an accelerator
    sample = found["neurips_2021_ratio_sample"]
    assert sample.sizes["left_out"] == 4
    assert all(np.isfinite(found[name]).all() for name in found)


def test_years_with_few_papers_have_no_estimate(draws: xr.Dataset, dataset: xr.Dataset):
    few = dataset.assign(base_n=dataset["base_n"].copy())
    year = dataset["venue_year_year_idx"].values[dataset["base_venue_year_idx"].values]
    few["base_n"].values[1:, year == 0] = 0  # no paper of industry
    found = compute_estimands(draws, few, CHOICES)
    assert found["year"].values.tolist() == [2020, 2021]
    assert all(np.isfinite(found[name]).all() for name in found)


@pytest.fixture(scope="module")
def partly_stated() -> xr.Dataset:
    papers = make_many(900, 3)
    for i, paper in enumerate(papers):
        if i % 3 == 0 and paper["team_coded"] != "mixed":
            paper["hardware_kind"], paper["accelerator"] = "none", ""
    return prepare(make_tables(papers), CHOICES)


def test_papers_without_a_statement_shift_the_ratio(partly_stated: xr.Dataset):
    stated = count_stated(partly_stated, list_groups(partly_stated))
    shifted = shift_unstated(stated, Choices(unstated_shift=-0.5, unstated_teams=("academia-only",)))
    read, found = (partly_stated[name].sum("venue_year").values for name in ("read_n", "stated_n"))
    np.testing.assert_allclose(shifted.sel(group="all"), 10 ** (0.5 * (1 - found[0] / read[0])))
    both = shift_unstated(stated, Choices(unstated_shift=1.0)).sel(group="all", industry="any industry")
    share_unstated = [1 - found[0] / read[0], 1 - found[1:].sum() / read[1:].sum()]
    assert float(both) == pytest.approx(10 ** (share_unstated[1] - share_unstated[0]))


def test_bounds_of_more_count_pairs_without_a_statement_as_none_or_all(partly_stated: xr.Dataset, draws: xr.Dataset):
    found = compute_estimands(draws, partly_stated, CHOICES)
    here = (partly_stated["venue_year"] == "NeurIPS 2021").values
    read, stated = (partly_stated[name].values[here].sum(0) for name in ("read_n", "stated_n"))
    for industry, which in (("any industry", [1, 2]), ("mixed", [1]), ("industry-only", [2])):
        both = stated[0] / read[0] * stated[which].sum() / read[which].sum()
        more = found["neurips_2021_more"].sel(industry=industry)
        np.testing.assert_allclose(found["neurips_2021_more_low"].sel(industry=industry), more * both)
        np.testing.assert_allclose(found["neurips_2021_more_high"].sel(industry=industry), more * both + 1 - both)


def test_the_ratio_of_the_published_venue_year_is_of_the_mean_chosen(dataset: xr.Dataset, draws: xr.Dataset):
    for mean in ("geometric", "median", "quantile", "arithmetic"):
        found = compute_estimands(draws, dataset, dataclasses.replace(CHOICES, mean=mean))
        np.testing.assert_allclose(found["neurips_2021_ratio"], found[f"neurips_2021_ratio_{mean}"])
