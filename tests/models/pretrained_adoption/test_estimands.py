"""Shares of papers that mention a model, against direct calculation on a tiny posterior."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit, logit

from models.pretrained_adoption.cells import prepare
from models.pretrained_adoption.choices import Choices
from models.pretrained_adoption.estimands import compute_estimands
from tests.models.pretrained_adoption.mentions import make_many, make_tables

CHOICES = Choices()
NLP = "natural language processing"


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare(make_tables(make_many(700, 3)), CHOICES)


@pytest.fixture(scope="module")
def draws(dataset: xr.Dataset) -> xr.Dataset:
    """Two draws of effects that nothing ties to the data."""
    rng = np.random.default_rng(4)
    sizes = dataset.sizes
    shapes = {
        "team_year_effect": ("team", "year"), "field_year_effect": ("field", "year"), "venue_effect": ("venue",),
    }  # fmt: skip
    values = {
        name: (("chain", "draw", *of), rng.normal(-1, 0.7, (1, 2, *(sizes[dim] for dim in of))))
        for name, of in shapes.items()
    }
    values["use"] = (("chain", "draw"), np.array([[0.5, 0.7]]))
    values["origin_share"] = (("chain", "draw", "origin", "team"), rng.uniform(0.5, 1, (1, 2, 2, 3)))
    coords = {"chain": [0], "draw": [0, 1], "origin": dataset["origin"], "team": dataset["team"]}
    return xr.Dataset(values, coords)


def average_share(dataset: xr.Dataset, draw: xr.Dataset, team: int, year: int, mix: str, field: str = "") -> float:
    """Average P(mention) of one team type and year over papers: of all years, or of the team type and year."""
    total = weight = 0.0
    for cell in range(dataset.sizes["cell"]):
        at = {name: int(dataset[f"{name}_idx"][cell]) for name in ("team", "year", "field", "venue")}
        if mix == "own" and (at["team"], at["year"]) != (team, year):
            continue
        if field and str(dataset["field"].values[at["field"]]) != field:
            continue
        n = float(dataset["n"][cell])
        eta = float(draw["team_year_effect"][team, year] + draw["field_year_effect"][at["field"], year])
        total += n * expit(eta + float(draw["venue_effect"][at["venue"]]))
        weight += n
    return total / weight


@pytest.mark.parametrize("mix", ["fixed", "own"])
def test_shares_paper_by_paper(dataset: xr.Dataset, draws: xr.Dataset, mix: str):
    found = compute_estimands(draws, dataset, dataclasses.replace(CHOICES, mix=mix))  # type: ignore[arg-type]
    draw = draws.isel(chain=0, draw=1)
    for team in range(3):
        for year in range(dataset.sizes["year"]):
            expected = average_share(dataset, draw, team, year, mix)
            assert float(found["share_by_year"][0, 1, team, year]) == pytest.approx(expected)
            of_nlp = average_share(dataset, draw, team, year, mix, NLP)
            assert float(found["share_nlp_by_year"][0, 1, team, year]) == pytest.approx(of_nlp)
    assert all(np.isfinite(found[name]).all() for name in found)


def test_changes_ratios_uses_and_counts(dataset: xr.Dataset, draws: xr.Dataset):
    found = compute_estimands(draws, dataset, CHOICES)
    shares = found["share_by_year"].isel(chain=0, draw=1).values
    assert found["change"][0, 1].values == pytest.approx(shares[:, -1] - shares[:, 0])
    papers = dataset["base_n"].sum("base").values[2:]
    recent = shares[:, 2:] @ papers / papers.sum()
    assert found["share_recent"][0, 1].values == pytest.approx(recent)
    n = found["n_recent"].values
    any_industry = np.average(recent[1:], weights=n[1:])
    by_industry = np.array([any_industry, *recent[1:]])
    assert found["ratio_recent"][0, 1].values == pytest.approx(recent[0] / by_industry)
    assert found["difference_recent"][0, 1].values == pytest.approx(recent[0] - by_industry)
    assert found["n_two"].values.tolist() == [n.sum(), n[0] + n[1], n[0] + n[2]]
    assert found["use_by_year"][0, 1].values == pytest.approx(0.7 * shares)
    shifted = compute_estimands(draws, dataset, dataclasses.replace(CHOICES, use_shift=-0.5))
    factor = np.array([expit(logit(0.7) - 0.5), 0.7, 0.7])
    assert shifted["use_by_year"][0, 1].values == pytest.approx(factor[:, None] * shares)
    np.testing.assert_allclose(shifted["share_by_year"], found["share_by_year"])
    years, team = dataset["year"].values, dataset["team_idx"].values
    of_2022 = [
        int(dataset["n"].values[(team == k) & (years[dataset["year_idx"].values] == 2022)].sum()) for k in range(3)
    ]
    assert found["n_by_year"].sel(year=2022).values.tolist() == of_2022


def test_no_estimate_is_of_a_year_without_papers(dataset: xr.Dataset, draws: xr.Dataset):
    found = compute_estimands(draws, dataset, CHOICES)
    assert found["year"].values.tolist() == [2018, 2019, 2020, 2021, 2022]
    assert (found["n_by_year"] > 0).all()
