"""Data of a model: the same numbers, that others can replace; positions in crossed coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymc as pm
import pytest
import xarray as xr

from models._blocks import data_of, hyperparameters
from models._cells import crossed


def dataset(cells: int = 5) -> xr.Dataset:
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {
            "n": ("cell", rng.integers(1, 9, cells)),
            "at": ("cell", rng.integers(0, 3, cells).astype("int32")),
            "q": ("cell", rng.random(cells)),
            "partly": ("cell", rng.random(cells) > 0.5),
            "table": (("team", "era"), rng.random((2, 3))),
            "switch": ((), 1.0),
        }
    )


def test_crossed_positions_are_those_of_the_array_of_levels():
    at = {"topic": np.array([0, 1, 1]), "year": np.array([2, 0, 1])}
    sizes = {"topic": 2, "year": 3}
    table = np.array([["a", "b", "c"], ["d", "e", "f"]])
    assert table.ravel()[crossed(at, sizes, "topic", "year")].tolist() == ["c", "d", "e"]
    assert table.T.ravel()[crossed(at, sizes, "year", "topic")].tolist() == ["c", "d", "e"]


def test_variables_keep_their_values_and_are_whole_or_not():
    given = dataset()
    with pm.Model() as model:
        data = data_of(given, ("q", "n", "table", "at", "switch", "partly"))
    assert [variable.name for variable in model.data_vars] == list(data)
    for name, tensor in data.items():
        np.testing.assert_array_equal(tensor.eval(), given[name].to_numpy())
        assert tensor.ndim == given[name].ndim
    assert {np.dtype(data[name].dtype).kind for name in ("n", "at")} == {"i"}
    assert {data[name].dtype for name in ("q", "partly", "table", "switch")} == {"float64"}


def test_other_data_of_another_size_take_their_place():
    with pm.Model() as model:
        total = (data_of(dataset(), ("n", "at"))["n"]).sum()
    with pm.Model() as larger:
        data_of(dataset(9), ("n", "at"))
    model["n"].set_value(larger["n"].get_value())
    assert total.eval() == dataset(9)["n"].sum()


@dataclass
class Priors:
    level_sd: float = 2.0
    means: tuple[float, ...] = (1.0, 2.0)
    trend_sd: float = 3.0


def test_hyperparameters_are_one_vector():
    with pm.Model() as model:
        prior = hyperparameters(Priors(), ["trend_sd", "level_sd"])
    assert [variable.name for variable in model.data_vars] == ["prior"]
    assert {name: value.eval() for name, value in prior.items()} == {"trend_sd": 3.0, "level_sd": 2.0}
    with pm.Model(), pytest.raises(ValueError, match="inhomogeneous"):
        hyperparameters(Priors(), ["trend_sd", "means"])
