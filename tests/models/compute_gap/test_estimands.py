"""Ratios by four means and ties, against calculations by hand and by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from models.compute_gap.cells import prepare
from models.compute_gap.choices import Choices
from models.compute_gap.estimands import (
    CLASS_OF_LEVEL,
    LEVELS,
    compare,
    compute_distribution,
    compute_estimands,
    drop_largest,
    find_quantile,
    list_groups,
    shift_unstated,
)
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
            at = {
                name: int(dataset[f"base_{name}_idx"][cell])
                for name in ("venue_year", "topic", "size", "venue", "year")
            }
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
    assert sample.sizes["left_out"] == 4 and np.isfinite(sample).all()


def test_papers_without_a_statement_shift_the_ratio():
    papers = make_many(600, 5)
    for paper in papers[:200]:
        paper["hardware_kind"], paper["accelerator"] = "none", ""
    data = prepare(make_tables(papers), CHOICES)
    read, stated = (data[name].sum("year").values for name in ("read_n", "stated_n"))
    dims = {"industry": ["any industry", "mixed", "industry-only"], "group": ["all"]}
    value = xr.DataArray(np.full((1, 1, 3, 1), 2.0), dims, ("chain", "draw", "industry", "group"))
    shifted = shift_unstated(value, data, Choices(unstated_shift=-0.5, unstated_teams=("academia-only",)))
    factor = 10 ** (0.5 * (1 - stated[0] / read[0]))
    np.testing.assert_allclose(shifted["ratio_geometric_all_papers"].values.ravel(), 2 * factor)
