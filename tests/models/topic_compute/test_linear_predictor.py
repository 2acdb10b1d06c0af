"""The linear predictor: its three tables add up to a sum that looks every effect up by name, cell by cell."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor.compile.mode import Mode

from models.topic_compute.linear_predictor import EFFECTS, INDICES, compute_log_odds
from tests.models.topic_papers import Draws, make_random_draws, prepare_cells, simulate_papers

SHIFT = 0.3
DIMS = (("venue_year", "topic"), ("topic", "exposure"), ("venue_group", "size", "partly"))  # of the three tables


@pytest.fixture(scope="module")
def dataset() -> xr.Dataset:
    return prepare_cells(simulate_papers(100, 21))


@pytest.fixture(scope="module")
def draws(dataset: xr.Dataset) -> xr.Dataset:
    return make_random_draws(dataset, 22)


@pytest.fixture(scope="module")
def wanted(dataset: xr.Dataset, draws: xr.Dataset) -> Draws:
    """Sum the log-odds of each cell, (chain, draw, cell)."""
    columns = []
    for cell in range(dataset.sizes["cell"]):
        dims = ("venue_year", "topic", "venue_group", "size")
        name = {dim: str(dataset[dim].values[int(dataset[f"{dim}_idx"][cell])]) for dim in dims}
        venue, topic = name["venue_year"].rsplit(" ", 1)[0], name["topic"]
        log_odds = draws["venue_year_effect"].sel(venue_year=name["venue_year"]) + draws["topic_effect"].sel(
            topic=topic
        )
        log_odds = log_odds + draws["topic_venue_effect"].sel(topic_venue=f"{topic} at {venue}")
        log_odds = log_odds + draws["size_effect"].sel(venue_group=name["venue_group"], size=name["size"])
        used = dataset["value"].values[int(dataset["exposure_idx"][cell])]
        for family, value in zip(dataset["family"].values, used, strict=True):
            log_odds = log_odds + value * draws["slope"].sel(topic=topic, family=family)
        log_odds = log_odds + SHIFT * int(dataset["partly"][cell])
        columns.append(log_odds.transpose("chain", "draw").to_numpy())
    return np.stack(columns, axis=-1)


def list_arguments(dataset: xr.Dataset, draws: xr.Dataset) -> tuple[dict[str, Draws], Draws, dict[str, Draws]]:
    """List effects, slopes and indices as arrays, draws with leading dims (chain, draw)."""
    effect = {name: draws[name].transpose("chain", "draw", *dims).to_numpy() for name, dims in EFFECTS.items()}
    slope = draws["slope"].transpose("chain", "draw", "topic", "family").to_numpy()
    return effect, slope, {name: dataset[name].to_numpy() for name in ("topic_venue_idx", "value")}


def add_up(tables: tuple[Draws, ...], dataset: xr.Dataset, leading: int) -> Draws:
    """Add the entries of each cell in the three tables, whose first dims are those of the draws."""
    sizes = {**dataset.sizes, "partly": 2}
    for table, dims in zip(tables, DIMS, strict=True):
        assert table.shape[leading:] == tuple(sizes[dim] for dim in dims)
    flat = [table.reshape(*table.shape[:leading], -1) for table in tables]
    total: Draws = np.sum(
        [table[..., dataset[name].to_numpy()] for table, name in zip(flat, INDICES, strict=True)], axis=0
    )
    return total


def test_tables_of_arrays_add_up_to_the_log_odds(dataset: xr.Dataset, draws: xr.Dataset, wanted: Draws):
    assert set(dataset["partly"].values) == {0, 1}
    effect, slope, idx = list_arguments(dataset, draws)
    found = add_up(compute_log_odds(effect, slope, idx, SHIFT), dataset, 2)
    assert found.shape == (2, 3, dataset.sizes["cell"])
    np.testing.assert_allclose(found, wanted)


@pytest.mark.parametrize("leading", [0, 2], ids=["one draw", "chain and draw"])
def test_tables_of_tensors_add_up_to_the_log_odds(leading: int, dataset: xr.Dataset, draws: xr.Dataset, wanted: Draws):
    effect, slope, idx = list_arguments(dataset, draws)
    if leading == 0:
        effect, slope, wanted = {name: values[1, 2] for name, values in effect.items()}, slope[1, 2], wanted[1, 2]
    arrays = {**effect, "slope": slope, **idx, "unseen_shift": np.array(SHIFT)}
    inputs = {name: pt.tensor(name, dtype=value.dtype, shape=(None,) * value.ndim) for name, value in arrays.items()}
    outputs = compute_log_odds(inputs, inputs["slope"], inputs, inputs["unseen_shift"])
    function = pytensor.function(list(inputs.values()), outputs, mode=Mode("py", optimizer=None))
    found = add_up(tuple(function(*arrays.values())), dataset, leading)
    np.testing.assert_allclose(found, wanted)
