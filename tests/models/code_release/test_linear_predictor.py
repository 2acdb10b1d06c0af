"""The linear predictor of code release: its tables against a sum written by names, paper by paper."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr

from models.code_release.cells import prepare, select
from models.code_release.choices import Choices
from models.code_release.linear_predictor import (
    EFFECTS,
    INDICES,
    compute_log_odds,
    compute_size_effects,
    compute_team_effects,
    compute_topic_effects,
)
from tests.models.code_release.density import make_small
from tests.models.small_models import AS_WRITTEN

CHAINS, DRAWS = 2, 3
TEAMS = ("academia-only", "mixed", "industry-only")
TABLES = {  # the dims of each result after the leading ones
    compute_topic_effects: ("venue_year", "topic"),
    compute_size_effects: ("venue_year", "size"),
    compute_team_effects: ("team", "venue_year"),
}


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare(make_small(), Choices())


@pytest.fixture(scope="module")
def effect(dataset: xr.Dataset) -> xr.Dataset:
    """Draw effects (chain, draw, ...) with the coordinates of the dataset."""
    rng = np.random.default_rng(4)
    shape = {"chain": CHAINS, "draw": DRAWS} | dict(dataset.sizes)
    return xr.Dataset(
        {
            name: (("chain", "draw", *dims), rng.normal(size=[shape[dim] for dim in ("chain", "draw", *dims)]))
            for name, dims in EFFECTS.items()
        },
        {dim: dataset[dim].to_numpy() for dims in EFFECTS.values() for dim in dims},
    )


def evaluate_arrays(function: Callable[..., Any], effect: xr.Dataset, dataset: xr.Dataset) -> list[np.ndarray]:
    """Apply a function to arrays of draws."""
    found = function({name: effect[name].to_numpy() for name in EFFECTS}, get_indices(dataset))
    return list(found) if isinstance(found, tuple) else [found]


def evaluate_tensors(function: Callable[..., Any], effect: xr.Dataset, dataset: xr.Dataset) -> list[np.ndarray]:
    """Apply a function to tensors without leading dims, as the model does, one draw at a time."""
    inputs = {name: pt.tensor(name, dtype="float64", shape=(None,) * len(dims)) for name, dims in EFFECTS.items()}
    idx = {name: pytensor.shared(value, name=name) for name, value in get_indices(dataset).items()}
    found = function(inputs, idx)
    outputs = list(found) if isinstance(found, tuple) else [found]
    evaluate = pytensor.function(list(inputs.values()), outputs, mode=AS_WRITTEN, on_unused_input="ignore")
    draws = [
        [evaluate(*(effect[name].to_numpy()[chain, draw] for name in EFFECTS)) for draw in range(DRAWS)]
        for chain in range(CHAINS)
    ]
    return [np.array([[draw[i] for draw in chain] for chain in draws]) for i in range(len(outputs))]


def get_indices(dataset: xr.Dataset) -> dict[str, np.ndarray]:
    return {name: dataset[name].to_numpy() for name in INDICES}


EVALUATE = pytest.mark.parametrize("evaluate", [evaluate_arrays, evaluate_tensors])


def find_group_and_era(venue: str, year: int) -> dict[str, str]:
    era = "2014-18" if year <= 2018 else "2019-20" if year <= 2020 else "2021-22"
    return {"venues": "AI" if venue in ("AAAI", "IJCAI") else "machine learning", "era": era}


def sum_by_names(effect: xr.Dataset, part: str, venue_year: str, **names: str) -> np.ndarray:
    """Return a part of eta, (chain, draw), from effects looked up by name."""
    venue, year = venue_year.split(" ")[0], int(venue_year.split(" ")[1])
    if part == "topic":
        topic = names["topic"]
        out = effect["topic_effect"].sel(topic=topic, drop=True)
        out = out + effect["topic_trend"].sel(topic=topic, drop=True) * (year - 2018) / 4
        out = out + effect["topic_venue_effect"].sel(topic_venue=f"{topic} at {venue}", drop=True)
    elif part == "size":
        size = names["size"]
        out = effect["size_effect"].sel(size=size, drop=True)
        out = out + effect["size_venue_effect"].sel(size_venue=f"{size} at {venue}", drop=True)
    else:
        out = xr.zeros_like(effect["chain"] * effect["draw"], dtype=float)
        where = find_group_and_era(venue, year)
        for name, teams in (("any_industry", TEAMS[1:]), ("only_industry", TEAMS[2:])):
            if names["team"] in teams:
                out = out + effect[name].sel(where, drop=True)
    return out.transpose("chain", "draw").to_numpy()


@EVALUATE
@pytest.mark.parametrize("function", TABLES)
def test_parts_are_sums_by_names(
    function: Callable[..., Any], evaluate: Callable[..., list[np.ndarray]], effect: xr.Dataset, dataset: xr.Dataset
):
    dims = TABLES[function]
    (other,) = (dim for dim in dims if dim != "venue_year")
    (values,) = evaluate(function, effect, dataset)
    table = xr.DataArray(values, {dim: dataset[dim].to_numpy() for dim in dims}, ("chain", "draw", *dims))
    for venue_year, name in itertools.product(dataset["venue_year"].values, dataset[other].values):
        wanted = sum_by_names(effect, other, venue_year, **{other: name})
        found = table.sel({"venue_year": venue_year, other: name})
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12, err_msg=f"{venue_year}, {name}")


@EVALUATE
def test_tables_add_up_to_the_log_odds_of_each_paper(
    evaluate: Callable[..., list[np.ndarray]], effect: xr.Dataset, dataset: xr.Dataset
):
    by_topic, by_team_size = evaluate(compute_log_odds, effect, dataset)
    tables = [
        xr.DataArray(values, {dim: dataset[dim].to_numpy() for dim in dims}, ("chain", "draw", *dims))
        for values, dims in ((by_topic, ("venue_year", "topic")), (by_team_size, ("team", "venue_year", "size")))
    ]
    columns = ["venue_year", "topic", "size", "team"]
    papers = select(make_small(), Choices())[0].frame[columns].drop_duplicates()
    assert set(papers["team"]) == set(TEAMS)
    for venue_year, topic, size, team in papers.itertuples(index=False):
        eta = effect["venue_year_effect"].sel(venue_year=venue_year).transpose("chain", "draw").to_numpy()
        for part, names in (("topic", {"topic": topic}), ("size", {"size": size}), ("team", {"team": team})):
            eta = eta + sum_by_names(effect, part, venue_year, **names)
        if team != "academia-only":
            interaction = effect["size_team_effect"].sel(industry=team, size=size)
            eta = eta + interaction.transpose("chain", "draw").to_numpy()
        found = tables[0].sel(venue_year=venue_year, topic=topic).to_numpy()
        found = found + tables[1].sel(venue_year=venue_year, team=team, size=size).to_numpy()
        np.testing.assert_allclose(found, eta, rtol=1e-12, atol=1e-12, err_msg=f"{venue_year}, {topic}, {size}, {team}")


def test_effects_and_indices_have_the_dims_of_the_dataset(dataset: xr.Dataset):
    assert {dim for dims in EFFECTS.values() for dim in dims} <= set(dataset.coords)
    assert {name: dataset[name].dims for name in INDICES} == {
        "topic_venue_idx": ("venue_year", "topic"),
        "size_venue_idx": ("venue_year", "size"),
        "venue_year_group_idx": ("venue_year",),
        "venue_year_era_idx": ("venue_year",),
        "time": ("venue_year",),
    }
